//! What the store has of the fleet's state: where, and the state of each key.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use super::checkpoint::SavedItem;
use crate::snapshot::LedgerBasis;

/// The key prefix of a node's row in `lease list`.
pub(super) const LEASED: &str = "rented/";
/// The key prefixes of a node's GPUs, and of up to when their time is posted.
pub(super) const GPUS: &str = "gpus/";
pub(super) const TIME: &str = "time/";
/// The key prefix of the GPUs that the bounds of a node's engine rows assume together.
pub(crate) const BOUND: &str = "bound/";

/// What was committed.
#[derive(Debug, Default)]
pub(super) struct Commits {
    /// Where the ledger is kept, and by which process.
    pub(super) basis: LedgerBasis,
    /// The hash of the last committed state of each key.
    hashes: HashMap<String, u64>,
}

impl Commits {
    /// Records a state that the store has.
    pub(super) fn note(&mut self, key: &str, state: &str) {
        self.hashes.insert(key.to_owned(), hash(state));
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

    /// Forgets the keys that are gone. Returns them.
    pub(super) fn remove(&mut self, is_gone: impl Fn(&str) -> bool) -> Vec<String> {
        self.hashes.extract_if(|key, _| is_gone(key)).map(|(key, _)| key).collect()
    }
}

fn hash(state: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
