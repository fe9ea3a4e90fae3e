//! The saved state of the inventory: which GPUs were on which node, and when they were last seen.
//!
//! Configured properties (unit, lease, power, node) are not saved: the current configuration applies.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Gpu, Inventory, Node, Origin};
use crate::reading::{GpuId, GpuReading, GpuState, Label, NodeName, TargetId};
use crate::units::{Moment, Timestamp};

/// A saved node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedNode {
    /// Its name.
    pub node: NodeName,
    /// The hosts whose pages report its GPUs; `None` is this machine.
    pub hosts: Vec<Option<NodeName>>,
    /// When its first GPU was seen.
    pub allocated_from: Option<Timestamp>,
    /// Its label, if that differs from its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<NodeName>,
    /// Whether the configuration named it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub configured: bool,
    /// Its GPUs.
    pub gpus: Vec<SavedGpu>,
}

/// A saved GPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedGpu {
    /// Its UUID, or its node and index.
    pub id: GpuId,
    /// Its index.
    pub index: u32,
    /// The driver's name for it.
    pub name: Option<Label>,
    /// The target whose page reports it; `None` is a driver of this machine.
    pub page: Option<TargetId>,
    /// Which driver, where it is another than NVIDIA's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<TargetId>,
    /// When it was last seen, if that is not when its node was last reported.
    pub seen: Option<Moment>,
    /// Whether its source answers and does not list it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// Since when it has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nameless: Option<Moment>,
}

impl SavedNode {
    /// All moments in the state, to move them to another boot's clock.
    pub(crate) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { node: _, hosts: _, allocated_from: _, label: _, configured: _, gpus } = self;
        gpus.iter_mut().flat_map(|gpu| {
            let SavedGpu { id: _, index: _, name: _, page: _, driver: _, seen, missing: _, nameless } = gpu;
            seen.iter_mut().chain(nameless)
        })
    }
}

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
            unlisted: _,
            // Saved with the node's GPU time, which stops with it.
            reported: _,
            gpus: placed,
            allocated_from,
            awaited: _,
        } = nodes.get(name).filter(|node| !node.awaited && node.allocated_from.is_some())?;
        Some(SavedNode {
            node: name.clone(),
            hosts: hosts.hosts_of(name),
            allocated_from: *allocated_from,
            label: labels.of(name).cloned(),
            configured: self.is_configured(name),
            gpus: placed.iter().filter_map(|(index, id)| Some(gpus.get(id)?.saved(*index, id))).collect(),
        })
    }

    /// Takes the nodes whose saved state may have changed since the last call.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<NodeName> {
        let mut touched = self.nodes.take_touched();
        touched.append(&mut self.earlier.nodes.take_touched());
        let gpus = self.gpus.take_touched();
        touched.extend(gpus.iter().filter_map(|id| Some(self.gpus.get(id)?.node.clone())));
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
        let SavedNode { node: _, hosts: _, allocated_from, label: _, configured: _, gpus } = saved;
        self.make_node(name, reported);
        let Some(node) = self.nodes.get_mut(name) else { return };
        (node.reported, node.allocated_from) = (reported, allocated_from);
        for SavedGpu { id, index, name: product, page, driver, seen, missing, nameless } in gpus {
            node.awaited = true;
            node.gpus.insert(index, id.clone());
            let reading = GpuReading { index, name: product, ..GpuReading::default() };
            let origin = page.map_or_else(|| Origin::Driver(driver.unwrap_or_else(TargetId::nvml)), Origin::Page);
            let gpu =
                self.gpus.entry(id).or_insert_with(|| Gpu::known(name, reading, seen.unwrap_or(reported), origin));
            gpu.missing |= missing;
            gpu.nameless = gpu.nameless.or(nameless);
        }
    }

    /// Whether a target is configured to run on a node.
    pub(super) fn is_configured(&self, node: &NodeName) -> bool {
        self.configured.values().any(|configured| configured == node)
    }
}

impl Gpu {
    /// Its state on its node. Of its reading only the name is kept: the rest is of the moment.
    fn saved(&self, index: u32, id: &GpuId) -> SavedGpu {
        let Self { node: _, reading, answered, state, origin, missing, like: _, nameless, others: _, heat: _ } = self;
        let (page, driver) = match origin {
            Origin::Driver(source) => (None, Some(source.clone()).filter(|source| *source != TargetId::nvml())),
            Origin::Page(target) => (Some(target.clone()), None),
        };
        let absent = *missing || *state != GpuState::Answering;
        let seen = absent.then_some(*answered);
        let (name, missing, nameless) = (reading.name.clone(), *missing, *nameless);
        SavedGpu { id: id.clone(), index, name, page, driver, seen, missing, nameless }
    }
}
