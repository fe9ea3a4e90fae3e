//! What the store has of the fleet's state: where, and the state of each key.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use super::checkpoint::SavedItem;
use super::marks::Marks;
use crate::metering::Touched;
use crate::reading::NodeName;
use crate::snapshot::LedgerBasis;

/// The key prefix of a node's row in `lease list`.
pub(super) const LEASED: &str = "rented/";
/// The key prefixes of a node's GPUs, and of up to when their time is posted.
pub(super) const GPUS: &str = "gpus/";
pub(super) const TIME: &str = "time/";
/// The key prefix of the GPUs that the bounds of a node's engine rows assume together.
pub(crate) const BOUND: &str = "bound/";
/// The key prefix of the most GPUs that a node was known with.
pub(crate) const MOST_GPUS: &str = "most/";

/// What was committed, and what was touched since.
#[derive(Debug, Default)]
pub(super) struct Commits {
    /// Where the ledger is kept, and by which process.
    pub(super) basis: LedgerBasis,
    /// Whether the ledger is in memory alone, so that no process continues from the states in it.
    pub(super) is_in_memory: bool,
    /// The marks of the process that writes the ledger, if that is another one.
    pub(super) shown: Marks,
    /// The hash of the last committed state of each key.
    hashes: HashMap<String, u64>,
    /// The targets and nodes whose state may differ from the committed one.
    touched: Touched,
}

impl Commits {
    /// Records a state that the store has. That of a node is compared with the node at the next checkpoint: it may be of
    /// one that is not there any more.
    pub(super) fn note(&mut self, key: &str, state: &str) {
        let node = [GPUS, TIME].into_iter().find_map(|prefix| key.strip_prefix(prefix));
        self.touched.nodes.extend(node.map(NodeName::new));
        self.hashes.insert(key.to_owned(), hash(state));
    }

    /// Records what was touched.
    pub(super) fn touch(&mut self, touched: Touched) {
        let Touched { mut targets, mut nodes } = touched;
        self.touched.targets.append(&mut targets);
        self.touched.nodes.append(&mut nodes);
    }

    /// Takes what was touched since the last call and is to be saved.
    pub(super) fn take_touched(&mut self) -> Touched {
        let touched = std::mem::take(&mut self.touched);
        if self.is_in_memory { Touched::default() } else { touched }
    }

    /// The value as an item, if it differs from the last committed one.
    pub(super) fn changed(&mut self, key: String, value: &impl Serialize) -> Option<SavedItem> {
        let state = serde_json::to_string(value).ok()?;
        let hash = hash(&state);
        if self.hashes.get(&key) == Some(&hash) {
            return None;
        }
        self.hashes.insert(key.clone(), hash);
        Some(SavedItem { key, state })
    }

    /// Whether a value differs from the last committed one.
    pub(super) fn differs(&self, key: &str, value: &impl Serialize) -> bool {
        serde_json::to_string(value).is_ok_and(|state| self.hashes.get(key) != Some(&hash(&state)))
    }

    /// Forgets a key that is gone. Returns whether the store has it.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        self.hashes.remove(key).is_some()
    }

    /// The keys that the store has.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.hashes.keys().map(String::as_str)
    }
}

fn hash(state: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
