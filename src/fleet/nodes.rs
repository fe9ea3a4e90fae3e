//! Nodes: which machine a target runs on, and which GPUs stand in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Fleet, Member};
use crate::counters::Window;
use crate::reading::{GpuId, Health, NodeName, UnitName};
use crate::units::{Moment, Span, Timestamp};

/// One machine.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) unit: Option<UnitName>,
    /// When any of its sources last answered.
    pub(super) answered: Moment,
    /// Its GPUs by index.
    pub(super) gpus: BTreeMap<u32, GpuId>,
    /// When its first GPU was seen, by the calendar.
    pub(super) held_from: Option<Timestamp>,
    /// When its GPUs were looked at, to say what span a look covers.
    pub(super) looks: Window<0>,
    /// When its GPUs were last looked at.
    pub(super) looked: Moment,
    /// Since when pages of its source answer and do not list it, and when the last of them did.
    pub(super) unlisted: Option<(Moment, Moment)>,
    /// Remembered, and not looked at since: no rent is posted until its GPUs are seen.
    pub(super) awaited: bool,
    /// Whether its GPUs changed since they were last handed on.
    pub(super) changed: bool,
}

impl Node {
    /// A node of which nothing is known but that it answered.
    pub(super) fn new(answered: Moment, window: Span) -> Self {
        Self {
            unit: None,
            answered,
            gpus: BTreeMap::new(),
            held_from: None,
            looks: Window::new(window),
            looked: answered,
            unlisted: None,
            awaited: false,
            changed: false,
        }
    }

    /// Whether its GPUs were held at an instant already.
    pub(super) fn held_since(&self, at: Timestamp) -> bool {
        self.held_from.is_none_or(|from| from <= at)
    }
}

/// Hosts in addresses and the names that pages from there give themselves.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    names: HashMap<Option<NodeName>, BTreeSet<NodeName>>,
}

impl Aliases {
    /// A GPU page from `host` said that it is `name`.
    pub(super) fn note(&mut self, host: Option<&NodeName>, name: &NodeName) {
        let names = self.names.entry(host.cloned()).or_default();
        if !names.contains(name) {
            names.insert(name.clone());
        }
    }

    /// The one name that pages from `host` give themselves, if they agree.
    fn of(&self, host: Option<&NodeName>) -> Option<&NodeName> {
        let names = self.names.get(&host.cloned())?;
        if names.len() == 1 { names.first() } else { None }
    }
}

impl Fleet {
    /// The node of a target: the user's word, else what the GPU pages from its host call it, else its host.
    pub(super) fn node_of(&self, member: &Member) -> NodeName {
        if let Some(node) = &member.node {
            return node.clone();
        }
        let drives_itself =
            member.host.is_none() && self.nodes.get(&self.site.local).is_some_and(|node| !node.gpus.is_empty());
        let alias = if drives_itself { None } else { self.aliases.of(member.host.as_ref()) };
        alias.or(member.host.as_ref()).unwrap_or(&self.site.local).clone()
    }

    /// The unit of a target: the user's word, else its node's.
    pub(super) fn unit_of(&self, member: &Member, node: &NodeName) -> Option<UnitName> {
        member.unit.clone().or_else(|| self.nodes.get(node)?.unit.clone())
    }

    /// Whether a node left the fleet: its lease is over and it is silent. It is in no table then, and its rent has ended.
    pub(super) fn has_left(&self, name: &NodeName) -> bool {
        let node = self.nodes.get(name);
        let silent = node.is_none_or(|node| self.health(node.answered) != Health::Live);
        silent && self.rents.gave_back(name, node.and_then(|node| node.unit.as_ref()), self.now.wall)
    }

    /// A source on a node answered.
    pub(super) fn see_node(&mut self, name: &NodeName, unit: Option<&UnitName>, at: Moment) -> &mut Node {
        let window = self.site.window;
        let node = self.nodes.entry(name.clone()).or_insert_with(|| Node::new(at, window));
        if at.boot >= node.answered.boot {
            node.answered = at;
        }
        if node.unit.is_none() {
            node.unit = unit.cloned();
        }
        node
    }
}
