//! The accounts that pay for the energy of a node's GPUs over an interval.

use super::inventory_view::InventoryView;
use super::leases::lease_edges;
use super::payers;
use super::resolved_rate::{NodeView, resolve};
use crate::ledger::{CostAccountId, Ledger};
use crate::reading::{GpuId, NodeName};
use crate::units::Timestamp;

/// The account that pays for each GPU's energy, from each instant on.
#[derive(Debug)]
pub(in crate::metering) struct Payments(Vec<(Timestamp, Vec<(GpuId, CostAccountId)>)>);

impl Payments {
    /// The account that pays for a GPU's energy from each instant on, in order; `None` where no account does.
    pub(in crate::metering) fn of(&self, id: &GpuId) -> Vec<(Timestamp, Option<CostAccountId>)> {
        let paid =
            |known: &[(GpuId, CostAccountId)]| known.iter().find(|(gpu, _)| gpu == id).map(|(_, account)| *account);
        self.0.iter().map(|(from, known)| (*from, paid(known))).collect()
    }
}

/// The accounts that pay for the energy of a node's GPUs between two instants; `None` if no lease has a power price.
pub(in crate::metering) fn payments(
    ledger: &mut Ledger,
    view: InventoryView<'_>,
    name: &NodeName,
    from: Timestamp,
    to: Timestamp,
) -> Option<Payments> {
    let node = view.inventory.node(name)?;
    if !view.config.leases.iter().any(|lease| lease.power.is_some()) {
        return None;
    }
    let starts = [from].into_iter().chain(lease_edges(&view.config.leases, from, to));
    let starts = starts.chain([to]).collect::<std::collections::BTreeSet<_>>();
    let mut all = Vec::new();
    for start in starts {
        let mut paid = Vec::new();
        for (id, gpu, lease) in payers::of_node(view, name, node, start) {
            if lease.is_some_and(|lease| lease.power.is_some()) {
                let rate = resolve(ledger, NodeView::now(name, node), gpu.name(), lease, start);
                paid.push((id.clone(), ledger.cost_account(&rate.cost_account)));
            }
        }
        all.push((start, paid));
    }
    Some(Payments(all))
}
