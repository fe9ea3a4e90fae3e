//! GPUs whose names become known late: their time is posted again to the accounts of their names.

use std::collections::BTreeMap;

use super::resolved_rate::{NodeView, rate_edges, resolve};
use super::{AllocationMeter, InventoryView, payers};
use crate::ledger::Ledger;
use crate::pricing::RentWhen;
use crate::reading::{GpuId, NodeName};
use crate::units::Moment;

impl AllocationMeter {
    /// Moves the time that was posted for GPUs without a name to the accounts of their names.
    pub(in crate::metering) fn name(
        &self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        name: &NodeName,
        named: &[(GpuId, Moment)],
    ) {
        let (Some(until), Some(node)) = (self.allocated.get(name), view.inventory.node(name)) else { return };
        let (on, to) = (NodeView::now(name, node), until.wall);
        let mut paid = BTreeMap::new();
        for (id, since) in named {
            let Some(gpu) = view.inventory.gpus.get(id) else { continue };
            let mut start = to - until.since(*since);
            for end in rate_edges(ledger, &view.config.leases, start, to).into_iter().chain([to]) {
                let [before, now] = ["", gpu.name()].map(|known| {
                    let lease = payers::of_released(view, name, node, (known, gpu.reading.index, on.gpus), start);
                    let rate = resolve(ledger, on, known, lease, start);
                    (rate.when() == Some(RentWhen::Held)).then(|| ledger.cost_account(&rate.cost_account))
                });
                if before != now && start < end {
                    before.inspect(|account| ledger.refund(*account, 1, start, end));
                    now.inspect(|account| *paid.entry((start, end, *account)).or_insert(0) += 1);
                }
                start = end;
            }
        }
        for ((start, end, account), gpus) in &paid {
            ledger.post_gpu_time(*account, *gpus, *start, *end);
        }
        let pays = |account| paid.keys().any(|(_, end, other)| *end == to && *other == account);
        paid.keys().filter(|(.., account)| !pays(*account)).for_each(|(.., account)| ledger.end_cost(*account));
    }
}
