//! The state that survives the process, as it is given to the store and read back.
//!
//! The state of a target or node is JSON that only its owner reads; the store knows its key.

use std::collections::{HashMap, HashSet};

use super::marks::Marks;
use crate::inventory::LeasedNode;
use crate::ledger::{DisputeId, PendingPostings, SavedLedger};
use crate::reading::{NodeName, TargetId};
use crate::units::{Moment, Timestamp};

/// The saved state of one target or node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedItem {
    /// The key: a target, or a node with a prefix.
    pub key: String,
    /// The state as JSON.
    pub state: String,
}

/// The changes since the last checkpoint: one consistent cut through postings and counters.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    /// The changes of the ledger.
    pub postings: PendingPostings,
    /// Targets whose state changed.
    pub targets: Vec<SavedItem>,
    /// Nodes whose state changed.
    pub nodes: Vec<SavedItem>,
    /// Keys of targets to remove.
    pub removed_targets: Vec<String>,
    /// Keys of nodes to remove.
    pub removed_nodes: Vec<String>,
    /// Nodes whose GPUs changed, or whose GPU time stopped or continued.
    pub leased: Vec<LeasedNode>,
    /// Up to when leases by schedule are posted.
    pub schedules: Vec<(String, Timestamp)>,
    /// Ends of leases by hand that this checkpoint applies.
    pub ended: Vec<i64>,
    /// Resets of targets by hand that this checkpoint applies.
    pub resets_applied: Vec<i64>,
    /// When the ledger's first poll was.
    pub began: Option<Timestamp>,
    /// Since when the fleet has been watched without a gap that was too long.
    pub watched_from: Option<Timestamp>,
    /// The moment of the last event.
    pub last: Moment,
    /// What the present says of the total.
    pub marks: Marks,
}

/// The saved state of a ledger and its fleet.
#[derive(Debug, Clone, Default)]
pub struct SavedState {
    /// The ledger's tables and its day.
    pub kept: SavedLedger,
    /// When the ledger's first poll was.
    pub began: Option<Timestamp>,
    /// Since when the fleet has been watched without a gap that was too long.
    pub watched_from: Option<Timestamp>,
    /// The moment of the last event.
    pub last: Moment,
    /// Targets.
    pub targets: Vec<SavedItem>,
    /// Nodes.
    pub nodes: Vec<SavedItem>,
    /// Up to when each lease by schedule is posted.
    pub schedules: Vec<(String, Timestamp)>,
    /// Ends of leases by hand that are not applied yet.
    pub lease_ends: Vec<(i64, NodeName, Timestamp)>,
    /// Resets of targets by hand that are not applied yet.
    pub target_resets: Vec<(i64, TargetId)>,
    /// Disputes that were accepted since the last checkpoint.
    pub newly_accepted: Vec<DisputeId>,
}

impl Checkpoint {
    /// Merges a later checkpoint into this one.
    pub fn merge(&mut self, later: Self) {
        self.postings.merge(later.postings);
        merge_items(&mut self.targets, &mut self.removed_targets, later.targets, later.removed_targets);
        merge_items(&mut self.nodes, &mut self.removed_nodes, later.nodes, later.removed_nodes);
        let again: HashSet<&NodeName> = later.leased.iter().map(|row| &row.node).collect();
        self.leased.retain(|row| !again.contains(&row.node));
        self.leased.extend(later.leased);
        self.schedules = later.schedules;
        self.ended.extend(later.ended);
        self.resets_applied.extend(later.resets_applied);
        (self.began, self.watched_from, self.last) = (later.began, later.watched_from, later.last);
        self.marks = later.marks;
    }
}

/// Merges later states and removals; for each key the later one counts.
fn merge_items(
    items: &mut Vec<SavedItem>,
    removed: &mut Vec<String>,
    later: Vec<SavedItem>,
    later_removed: Vec<String>,
) {
    if !later_removed.is_empty() {
        let gone: HashSet<&String> = later_removed.iter().collect();
        items.retain(|item| !gone.contains(&item.key));
        removed.extend(later_removed);
    }
    if !removed.is_empty() {
        let back: HashSet<&String> = later.iter().map(|item| &item.key).collect();
        removed.retain(|key| !back.contains(key));
    }
    let places: HashMap<String, usize> = items.iter().map(|item| item.key.clone()).zip(0..).collect();
    for item in later {
        match places.get(&item.key) {
            Some(place) => items[*place] = item,
            None => items.push(item),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, state: &str) -> SavedItem {
        SavedItem { key: key.to_owned(), state: state.to_owned() }
    }

    #[test]
    fn of_each_key_the_last_word_counts() {
        let mut first = Checkpoint { targets: vec![item("a", "1"), item("b", "1")], ..Checkpoint::default() };
        let removed_targets = vec!["b".to_owned(), "c".to_owned()];
        first.merge(Checkpoint { targets: vec![item("a", "2")], removed_targets, ..Checkpoint::default() });
        assert_eq!(first.targets, [item("a", "2")]);
        assert_eq!(first.removed_targets, ["b", "c"]);
        first.merge(Checkpoint { targets: vec![item("c", "3")], ..Checkpoint::default() });
        assert_eq!(
            (first.targets, first.removed_targets),
            (vec![item("a", "2"), item("c", "3")], vec!["b".to_owned()])
        );
    }
}
