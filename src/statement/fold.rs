//! The fold: each cell to exactly one row, and rent to what it was paid for.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::accumulator::{RowAccumulator, RowId};
use super::bucket::{Bucket, Buckets};
use super::calendar::Period;
use super::costed::Costed;
use super::list_uses::ListUses;
use super::share::{Placement, Scope, Shares};
use super::{By, RowKind};
use crate::ledger::{CostAccount, CostKind, GpuTimeCell, Past, RevenueAccount, TokenCell};
use crate::reading::{Label, NodeName, UnitName};
use crate::units::{Money, Timestamp};

/// The key of what is of no unit.
const NO_UNIT: &str = "(no unit)";

/// The fold by anything but leases.
pub(super) struct Fold<'a> {
    past: &'a Past,
    by: By,
    zone: &'a TimeZone,
    costed: &'a Costed,
    accumulator: RowAccumulator,
    placement: Placement,
    shares: Shares<RowId>,
    /// Tokens of the whole past by account and row.
    worked: BTreeMap<(usize, RowId), u64>,
    /// Cost of GPUs at work, and its milliseconds, of buckets in which nothing was made: energy of idle time.
    unshared: BTreeMap<usize, (Money, i64)>,
    /// Rows of accounts, cost accounts or tariffs, by number, as far as they are known.
    accounts: Vec<Option<RowId>>,
    cost_accounts: Vec<Option<RowId>>,
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
            accumulator: RowAccumulator::new(),
            placement: Placement::new(&past.accounts, &past.cost_accounts),
            shares: Shares::default(),
            worked: BTreeMap::new(),
            unshared: BTreeMap::new(),
            accounts: vec![None; past.accounts.len()],
            cost_accounts: vec![None; past.cost_accounts.len()],
            tariffs: vec![None; past.tariffs.len()],
            period: None,
        }
    }

    pub(super) fn run(mut self, uses: &mut ListUses<'a>) -> RowAccumulator {
        for bucket in Buckets::of(self.past).iter() {
            for cell in bucket.tokens {
                self.tokens(cell, uses);
            }
            if self.by.is_time() {
                bucket.rents.iter().for_each(|cell| self.rent_of_time(bucket, cell));
            } else {
                self.shares.close();
                bucket.rents.iter().for_each(|cell| self.rent(cell));
                self.allocate();
            }
        }
        self.share_the_rest();
        self.accumulator
    }

    /// What was owed for work in buckets in which nothing was made is for the work of the whole past. Where there is none
    /// either, it is overhead.
    fn share_the_rest(&mut self) {
        for ((account, row), tokens) in std::mem::take(&mut self.worked) {
            self.shares.share(&self.placement, account, row, tokens);
        }
        self.shares.close();
        for (cost_account, (cost, millis)) in std::mem::take(&mut self.unshared) {
            if !self.shares.put(&self.placement, cost_account, Scope::All, cost, millis) {
                let row = RowAccumulator::special(RowKind::Overhead);
                self.accumulator.add_cost(row, cost);
                self.accumulator.add_time(row, millis);
            }
        }
        self.allocate();
    }

    fn allocate(&mut self) {
        self.shares.allocate(|row, cost, millis| {
            self.accumulator.add_cost(row, cost);
            self.accumulator.add_time(row, millis);
        });
    }

    fn tokens(&mut self, cell: &TokenCell, uses: &mut ListUses<'a>) {
        let known = self.costed.knows(cell.account);
        let priced = uses.note(cell);
        let row = match priced {
            None => RowAccumulator::special(RowKind::Unpriced),
            Some(_) => self.row_of(cell),
        };
        if priced.is_none() && self.by.is_place() {
            let key = key_of(self.by, self.past.account(cell.account));
            self.accumulator.add_unpriced(&key, cell.tokens.total());
        }
        let value = priced.map(|(_, value)| value).unwrap_or_default();
        if known || priced.is_none() {
            self.accumulator.add_tokens(row, cell.tokens, value);
        } else {
            self.accumulator.add_uncosted(row, cell.tokens, value);
        }
        if let Some((tariff, value)) = priced
            && known
            && tariff.overhead.is_some()
        {
            let row = self.overhead_row(cell.bucket);
            self.accumulator.add_cost(row, tariff.overhead_of(value));
        }
        if known && !self.by.is_time() {
            let (account, tokens) = (cell.account.index(), cell.tokens.total().count());
            self.shares.share(&self.placement, account, row, tokens);
            let worked = self.worked.entry((account, row)).or_default();
            *worked = worked.saturating_add(tokens);
        }
    }

    fn overhead_row(&mut self, at: Timestamp) -> RowId {
        if self.by.is_time() { self.row_at(at) } else { RowAccumulator::special(RowKind::Overhead) }
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
        *known.insert(self.accumulator.key(&key))
    }

    /// The row of a time.
    fn row_at(&mut self, at: Timestamp) -> RowId {
        if let Some((period, row)) = &self.period
            && period.holds(at)
        {
            return *row;
        }
        let period = Period::of(self.by, self.zone, at);
        let row = self.accumulator.period(&period);
        self.period = Some((period, row));
        row
    }

    /// By time, all that is due in a bucket stands in its row.
    fn rent_of_time(&mut self, bucket: Bucket<'_>, cell: &GpuTimeCell) {
        let cost_account = self.past.cost_account(cell.cost_account);
        let time = if cost_account.kind == CostKind::Gpus { cell.held.millis() } else { 0 };
        let Some(cost) = cost_account.cost(cell) else {
            self.accumulator.add_time(RowAccumulator::special(RowKind::Uncosted), time);
            return;
        };
        let row = self.row_at(bucket.at);
        self.accumulator.add_time(row, time);
        self.accumulator.add_cost(row, cost);
        if cost_account.kind == CostKind::Gpus {
            self.accumulator.add_idle(row, cost_account.idle_cost(cell).unwrap_or_default());
        }
    }

    /// By anything else, idle time is a row of its own and busy time follows the work.
    fn rent(&mut self, cell: &GpuTimeCell) {
        let cost_account = self.past.cost_account(cell.cost_account);
        if let Some(key) = own_place_of(self.by, cost_account) {
            self.accumulator.add_whole_cost(&key, cost_account.cost(cell));
        }
        let Some(cost) = cost_account.cost(cell) else {
            let held = if cost_account.kind == CostKind::Gpus { cell.held.millis() } else { 0 };
            self.accumulator.add_time(RowAccumulator::special(RowKind::Uncosted), held);
            return;
        };
        match cost_account.kind {
            CostKind::Overhead => self.accumulator.add_cost(RowAccumulator::special(RowKind::Overhead), cost),
            CostKind::Rounding => {
                let row = self.home(cell).unwrap_or_else(|| RowAccumulator::special(RowKind::Rounding));
                self.accumulator.add_cost(row, cost);
            }
            CostKind::Gpus => {
                let idle = cost_account.idle_cost(cell).unwrap_or_default();
                let row = RowAccumulator::special(RowKind::Idle);
                self.accumulator.add_cost(row, idle);
                self.accumulator.add_idle(row, idle);
                self.accumulator.add_time(row, cell.idle.millis());
                self.busy(cell, cost - idle, cell.held.millis() - cell.idle.millis());
            }
        }
    }

    fn busy(&mut self, cell: &GpuTimeCell, cost: Money, millis: i64) {
        let home = self.home(cell);
        let scope = match (self.by, home) {
            (By::Node, Some(_)) => Scope::Node,
            (By::Unit, Some(_)) => Scope::Unit,
            _ => Scope::All,
        };
        if !self.shares.put(&self.placement, cell.cost_account.index(), scope, cost, millis) {
            let Some(row) = home else {
                let sum = self.unshared.entry(cell.cost_account.index()).or_default();
                *sum = (sum.0 + cost, sum.1.saturating_add(millis));
                return;
            };
            self.accumulator.add_cost(row, cost);
            self.accumulator.add_time(row, millis);
        }
    }

    /// A cost account's own row: by node and by unit it has one.
    fn home(&mut self, cell: &GpuTimeCell) -> Option<RowId> {
        let known = &mut self.cost_accounts[cell.cost_account.index()];
        if known.is_none() {
            let key = place_of(self.by, self.past.cost_account(cell.cost_account));
            *known = key.map(|key| self.accumulator.key(&key));
        }
        *known
    }
}

