//! The lease of each GPU of a node at an instant.

use super::inventory_view::InventoryView;
use crate::inventory::{Gpu, Node};
use crate::pricing::{Lease, Payers};
use crate::reading::{GpuId, NodeName};
use crate::units::Timestamp;

/// The leases in force at an instant, reduced by the GPUs that they pay for on the nodes before this one.
fn payers<'a>(view: InventoryView<'a>, name: &NodeName, at: Timestamp) -> Payers<'a> {
    let mut payers = Payers::at(&view.config.leases, at);
    if payers.spans_nodes() {
        for (other, node) in view.inventory.nodes.iter().take_while(|(other, _)| *other != name) {
            for gpu in node.gpus.values().filter_map(|id| view.inventory.gpus.get(id)) {
                let _ = payers.next(other, node.unit.as_ref(), gpu.name());
            }
        }
    }
    payers
}

/// The lease of each GPU of a node at an instant, by GPU index; `None` for a GPU without a lease.
pub(super) fn of_node<'a>(
    view: InventoryView<'a>,
    name: &NodeName,
    node: &'a Node,
    at: Timestamp,
) -> Vec<(&'a GpuId, &'a Gpu, Option<&'a Lease>)> {
    let mut payers = payers(view, name, at);
    let gpus = node.gpus.values().filter_map(|id| Some((id, view.inventory.gpus.get(id)?)));
    // GPUs of one name have the same lease, unless the lease is for a number of them.
    let mut last: Option<(&str, Option<&Lease>)> = None;
    let pays = |(id, gpu): (&'a GpuId, &'a Gpu)| {
        let same = last.filter(|(name, lease)| *name == gpu.name() && lease.is_none_or(|lease| lease.gpus.is_none()));
        let lease = same.map_or_else(|| payers.next(name, node.unit.as_ref(), gpu.name()), |(_, lease)| lease);
        last = Some((gpu.name(), lease));
        (id, gpu, lease)
    };
    gpus.map(pays).collect()
}

/// The lease of a GPU that has left the inventory and was the `nth` of `gpus` on its node.
pub(super) fn of_released<'a>(
    view: InventoryView<'a>,
    name: &NodeName,
    node: &Node,
    (gpu, nth, gpus): (&str, u32, u32),
    at: Timestamp,
) -> Option<&'a Lease> {
    let mut payers = payers(view, name, at);
    for _ in 0..nth.min(gpus.saturating_sub(1)) {
        let _ = payers.next(name, node.unit.as_ref(), gpu);
    }
    payers.next(name, node.unit.as_ref(), gpu)
}
