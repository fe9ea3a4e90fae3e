//! Entries made by hand in an open ledger that its writer has not read yet.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::messages::LedgerEvent;
use super::{disputes, restore};
use crate::fleet::SavedState;
use crate::ledger::{Dispute, DisputeId};

/// The entries that were reported: each end, reset and decision is reported once.
#[derive(Debug, Default)]
pub(super) struct ReportedEntries {
    version: i64,
    ends: BTreeSet<i64>,
    resets: BTreeSet<i64>,
    open: BTreeSet<DisputeId>,
}

impl ReportedEntries {
    /// Everything in a saved state counts as reported. `version` is the file's from before the state was read.
    pub(super) fn with(version: i64, saved: &SavedState) -> Self {
        Self {
            version,
            ends: saved.lease_ends.iter().map(|(id, ..)| *id).collect(),
            resets: saved.target_resets.iter().map(|(id, _)| *id).collect(),
            open: saved.kept.disputes.iter().map(|dispute| dispute.id).collect(),
        }
    }

    /// Records new disputes, which may be decided from now on.
    pub(super) fn opened(&mut self, disputes: &[Dispute]) {
        self.open.extend(disputes.iter().map(|dispute| dispute.id));
    }

    /// The new entries, if another process has written to the file since the last call.
    pub(super) fn news(&mut self, connection: &Connection) -> rusqlite::Result<Vec<LedgerEvent>> {
        let now = version(connection)?;
        if now == self.version {
            return Ok(Vec::new());
        }
        let mut ends = restore::lease_ends(connection)?;
        let mut resets = restore::target_resets(connection)?;
        let decisions = disputes::decided(connection, &self.open)?;
        ends.retain(|(id, ..)| self.ends.insert(*id));
        resets.retain(|(id, _)| self.resets.insert(*id));
        self.open.retain(|id| !decisions.iter().any(|decision| decision.id == *id));
        self.version = now;
        let events = [
            (!ends.is_empty()).then_some(LedgerEvent::LeaseEnds(ends)),
            (!resets.is_empty()).then_some(LedgerEvent::TargetResets(resets)),
            (!decisions.is_empty()).then_some(LedgerEvent::Decisions(decisions)),
        ];
        Ok(events.into_iter().flatten().collect())
    }
}

/// A number that changes when another process writes to the file.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}
