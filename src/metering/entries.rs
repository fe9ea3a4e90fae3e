//! Kept ledger entries, which may be reversed or changed later.

use crate::ledger::Entry;

/// Subtracts entries from kept ones, the latest first.
pub(super) fn subtract(kept: &mut [Entry], taken: &[Entry]) {
    for entry in taken {
        let mut left = *entry;
        for kept in kept.iter_mut().rev().filter(|kept| kept.merges(entry)) {
            let rest = kept.without(&left);
            left = left.without(kept);
            *kept = rest;
        }
    }
}

/// Appends an entry, merged with the last one that it can merge with.
pub(super) fn remember(kept: &mut Vec<Entry>, entry: Entry) {
    match kept.iter_mut().rev().find(|last| last.merges(&entry)) {
        Some(last) => last.merge(entry),
        None => kept.push(entry),
    }
}

/// Appends entries, each merged with the last one that it can merge with.
pub(super) fn remember_all(kept: &mut Vec<Entry>, entries: Vec<Entry>) {
    for entry in entries {
        remember(kept, entry);
    }
}
