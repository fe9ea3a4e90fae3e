//! The hostnames that pages give to the nodes they report, and which of them several nodes share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{SavedNode, Tracked};
use crate::reading::{NodeName, TargetId};

/// For each target, the nodes that its pages report and the `Hostname` of each.
#[derive(Debug, Default)]
pub(super) struct Labels {
    by_target: Tracked<TargetId, BTreeMap<NodeName, NodeName>>,
    /// The targets whose pages give or gave a label: those that give it now are found among them, at each page of each node.
    by_label: HashMap<NodeName, BTreeSet<TargetId>>,
}

impl Labels {
    /// Records the label of a node on a page. A page with a single node reports no other any more.
    pub(super) fn note(&mut self, target: &TargetId, node: &NodeName, label: &NodeName, alone: bool) {
        let has_others = |known: &BTreeMap<NodeName, NodeName>| alone && known.keys().any(|other| other != node);
        if self.by_target.get(target).is_some_and(|known| known.get(node) == Some(label) && !has_others(known)) {
            return;
        }
        self.by_label.entry(label.clone()).or_default().insert(target.clone());
        let known = self.by_target.get_or_default(target);
        if has_others(known) {
            known.clear();
        }
        known.insert(node.clone(), label.clone());
    }

    /// Drops the labels of a target whose node the configuration names.
    pub(super) fn forget_target(&mut self, target: &TargetId) {
        self.by_target.remove(target);
    }

    /// Drops a node.
    pub(super) fn forget_node(&mut self, node: &NodeName) {
        self.by_target.values_mut().for_each(|known| drop(known.remove(node)));
    }

    /// Renames a node; its labels stay.
    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        for known in self.by_target.values_mut() {
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
        self.by_target.values().find_map(|known| known.get(node)).filter(|label| *label != node)
    }

    /// Whether it changed since the last call.
    pub(super) fn take_changed(&mut self) -> bool {
        !self.by_target.take_touched().is_empty()
    }

    /// The targets whose pages give a label to a node, and the nodes.
    pub(super) fn called<'a>(&'a self, label: &'a NodeName) -> impl Iterator<Item = (&'a TargetId, &'a NodeName)> {
        let targets = self.by_label.get(label).into_iter().flatten();
        let named = targets.filter_map(|target| Some((target, self.by_target.get(target)?)));
        named.flat_map(move |(target, known)| {
            known.iter().filter(move |(_, its)| *its == label).map(move |(node, _)| (target, node))
        })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&TargetId, &NodeName, &NodeName)> {
        self.by_target.iter().flat_map(|(target, known)| known.iter().map(move |(node, label)| (target, node, label)))
    }
}
