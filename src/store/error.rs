//! Why a ledger cannot be used: what, where and what to do.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// There is no such file.
    Missing(PathBuf),
    /// Another process keeps it.
    Kept {
        /// The file.
        path: PathBuf,
        /// Who, where that is known.
        pid: Option<u32>,
    },
    /// Not a ledger, or a damaged one.
    Corrupt(PathBuf, String),
    /// Written by a newer margintop.
    Newer(PathBuf, i64),
    /// Kept in another currency.
    Currency {
        /// The file.
        path: PathBuf,
        /// Its currency.
        kept: String,
        /// The one that was asked for.
        asked: String,
    },
    /// The folder or the file may not be written.
    ReadOnly(PathBuf, String),
    /// No room left on the disk.
    Full(PathBuf),
    /// Anything else.
    Io(PathBuf, String),
}

impl StoreError {
    /// What the system says of a file, in our words.
    pub(super) fn of_file(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::Full(path),
            _ => Self::ReadOnly(path, error.to_string()),
        }
    }

    /// What `SQLite` says, in our words.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupt(path, error.to_string()),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly(path, error.to_string())
            }
            Some(ErrorCode::DiskFull) => Self::Full(path),
            // Whoever writes it for so long keeps it, even if it is no margintop.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Kept { path, pid: None },
            _ => Self::Io(path, error.to_string()),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => {
                write!(
                    f,
                    "{}: no ledger there; margintop keeps one while it runs, or name one with --ledger",
                    path.display()
                )
            }
            Self::Kept { path, pid: Some(pid) } => write!(f, "{}: kept by pid {pid}", path.display()),
            Self::Kept { path, pid: None } => write!(f, "{}: kept by another process", path.display()),
            Self::Corrupt(path, why) => write!(
                f,
                "{}: damaged or no ledger ({why}); it is left as it is: try `margintop ledger export`, or name another with --ledger",
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
            Self::Full(path) => {
                write!(f, "{}: the disk is full; it is written again when there is room", path.display())
            }
            Self::Io(path, why) => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for StoreError {}
