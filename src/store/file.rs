//! Opening a ledger's file, or making one. A file that is no ledger is left as it is, to the byte.

use std::fmt::Write;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::lock::Lock;
use super::versions::VERSION;
use super::{Cannot, StoreError, events, migrate, names, slo, versions};

/// `mtop`: what tells a ledger from any other database.
const APPLICATION: i64 = 0x6d74_6f70;
/// How long another's lock is waited for: the user is told within three seconds why nothing is written.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most of a write-ahead log that is left on the disk once no reader needs what it replaced.
const LOG_LEFT: i64 = 16 << 20;
/// Statements that stay prepared: a commit has about thirty.
const PREPARED: usize = 48;
const SCHEMA: &str = include_str!("schema.sql");
/// The table of what tokens of each past day bear of the cost of GPUs at work.
const DAY_BORNE: &str = include_str!("day_borne.sql");

/// Where the ledger is when none is named: `$XDG_STATE_HOME/margintop/ledger.db`, else under `~/.local/state`.
pub fn default_path(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = |name| environment(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").or_else(|| named("HOME").map(|home| home.join(".local/state")));
    state.map(|folder| folder.join("margintop/ledger.db"))
}

/// Makes sure that the file is there, and says where it truly is: whichever links lead to it, it is
/// one ledger with one keeper.
pub(super) fn place(path: &Path) -> Result<PathBuf, StoreError> {
    let refuse = |error: io::Error| StoreError::of_file(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(refuse)?;
    }
    // A ledger that is there is not touched: closing it here would let go of the locks that this process has on it.
    if !path.exists() {
        OpenOptions::new().create(true).append(true).open(path).map_err(refuse)?;
    }
    path.canonicalize().map_err(refuse)
}

/// Opens a ledger to write it, makes the tables where there are none, and brings those of an earlier version up to date.
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

/// A connection that writes ahead, or with a journal where the file system has no memory that processes share; and the
/// version of the tables.
fn connect(path: &Path) -> Result<(Connection, i64), StoreError> {
    let of = |error: rusqlite::Error| StoreError::of(path, &error);
    let ahead = || -> Result<(Connection, i64), StoreError> {
        let connection = plain(path)?;
        let version = known(path, &connection)?;
        connection.pragma_update(None, "journal_mode", "wal").map_err(of)?;
        connection.pragma_update(None, "synchronous", "normal").map_err(of)?;
        // The memory is shared with the first look at the file.
        identity(&connection).map_err(of)?;
        Ok((connection, version))
    };
    let journaled = || -> Result<(Connection, i64), StoreError> {
        let connection = plain(path)?;
        // A log that was left is read without shared memory by a process that has the file to itself.
        connection.pragma_update(None, "locking_mode", "exclusive").map_err(of)?;
        let version = known(path, &connection)?;
        connection.pragma_update(None, "journal_mode", "truncate").map_err(of)?;
        connection.pragma_update(None, "synchronous", "full").map_err(of)?;
        connection.pragma_update(None, "locking_mode", "normal").map_err(of)?;
        // The lock is let go with the next look at the file.
        identity(&connection).map_err(of)?;
        Ok((connection, version))
    };
    match ahead() {
        Err(StoreError::Cannot { what: Cannot::Share, .. }) => journaled(),
        connected => connected,
    }
}

fn plain(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| StoreError::of(path, &error))?;
    connection.busy_timeout(PATIENCE).map_err(|error| StoreError::of(path, &error))?;
    Ok(connection)
}

/// The version of the tables, if they are a ledger's that this program knows.
fn known(path: &Path, connection: &Connection) -> Result<i64, StoreError> {
    let (application, version) = identity(connection).map_err(|error| StoreError::of(path, &error))?;
    check(path, application, version)?;
    Ok(version)
}

/// A ledger that lives and dies with the process.
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

/// Opens a ledger to read it. It may be in a folder that may not be written.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    if path.is_dir() {
        return Err(StoreError::Corrupt(path.to_owned(), "it is a folder".to_owned()));
    }
    let with = |name: &Path, flags: OpenFlags| -> rusqlite::Result<(Connection, i64, i64)> {
        let connection = Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        let (application, version) = identity(&connection)?;
        Ok((connection, application, version))
    };
    let (write, read) = (OpenFlags::SQLITE_OPEN_READ_WRITE, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let why = |error: &rusqlite::Error| match StoreError::of(path, error) {
        // Whether somebody has it, or its file system does not lock, looks the same from here.
        held @ StoreError::Kept { .. } => match Lock::probe(path) {
            Err(error @ StoreError::Cannot { .. }) => error,
            _ => held,
        },
        error => error,
    };
    let locks = |error: &StoreError| !matches!(error, StoreError::Cannot { what: Cannot::Lock, .. });
    // A reader takes part in the write-ahead log where it may. Where it may not, and there is none, there is no writer.
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

/// Opens a ledger of this version once more to read it, at once or not at all: the caller can do without.
pub(super) fn open_once_more(path: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).ok()?;
    connection.busy_timeout(Duration::ZERO).ok()?;
    let (application, version) = identity(&connection).ok()?;
    (application == APPLICATION && version == VERSION).then_some(connection)
}

/// Makes the tables, all of them or none.
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

/// Whether something may be written that is not in the file itself yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// The name of a file that does not change, which needs no lock and no file beside it to be read.
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
