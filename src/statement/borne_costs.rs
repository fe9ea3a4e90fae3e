//! The cost of busy GPUs that each cell of a past bears, as in a report by model.

use std::collections::BTreeMap;

use super::bucket::OrderedPast;
use super::split::{DueForWork, Splitter, paid};
use crate::ledger::{CostKind, Past, RevenueAccountId, TariffId};
use crate::units::Money;

/// The cost that tokens of one account at one tariff bear; `None` is the cost that no tokens bear.
pub type BorneCosts = BTreeMap<Option<(RevenueAccountId, Option<TariffId>)>, Money>;

/// By account and tariff, over the whole past.
pub fn borne_costs(past: &Past) -> BorneCosts {
    let mut splitter = Splitter::new(past);
    let (mut costs, mut own, mut rest, mut first) = (BorneCosts::new(), Vec::new(), &*past.borne, 0);
    for bucket in OrderedPast::of(past).iter() {
        let (here, later) = rest.split_at(rest.partition_point(|row| row.bucket <= bucket.at));
        rest = later;
        own.clear();
        if here.is_empty() {
            splitter.open(bucket.tokens, first);
            splitter.add(bucket.tokens, bucket.gpu_times);
            splitter.close(bucket.at, &mut own);
        }
        let rows = if here.is_empty() { &own } else { here };
        let work = bucket.gpu_times.iter().map(|cell| (past.cost_account(cell.cost_account), cell));
        let work = work.filter(|(account, _)| account.kind == CostKind::Gpus && account.rate.is_some());
        let mut busy: Vec<_> = work.map(|(account, cell)| DueForWork::of(account, cell)).collect();
        DueForWork::merge(&mut busy);
        for due in busy {
            let mine = &rows[rows.partition_point(|row| row.cost_account < due.cost_account)..];
            let mine = &mine[..mine.partition_point(|row| row.cost_account == due.cost_account)];
            paid(past.cost_account(due.cost_account), due, mine, |row, cost, _| {
                let cell =
                    row.and_then(|row| row.bearer).and_then(|place| bucket.tokens.get(place.checked_sub(first)?));
                *costs.entry(cell.map(|cell| (cell.account, cell.tariff))).or_default() += cost;
            });
        }
        first += bucket.tokens.len();
    }
    costs
}
