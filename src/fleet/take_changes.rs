//! Takes a checkpoint of the fleet.
//!
//! It has the changes since the last one: postings, and each saved state that differs from the last committed one.
//! States are compared, so no change has to be flagged by hand.

use std::collections::HashSet;

use super::checkpoint::{Checkpoint, SavedItem};
use super::commits::{BOUND, GPUS, LEASED, TIME};
use super::{Fleet, view};
use crate::counters::plausibility::UNKNOWN_GPUS;
use crate::inventory::LeasedNode;
use crate::reading::NodeName;

/// The changed states of nodes.
#[derive(Debug, Default)]
struct NodeChanges {
    items: Vec<SavedItem>,
    removed: Vec<String>,
    leased: Vec<LeasedNode>,
}

impl Fleet {
    /// Takes the changes since the last call; `None` if no journal is kept.
    pub fn take_changes(&mut self) -> Option<Checkpoint> {
        let postings = self.ledger.take_changes()?;
        let targets = self.changed_targets();
        let NodeChanges { items, removed, leased } = self.changed_nodes();
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
        Some(Checkpoint {
            postings,
            targets,
            nodes: items,
            removed_targets: metering.take_unread(),
            removed_nodes: removed,
            rented: leased,
            schedules: metering.saved_schedules(),
            ended: metering.take_ended(),
            resets_applied: metering.take_resets(),
            began: watch.began(),
            watched_from: watch.unbroken_since(),
            last: inventory.now(),
        })
    }

    fn changed_targets(&mut self) -> Vec<SavedItem> {
        let Self { metering, commits, .. } = self;
        let targets = metering.saved_targets();
        targets.filter_map(|(id, saved)| commits.changed(id.as_str().to_owned(), &saved)).collect()
    }

    fn changed_nodes(&mut self) -> NodeChanges {
        let Self { metering, inventory, config, commits, .. } = self;
        let mut changes = NodeChanges { leased: inventory.take_stopped(), ..NodeChanges::default() };
        let mut known = HashSet::new();
        for saved in inventory.saved_nodes() {
            let time = metering.saved_allocation(view(config, inventory), &saved.node);
            let unit = inventory.node(&saved.node).and_then(|node| node.unit.clone());
            let [gpus_key, time_key] = [GPUS, TIME].map(|prefix| format!("{prefix}{}", saved.node));
            changes.items.extend(commits.changed(gpus_key.clone(), &saved));
            changes.items.extend(time.and_then(|time| commits.changed(time_key.clone(), &time)));
            let leased = LeasedNode::of(&saved, unit);
            let row = (&leased.unit, leased.since, &leased.gpus);
            if commits.changed(format!("{LEASED}{}", saved.node), &row).is_some() {
                changes.leased.push(leased);
            }
            known.extend([gpus_key, time_key]);
        }
        for (node, gpus) in metering.saved_bounds() {
            // Without more rows than one, the node's GPUs tell as much.
            if gpus > u64::from(inventory.gpu_count(node).unwrap_or(UNKNOWN_GPUS)) {
                changes.items.extend(commits.changed(format!("{BOUND}{node}"), &gpus));
            }
        }
        changes.removed = self.removed_nodes(&known);
        changes.removed.append(&mut self.inventory.take_unread());
        let released = changes.removed.iter().filter_map(|key| key.strip_prefix(GPUS));
        changes.leased.extend(released.map(|node| LeasedNode::released(NodeName::new(node))));
        changes
    }

    /// Keys of nodes that are saved under names that they no longer have.
    fn removed_nodes(&mut self, known: &HashSet<String>) -> Vec<String> {
        let Self { inventory, commits, .. } = self;
        let node = |key: &str| key.strip_prefix(GPUS).or_else(|| key.strip_prefix(TIME)).map(NodeName::new);
        let waits = |name: &NodeName| inventory.remembers(name) || inventory.node(name).is_some_and(|n| n.awaited);
        commits.remove(|key| !known.contains(key) && node(key).is_some_and(|name| !waits(&name)))
    }
}
