//! A second connection that sees the same state as the first, so that two tables can be read concurrently.

use std::path::Path;

use rusqlite::Connection;

use super::file;
use super::meta::last;

/// A second connection, before the first one has begun to read.
#[derive(Debug)]
pub(super) struct SecondConnection {
    connection: Connection,
    version: i64,
}

impl SecondConnection {
    /// Opens the ledger a second time; `None` on failure.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let connection = file::open_once_more(path)?;
        let version = data_version(&connection).ok()?;
        Some(Self { connection, version })
    }

    /// The connection in a transaction that sees the same state as the first one, which has begun to read; `None` if the
    /// file was written since this connection was opened.
    pub(super) fn joined(self) -> Option<Connection> {
        let Self { connection, version } = self;
        connection.execute_batch("BEGIN").ok()?;
        last(&connection).ok()?;
        let same = data_version(&connection).is_ok_and(|now| now == version);
        same.then_some(connection)
    }
}

/// A number that changes when another connection writes.
fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}
