//! Opening a ledger's file, or making one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// `mtop`: what tells a ledger from any other database.
const APPLICATION: i64 = 0x6d74_6f70;
/// The version of the tables.
const VERSION: i64 = 1;
/// How long a reader's or writer's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const SCHEMA: &str = include_str!("schema.sql");

/// Where the ledger is when nobody names one: `$XDG_STATE_HOME/margintop/ledger.db`, else under `~/.local/state`.
pub fn default_path(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = |name| environment(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").or_else(|| named("HOME").map(|home| home.join(".local/state")));
    state.map(|folder| folder.join("margintop/ledger.db"))
}

/// Opens a ledger to write it; makes the folder and the tables where there are none.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::ReadOnly(path.to_owned(), error.to_string()))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        Ok(connection)
    };
    let connection = open().map_err(|error| StoreError::of(path, &error))?;
    prepare(&connection, path)?;
    Ok(connection)
}

/// A ledger that lives and dies with the process.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Opens a ledger to read it. It may be in a folder that may not be written.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let with = |flags: OpenFlags| -> rusqlite::Result<(Connection, i64, i64)> {
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        let (application, version) = identity(&connection)?;
        Ok((connection, application, version))
    };
    // A reader takes part in the write-ahead log where it may; where it may not, it reads the file alone.
    let opened = with(OpenFlags::SQLITE_OPEN_READ_WRITE).or_else(|_| with(OpenFlags::SQLITE_OPEN_READ_ONLY));
    let (connection, application, version) = opened.map_err(|error| StoreError::of(path, &error))?;
    check(path, application, version)?;
    if version == 0 {
        return Err(StoreError::Missing(path.to_owned()));
    }
    Ok(connection)
}

fn prepare(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let of = |error: rusqlite::Error| StoreError::of(path, &error);
    let (application, version) = identity(connection).map_err(of)?;
    check(path, application, version)?;
    if version == 0 {
        let script = format!(
            "BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
        );
        connection.execute_batch(&script).map_err(of)?;
    }
    Ok(())
}

fn check(path: &Path, application: i64, version: i64) -> Result<(), StoreError> {
    if version > VERSION && application == APPLICATION {
        return Err(StoreError::Newer(path.to_owned(), version));
    }
    if application != APPLICATION && (application, version) != (0, 0) {
        return Err(StoreError::Corrupt(path.to_owned(), "another program's database".to_owned()));
    }
    Ok(())
}

/// The application and the version that a file names; an empty one names none.
fn identity(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    if (application, version) == (0, 0) {
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return Ok(if tables == 0 { (0, 0) } else { (0, -1) });
    }
    Ok((application, version))
}
