//! Opens or creates a ledger's file. A file that is not a ledger is not modified.

use std::fmt::Write;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::lock::Lock;
use super::versions::VERSION;
use super::{MissingFeature, StoreError, events, migrate, names, slo, versions};
use crate::platform::special_file;

/// `mtop`, the application id of a ledger's database.
const APPLICATION: i64 = 0x6d74_6f70;
/// How long another process's lock is waited for; the user is told within three seconds why nothing is written.
const PATIENCE: Duration = Duration::from_secs(2);
/// The size to which a write-ahead log is truncated when no reader needs it.
const LOG_LEFT: i64 = 16 << 20;
/// The number of cached prepared statements; a commit has about thirty.
const PREPARED: usize = 48;
const SCHEMA: &str = include_str!("schema.sql");
/// The table of the cost of busy GPUs that the tokens of each past day bear.
const DAY_BORNE: &str = include_str!("day_borne.sql");

/// The default path: `$XDG_STATE_HOME/margintop/ledger.db`, or under `~/.local/state`.
pub fn default_path(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = |name| environment(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").or_else(|| named("HOME").map(|home| home.join(".local/state")));
    state.map(|folder| folder.join("margintop/ledger.db"))
}

/// Refuses what is there and no regular file: opening a pipe waits for its other end.
fn be_regular(path: &Path) -> Result<(), StoreError> {
    let Ok(file) = std::fs::metadata(path) else { return Ok(()) };
    if file.is_file() {
        return Ok(());
    }
    let what = if file.is_dir() { "a folder" } else { special_file(&file) };
    Err(StoreError::NotAFile(path.to_owned(), what))
}

/// Creates the file if it is missing, and returns its canonical path: links to a ledger share its lock.
pub(super) fn place(path: &Path) -> Result<PathBuf, StoreError> {
    let refuse = |error: io::Error| StoreError::of_file(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(refuse)?;
    }
    be_regular(path)?;
    // An existing ledger is not opened: closing it here would release the locks that this process has on it.
    if !path.exists() {
        OpenOptions::new().create(true).append(true).open(path).map_err(refuse)?;
    }
    path.canonicalize().map_err(refuse)
}

/// Opens a ledger for writing, creates missing tables, and migrates those of older versions.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let (mut connection, version) = connect(path)?;
    let of = |error: rusqlite::Error| StoreError::of(path, &error);
    let prepare = |connection: &mut Connection| -> rusqlite::Result<()> {
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.pragma_update(None, "journal_size_limit", LOG_LEFT)?;
        match version {
            0 => make(connection)?,
            VERSION => versions::renew_views(connection)?,
            earlier => versions::bring_up_to_date(connection, earlier)?,
        }
        if !names::has_table(connection, "events")? {
            connection.execute_batch(events::TABLE)?;
        }
        if !names::has_table(connection, "day_borne")? {
            connection.execute_batch(DAY_BORNE)?;
        }
        Ok(())
    };
    prepare(&mut connection).map_err(of)?;
    Ok(connection)
}

/// Opens a connection with a write-ahead log, or with a journal if the file system has no shared memory, and returns it
/// with the version of the tables.
fn connect(path: &Path) -> Result<(Connection, i64), StoreError> {
    let of = |error: rusqlite::Error| StoreError::of(path, &error);
    let ahead = || -> Result<(Connection, i64), StoreError> {
        let connection = plain(path)?;
        let version = known(path, &connection)?;
        connection.pragma_update(None, "journal_mode", "wal").map_err(of)?;
        connection.pragma_update(None, "synchronous", "normal").map_err(of)?;
        // The shared memory is created by the first read of the file.
        identity(&connection).map_err(of)?;
        Ok((connection, version))
    };
    let journaled = || -> Result<(Connection, i64), StoreError> {
        let connection = plain(path)?;
        // A process with exclusive access reads a leftover log without shared memory.
        connection.pragma_update(None, "locking_mode", "exclusive").map_err(of)?;
        let version = known(path, &connection)?;
        connection.pragma_update(None, "journal_mode", "truncate").map_err(of)?;
        connection.pragma_update(None, "synchronous", "full").map_err(of)?;
        connection.pragma_update(None, "locking_mode", "normal").map_err(of)?;
        // The lock is released by the next read of the file.
        identity(&connection).map_err(of)?;
        Ok((connection, version))
    };
    match ahead() {
        Err(StoreError::MissingFeature { what: MissingFeature::Share, .. }) => journaled(),
        connected => connected,
    }
}

