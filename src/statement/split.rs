//! Allocation of the cost of working GPUs to the tokens of the same bucket: on the same node, else in the same unit,
//! else anywhere. It uses buckets as fine as the ledger keeps, so the result is the same for every query.

use std::collections::HashMap;

use super::share::{Placement, Shares};
use crate::ledger::{
    BorneTime, CostAccount, CostAccountId, CostKind, GpuTimeCell, Past, RevenueAccount, RevenueAccountId, TariffId,
    TokenCell,
};
use crate::units::{GpuTime, Money, Timestamp};

/// Splits GPU time, bucket by bucket.
#[derive(Debug)]
pub struct Splitter<'a> {
    accounts: &'a [RevenueAccount],
    cost_accounts: &'a [CostAccount],
    placement: Placement,
    shares: Shares<usize>,
    /// The positions of the tokens of the open coarser bucket.
    places: HashMap<(RevenueAccountId, Option<TariffId>), usize>,
    /// By cost account.
    sums: Vec<BearerSums>,
    touched: Vec<usize>,
}

/// Parts of one cost account's time by bearer, in the open bucket.
#[derive(Debug, Clone, Default)]
struct BearerSums {
    rows: Vec<BorneTime>,
    /// The row that probably comes next, since bearers mostly come in the same order.
    next: usize,
}

impl<'a> Splitter<'a> {
    /// A split for the accounts of a past.
    pub fn new(past: &'a Past) -> Self {
        Self {
            accounts: &past.accounts,
            cost_accounts: &past.cost_accounts,
            placement: Placement::new(&past.accounts, &past.cost_accounts),
            shares: Shares::default(),
            places: HashMap::new(),
            sums: vec![BearerSums::default(); past.cost_accounts.len()],
            touched: Vec::new(),
        }
    }

    /// Opens a bucket with these tokens, the first of which has this position.
    pub fn open(&mut self, cells: &[TokenCell], first: usize) {
        self.places.clear();
        self.places.extend(cells.iter().zip(first..).map(|(cell, place)| ((cell.account, cell.tariff), place)));
    }

    /// Adds a bucket of the finest grain, which lies in the open one.
    pub fn add(&mut self, tokens: &[TokenCell], gpu_times: &[GpuTimeCell]) {
        self.shares.clear();
        for cell in tokens.iter().filter(|cell| self.accounts[cell.account.index()].costed) {
            if let Some(place) = self.places.get(&(cell.account, cell.tariff)) {
                self.shares.share(&self.placement, cell.account.index(), *place, cell.tokens.total().count());
            }
        }
        self.shares.close();
        for cell in gpu_times {
            let cost_account = &self.cost_accounts[cell.cost_account.index()];
            let amounts = (cell.allocated.millis() - cell.idle.millis(), cell.energy);
            if cost_account.kind == CostKind::Gpus && cost_account.rate.is_some() && amounts != (0, 0) {
                self.split(cell, amounts);
            }
        }
    }

    fn split(&mut self, cell: &GpuTimeCell, (millis, energy): (i64, i64)) {
        let number = cell.cost_account.index();
        let (reach, bearers) = self.shares.bearers(&self.placement, number);
        let sums = &mut self.sums[number];
        if sums.rows.is_empty() {
            self.touched.push(number);
        }
        sums.next = 0;
        let [millis, energy] = [millis, energy].map(|amount| i128::from(amount) << BorneTime::BITS);
        let row = |bearer, time, energy| BorneTime {
            bucket: cell.bucket,
            cost_account: cell.cost_account,
            reach,
            bearer,
            time,
            energy,
        };
        let whole: u128 = bearers.iter().map(|share| u128::from(share.weight())).sum();
        if bearers.is_empty() {
            return sums.add(row(None, millis, energy));
        }
        // Each gets the difference of two running parts, so that no part is lost.
        let (mut weight, mut paid) = (0, (0, 0));
        for share in bearers {
            weight += u128::from(share.weight());
            let upto = (part(millis, weight, whole), part(energy, weight, whole));
            sums.add(row(Some(share.row()), upto.0 - paid.0, upto.1 - paid.1));
            paid = upto;
        }
    }

