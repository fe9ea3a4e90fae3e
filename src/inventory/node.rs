//! Nodes: hosts, and the GPUs in them.

use std::collections::BTreeMap;

use super::{Inventory, TargetInfo};
use crate::counters::Window;
use crate::reading::{GpuId, NodeName, UnitName};
use crate::units::{Moment, Span, Timestamp};

/// One host.
#[derive(Debug)]
pub struct Node {
    /// The deployment unit that the configuration puts it in.
    pub(crate) unit: Option<UnitName>,
    /// When any of its sources last answered.
    pub(crate) answered: Moment,
    /// Its GPUs by index.
    pub(crate) gpus: BTreeMap<u32, GpuId>,
    /// When its first GPU was seen, by the calendar.
    pub(crate) allocated_from: Option<Timestamp>,
    /// When its GPUs were polled, to say what time a poll covers.
    pub(crate) polls: Window<0>,
    /// When its GPUs were last reported.
    pub(crate) reported: Moment,
    /// Since when pages of its source answer and do not list it, and when the last of them did.
    pub(super) unlisted: Option<(Moment, Moment)>,
    /// Known from an earlier watch and not reported since: no rent is posted until its GPUs are seen.
    pub(crate) awaited: bool,
}

/// How the GPUs of a node were allocated at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Allocation {
    /// Since when, by the calendar; `None` if none of them was seen.
    pub(crate) since: Option<Timestamp>,
    /// How many the node had: a node's rate is shared by them.
    pub(crate) gpus: u32,
}

impl Node {
    /// How its GPUs are allocated now.
    pub(crate) fn allocation(&self) -> Allocation {
        Allocation { since: self.allocated_from, gpus: u32::try_from(self.gpus.len()).unwrap_or(u32::MAX) }
    }

    /// Takes in a node that is called by the same name from now on.
    pub(super) fn merge(&mut self, other: Self) {
        self.unit = self.unit.take().or(other.unit);
        self.allocated_from = [self.allocated_from, other.allocated_from].into_iter().flatten().min();
        if self.gpus.is_empty() {
            (self.reported, self.awaited, self.polls) = (other.reported, other.awaited, other.polls);
        } else {
            self.awaited |= other.awaited;
        }
        for (index, id) in other.gpus {
            let index = if self.gpus.contains_key(&index) { free_index(&self.gpus) } else { index };
            self.gpus.insert(index, id);
        }
    }

    /// A node of which nothing is known but that it answered.
    pub(super) fn new(answered: Moment, window: Span) -> Self {
        Self {
            unit: None,
            answered,
            gpus: BTreeMap::new(),
            allocated_from: None,
            polls: Window::new(window),
            reported: answered,
            unlisted: None,
            awaited: false,
        }
    }
}

/// The lowest index that no GPU has.
pub(super) fn free_index(gpus: &BTreeMap<u32, GpuId>) -> u32 {
    (0..u32::MAX).find(|index| !gpus.contains_key(index)).unwrap_or(u32::MAX)
}

impl Inventory {
    /// A source on a node answered.
    pub(crate) fn see_node(&mut self, name: &NodeName, info: Option<&TargetInfo>, at: Moment) -> &mut Node {
        let window = self.window;
        let node = self.nodes.entry(name.clone()).or_insert_with(|| Node::new(at, window));
        if at.boot >= node.answered.boot {
            node.answered = at;
        }
        if let Some(unit) = info.and_then(|info| info.unit.as_ref()) {
            // The first target that names a unit decides.
            node.unit.get_or_insert_with(|| unit.clone());
        }
        node
    }
}
