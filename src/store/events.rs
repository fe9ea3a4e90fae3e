//! The log of events, so that the marks of charts survive a restart.

use rusqlite::{Connection, params};

use super::names::has_table;
use crate::history::HistoryEvent;
use crate::units::{Span, Timestamp};

/// The table.
pub(super) const TABLE: &str = include_str!("events.sql");

/// Writes events; a known event is replaced.
pub(super) fn write(connection: &mut Connection, events: &[HistoryEvent]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for event in events {
        let mut write = transaction.prepare_cached("INSERT OR REPLACE INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        // An event that cannot be serialized could not be read back.
        let Ok(json) = serde_json::to_string(event) else { continue };
        let (at, until) = (event.at.millis(), event.until.map(Timestamp::millis));
        write.execute(params![at, event.kind.name(), event.name.as_str(), until, event.text.as_str(), json])?;
    }
    transaction.commit()
}

/// The latest events, the oldest first; unreadable ones are skipped.
pub(super) fn latest(connection: &Connection, count: usize) -> rusqlite::Result<Vec<HistoryEvent>> {
    if !has_table(connection, "events")? {
        return Ok(Vec::new());
    }
    let mut ask = connection.prepare_cached("SELECT event FROM events ORDER BY at DESC LIMIT ?1")?;
    let rows = ask.query_map([i64::try_from(count).unwrap_or(i64::MAX)], |row| row.get::<_, String>(0))?;
    let mut events = Vec::new();
    for row in rows {
        events.extend(serde_json::from_str::<HistoryEvent>(&row?).ok());
    }
    events.reverse();
    Ok(events)
}

/// Deletes events before `kept_from`, at most a day at a time.
pub(super) fn forget(connection: &Connection, kept_from: Timestamp) -> rusqlite::Result<()> {
    const FORGET: &str = "DELETE FROM events WHERE at < min(?1, (SELECT min(at) + ?2 FROM events))";
    connection.execute(FORGET, [kept_from.millis(), Span::DAY.millis()]).map(drop)
}
