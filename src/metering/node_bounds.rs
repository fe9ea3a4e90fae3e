//! The largest bound of each node: the GPUs that the bounds of its engines' rows assume in total.
//!
//! Each row of a page is checked against what all GPUs of its node can produce, so several rows together may post several
//! times as much. Checks of a node's stored amounts need the largest such total.

use std::collections::HashMap;

use crate::inventory::Tracked;
use crate::reading::{NodeName, TargetId};

/// The GPUs that bounds assume, by target and node.
#[derive(Debug, Default)]
pub(super) struct NodeBounds {
    targets: HashMap<TargetId, Vec<(NodeName, u64)>>,
    nodes: Tracked<NodeName, Gpus>,
}

/// The total GPUs of one node's bounds.
#[derive(Debug, Clone, Copy, Default)]
struct Gpus {
    now: u64,
    most: u64,
}

impl NodeBounds {
    /// Records the totals of a target's page, one for each node that its instances are on.
    pub(super) fn note(&mut self, target: &TargetId, judged: &[(NodeName, u64)]) {
        let known = self.targets.entry(target.clone()).or_default();
        if known == judged {
            return;
        }
        for (node, before) in std::mem::replace(known, judged.to_vec()) {
            if let Some(sum) = self.nodes.get_mut(&node) {
                sum.now = sum.now.saturating_sub(before);
            }
        }
        for (node, gpus) in judged {
            let sum = self.nodes.get_or_default(node);
            sum.now = sum.now.saturating_add(*gpus);
            sum.most = sum.most.max(sum.now);
        }
    }

    /// Renames a node, as its postings are renamed.
    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        let most = self.nodes.get(from).map_or(0, |gpus| gpus.most);
        self.restore(to, most);
    }

    /// Restores the largest total of a node.
    pub(super) fn restore(&mut self, node: &NodeName, most: u64) {
        let known = &mut self.nodes.get_or_default(node).most;
        *known = most.max(*known);
    }

    /// Takes the nodes whose totals changed since the last call.
    pub(super) fn take_touched(&mut self) -> Vec<NodeName> {
        self.nodes.take_touched()
    }

    /// The largest total of a node.
    pub(super) fn most(&self, node: &NodeName) -> Option<u64> {
        // The current totals come from the next pages.
        let Self { targets: _, nodes } = self;
        let Gpus { now: _, most } = nodes.get(node)?;
        Some(*most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_sum_of_a_node_is_kept() {
        let mut bounds = NodeBounds::default();
        let (node, other) = (NodeName::new("n"), NodeName::new("m"));
        bounds.note(&TargetId::new("a"), &[(node.clone(), 8)]);
        bounds.note(&TargetId::new("b"), &[(node.clone(), 16)]);
        bounds.note(&TargetId::new("a"), &[(node.clone(), 2)]);
        bounds.note(&TargetId::new("b"), &[(other.clone(), 3)]);
        bounds.restore(&other, 1);
        bounds.rename(&other, &NodeName::new("k"));
        let most = ["k", "m", "n"].map(|node| bounds.most(&NodeName::new(node)));
        assert_eq!(most, [Some(3), Some(3), Some(24)]);
    }
}
