//! The names that nodes had before, under which leases may still name them.

use std::collections::BTreeSet;

use super::Inventory;
use crate::pricing::{FormerNames, Lease, Leased, follow_renames};
use crate::reading::NodeName;

/// How many former names of a node are kept: a pod has another one each time that it starts.
const MOST: usize = 8;

impl Inventory {
    /// Notes a name that a node had before.
    pub(super) fn note_former(&mut self, from: &NodeName, to: &NodeName) {
        let earlier = self.former.remove(from).unwrap_or_default();
        let names = self.former.entry(to.clone()).or_default();
        for name in earlier.into_iter().chain([from.clone()]) {
            names.retain(|known| *known != name);
            names.push(name);
        }
        names.retain(|name| name != to);
        names.drain(..names.len().saturating_sub(MOST));
    }

    /// Notes that a node reports a name that others report too, so that a lease by that name follows none of them.
    pub(super) fn note_shared(&mut self, label: &NodeName, node: &NodeName) {
        let names = self.former.entry(node.clone()).or_default();
        if label != node && !names.contains(label) {
            names.push(label.clone());
            names.drain(..names.len().saturating_sub(MOST));
        }
    }

    /// Continues the former names of nodes of an earlier watch, however long ago that was.
    pub(crate) fn remember_former(&mut self, names: FormerNames) {
        self.former.extend(names);
    }

    /// Lets leases follow their nodes.
    pub(crate) fn name_leases(&self, leases: &mut [Lease]) {
        let is_of_node = |lease: &Lease| matches!(lease.leased, Leased::Node(_));
        let follows = |lease: &Lease| lease.renamed.is_some();
        let any_former = || self.former.values().any(|names| !names.is_empty());
        if !leases.iter().any(is_of_node) || !any_former() && !leases.iter().any(follows) {
            return;
        }
        let with_gpus = self.nodes.iter().filter(|(_, node)| !node.gpus.is_empty()).map(|(name, _)| name);
        let present: BTreeSet<&NodeName> = with_gpus.chain(self.earlier.nodes.keys()).collect();
        let names = |name: &NodeName| (name.clone(), self.former.get(name).cloned().unwrap_or_default());
        let mut known: FormerNames = present.into_iter().map(names).collect();
        // Those that have not reported yet keep theirs.
        known.extend(self.former.iter().map(|(name, former)| (name.clone(), former.clone())));
        follow_renames(leases, &known);
    }
}
