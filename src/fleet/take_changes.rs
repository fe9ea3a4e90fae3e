//! Takes a checkpoint of the fleet.
//!
//! It has the changes since the last one: postings, and each saved state that was touched and differs from the last
//! committed one. Inventory and metering record what is touched where it is changed, so nothing is flagged by hand.

use super::checkpoint::{Checkpoint, SavedItem};
use super::commits::{BOUND, GPUS, LEASED, MOST_GPUS, TIME};
use super::{Fleet, view};
use crate::counters::plausibility::UNKNOWN_GPUS;
use crate::inventory::{LeasedNode, SavedNode};
use crate::metering::{MostGpus, SavedAllocation, Touched};
use crate::reading::NodeName;

/// The changed states of nodes.
#[derive(Debug, Default)]
struct NodeChanges {
    items: Vec<SavedItem>,
    removed: Vec<String>,
    leased: Vec<LeasedNode>,
}

/// What is saved of a node; empty if it has no GPUs or waits to be reported.
#[derive(Debug, Default)]
struct NodeState {
    gpus: Option<SavedNode>,
    time: Option<SavedAllocation>,
    leased: Option<LeasedNode>,
    bound: Option<u64>,
    most_gpus: Option<MostGpus>,
}

impl Fleet {
    /// Takes the changes since the last call; `None` if no journal is kept.
    pub fn take_changes(&mut self) -> Option<Checkpoint> {
        let postings = self.ledger.take_changes()?;
        self.note_touched();
        let Touched { targets, nodes } = self.commits.take_touched();
        let targets = targets.iter().filter_map(|id| {
            let saved = self.metering.saved_target(id)?;
            self.commits.changed(id.as_str().to_owned(), &saved)
        });
        let targets = targets.collect();
        let NodeChanges { items, removed, leased } = self.changed_nodes(&nodes);
        let marks = self.marks();
        let Self {
            inventory,
            metering,
            watch,
            commits: _,
            // The configuration is read anew; prices, rates and sparklines follow from what comes next.
            config: _,
            ledger: _,
            pace: _,
            sparklines: _,
        } = self;
        let checkpoint = Checkpoint {
            postings,
            targets,
            nodes: items,
            removed_targets: metering.take_dropped(),
            removed_nodes: removed,
            leased,
            schedules: metering.saved_schedules(),
            ended: metering.take_ended(),
            resets_applied: metering.take_resets(),
            began: watch.began(),
            watched_from: watch.unbroken_since(),
            last: inventory.now(),
            marks,
        };
        debug_assert!(
            self.commits.is_in_memory || self.uncommitted().is_empty(),
            "changed and not touched: {:?}",
            self.uncommitted()
        );
        Some(checkpoint)
    }

    /// Notes what inventory and metering touched since the last call.
    pub(super) fn note_touched(&mut self) {
        let mut touched = self.metering.take_touched(&self.inventory);
        touched.nodes.append(&mut self.inventory.take_touched());
        self.commits.touch(touched);
    }

    fn changed_nodes<'n>(&mut self, nodes: impl IntoIterator<Item = &'n NodeName>) -> NodeChanges {
        let mut changes = NodeChanges { leased: self.inventory.take_stopped(), ..NodeChanges::default() };
        for name in nodes {
            let NodeState { gpus, time, leased, bound, most_gpus } = self.node_state(name);
            let keys = [GPUS, TIME].map(|prefix| format!("{prefix}{name}"));
            if gpus.is_none() && !self.is_awaited(name) {
                changes.removed.extend(keys.iter().filter(|key| self.commits.remove(key)).cloned());
            }
            let [gpus_key, time_key] = keys;
            changes.items.extend(gpus.and_then(|gpus| self.commits.changed(gpus_key, &gpus)));
            changes.items.extend(time.and_then(|time| self.commits.changed(time_key, &time)));
            changes.items.extend(bound.and_then(|bound| self.commits.changed(format!("{BOUND}{name}"), &bound)));
            changes.items.extend(most_gpus.and_then(|most| self.commits.changed(format!("{MOST_GPUS}{name}"), &most)));
            let is_new = |row: &LeasedNode| {
                let row = (&row.unit, row.since, &row.gpus);
                self.commits.changed(format!("{LEASED}{name}"), &row).is_some()
            };
            changes.leased.extend(leased.filter(is_new));
        }
        changes.removed.append(&mut self.inventory.take_unread());
        let released = changes.removed.iter().filter_map(|key| key.strip_prefix(GPUS));
        changes.leased.extend(released.map(|node| LeasedNode::released(NodeName::new(node))));
        changes
    }

    fn node_state(&self, name: &NodeName) -> NodeState {
        let Self { metering, inventory, config, .. } = self;
        // Without more rows than one, the node's GPUs tell as much.
        let known = u64::from(inventory.gpu_count(name).unwrap_or(UNKNOWN_GPUS));
        let bound = metering.saved_bound(name).filter(|gpus| *gpus > known);
        let most_gpus = metering.saved_most_gpus(name);
        let Some(gpus) = inventory.saved_node(name) else {
            return NodeState { bound, most_gpus, ..NodeState::default() };
        };
        let unit = inventory.node(name).and_then(|node| node.unit.clone());
        let leased = Some(LeasedNode::of(&gpus, unit));
        NodeState {
            time: metering.saved_allocation(view(config, inventory), name),
            leased,
            bound,
            most_gpus,
            gpus: Some(gpus),
        }
    }

    /// Whether a node of an earlier watch waits to be reported.
    fn is_awaited(&self, name: &NodeName) -> bool {
        self.inventory.remembers(name) || self.inventory.node(name).is_some_and(|node| node.awaited)
    }

    /// The keys whose state is not the committed one, of all targets and nodes. After a checkpoint there are none: a change
    /// that was not recorded as touched shows here. For tests.
    #[doc(hidden)]
    pub fn uncommitted(&self) -> Vec<String> {
        let commits = &self.commits;
        let mut keys = Vec::new();
        for id in self.metering.engines.keys() {
            let saved = self.metering.saved_target(id);
            keys.extend(saved.filter(|saved| commits.differs(id.as_str(), saved)).map(|_| id.as_str().to_owned()));
        }
        for name in self.inventory.nodes.keys() {
            let NodeState { gpus, time, leased: _, bound, most_gpus } = self.node_state(name);
            let [gpus_key, time_key, bound_key, most_key] =
                [GPUS, TIME, BOUND, MOST_GPUS].map(|prefix| format!("{prefix}{name}"));
            keys.extend(most_gpus.filter(|most| commits.differs(&most_key, most)).map(|_| most_key));
            keys.extend(gpus.filter(|gpus| commits.differs(&gpus_key, gpus)).map(|_| gpus_key));
            keys.extend(time.filter(|time| commits.differs(&time_key, time)).map(|_| time_key));
            keys.extend(bound.filter(|bound| commits.differs(&bound_key, bound)).map(|_| bound_key));
        }
        let node = |key: &str| key.strip_prefix(GPUS).or_else(|| key.strip_prefix(TIME)).map(NodeName::new);
        let is_gone = |name: &NodeName| self.inventory.saved_node(name).is_none() && !self.is_awaited(name);
        keys.extend(commits.keys().filter(|key| node(key).is_some_and(|name| is_gone(&name))).map(str::to_owned));
        keys
    }
}
