//! Values about the ledger itself, in its table `meta`.

use rusqlite::Connection;

use crate::units::{Moment, Span, Timestamp};

/// The value of a key.
pub(super) fn noted(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    let mut ask = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    let mut rows = ask.query_map([key], |row| row.get(0))?;
    rows.next().transpose()
}

/// The value of a key that is an instant.
pub(super) fn instant(connection: &Connection, key: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(noted(connection, key)?.and_then(|text| text.parse().ok()).map(Timestamp::from_millis))
}

/// The moment of the last commit.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<Moment> {
    let wall = instant(connection, "last_wall")?.unwrap_or_default();
    let boot = instant(connection, "last_boot")?.unwrap_or_default();
    Ok(Moment { wall, boot: Span::from_millis(boot.millis()) })
}
