//! The hostnames that pages give to the nodes they report, and which of them several nodes share.

use std::collections::{BTreeMap, BTreeSet};

use super::{Inventory, SavedNode, TargetInfo, Tracked};
use crate::reading::{NodeName, TargetId};

/// For each target, the nodes that its pages report and the `Hostname` of each.
#[derive(Debug, Default)]
pub(super) struct Labels(Tracked<TargetId, BTreeMap<NodeName, NodeName>>);

impl Labels {
    /// Records the label of a node on a page. A page with a single node reports no other any more.
    pub(super) fn note(&mut self, target: &TargetId, node: &NodeName, label: &NodeName, alone: bool) {
        let has_others = |known: &BTreeMap<NodeName, NodeName>| alone && known.keys().any(|other| other != node);
        if self.0.get(target).is_some_and(|known| known.get(node) == Some(label) && !has_others(known)) {
            return;
        }
        let known = self.0.entry(target.clone()).or_default();
        if has_others(known) {
            known.clear();
        }
        known.insert(node.clone(), label.clone());
    }

    /// Drops the labels of a target whose node the configuration names.
    pub(super) fn forget_target(&mut self, target: &TargetId) {
        self.0.remove(target);
    }

    /// Drops a node.
    pub(super) fn forget_node(&mut self, node: &NodeName) {
        self.0.values_mut().for_each(|known| drop(known.remove(node)));
    }

    /// Renames a node; its labels stay.
    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        for known in self.0.values_mut() {
            if let Some(label) = known.remove(from) {
                known.insert(to.clone(), label);
            }
        }
    }

    /// Restores the labels of a node of an earlier watch.
    pub(super) fn remember(&mut self, saved: &SavedNode) {
        let label = saved.label.as_ref().unwrap_or(&saved.node);
        for page in saved.gpus.iter().filter_map(|gpu| gpu.page.as_ref()) {
            self.note(page, &saved.node, label, false);
        }
    }

    /// The label of a node, if it differs from its name.
    pub(super) fn of(&self, node: &NodeName) -> Option<&NodeName> {
        self.0.values().find_map(|known| known.get(node)).filter(|label| *label != node)
    }

    /// Whether it changed since the last call.
    pub(super) fn take_changed(&mut self) -> bool {
        !self.0.take_touched().is_empty()
    }

    fn all(&self) -> impl Iterator<Item = (&TargetId, &NodeName, &NodeName)> {
        self.0.iter().flat_map(|(target, known)| known.iter().map(move |(node, label)| (target, node, label)))
    }
}

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
        let called = self.labels.all().filter(|(target, other, its)| {
            **its == *label && **target != info.target && Some(*other) != node && self.is_named_by(target, other)
        });
        called.map(|(target, node, _)| (target.clone(), node.clone())).collect()
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
        nodes.into_iter().filter(move |(_, called)| is_shared(called)).map(|(label, _)| label)
    }

    /// Whether a node's name comes from a target: one that is watched, that the configuration gives no node, and that
    /// reports GPUs of the node.
    fn is_named_by(&self, target: &TargetId, node: &NodeName) -> bool {
        let is_watched = self.targets.get(target).is_some_and(|target| target.info.node.is_none());
        is_watched && (self.remembers(node) || self.nodes.get(node).is_some_and(|node| !node.gpus.is_empty()))
    }
}
