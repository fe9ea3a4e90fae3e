//! The fold: each cell goes to exactly one row, and GPU cost to the rows of the work that it was paid for.

use jiff::tz::TimeZone;

use super::accumulator::{RowAccumulator, RowId};
use super::bucket::{Bucket, OrderedPast};
use super::calendar::Period;
use super::costed::Costed;
use super::list_uses::ListUses;
use super::split::{DueForWork, Splitter, paid};
use super::{By, RowKind};
use crate::ledger::{
    BorneTime, CostAccount, CostAccountId, CostKind, CostScope, GpuTimeCell, Past, RevenueAccount, TokenCell,
};
use crate::reading::{Label, NodeName, UnitName};
use crate::units::{Money, Timestamp};

/// The key of a row without a unit.
const NO_UNIT: &str = "(no unit)";

/// The fold by every key but leases.
pub(super) struct Fold<'a> {
    past: &'a Past,
    by: By,
    zone: &'a TimeZone,
    costed: &'a Costed,
    accumulator: RowAccumulator,
    /// The rows of the cells of the current bucket, and the position of its first cell.
    cells: Vec<RowId>,
    first: usize,
    /// The cost of working GPUs in the current bucket, by cost account.
    busy: Vec<DueForWork>,
    /// The rows of accounts, cost accounts and tariffs by number; `None` until they are first used.
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
            cells: Vec::new(),
            first: 0,
            busy: Vec::new(),
            accounts: vec![None; past.accounts.len()],
            cost_accounts: vec![None; past.cost_accounts.len()],
            tariffs: vec![None; past.tariffs.len()],
            period: None,
        }
    }

    pub(super) fn run(mut self, uses: &mut ListUses<'a>) -> RowAccumulator {
        let mut splitter = Splitter::new(self.past);
        let (mut rest, mut own) = (&*self.past.borne, Vec::new());
        for bucket in OrderedPast::of(self.past).iter() {
            for cell in bucket.tokens {
                let row = self.tokens(cell, uses);
                self.cells.push(row);
            }
            if self.by.is_time() {
                bucket.gpu_times.iter().for_each(|cell| self.rent_of_time(bucket, cell));
            } else {
                let (here, later) = rest.split_at(rest.partition_point(|row| row.bucket <= bucket.at));
                rest = later;
                own.clear();
                if here.is_empty() {
                    splitter.open(bucket.tokens, self.first);
                    splitter.add(bucket.tokens, bucket.gpu_times);
                    splitter.close(bucket.at, &mut own);
                }
                bucket.gpu_times.iter().for_each(|cell| self.rent(cell));
                self.allocate(if here.is_empty() { &own } else { here });
            }
            self.first += self.cells.len();
            self.cells.clear();
        }
        self.accumulator
    }

    fn tokens(&mut self, cell: &TokenCell, uses: &mut ListUses<'a>) -> RowId {
        let known = self.costed.knows(cell.account);
        let priced = uses.note(cell);
        let row = match priced {
            None => RowAccumulator::special(RowKind::Unpriced),
            Some(_) => self.row_of(cell),
        };
        if priced.is_none() && self.by.is_place() {
            // A node without GPUs and prices has a row for its tokens.
            self.row_of(cell);
            let key = key_of(self.by, self.past.account(cell.account));
            self.accumulator.add_unpriced(&key, cell.tokens.total());
        }
        let value = priced.map(|(_, value)| value).unwrap_or_default();
        if let (Some(tariff), Some(_)) = (cell.tariff, priced) {
            self.accumulator.add_tariff(row, tariff);
        }
        if known || priced.is_none() {
            self.accumulator.add_tokens(row, cell.tokens, value);
        } else {
            self.accumulator.add_uncosted(row, cell.tokens, value);
        }
        if let Some((tariff, value)) = priced
            && known
            && tariff.overhead.is_some()
        {
            let overhead = self.overhead_row(cell.bucket);
            self.accumulator.add_cost(overhead, tariff.overhead_of(value));
        }
        row
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

    /// By time, all cost of a bucket is in its row.
    fn rent_of_time(&mut self, bucket: Bucket<'_>, cell: &GpuTimeCell) {
        let cost_account = self.past.cost_account(cell.cost_account);
        let time = if cost_account.kind == CostKind::Gpus { cell.allocated.millis() } else { 0 };
        let Some(cost) = cost_account.cost(cell) else {
            self.accumulator.add_time(RowAccumulator::special(RowKind::Uncosted), time);
            return;
        };
        let row = self.row_at(bucket.at);
        self.accumulator.add_time(row, time);
        self.accumulator.add_cost_of(row, cell.cost_account, cost);
        if cost_account.kind == CostKind::Gpus {
            self.accumulator.add_idle(row, cost_account.idle_cost(cell).unwrap_or_default());
        }
    }

    /// By other keys, idle time has a row of its own, and the cost of working GPUs follows the work.
    fn rent(&mut self, cell: &GpuTimeCell) {
        let cost_account = self.past.cost_account(cell.cost_account);
        if let Some(key) = own_place_of(self.by, cost_account) {
            self.accumulator.add_whole_cost(&key, cost_account.cost(cell));
        }
        let Some(cost) = cost_account.cost(cell) else {
            let allocated = if cost_account.kind == CostKind::Gpus { cell.allocated.millis() } else { 0 };
            self.accumulator.add_time(RowAccumulator::special(RowKind::Uncosted), allocated);
            return;
        };
        match cost_account.kind {
            CostKind::Overhead => {
                self.accumulator.add_cost_of(RowAccumulator::special(RowKind::Overhead), cell.cost_account, cost);
            }
            CostKind::Rounding => {
                let row = self.home(cell.cost_account).unwrap_or_else(|| RowAccumulator::special(RowKind::Rounding));
                self.accumulator.add_cost_of(row, cell.cost_account, cost);
            }
            CostKind::Gpus => {
                let idle = cost_account.idle_cost(cell).unwrap_or_default();
                let row = RowAccumulator::special(RowKind::Idle);
                self.accumulator.add_cost_of(row, cell.cost_account, idle);
                self.accumulator.add_idle(row, idle);
                self.accumulator.add_time(row, cell.idle.millis());
                self.busy.push(DueForWork::of(cost_account, cell));
            }
        }
    }

    /// Assigns the cost of working GPUs to the rows that bear it. Cost borne by work outside of the rows' reach goes to
    /// the row of the cost account; cost without a bearer goes there too, or to overhead.
    fn allocate(&mut self, mut borne: &[BorneTime]) {
        let mut busy = std::mem::take(&mut self.busy);
        DueForWork::merge(&mut busy);
        for due in busy.drain(..) {
            let cost_account = self.past.cost_account(due.cost_account);
            let home = self.home(due.cost_account);
            let farthest = match (self.by, home) {
                (By::Node, Some(_)) => CostScope::Node,
                (By::Unit, Some(_)) => CostScope::Unit,
                _ => CostScope::All,
            };
            let other = home.unwrap_or_else(|| RowAccumulator::special(RowKind::Overhead));
            borne = &borne[borne.partition_point(|row| row.cost_account < due.cost_account)..];
            let (mine, later) = borne.split_at(borne.partition_point(|row| row.cost_account == due.cost_account));
            borne = later;
            paid(cost_account, due, mine, |row, cost, millis| {
                let near = row.filter(|row| row.reach <= farthest).and_then(|row| row.bearer);
                let bearer = near.and_then(|place| self.cells.get(place.checked_sub(self.first)?)).copied();
                self.add_busy(bearer.unwrap_or(other), due.cost_account, cost, millis);
            });
        }
        self.busy = busy;
    }

    fn add_busy(&mut self, row: RowId, cost_account: CostAccountId, cost: Money, millis: i64) {
        if cost.is_zero() && millis == 0 {
            return;
        }
        self.accumulator.add_cost_of(row, cost_account, cost);
        self.accumulator.add_time(row, millis);
    }

    /// The row of a cost account itself: there is one by node and by unit.
    fn home(&mut self, cost_account: CostAccountId) -> Option<RowId> {
        let known = &mut self.cost_accounts[cost_account.index()];
        if known.is_none() {
            let key = place_of(self.by, self.past.cost_account(cost_account));
            *known = key.map(|key| self.accumulator.key(&key));
        }
        *known
    }
}

