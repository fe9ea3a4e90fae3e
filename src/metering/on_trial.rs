//! Entries that are kept while postings may be reversed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entries::{remember, subtract};
use crate::counters::{ProcessId, RowKey};
use crate::ledger::Entry;
use crate::units::Tokens;

/// The entries of one row of a process since the row was reset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ResetRow {
    pub(super) process: ProcessId,
    pub(super) key: RowKey,
    pub(super) entries: Vec<Entry>,
}

impl ResetRow {
    /// Whether any of its postings may be reversed.
    pub(super) fn posts(&self) -> bool {
        !self.entries.is_empty()
    }
}

/// The postings for a process on trial.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct OnTrial {
    pub(super) entries: Vec<Entry>,
    /// Entries from before the trial that late hits changed, before and after the change.
    pub(super) moved: Vec<[Entry; 2]>,
}

impl OnTrial {
    /// Records that late hits changed an entry.
    pub(super) fn note_moved(&mut self, [before, after]: [Entry; 2]) {
        let kept = self.entries.iter().filter(|kept| kept.merges(&before));
        if kept.map(|kept| kept.tokens.miss).sum::<Tokens>() < before.tokens.miss {
            self.moved.push([before, after]);
        } else {
            subtract(&mut self.entries, &[before]);
            remember(&mut self.entries, after);
        }
    }
}

/// Restores the postings on trial from a saved state.
pub(super) fn restored(
    entries: Vec<(ProcessId, Vec<Entry>)>,
    moved: Vec<(ProcessId, Vec<[Entry; 2]>)>,
) -> BTreeMap<ProcessId, OnTrial> {
    let trials = entries.into_iter().map(|(process, entries)| (process, OnTrial { entries, moved: Vec::new() }));
    let mut trials: BTreeMap<_, _> = trials.collect();
    for (process, moved) in moved {
        trials.entry(process).or_default().moved = moved;
    }
    trials
}
