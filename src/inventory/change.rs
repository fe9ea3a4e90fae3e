//! The changes that a step of the inventory made.

use super::{Allocation, Gpu};
use crate::reading::{GpuId, NodeName};
use crate::units::{Moment, Timestamp};

/// One change.
#[derive(Debug)]
pub enum Change {
    /// GPUs of a node were reported: they are allocated from when they were first seen.
    Seen(NodeName),
    /// A node was renamed: everything kept under the old name belongs to the new one.
    Renamed {
        /// The old name.
        from: NodeName,
        /// The new name.
        to: NodeName,
    },
    /// A GPU was released. It was last seen when it last answered.
    Released {
        /// The node it was on.
        node: NodeName,
        /// The GPU's last known state.
        gpu: Box<Gpu>,
        /// How its node's GPUs were allocated until then.
        allocation: Allocation,
    },
    /// GPUs were released although they were there throughout: another machine had answered for theirs.
    Returned {
        /// The node they are on.
        node: NodeName,
        /// The GPUs.
        gpus: Vec<ReturnedGpu>,
    },
    /// GPUs that were there without a name have one.
    Named {
        /// The node they are on.
        node: NodeName,
        /// Each GPU, and since when it was there without a name.
        gpus: Vec<(GpuId, Moment)>,
    },
    /// A node has no GPUs any more: its next GPUs are allocated from when they are first seen.
    Emptied(NodeName),
}

/// A GPU that was released and is there again.
#[derive(Debug)]
pub struct ReturnedGpu {
    /// The GPU.
    pub(crate) id: GpuId,
    /// When it had last answered.
    pub(crate) seen: Moment,
    /// When it was released.
    pub(crate) released: Moment,
    /// How many GPUs its node had then.
    pub(crate) of: u32,
}

/// The changes of a step, in order.
#[derive(Debug, Default)]
#[must_use = "changes must be given to metering, or GPU time is not posted"]
pub struct Changes(Vec<Change>);

impl Changes {
    /// Adds a change.
    pub(super) fn push(&mut self, change: Change) {
        self.0.push(change);
    }

    /// Whether nodes may have appeared, gone or been renamed.
    pub(crate) fn may_name_nodes(&self) -> bool {
        let names = |change: &Change| matches!(change, Change::Seen(_) | Change::Renamed { .. } | Change::Emptied(_));
        self.0.iter().any(names)
    }

    /// The nodes whose GPUs have names from now on, each since when they were there without one.
    pub(crate) fn named(&self, now: Moment) -> Vec<(NodeName, Timestamp)> {
        let since = |change: &Change| match change {
            Change::Named { node, gpus } => {
                let first = gpus.iter().map(|(_, since)| now.wall - now.since(*since)).min()?;
                Some((node.clone(), first))
            }
            _ => None,
        };
        self.0.iter().filter_map(since).collect()
    }

    /// Appends later changes.
    pub fn extend(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

impl FromIterator<Change> for Changes {
    fn from_iter<T: IntoIterator<Item = Change>>(changes: T) -> Self {
        Self(changes.into_iter().collect())
    }
}

impl IntoIterator for Changes {
    type Item = Change;
    type IntoIter = std::vec::IntoIter<Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
