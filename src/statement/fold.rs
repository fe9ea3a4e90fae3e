//! The fold: each cell to exactly one row, and rent to what it was paid for.

use jiff::tz::TimeZone;

use super::bucket::{Bucket, Buckets};
use super::calendar::Period;
use super::costed::Costed;
use super::desk::{Desk, RowId};
use super::share::{Grounds, Reach, Shares};
use super::uses::Uses;
use super::{By, RowKind};
use crate::ledger::{Account, Past, RentCell, RentKind, TokenCell};
use crate::reading::{Label, NodeName, UnitName};
use crate::units::{Money, Timestamp};

/// The fold by anything but leases.
pub(super) struct Fold<'a> {
    past: &'a Past,
    by: By,
    zone: &'a TimeZone,
    costed: &'a Costed,
    desk: Desk,
    grounds: Grounds,
    shares: Shares,
    /// Rows of accounts, landlords or tariffs, by number, as far as they are known.
    accounts: Vec<Option<RowId>>,
    landlords: Vec<Option<RowId>>,
    tariffs: Vec<Option<RowId>>,
    period: Option<(Period, RowId)>,
}

impl<'a> Fold<'a> {
    pub(super) fn new(past: &'a Past, by: By, zone: &'a TimeZone, costed: &'a Costed) -> Self {
        Self {
            past,
            by,
            zone,
            costed,
            desk: Desk::new(),
            grounds: Grounds::of(past),
            shares: Shares::default(),
            accounts: vec![None; past.accounts.len()],
            landlords: vec![None; past.landlords.len()],
            tariffs: vec![None; past.tariffs.len()],
            period: None,
        }
    }

    pub(super) fn run(mut self, uses: &mut Uses<'a>) -> Desk {
        for bucket in Buckets::of(self.past).iter() {
            for cell in bucket.tokens {
                self.tokens(cell, uses);
            }
            if self.by.is_time() {
                bucket.rents.iter().for_each(|cell| self.rent_of_time(bucket, cell));
            } else {
                self.shares.close();
                bucket.rents.iter().for_each(|cell| self.rent(cell));
                self.shares.deal(&mut self.desk);
            }
        }
        self.desk
    }

    fn tokens(&mut self, cell: &TokenCell, uses: &mut Uses<'a>) {
        let known = self.costed.knows(cell.account);
        let priced = uses.note(cell);
        let row = match priced {
            None => Desk::special(RowKind::Unpriced),
            Some(_) => self.row_of(cell),
        };
        let value = priced.map(|(_, value)| value).unwrap_or_default();
        if known || priced.is_none() {
            self.desk.add_tokens(row, cell.tokens, value);
        } else {
            self.desk.add_uncosted(row, cell.tokens, value);
        }
        if let Some((tariff, value)) = priced
            && tariff.overhead.is_some()
        {
            let row = self.overhead_row(cell.bucket);
            self.desk.add_cost(row, tariff.overhead_of(value));
        }
        if known && !self.by.is_time() {
            self.shares.seat(&self.grounds, cell.account.index(), row, cell.tokens.total().count());
        }
    }

    fn overhead_row(&mut self, at: Timestamp) -> RowId {
        if self.by.is_time() { self.row_at(at) } else { Desk::special(RowKind::Overhead) }
    }

    /// The row of tokens with a price.
    fn row_of(&mut self, cell: &TokenCell) -> RowId {
        if self.by.is_time() {
            return self.row_at(cell.bucket);
        }
        let known = match (self.by, cell.tariff) {
            (By::Tier, Some(tariff)) => &mut self.tariffs[tariff.index()],
            _ => &mut self.accounts[cell.account.index()],
        };
        if let Some(row) = known {
            return *row;
        }
        let key = match cell.tariff {
            Some(tariff) if self.by == By::Tier => self.past.tariff(tariff).tier.clone(),
            _ => key_of(self.by, self.past.account(cell.account)),
        };
        *known.insert(self.desk.key(&key))
    }

