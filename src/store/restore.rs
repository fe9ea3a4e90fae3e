//! Reads the saved state.

use rusqlite::Connection;

use super::meta::{instant, last};
use super::names::{self, all};
use super::{disputes, read_cells};
use crate::fleet::{SavedItem, SavedState};
use crate::ledger::SavedLedger;
use crate::metering::SavedTarget;
use crate::pricing::FormerNames;
use crate::reading::{NodeName, TargetId};
use crate::units::{Span, Timestamp};

/// How far back minutes are restored, to classify idle time in them.
const LAST_MINUTES: Span = Span::from_secs(300);

/// The ledger's tables and the day that began at `day`.
pub(super) fn kept(connection: &Connection, day: Timestamp) -> rusqlite::Result<SavedLedger> {
    let _instant = connection.unchecked_transaction()?;
    let ahead = Timestamp::from_millis(i64::MAX);
    let recent = last(connection)?.wall - LAST_MINUTES;
    Ok(SavedLedger {
        accounts: names::accounts(connection)?,
        cost_accounts: names::cost_accounts(connection)?,
        tariffs: names::tariffs(connection)?,
        tokens: read_cells::tokens(connection, "day", day, ahead)?,
        gpu_times: read_cells::gpu_times(connection, "day", day, ahead)?,
        uncertainty: read_cells::uncertainty(connection, "day", day, ahead)?,
        minute_tokens: read_cells::tokens(connection, "minute", recent, ahead)?,
        minute_gpu_times: read_cells::gpu_times(connection, "minute", recent, ahead)?,
        disputes: disputes::open(connection)?,
        accepted: disputes::accepted(connection)?,
        last_dispute: disputes::last(connection)?,
    })
}

/// The saved state, with moments of the boot in which it was written.
pub(super) fn saved_state(connection: &Connection, day: Timestamp) -> rusqlite::Result<SavedState> {
    Ok(SavedState {
        kept: kept(connection, day)?,
        began: instant(connection, "began")?,
        watched_from: instant(connection, "watched_from")?,
        last: last(connection)?,
        targets: items(connection, "SELECT target, state FROM saved_targets ORDER BY target")?,
        nodes: items(connection, "SELECT node, state FROM saved_nodes ORDER BY node")?,
        schedules: schedules(connection)?,
        lease_ends: lease_ends(connection)?,
        target_resets: target_resets(connection)?,
        newly_accepted: disputes::accepted_after(connection, last(connection)?.wall)?,
    })
}

/// The known nodes with their former names; empty for a ledger of version 1.
pub(super) fn former_names(connection: &Connection) -> rusqlite::Result<FormerNames> {
    if !names::has_table(connection, "saved_nodes")? {
        return Ok(FormerNames::new());
    }
    Ok(crate::fleet::former_names(&items(connection, "SELECT node, state FROM saved_nodes ORDER BY node")?))
}

/// The state of each target; unreadable ones are skipped, and a ledger of version 1 has none.
pub(super) fn targets(connection: &Connection) -> rusqlite::Result<Vec<SavedTarget>> {
    if !names::has_table(connection, "saved_targets")? {
        return Ok(Vec::new());
    }
    let items = items(connection, "SELECT target, state FROM saved_targets ORDER BY target")?;
    Ok(items.iter().filter_map(|item| serde_json::from_str(&item.state).ok()).collect())
}

fn items(connection: &Connection, question: &str) -> rusqlite::Result<Vec<SavedItem>> {
    all(connection, question, |row| Ok(SavedItem { key: row.get(0)?, state: row.get(1)? }))
}

/// Resets of targets by hand that are not applied yet.
pub(super) fn target_resets(connection: &Connection) -> rusqlite::Result<Vec<(i64, TargetId)>> {
    all(connection, "SELECT id, target FROM target_resets WHERE applied = 0 ORDER BY id", |row| {
        Ok((row.get(0)?, TargetId::new(&row.get::<_, String>(1)?)))
    })
}

/// Up to when leases by schedule are posted, and the leases that were ended by hand.
pub(super) fn schedules(connection: &Connection) -> rusqlite::Result<Vec<(String, Timestamp)>> {
    all(connection, "SELECT lease, until FROM schedules", |row| Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?))))
}

/// Ends of leases by hand that are not applied yet.
pub(super) fn lease_ends(connection: &Connection) -> rusqlite::Result<Vec<(i64, NodeName, Timestamp)>> {
    all(connection, "SELECT id, node, at FROM lease_ends WHERE applied = 0 ORDER BY id", |row| {
        Ok((row.get(0)?, NodeName::new(&row.get::<_, String>(1)?), Timestamp::from_millis(row.get(2)?)))
    })
}
