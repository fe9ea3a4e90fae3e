//! The most GPUs that each node was known with at once, and their highest power limit.
//!
//! Stored GPU time and energy are checked against them: a node's GPU time never exceeds that of the GPUs it is known with,
//! or of those that a lease pays for whether they are seen or not.

use serde::{Deserialize, Serialize};

use crate::inventory::Tracked;
use crate::reading::{NodeName, UnitName};
use crate::units::{Power, Timestamp};

/// What was known at once of the GPUs of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MostGpus {
    /// The number of GPUs.
    pub(crate) gpus: u32,
    /// Since when this is recorded; GPU time from before is not known.
    pub(crate) since: Timestamp,
    /// The highest power limit that one of them reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Power>,
    /// Whether one of them reported none.
    #[serde(default)]
    pub(crate) is_unlimited: bool,
}

impl MostGpus {
    const fn new(gpus: u32, since: Timestamp) -> Self {
        Self { gpus, since, limit: None, is_unlimited: false }
    }

    fn with(self, other: Self) -> Self {
        Self {
            gpus: self.gpus.max(other.gpus),
            since: self.since.min(other.since),
            limit: self.limit.max(other.limit),
            is_unlimited: self.is_unlimited || other.is_unlimited,
        }
    }
}

/// The name under which the GPUs are kept that a lease pays for on whichever node of a unit.
pub(crate) fn of_unit(unit: &UnitName) -> NodeName {
    NodeName::new(&format!("unit {unit}"))
}

/// The most GPUs of all nodes.
#[derive(Debug, Default)]
pub(super) struct MostGpusOfNodes {
    nodes: Tracked<NodeName, MostGpus>,
}

impl MostGpusOfNodes {
    /// Records that a node is known with so many GPUs since an instant.
    pub(super) fn note(&mut self, node: &NodeName, gpus: u32, since: Timestamp) {
        self.add(node, MostGpus::new(gpus, since));
    }

    /// Records the power limit that a GPU of a node reports.
    pub(super) fn note_limit(&mut self, node: &NodeName, limit: Option<Power>, at: Timestamp) {
        self.add(node, MostGpus { limit, is_unlimited: limit.is_none(), ..MostGpus::new(0, at) });
    }

    fn add(&mut self, node: &NodeName, noted: MostGpus) {
        let with = self.nodes.get(node).map_or(noted, |known| known.with(noted));
        if self.nodes.get(node) != Some(&with) {
            self.nodes.insert(node.clone(), with);
        }
    }

    /// Renames a node, as its postings are renamed.
    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        if let Some(known) = self.nodes.get(from).copied() {
            self.add(to, known);
        }
    }

    /// Restores what was saved.
    pub(super) fn restore(&mut self, node: &NodeName, saved: MostGpus) {
        self.add(node, saved);
    }

    /// Takes the nodes that changed since the last call.
    pub(super) fn take_touched(&mut self) -> Vec<NodeName> {
        self.nodes.take_touched()
    }

    /// What is to be saved of a node.
    pub(super) fn saved(&self, node: &NodeName) -> Option<MostGpus> {
        let Self { nodes } = self;
        nodes.get(node).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_of_each_is_kept() {
        let at = Timestamp::from_millis;
        let (node, other) = (NodeName::new("n"), NodeName::new("m"));
        let mut known = MostGpusOfNodes::default();
        known.note(&node, 8, at(5));
        known.note(&node, 2, at(9));
        assert_eq!(known.saved(&node), Some(MostGpus::new(8, at(5))));
        known.note_limit(&node, Power::from_watts(700.0), at(9));
        known.note_limit(&node, Power::from_watts(400.0), at(9));
        known.note(&other, 3, at(2));
        known.note_limit(&other, None, at(9));
        assert_eq!(known.take_touched().len(), 2);
        known.note(&node, 8, at(9));
        assert!(known.take_touched().is_empty(), "nothing has changed");
        known.rename(&node, &other);
        let limit = Power::from_watts(700.0);
        assert_eq!(known.saved(&other), Some(MostGpus { gpus: 8, since: at(2), limit, is_unlimited: true }));
    }
}