/// The node or unit that a cost account is of, where rows are by one.
fn place_of(by: By, cost_account: &CostAccount) -> Option<Label> {
    let name = match by {
        By::Node => cost_account.node.as_ref().map(NodeName::as_str),
        By::Unit => cost_account.unit.as_ref().map(UnitName::as_str),
        _ => None,
    };
    name.filter(|_| cost_account.kind != CostKind::Overhead).map(Label::new)
}

/// The same, with what is of no unit.
fn own_place_of(by: By, cost_account: &CostAccount) -> Option<Label> {
    let no_unit = by == By::Unit && cost_account.kind != CostKind::Overhead;
    place_of(by, cost_account).or_else(|| no_unit.then(|| Label::new(NO_UNIT)))
}

/// An account's key; what it has not is said in brackets.
fn key_of(by: By, account: &RevenueAccount) -> Label {
    match by {
        By::Node => Label::new(account.node.as_str()),
        By::Unit => Label::new(account.unit.as_ref().map_or(NO_UNIT, |unit| unit.as_str())),
        By::Role => Label::new(&account.role.to_string()),
        By::Tenant => account.tenant.clone().unwrap_or_else(|| Label::new("(no tenant)")),
        _ => Label::new(account.model.as_ref().map_or("(no model)", |model| model.as_str())),
    }
}
