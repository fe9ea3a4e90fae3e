//! The saved state of the inventory: which GPUs were on which node, and when they were last seen.
//!
//! Configured properties (unit, lease, power, node) are not saved: the current configuration applies.

use serde::{Deserialize, Serialize};

use super::{Gpu, Origin};
use crate::reading::{GpuId, GpuState, Label, NodeName, TargetId};
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
    /// Names that it had before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<NodeName>,
    /// Whether the configuration named it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub configured: bool,
    /// Its GPUs.
    pub gpus: Vec<SavedGpu>,
    /// When one of several machines that answer by turns for it last took its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<Moment>,
    /// Its GPUs that others have replaced lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Replaced>,
    /// Since when its source has answered without listing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlisted: Option<Moment>,
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

/// A GPU that was released because another one took its index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replaced {
    /// The GPU as it last answered.
    pub gpu: SavedGpu,
    /// When it was released.
    pub at: Moment,
    /// How many GPUs its node had then.
    pub of: u32,
}

impl SavedNode {
    /// All moments in the state, to move them to another boot's clock.
    pub(crate) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self {
            node: _,
            hosts: _,
            allocated_from: _,
            label: _,
            former: _,
            configured: _,
            gpus,
            turns,
            replaced,
            unlisted,
        } = self;
        let replaced = replaced.iter_mut().flat_map(|Replaced { gpu, at, of: _ }| gpu.moments_mut().chain([at]));
        gpus.iter_mut().flat_map(SavedGpu::moments_mut).chain(turns).chain(unlisted).chain(replaced)
    }
}

impl SavedGpu {
    fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { id: _, index: _, name: _, page: _, driver: _, seen, missing: _, nameless } = self;
        seen.iter_mut().chain(nameless)
    }
}

impl Gpu {
    /// Its state on its node. Of its reading only the name is kept: the rest is of the moment.
    pub(super) fn saved(&self, index: u32, id: &GpuId) -> SavedGpu {
        let Self {
            node: _,
            reading,
            answered,
            state,
            origin,
            missing,
            like: _,
            nameless,
            others: _,
            heat: _,
            since: _,
        } = self;
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
