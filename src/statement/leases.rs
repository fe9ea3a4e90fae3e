//! What is paid, lease by lease, to lay beside an invoice.

use std::collections::{BTreeMap, HashSet};

use super::RowKind;
use super::accumulator::{RowAccumulator, RowId};
use super::bucket::OrderedPast;
use super::costed::Costed;
use crate::ledger::{CostAccount, CostKind, GpuTimeCell, Past};
use crate::reading::Label;
use crate::units::GpuTime;

/// Rows of leases in the order of their names, each with what rounding added right after it.
pub(super) fn fold(past: &Past) -> RowAccumulator {
    let mut accumulator = RowAccumulator::new();
    let rows = rows(past, &mut accumulator);
    let costed = Costed::of(past);
    let overhead = RowAccumulator::special(RowKind::Overhead);
    for bucket in OrderedPast::of(past).iter() {
        // What overhead takes of revenue is owed whatever the rows are by.
        for cell in bucket.tokens.iter().filter(|cell| costed.knows(cell.account)) {
            if let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)).filter(|it| it.overhead.is_some()) {
                accumulator.add_cost(overhead, tariff.overhead_of(tariff.value(cell.tokens)));
            }
        }
        for cell in bucket.rents {
            let cost_account = past.cost_account(cell.cost_account);
            let time = if cost_account.kind == CostKind::Gpus { cell.held.millis() } else { 0 };
            let (Some(row), Some(cost)) = (rows[cell.cost_account.index()], cost_account.cost(cell)) else {
                accumulator.add_time(RowAccumulator::special(RowKind::Uncosted), time);
                continue;
            };
            accumulator.add_cost(row, cost);
            accumulator.add_time(row, time);
            // What is of the bucket that the ledger begins in is of the time since.
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
    // What was taken back altogether, as the rounding of a lease that was extended, is no row.
    let is_paid = |cell: &&GpuTimeCell| cell.held != GpuTime::ZERO || cell.energy != 0;
    let paid: HashSet<_> = past.rents.iter().filter(is_paid).map(|cell| cell.cost_account.index()).collect();
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

/// The lease as a person names it, else the assumption; none without a rate.
pub fn lease_name(cost_account: &CostAccount) -> Option<Label> {
    let rate = cost_account.rate?;
    Some(cost_account.lease.clone().unwrap_or_else(|| Label::new(&format!("{} assumed {rate}", cost_account.gpu))))
}
