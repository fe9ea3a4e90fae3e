//! How nodes come to be known, and that their sources answer.

use super::Node;
use super::{Inventory, TargetInfo};
use crate::reading::NodeName;
use crate::units::Moment;

impl Inventory {
    /// Adds a node that is not known. Its unit is what the configuration says of a target on it.
    pub(super) fn make_node(&mut self, name: &NodeName, at: Moment) {
        if !self.nodes.contains_key(name) {
            let mut infos = self.targets.values().map(|target| &target.info).filter(|info| info.unit.is_some());
            let unit = infos.find(|info| self.node_of(info) == name).and_then(|info| info.unit.clone());
            self.nodes.insert(name.clone(), Node { unit, ..Node::new(at, self.window) });
        }
    }

    /// Records that a source on a node answered.
    pub(crate) fn see_node(&mut self, name: &NodeName, info: Option<&TargetInfo>, at: Moment) -> &mut Node {
        self.make_node(name, at);
        let window = self.window;
        let node = self.nodes.get_or_insert_with(name, || Node::new(at, window));
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
