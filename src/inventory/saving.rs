//! How the state of the inventory is saved and restored.

use super::{Gpu, Inventory, Node, Origin};
use super::{SavedGpu, SavedNode};
use crate::reading::{GpuReading, NodeName, TargetId};
use crate::units::Moment;
use std::collections::BTreeSet;

impl Inventory {
    /// The state of a node that has GPUs and was reported; `None` of another. The configuration, the windows of rates, what
    /// is `earlier` and the errors of sources are of this watch only; targets are saved with their counters.
    pub(crate) fn saved_node(&self, name: &NodeName) -> Option<SavedNode> {
        let Self {
            targets: _,
            configured: _,
            nodes,
            gpus,
            hosts,
            labels,
            // Learned anew from the next pages.
            listings: _,
            earlier: _,
            former,
            source_errors: _,
            local: _,
            window: _,
            stale_after: _,
            lost_after: _,
            release_after: _,
            began: _,
            now: _,
        } = self;
        let Node {
            // Configured.
            unit: _,
            // Of this watch only.
            answered: _,
            polls: _,
            unlisted,
            // Saved with the node's GPU time, which stops with it.
            reported: _,
            gpus: placed,
            allocated_from,
            turns,
            replaced,
            awaited: _,
        } = nodes.get(name).filter(|node| !node.awaited && node.allocated_from.is_some())?;
        Some(SavedNode {
            node: name.clone(),
            hosts: hosts.hosts_of(name),
            allocated_from: *allocated_from,
            label: labels.of(name).cloned(),
            former: former.get(name).cloned().unwrap_or_default(),
            configured: self.is_configured(name),
            gpus: placed.iter().filter_map(|(index, id)| Some(gpus.get(id)?.saved(*index, id))).collect(),
            turns: *turns,
            replaced: replaced.clone(),
            unlisted: unlisted.map(|(since, _)| since),
        })
    }

    /// Takes the nodes whose saved state may have changed since the last call.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<NodeName> {
        let mut touched: BTreeSet<NodeName> = self.nodes.take_touched().into_iter().collect();
        touched.extend(self.earlier.nodes.take_touched());
        for id in self.gpus.take_touched() {
            let node = self.gpus.get(&id).map(|gpu| &gpu.node);
            touched.extend(node.filter(|node| !touched.contains(*node)).cloned());
        }
        // These change rarely, and may change the state of several nodes.
        let names = [self.hosts.take_changed(), self.labels.take_changed(), !self.configured.take_touched().is_empty()];
        if names.contains(&true) {
            touched.extend(self.nodes.keys().cloned());
        }
        touched
    }

    /// Restores a node of an earlier watch. Its GPUs wait to be reported.
    pub(crate) fn restore_node(&mut self, name: &NodeName) {
        let Some((saved, reported)) = self.earlier.nodes.remove(name) else { return };
        let SavedNode {
            node: _,
            hosts: _,
            allocated_from,
            label: _,
            former: _,
            configured: _,
            gpus,
            turns,
            replaced,
            unlisted,
        } = saved;
        let now = self.now;
        self.make_node(name, reported);
        let Some(node) = self.nodes.get_mut(name) else { return };
        (node.reported, node.allocated_from, node.turns, node.replaced) = (reported, allocated_from, turns, replaced);
        node.unlisted = unlisted.map(|since| (since, now));
        node.awaited |= !gpus.is_empty();
        node.gpus.extend(gpus.iter().map(|gpu| (gpu.index, gpu.id.clone())));
        for gpu in gpus {
            let seen = gpu.seen.unwrap_or(reported);
            self.restore_gpu(name, gpu, seen);
        }
    }

    /// Restores a GPU that was last seen at `seen`.
    pub(super) fn restore_gpu(&mut self, name: &NodeName, saved: SavedGpu, seen: Moment) {
        let SavedGpu { id, index, name: product, page, driver, seen: _, missing, nameless } = saved;
        let reading = GpuReading { index, name: product, ..GpuReading::default() };
        let origin = page.map_or_else(|| Origin::Driver(driver.unwrap_or_else(TargetId::nvml)), Origin::Page);
        let gpu = self.gpus.get_or_insert_with(&id, || Gpu::known(name, reading, seen, origin));
        gpu.missing |= missing;
        gpu.nameless = gpu.nameless.or(nameless);
    }

    /// Whether a target is configured to run on a node.
    pub(super) fn is_configured(&self, node: &NodeName) -> bool {
        self.configured.values().any(|configured| configured == node)
    }
}