/// The node or unit of a cost account, where rows are by one of them.
fn place_of(by: By, cost_account: &CostAccount) -> Option<Label> {
    let name = match by {
        By::Node => cost_account.node.as_ref().map(NodeName::as_str),
        By::Unit => cost_account.unit.as_ref().map(UnitName::as_str),
        _ => None,
    };
    name.filter(|_| cost_account.kind != CostKind::Overhead).map(Label::new)
}

/// The same, with a key for what has no unit.
fn own_place_of(by: By, cost_account: &CostAccount) -> Option<Label> {
    let no_unit = by == By::Unit && cost_account.kind != CostKind::Overhead;
    place_of(by, cost_account).or_else(|| no_unit.then(|| Label::new(NO_UNIT)))
}

/// The key of an account; a missing part is given in brackets.
fn key_of(by: By, account: &RevenueAccount) -> Label {
    match by {
        By::Node => Label::new(account.node.as_str()),
        By::Unit => Label::new(account.unit.as_ref().map_or(NO_UNIT, |unit| unit.as_str())),
        By::Role => Label::new(&account.role.to_string()),
        By::Tenant => account.tenant.clone().unwrap_or_else(|| Label::new("(no tenant)")),
        _ => Label::new(account.model.as_ref().map_or("(no model)", |model| model.as_str())),
    }
}
