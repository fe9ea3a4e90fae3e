//! Which lease pays for each GPU of a node at an instant.
//!
//! Leases of a number of GPUs of a node or unit come first, then the others in the order of the configuration. A lease of
//! a number of GPUs pays for the first so many that it matches, by node and index; the next lease that matches pays for
//! the others.

use super::InventoryView;
use crate::inventory::{Gpu, Node};
use crate::pricing::{Lease, Leased};
use crate::reading::{GpuId, NodeName};
use crate::units::Timestamp;

/// The leases that run at an instant in the order in which they pay, each with the number of GPUs that it still has.
struct Running<'a>(Vec<(&'a Lease, u32)>);

impl<'a> Running<'a> {
    fn at(leases: &'a [Lease], at: Timestamp) -> Self {
        let running = || leases.iter().filter(|lease| lease.runs_at(at));
        let order = running().filter(|lease| lease.is_schedule()).chain(running().filter(|lease| !lease.is_schedule()));
        Self(order.map(|lease| (lease, lease.gpus.unwrap_or(u32::MAX))).collect())
    }

    /// The lease that pays for the next GPU of a name on a node.
    fn take(&mut self, name: &NodeName, node: &Node, gpu: &str) -> Option<&'a Lease> {
        let pays = |(lease, left): &&mut (&Lease, u32)| *left > 0 && lease.covers(name, node.unit.as_ref(), gpu);
        let (lease, left) = self.0.iter_mut().find(pays)?;
        if lease.gpus.is_some() {
            *left -= 1;
        }
        Some(lease)
    }

    /// Whether a lease shares its number of GPUs between nodes.
    fn spans_nodes(&self) -> bool {
        self.0.iter().any(|(lease, _)| lease.gpus.is_some() && !matches!(lease.leased, Leased::Node(_)))
    }
}

/// The lease of each GPU of a node at an instant, in the order of their indices; `None` for a GPU without one.
pub(super) fn of_node<'a>(
    view: InventoryView<'a>,
    name: &NodeName,
    node: &'a Node,
    at: Timestamp,
) -> Vec<(&'a GpuId, &'a Gpu, Option<&'a Lease>)> {
    let mut running = Running::at(&view.config.leases, at);
    let gpus = |node: &'a Node| node.gpus.values().filter_map(|id| Some((id, view.inventory.gpus.get(id)?)));
    if running.spans_nodes() {
        for (other, node) in view.inventory.nodes.iter().take_while(|(other, _)| *other != name) {
            for (_, gpu) in gpus(node) {
                let _ = running.take(other, node, gpu.name());
            }
        }
    }
    gpus(node).map(|(id, gpu)| (id, gpu, running.take(name, node, gpu.name()))).collect()
}

/// The lease of a GPU that was the `nth` of `gpus` on its node and left the inventory.
pub(super) fn of_released<'a>(
    view: InventoryView<'a>,
    name: &NodeName,
    node: &Node,
    (gpu, nth, gpus): (&str, u32, u32),
    at: Timestamp,
) -> Option<&'a Lease> {
    let mut running = Running::at(&view.config.leases, at);
    if running.spans_nodes() {
        for (other, node) in view.inventory.nodes.iter().take_while(|(other, _)| *other != name) {
            for gpu in node.gpus.values().filter_map(|id| view.inventory.gpus.get(id)) {
                let _ = running.take(other, node, gpu.name());
            }
        }
    }
    for _ in 0..nth.min(gpus.saturating_sub(1)) {
        let _ = running.take(name, node, gpu);
    }
    running.take(name, node, gpu)
}