fn plain(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| StoreError::of(path, &error))?;
    connection.busy_timeout(PATIENCE).map_err(|error| StoreError::of(path, &error))?;
    Ok(connection)
}

/// The version of the tables, if they are a ledger's of a known version.
fn known(path: &Path, connection: &Connection) -> Result<i64, StoreError> {
    let (application, version) = identity(connection).map_err(|error| StoreError::of(path, &error))?;
    check(path, application, version)?;
    Ok(version)
}

/// A ledger in memory only.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.execute_batch(SCHEMA)?;
    connection.execute_batch(migrate::STATE)?;
    connection.execute_batch(slo::TABLE)?;
    connection.execute_batch(events::TABLE)?;
    connection.execute_batch(DAY_BORNE)?;
    connection.execute_batch(versions::VIEWS)?;
    Ok(connection)
}

/// Opens a ledger for reading. Its folder may be read-only.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    be_regular(path)?;
    let with = |name: &Path, flags: OpenFlags| -> rusqlite::Result<(Connection, i64, i64)> {
        let connection = Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        let (application, version) = identity(&connection)?;
        Ok((connection, application, version))
    };
    let (write, read) = (OpenFlags::SQLITE_OPEN_READ_WRITE, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let why = |error: &rusqlite::Error| match StoreError::of(path, error) {
        // Here a lock of another process and a file system without locks look the same.
        in_use @ StoreError::InUse { .. } => match Lock::probe(path) {
            Err(error @ StoreError::MissingFeature { .. }) => error,
            _ => in_use,
        },
        error => error,
    };
    let locks = |error: &StoreError| !matches!(error, StoreError::MissingFeature { what: MissingFeature::Lock, .. });
    // A reader uses the write-ahead log if it can. If it cannot and there is no log, there is no writer.
    let mut opened = with(path, write).map_err(|error| why(&error));
    if opened.as_ref().is_err_and(locks) {
        opened = with(path, read).map_err(|error| why(&error));
    }
    if opened.is_err() && !has_log(path) {
        opened = with(&unchanging(path), read | OpenFlags::SQLITE_OPEN_URI).map_err(|error| why(&error));
    }
    let (connection, application, version) = opened?;
    check(path, application, version)?;
    if version == 0 {
        return Err(StoreError::Missing(path.to_owned()));
    }
    if version < versions::PRESENT_NAMES {
        versions::read_as_present(&connection).map_err(|error| StoreError::of(path, &error))?;
    }
    Ok(connection)
}

/// Opens a ledger of this version once more for reading, without waiting; the caller can do without.
pub(super) fn open_once_more(path: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).ok()?;
    connection.busy_timeout(Duration::ZERO).ok()?;
    let (application, version) = identity(&connection).ok()?;
    (application == APPLICATION && version == VERSION).then_some(connection)
}

/// Creates all tables in one transaction.
fn make(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; {SCHEMA} {} {} {} {} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;",
        migrate::STATE,
        slo::TABLE,
        events::TABLE,
        versions::VIEWS
    ))
}

/// The version of a ledger's tables.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether there may be changes that are not in the file itself yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// The URI of a file that does not change, which can be read without locks or other files.
fn unchanging(path: &Path) -> PathBuf {
    let mut name = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => name.push(char::from(*byte)),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(name, "%{byte:02x}");
            }
        }
    }
    name += "?immutable=1";
    PathBuf::from(name)
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

/// The application id and version in a file; zero for an empty one.
fn identity(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    if (application, version) == (0, 0) {
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return Ok(if tables == 0 { (0, 0) } else { (0, -1) });
    }
    Ok((application, version))
}