    /// Closes the open bucket, which begins at an instant, and returns its rows by cost account.
    pub fn close(&mut self, bucket: Timestamp, rows: &mut Vec<BorneTime>) {
        self.touched.sort_unstable();
        for number in self.touched.drain(..) {
            rows.extend(self.sums[number].rows.drain(..).map(|row| BorneTime { bucket, ..row }));
        }
    }
}

impl BearerSums {
    fn add(&mut self, row: BorneTime) {
        let is_same = |known: &BorneTime| known.key() == row.key();
        if !self.rows.get(self.next).is_some_and(is_same) {
            self.next = self.rows.iter().position(is_same).unwrap_or(self.rows.len());
        }
        match self.rows.get_mut(self.next) {
            Some(known) => {
                known.time += row.time;
                known.energy += row.energy;
            }
            None => self.rows.push(row),
        }
        self.next += 1;
    }
}

/// The part of an amount.
fn part(amount: i128, weight: u128, whole: u128) -> i128 {
    if weight == whole {
        return amount;
    }
    let (weight, whole) = (weight.cast_signed(), whole.cast_signed());
    amount.checked_mul(weight).map_or_else(|| amount / whole * weight, |product| product / whole)
}

/// The cost of a cost account's working GPUs in a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct DueForWork {
    pub(super) cost_account: CostAccountId,
    cost: Money,
    millis: i64,
}

impl DueForWork {
    /// The cost of a cell without its idle time.
    pub(super) fn of(cost_account: &CostAccount, cell: &GpuTimeCell) -> Self {
        let cost = cost_account.cost(cell).unwrap_or_default() - cost_account.idle_cost(cell).unwrap_or_default();
        Self { cost_account: cell.cost_account, cost, millis: cell.allocated.millis() - cell.idle.millis() }
    }

    /// By cost account, one of each; a past from a test may have several.
    pub(super) fn merge(all: &mut Vec<Self>) {
        all.sort_by_key(|busy| busy.cost_account);
        all.dedup_by(|later, first| {
            let is_same = later.cost_account == first.cost_account;
            if is_same {
                (first.cost, first.millis) = (first.cost + later.cost, first.millis + later.millis);
            }
            is_same
        });
    }
}

/// The cost of each bearer of a cost account's GPU time in a bucket, and its milliseconds; time without a row belongs
/// to no bearer.
pub(super) fn paid(
    cost_account: &CostAccount,
    due: DueForWork,
    rows: &[BorneTime],
    mut each: impl FnMut(Option<&BorneTime>, Money, i64),
) {
    let rate = cost_account.rate.map_or(0, |rate| rate.of(GpuTime::from_millis(1)).grains());
    let power = cost_account.power.map_or(0, |power| power.of(1).grains());
    let (mut time, mut energy, mut paid, mut timed) = (0, 0, Money::ZERO, 0);
    let Some((last, before)) = rows.split_last() else { return each(None, due.cost, due.millis) };
    for row in before {
        time += row.time;
        energy += row.energy;
        let upto = Money::from_grains(worth(rate, time).saturating_add(worth(power, energy)));
        let until = (time >> BorneTime::BITS) as i64;
        each(Some(row), upto - paid, until - timed);
        (paid, timed) = (upto, until);
    }
    each(Some(last), due.cost - paid, due.millis - timed);
}

/// An amount at a price each.
fn worth(each: i128, amount: i128) -> i128 {
    let exact = each.checked_mul(amount).map(|product| product >> BorneTime::BITS);
    exact.unwrap_or_else(|| each.saturating_mul(amount >> BorneTime::BITS))
}
