//! The saved state of the inventory: which GPUs were on which node, and when they were last seen.
//!
//! Configured properties (unit, lease, power, node) are not saved: the current configuration applies.

use serde::{Deserialize, Serialize};

use super::{Gpu, Inventory, Origin};
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
    /// The target whose page reports it; `None` is this machine's driver.
    pub page: Option<TargetId>,
    /// When it was last seen, if that is not when its node was last reported.
    pub seen: Option<Moment>,
    /// Whether its source answers and does not list it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

impl SavedNode {
    /// All moments in the state, to move them to another boot's clock.
    pub(crate) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { node: _, hosts: _, allocated_from: _, label: _, configured: _, gpus } = self;
        gpus.iter_mut().filter_map(|gpu| gpu.seen.as_mut())
    }
}

impl Inventory {
    /// The states of all nodes that have GPUs and were reported.
    pub(crate) fn saved_nodes(&self) -> impl Iterator<Item = SavedNode> + '_ {
        self.nodes.iter().filter(|(_, node)| !node.awaited && node.allocated_from.is_some()).map(|(name, node)| {
            SavedNode {
                node: name.clone(),
                hosts: self.hosts.hosts_of(name),
                allocated_from: node.allocated_from,
                label: self.labels.of(name).cloned(),
                configured: self.is_configured(name),
                gpus: node
                    .gpus
                    .iter()
                    .filter_map(|(index, id)| Some(saved_gpu(*index, id, self.gpus.get(id)?)))
                    .collect(),
            }
        })
    }

    /// Keeps a node of an earlier watch until a source reports it. Its name is known at once, so that engines on its
    /// hosts belong to it even if their pages come first.
    pub(crate) fn remember(&mut self, saved: SavedNode, reported: Moment) {
        // A configured name that was removed no longer applies to the hosts.
        let is_named = !saved.configured || self.is_configured(&saved.node);
        for host in saved.hosts.iter().filter(|_| is_named) {
            self.hosts.note(host.as_ref(), &saved.node);
        }
        self.labels.remember(&saved);
        self.remembered.insert(saved.node.clone(), (saved, reported));
    }

    /// Restores a node of an earlier watch. Its GPUs wait to be reported.
    pub(crate) fn restore_node(&mut self, name: &NodeName) {
        let Some((saved, reported)) = self.remembered.remove(name) else { return };
        let SavedNode { node: _, hosts: _, allocated_from, label: _, configured: _, gpus } = saved;
        self.make_node(name, reported);
        let Some(node) = self.nodes.get_mut(name) else { return };
        (node.reported, node.allocated_from) = (reported, allocated_from);
        for SavedGpu { id, index, name: product, page, seen, missing } in gpus {
            node.awaited = true;
            node.gpus.insert(index, id.clone());
            let reading = GpuReading { index, name: product, ..GpuReading::default() };
            let origin = page.map_or(Origin::Driver, Origin::Page);
            let gpu =
                self.gpus.entry(id).or_insert_with(|| Gpu::known(name, reading, seen.unwrap_or(reported), origin));
            gpu.missing |= missing;
        }
    }

    /// Whether a target is configured to run on a node.
    fn is_configured(&self, node: &NodeName) -> bool {
        self.targets.values().any(|target| target.info.node.as_ref() == Some(node))
    }

    /// Whether a node of an earlier watch waits to be reported.
    pub(crate) fn remembers(&self, name: &NodeName) -> bool {
        self.remembered.contains_key(name)
    }
}

fn saved_gpu(index: u32, id: &GpuId, gpu: &Gpu) -> SavedGpu {
    let page = match &gpu.origin {
        Origin::Driver => None,
        Origin::Page(target) => Some(target.clone()),
    };
    let absent = gpu.missing || gpu.state != GpuState::Answering;
    let seen = absent.then_some(gpu.answered);
    SavedGpu { id: id.clone(), index, name: gpu.reading.name.clone(), page, seen, missing: gpu.missing }
}