    /// The row of a time.
    fn row_at(&mut self, at: Timestamp) -> RowId {
        if let Some((period, row)) = &self.period
            && period.holds(at)
        {
            return *row;
        }
        let period = Period::of(self.by, self.zone, at);
        let row = self.desk.period(&period);
        self.period = Some((period, row));
        row
    }

    /// By time, all that is due in a bucket stands in its row.
    fn rent_of_time(&mut self, bucket: Bucket<'_>, cell: &RentCell) {
        let landlord = self.past.landlord(cell.landlord);
        let time = if landlord.kind == RentKind::Gpus { cell.held.millis() } else { 0 };
        let Some(cost) = landlord.cost(cell) else {
            self.desk.add_time(Desk::special(RowKind::Uncosted), time);
            return;
        };
        let row = self.row_at(bucket.at);
        self.desk.add_time(row, time);
        self.desk.add_cost(row, cost);
        if landlord.kind == RentKind::Gpus {
            self.desk.add_idle(row, landlord.idle_cost(cell).unwrap_or_default());
        }
    }

    /// By anything else, idle time is a row of its own and busy time follows the work.
    fn rent(&mut self, cell: &RentCell) {
        let landlord = self.past.landlord(cell.landlord);
        let Some(cost) = landlord.cost(cell) else {
            let held = if landlord.kind == RentKind::Gpus { cell.held.millis() } else { 0 };
            self.desk.add_time(Desk::special(RowKind::Uncosted), held);
            return;
        };
        match landlord.kind {
            RentKind::Overhead => self.desk.add_cost(Desk::special(RowKind::Overhead), cost),
            RentKind::Rounding => {
                let row = self.home(cell).unwrap_or_else(|| Desk::special(RowKind::Rounding));
                self.desk.add_cost(row, cost);
            }
            RentKind::Gpus => {
                let idle = landlord.idle_cost(cell).unwrap_or_default();
                let row = Desk::special(RowKind::Idle);
                self.desk.add_cost(row, idle);
                self.desk.add_idle(row, idle);
                self.desk.add_time(row, cell.idle.millis());
                self.busy(cell, cost - idle, cell.held.millis() - cell.idle.millis());
            }
        }
    }

    fn busy(&mut self, cell: &RentCell, cost: Money, millis: i64) {
        let home = self.home(cell);
        let reach = match (self.by, home) {
            (By::Node, Some(_)) => Reach::Node,
            (By::Unit, Some(_)) => Reach::Unit,
            _ => Reach::All,
        };
        if !self.shares.put(&self.grounds, cell.landlord.index(), reach, cost, millis) {
            let row = home.unwrap_or_else(|| Desk::special(RowKind::Idle));
            self.desk.add_cost(row, cost);
            self.desk.add_time(row, millis);
        }
    }

    /// A landlord's own row: by node and by unit it has one.
    fn home(&mut self, cell: &RentCell) -> Option<RowId> {
        let known = &mut self.landlords[cell.landlord.index()];
        if known.is_none() {
            let landlord = self.past.landlord(cell.landlord);
            let name = match self.by {
                By::Node => landlord.node.as_ref().map(NodeName::as_str),
                By::Unit => landlord.unit.as_ref().map(UnitName::as_str),
                _ => None,
            };
            *known = name.map(|name| self.desk.key(&Label::new(name)));
        }
        *known
    }
}

/// An account's key; what it has not is said in brackets.
fn key_of(by: By, account: &Account) -> Label {
    match by {
        By::Node => Label::new(account.node.as_str()),
        By::Unit => Label::new(account.unit.as_ref().map_or("(no unit)", |unit| unit.as_str())),
        By::Role => Label::new(&account.role.to_string()),
        _ => Label::new(account.model.as_ref().map_or("(no model)", |model| model.as_str())),
    }
}
