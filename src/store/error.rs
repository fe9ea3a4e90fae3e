//! Errors of a ledger: the problem, the place and the remedy.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

use crate::system_error::system_error;

/// The room that a ledger needs to go on: its log has up to 4 MB before it is written to the file, which needs as much.
const ROOM: &str = "16 MB or more";

/// The reason that a ledger cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// There is no such file.
    Missing(PathBuf),
    /// Another process is writing it.
    InUse {
        /// The file.
        path: PathBuf,
        /// The id of that process, if known.
        pid: Option<u32>,
    },
    /// Not a regular file, but this.
    NotAFile(PathBuf, &'static str),
    /// The file was moved or removed, or another took its place, while it was written.
    Gone(PathBuf),
    /// Not a ledger, or damaged.
    Corrupt(PathBuf, String),
    /// Its tables do not match the version that it states.
    Mislabelled(PathBuf, String),
    /// Written by a newer margintop.
    Newer(PathBuf, i64),
    /// Written by an older margintop, and not migrated.
    Older(PathBuf, i64),
    /// Another currency.
    Currency {
        /// The file.
        path: PathBuf,
        /// The ledger's currency.
        kept: String,
        /// The configured currency.
        asked: String,
    },
    /// The folder or file is not writable.
    ReadOnly(PathBuf, String),
    /// The disk is full.
    Full(PathBuf),
    /// The file system lacks a feature that a ledger needs.
    MissingFeature {
        /// The file.
        path: PathBuf,
        /// The missing feature.
        what: MissingFeature,
        /// The system's error message.
        why: String,
    },
    /// Anything else.
    Io(PathBuf, String),
}

/// A feature that a file system lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingFeature {
    /// Locking files.
    Lock,
    /// Syncing a file to the disk.
    Sync,
    /// Writing to a file, or extending it.
    Grow,
    /// Sharing memory between the processes that have a file open, for a write-ahead log.
    Share,
}

impl StoreError {
    /// Translates an error of the system.
    pub(super) fn of_file(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(path),
            ErrorKind::FileTooLarge => {
                Self::MissingFeature { path, what: MissingFeature::Grow, why: error.to_string() }
            }
            _ => Self::ReadOnly(path, system_error(error)),
        }
    }

    /// Translates an error of `SQLite`.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        if let Some(what) = extended(error).and_then(cannot) {
            return Self::MissingFeature { path, what, why: error.to_string() };
        }
        if let Some(why) = unlike_its_version(error) {
            return Self::Mislabelled(path, why);
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupt(path, error.to_string()),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly(path, error.to_string())
            }
            Some(ErrorCode::DiskFull) => Self::Full(path),
            // A process that writes for so long is in use of the ledger, even if it is not margintop.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path, pid: None },
            _ => Self::Io(path, error.to_string()),
        }
    }

    /// Whether it may be temporary: data of the meantime is then bridged from the ledger's counters.
    pub(super) const fn passes(&self) -> bool {
        matches!(
            self,
            Self::Full(_)
                | Self::Io(..)
                | Self::MissingFeature { what: MissingFeature::Sync | MissingFeature::Grow, .. }
        )
    }
}

/// The missing or surplus table or column, if that is `SQLite`'s error. Its own message contains the whole statement.
fn unlike_its_version(error: &rusqlite::Error) -> Option<String> {
    let said = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        rusqlite::Error::SqliteFailure(_, Some(said)) => said,
        _ => return None,
    };
    let about =
        ["no such table", "no such column", "no such view", "already exists", "has no column", "duplicate column"];
    about.iter().any(|part| said.contains(part)).then(|| said.clone())
}

const fn extended(error: &rusqlite::Error) -> Option<i32> {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => Some(failure.extended_code),
        _ => None,
    }
}

/// The missing feature of the file system that an extended error code of `SQLite` indicates.
const fn cannot(code: i32) -> Option<MissingFeature> {
    Some(match code {
        ffi::SQLITE_IOERR_LOCK
        | ffi::SQLITE_IOERR_RDLOCK
        | ffi::SQLITE_IOERR_UNLOCK
        | ffi::SQLITE_IOERR_CHECKRESERVEDLOCK
        | ffi::SQLITE_IOERR_BLOCKED => MissingFeature::Lock,
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => MissingFeature::Sync,
        ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_TRUNCATE => MissingFeature::Grow,
        ffi::SQLITE_IOERR_SHMOPEN
        | ffi::SQLITE_IOERR_SHMSIZE
        | ffi::SQLITE_IOERR_SHMLOCK
        | ffi::SQLITE_IOERR_SHMMAP
        | ffi::SQLITE_PROTOCOL => MissingFeature::Share,
        _ => return None,
    })
}

