//! Minutes whose revenue was moved from one account to another.

use std::collections::BTreeMap;

use super::{Entry, RevenueAccountId};
use crate::units::Timestamp;

/// The account that the tokens of an account's minute were moved to. An entry kept for a correction still names the account
/// that it was posted to.
#[derive(Debug, Clone, Default)]
pub(super) struct MovedMinutes(BTreeMap<(Timestamp, RevenueAccountId), RevenueAccountId>);

impl MovedMinutes {
    pub(super) fn note(&mut self, minute: Timestamp, [from, to]: [RevenueAccountId; 2]) {
        self.0.remove(&(minute, to));
        self.0.insert((minute, from), to);
    }

    /// The entry with the account that its tokens are in now.
    pub(super) fn of(&self, entry: Entry) -> Entry {
        let account = self.0.get(&(entry.minute, entry.account)).copied().unwrap_or(entry.account);
        Entry { account, ..entry }
    }

    /// Drops minutes before `from`.
    pub(super) fn settle(&mut self, from: Timestamp) {
        self.0.retain(|(minute, _), _| *minute >= from);
    }
}
