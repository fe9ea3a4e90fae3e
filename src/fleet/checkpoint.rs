//! What must survive the process, as it is handed to the store and read back from it.
//!
//! The state of a target or a node is text that its owner writes and reads; the store knows its key alone.

use std::collections::{HashMap, HashSet};

use crate::ledger::{Journal, Kept};
use crate::reading::{Label, NodeName, TargetId, UnitName};
use crate::units::{Moment, Timestamp};

/// The saved state of one target or node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedItem {
    /// What it is the state of.
    pub key: String,
    /// The state, as JSON that its owner made.
    pub state: String,
}

/// The GPUs of one node that are paid for, as `margintop lease list` shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RentedNode {
    /// The node.
    pub node: NodeName,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// When its first GPU was seen.
    pub since: Option<Timestamp>,
    /// Up to when rent is posted; `None` where it goes on with the ledger.
    pub until: Option<Timestamp>,
    /// Its GPUs by the driver's name for them, and how many of each; none where all are released.
    pub gpus: Vec<(Option<Label>, u32)>,
}

/// What changed since it was last handed on: one consistent cut through postings and counters.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    /// What was posted.
    pub postings: Journal,
    /// Targets whose state changed.
    pub targets: Vec<SavedItem>,
    /// Nodes whose state changed.
    pub nodes: Vec<SavedItem>,
    /// Keys of targets that are forgotten.
    pub removed_targets: Vec<String>,
    /// Keys of nodes that are forgotten.
    pub removed_nodes: Vec<String>,
    /// Nodes whose GPUs changed, or whose rent stopped or went on.
    pub rented: Vec<RentedNode>,
    /// Up to when leases by schedule are posted.
    pub schedules: Vec<(String, Timestamp)>,
    /// Ends of leases by hand that are applied with it.
    pub ended: Vec<i64>,
    /// Resets of targets by hand that are applied with it.
    pub resets_applied: Vec<i64>,
    /// When the ledger's first look was.
    pub began: Option<Timestamp>,
    /// Since when it is watched without a gap that was too long.
    pub watched_from: Option<Timestamp>,
    /// When the last thing was known.
    pub last: Moment,
}

/// Everything that is had back.
#[derive(Debug, Clone, Default)]
pub struct SavedState {
    /// The ledger's tables and its day.
    pub kept: Kept,
    /// When the ledger's first look was.
    pub began: Option<Timestamp>,
    /// Since when it is watched without a gap that was too long.
    pub watched_from: Option<Timestamp>,
    /// When the last thing was known.
    pub last: Moment,
    /// Targets.
    pub targets: Vec<SavedItem>,
    /// Nodes.
    pub nodes: Vec<SavedItem>,
    /// Up to when each lease that pays by schedule was posted.
    pub schedules: Vec<(String, Timestamp)>,
    /// Ends of leases by hand that are not applied yet.
    pub lease_ends: Vec<(i64, NodeName, Timestamp)>,
    /// Resets of targets by hand that are not applied yet.
    pub target_resets: Vec<(i64, TargetId)>,
}

impl Checkpoint {
    /// Takes a later one in.
    pub fn merge(&mut self, later: Self) {
        self.postings.merge(later.postings);
        merge_items(&mut self.targets, &mut self.removed_targets, later.targets, later.removed_targets);
        merge_items(&mut self.nodes, &mut self.removed_nodes, later.nodes, later.removed_nodes);
        let again: HashSet<&NodeName> = later.rented.iter().map(|row| &row.node).collect();
        self.rented.retain(|row| !again.contains(&row.node));
        self.rented.extend(later.rented);
        self.schedules = later.schedules;
        self.ended.extend(later.ended);
        self.resets_applied.extend(later.resets_applied);
        (self.began, self.watched_from, self.last) = (later.began, later.watched_from, later.last);
    }
}

/// Takes later states and removals in: of each key, the last word counts.
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
