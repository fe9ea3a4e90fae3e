//! Nodes: hosts, and the GPUs in them.

use std::collections::BTreeMap;

use super::Replaced;
use crate::counters::Window;
use crate::reading::{GpuId, UnitName};
use crate::units::{Moment, Span, Timestamp};

/// One host.
#[derive(Debug)]
pub struct Node {
    /// The configured deployment unit.
    pub(crate) unit: Option<UnitName>,
    /// When one of its sources last answered.
    pub(crate) answered: Moment,
    /// Its GPUs by index.
    pub(crate) gpus: BTreeMap<u32, GpuId>,
    /// When its first GPU was seen, in wall time.
    pub(crate) allocated_from: Option<Timestamp>,
    /// The times of its polls, which give the time that a poll covers.
    pub(crate) polls: Window<0>,
    /// When its GPUs were last reported.
    pub(crate) reported: Moment,
    /// Since when its source has answered without listing it, and when it last did.
    pub(super) unlisted: Option<(Moment, Moment)>,
    /// When one of several machines that answer by turns for it last took its turn.
    pub(super) turns: Option<Moment>,
    /// Its GPUs that others have replaced.
    pub(super) replaced: Vec<Replaced>,
    /// Whether it is known from an earlier watch and not reported since. No GPU time is posted until it is.
    pub(crate) awaited: bool,
}

/// How the GPUs of a node were allocated at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Allocation {
    /// Since when, in wall time; `None` if no GPU was seen.
    pub(crate) since: Option<Timestamp>,
    /// How many GPUs the node had, which share its rate.
    pub(crate) gpus: u32,
}

impl Node {
    /// How its GPUs are allocated now.
    pub(crate) fn allocation(&self) -> Allocation {
        Allocation { since: self.allocated_from, gpus: u32::try_from(self.gpus.len()).unwrap_or(u32::MAX) }
    }

    /// Merges a node that was renamed to this one's name.
    pub(super) fn merge(&mut self, other: Self) {
        self.unit = self.unit.take().or(other.unit);
        self.turns = self.turns.or(other.turns);
        self.replaced.extend(other.replaced);
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

    /// A node that answered and has no known GPUs.
    pub(super) fn new(answered: Moment, window: Span) -> Self {
        Self {
            unit: None,
            answered,
            gpus: BTreeMap::new(),
            allocated_from: None,
            polls: Window::new(window),
            reported: answered,
            unlisted: None,
            turns: None,
            replaced: Vec::new(),
            awaited: false,
        }
    }
}

/// The lowest free index.
pub(super) fn free_index(gpus: &BTreeMap<u32, GpuId>) -> u32 {
    (0..u32::MAX).find(|index| !gpus.contains_key(index)).unwrap_or(u32::MAX)
}