impl fmt::Display for MissingFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lock => "locked",
            Self::Sync => "written through to its disk",
            Self::Grow => "written or made longer",
            Self::Share => "shared between processes",
        })
    }
}

/// What to do about a full disk.
fn full(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (path, folder) = (path.display(), folder.display());
    format!(
        "{path}: the disk is full: free {ROOM} in {folder}, or name a file on another disk with --ledger; it is written again when there is room"
    )
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => {
                write!(
                    f,
                    "{}: no ledger there; the dashboard and `margintop serve` keep one, `once` does not; or name one with --ledger",
                    path.display()
                )
            }
            Self::InUse { path, pid: Some(pid) } => write!(
                f,
                "{}: kept by pid {pid}: end that process, or name another ledger with --ledger",
                path.display()
            ),
            Self::InUse { path, pid: None } => {
                write!(f, "{}: kept by another process: end it, or name another ledger with --ledger", path.display())
            }
            Self::NotAFile(path, what) => {
                write!(f, "{}: it is {what}, and a ledger is a file: name one with --ledger", path.display())
            }
            Self::Gone(path) => write!(
                f,
                "{}: the file was removed or moved, or another one is there: put it back, or start margintop again to begin a new one",
                path.display()
            ),
            Self::Corrupt(path, why) => write!(
                f,
                "{}: damaged or no ledger ({why}); it is left as it is: try `margintop ledger export`, or name another with --ledger",
                path.display()
            ),
            Self::Mislabelled(path, why) => write!(
                f,
                "{}: its tables are not those of the version that it says ({why}); it is left as it is: use a copy of it from before, or name another with --ledger",
                path.display()
            ),
            Self::Newer(path, version) => write!(
                f,
                "{}: written by a newer margintop (version {version}); update this one, or name another with --ledger",
                path.display()
            ),
            Self::Currency { path, kept, asked } => write!(
                f,
                "{}: kept in {kept}, and {asked} was asked for; set currency = \"{kept}\", or name another with --ledger",
                path.display()
            ),
            Self::ReadOnly(path, why) => {
                write!(f, "{}: cannot be written ({why}); name another with --ledger", path.display())
            }
            Self::Full(path) => f.write_str(&full(path)),
            Self::Older(path, version) => write!(
                f,
                "{}: kept by an older margintop (version {version} of its tables): end that one, and start this one on it",
                path.display()
            ),
            Self::MissingFeature { path, what, why } => say_cannot(f, path, *what, why),
            Self::Io(path, why) => write!(f, "{}: {why}; or name another with --ledger", path.display()),
        }
    }
}

fn say_cannot(f: &mut fmt::Formatter<'_>, path: &Path, what: MissingFeature, why: &str) -> fmt::Result {
    let guess = match what {
        MissingFeature::Lock | MissingFeature::Share => "; NFS or SMB?",
        MissingFeature::Grow => "; a quota, or a limit of file size?",
        MissingFeature::Sync => "",
    };
    let path = path.display();
    write!(f, "{path}: this file cannot be {what} ({why}{guess}): name a file on a local disk with --ledger")
}

impl std::error::Error for StoreError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(code: i32) -> String {
        let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        StoreError::of(Path::new("/x/ledger.db"), &failure).to_string()
    }

    #[test]
    fn what_a_file_system_cannot_do_is_said_with_the_remedy() {
        let remedy = "name a file on a local disk with --ledger";
        for (code, what) in [
            (ffi::SQLITE_IOERR_LOCK, "locked"),
            (ffi::SQLITE_IOERR_RDLOCK, "locked"),
            (ffi::SQLITE_PROTOCOL, "shared between processes"),
            (ffi::SQLITE_IOERR_SHMMAP, "shared between processes"),
            (ffi::SQLITE_IOERR_FSYNC, "written through to its disk"),
            (ffi::SQLITE_IOERR_WRITE, "written or made longer"),
        ] {
            let text = message(code);
            assert!(text.contains(&format!("cannot be {what} (")) && text.ends_with(remedy), "{text}");
            assert!(!text.contains("kept by"), "{text}");
        }
        assert!(message(ffi::SQLITE_BUSY).contains("kept by another process: end it, or name another"));
        let full =
            "/x/ledger.db: the disk is full: free 16 MB or more in /x, or name a file on another disk with --ledger";
        assert!(message(ffi::SQLITE_FULL).starts_with(full));
        assert!(message(ffi::SQLITE_CORRUPT).contains("damaged"));
    }
}
