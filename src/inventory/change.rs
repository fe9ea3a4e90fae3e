//! What a step of the inventory changed.

use super::{Allocation, Gpu};
use crate::reading::NodeName;

/// One change.
#[derive(Debug)]
pub enum Change {
    /// GPUs of a node were reported: they are allocated from their first sight on.
    Seen(NodeName),
    /// A node is called by another name: everything that is kept under the old one belongs to the new one.
    Renamed {
        /// The name before.
        from: NodeName,
        /// The name now.
        to: NodeName,
    },
    /// A GPU is no longer there: it was last seen when it last answered.
    Released {
        /// The node that it was on.
        node: NodeName,
        /// What was known of it.
        gpu: Box<Gpu>,
        /// How its node's GPUs were allocated while it was among them.
        allocation: Allocation,
    },
    /// A node holds no GPUs any more: what it gets next is allocated from its first sight.
    Emptied(NodeName),
}

/// The changes of a step, in their order.
#[derive(Debug, Default)]
#[must_use = "changes that are not handed on leave rent behind"]
pub struct Changes(Vec<Change>);

impl Changes {
    /// Adds a change.
    pub(super) fn push(&mut self, change: Change) {
        self.0.push(change);
    }

    /// Takes later changes in.
    pub fn extend(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

impl IntoIterator for Changes {
    type Item = Change;
    type IntoIter = std::vec::IntoIter<Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
