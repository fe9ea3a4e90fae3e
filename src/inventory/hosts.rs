//! The hosts in targets' addresses, and the nodes that their pages report.

use super::Tracked;
use crate::reading::NodeName;
use std::collections::BTreeSet;

/// The hosts in targets' addresses, and the nodes that their pages report.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    pub(super) nodes: Tracked<Option<NodeName>, BTreeSet<NodeName>>,
}

impl Hosts {
    /// Records that a page of GPUs from `host` reports a node.
    pub(super) fn note(&mut self, host: Option<&NodeName>, node: &NodeName) {
        let host = host.cloned();
        if !self.nodes.get(&host).is_some_and(|nodes| nodes.contains(node)) {
            self.nodes.get_or_default(&host).insert(node.clone());
        }
    }

    /// The node that pages from `host` report, if there is exactly one.
    pub(super) fn of(&self, host: Option<&NodeName>) -> Option<&NodeName> {
        let nodes = self.nodes.get(&host.cloned())?;
        if nodes.len() == 1 { nodes.first() } else { None }
    }

    /// Whether any page of GPUs came from a host; `None` is this machine.
    pub(super) fn knows(&self, host: Option<&NodeName>) -> bool {
        self.nodes.get(&host.cloned()).is_some_and(|nodes| !nodes.is_empty())
    }

    /// The hosts whose pages report a node; `None` is this machine.
    pub(super) fn hosts_of(&self, node: &NodeName) -> Vec<Option<NodeName>> {
        self.nodes.iter().filter(|(_, nodes)| nodes.contains(node)).map(|(host, _)| host.clone()).collect()
    }

    /// Whether it changed since the last call.
    pub(super) fn take_changed(&mut self) -> bool {
        !self.nodes.take_touched().is_empty()
    }

    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        for nodes in self.nodes.values_mut() {
            if nodes.remove(from) {
                nodes.insert(to.clone());
            }
        }
    }
}
