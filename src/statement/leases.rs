//! The cost of each lease, to compare with an invoice.

use std::collections::{BTreeMap, HashSet};

use super::RowKind;
use super::accumulator::{RowAccumulator, RowId};
use super::bucket::OrderedPast;
use super::costed::Costed;
use crate::ledger::{CostAccount, CostKind, GpuTimeCell, Past};
use crate::reading::Label;
use crate::units::GpuTime;

/// Rows of leases by name, each followed by the row of what rounding added to it.
pub(super) fn fold(past: &Past) -> RowAccumulator {
    let mut accumulator = RowAccumulator::new();
    let rows = rows(past, &mut accumulator);
    let costed = Costed::of(past);
    let overhead = RowAccumulator::special(RowKind::Overhead);
    for bucket in OrderedPast::of(past).iter() {
        // Overhead by share of revenue is part of the cost, whatever the rows are by.
        for cell in bucket.tokens.iter().filter(|cell| costed.knows(cell.account)) {
            if let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)).filter(|it| it.overhead.is_some()) {
                accumulator.add_cost(overhead, tariff.overhead_of(tariff.value(cell.tokens)));
            }
        }
        for cell in bucket.gpu_times {
            let cost_account = past.cost_account(cell.cost_account);
            let time = if cost_account.kind == CostKind::Gpus { cell.allocated.millis() } else { 0 };
            let (Some(row), Some(cost)) = (rows[cell.cost_account.index()], cost_account.cost(cell)) else {
                accumulator.add_time(RowAccumulator::special(RowKind::Uncosted), time);
                continue;
            };
            accumulator.add_cost_of(row, cell.cost_account, cost);
            accumulator.add_time(row, time);
            // Postings of the bucket in which the ledger begins are later than that beginning.
            accumulator.extend(row, bucket.at.max(past.began).min(bucket.end), bucket.end);
            if cost_account.kind == CostKind::Gpus {
                accumulator.add_idle(row, cost_account.idle_cost(cell).unwrap_or_default());
            }
        }
    }
    accumulator
}

/// The row of each cost account that was paid in this past, by number.
fn rows(past: &Past, accumulator: &mut RowAccumulator) -> Vec<Option<RowId>> {
    // A cost that was taken back completely, like the rounding of a lease that was extended, has no row.
    let is_paid = |cell: &&GpuTimeCell| cell.allocated != GpuTime::ZERO || cell.energy != 0;
    let paid: HashSet<_> = past.gpu_times.iter().filter(is_paid).map(|cell| cell.cost_account.index()).collect();
    let mut named: BTreeMap<(Label, CostKind), Vec<usize>> = BTreeMap::new();
    for (number, cost_account) in past.cost_accounts.iter().enumerate().filter(|(number, _)| paid.contains(number)) {
        if let Some(name) = lease_name(cost_account) {
            named.entry((name, cost_account.kind)).or_default().push(number);
        }
    }
    let mut rows = vec![None; past.cost_accounts.len()];
    for ((name, kind), cost_accounts) in named {
        let row = match kind {
            CostKind::Gpus => accumulator.key(&name),
            CostKind::Rounding => accumulator.key(&Label::new(&format!("{name} {}", RowKind::Rounding.name()))),
            CostKind::Overhead => RowAccumulator::special(RowKind::Overhead),
        };
        let node = past.cost_accounts[cost_accounts[0]].node.as_ref();
        accumulator.name_node(
            row,
            node.filter(|_| cost_accounts.iter().all(|at| past.cost_accounts[*at].node.as_ref() == node)),
        );
        for cost_account in cost_accounts {
            rows[cost_account] = Some(row);
        }
    }
    rows
}

/// The lease's name for people, or else that of the assumed rate; `None` without a rate.
pub fn lease_name(cost_account: &CostAccount) -> Option<Label> {
    let rate = cost_account.rate?;
    Some(cost_account.lease.clone().unwrap_or_else(|| Label::new(&format!("{} assumed {rate}", cost_account.gpu))))
}
