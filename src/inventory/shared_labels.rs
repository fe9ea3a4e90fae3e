//! Which hostnames several nodes share.

use super::{Inventory, TargetInfo};
use crate::reading::{NodeName, TargetId};
use std::collections::{BTreeMap, BTreeSet};

impl Inventory {
    /// Nodes other than `node` that other targets report under this label.
    pub(super) fn others_called(
        &self,
        label: &NodeName,
        info: &TargetInfo,
        node: Option<&NodeName>,
    ) -> Vec<(TargetId, NodeName)> {
        if *label == self.local {
            return Vec::new();
        }
        let called = self.labels.called(label).filter(|(target, other)| {
            **target != info.target && Some(*other) != node && self.is_named_by(target, other)
        });
        called.map(|(target, node)| (target.clone(), node.clone())).collect()
    }

    /// Labels that several nodes share.
    pub(crate) fn shared_hostnames(&self) -> impl Iterator<Item = &NodeName> {
        let mut nodes: BTreeMap<&NodeName, BTreeSet<(&NodeName, &TargetId)>> = BTreeMap::new();
        let labels = self.labels.all().filter(|(.., label)| **label != self.local);
        for (target, node, label) in labels.filter(|(target, node, _)| self.is_named_by(target, node)) {
            nodes.entry(label).or_default().insert((node, target));
        }
        let is_shared = |called: &BTreeSet<(&NodeName, &TargetId)>| {
            let (first, last) = (called.first(), called.last());
            first
                .zip(last)
                .is_some_and(|(first, last)| first.0 != last.0 && called.iter().any(|(_, target)| *target != first.1))
        };
        // The hosts of one page, of which none could be named so.
        let is_of_none = |label: &NodeName, called: &BTreeSet<(&NodeName, &TargetId)>| {
            called.len() > 1 && called.iter().all(|(node, _)| *node != label)
        };
        let named = nodes.into_iter().filter(move |(label, called)| is_shared(called) || is_of_none(label, called));
        named.map(|(label, _)| label)
    }

    /// Whether a node's name comes from a target: one that is watched, that the configuration gives no node, and that
    /// reports GPUs of the node.
    fn is_named_by(&self, target: &TargetId, node: &NodeName) -> bool {
        let is_watched = self.targets.get(target).is_some_and(|target| target.info.node.is_none());
        is_watched && (self.remembers(node) || self.nodes.get(node).is_some_and(|node| !node.gpus.is_empty()))
    }
}
