//! The writer's lock: a system lock on a file next to the ledger, which the system releases if the process is killed.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, fcntl_lock, flock};
use rustix::io::Errno;

use super::{MissingFeature, StoreError};
use crate::platform::is_alive;

/// The exclusive right to write a ledger, until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock. The error names the process that has it, or why locking failed.
    pub(super) fn take(ledger: &Path) -> Result<Self, StoreError> {
        let refuse = |error: std::io::Error| StoreError::of_file(ledger, &error);
        let mut file = open(ledger)?;
        probe(ledger, &file)?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            return Err(refused(ledger, error, || holder(&mut file)));
        }
        file.set_len(0).map_err(refuse)?;
        file.seek(SeekFrom::Start(0)).map_err(refuse)?;
        write!(file, "{}", std::process::id()).map_err(refuse)?;
        file.sync_all().map_err(|error| unsynced(ledger, &error))?;
        Ok(Self { _file: file })
    }

    /// Checks whether the file system of a ledger supports locks; the error names the missing feature.
    pub(super) fn probe(ledger: &Path) -> Result<(), StoreError> {
        probe(ledger, &open(ledger)?)
    }
}

fn open(ledger: &Path) -> Result<File, StoreError> {
    let path = beside(ledger);
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
    opened.map_err(|error| StoreError::of_file(ledger, &error))
}

/// Locks a file as `SQLite` does, and releases it: on a file system without such locks, `SQLite` reports the file as busy
/// forever.
fn probe(ledger: &Path, file: &File) -> Result<(), StoreError> {
    match fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            // The lock is also released when the file is closed.
            let _ = fcntl_lock(file, FlockOperation::NonBlockingUnlock);
            Ok(())
        }
        // Another process has the lock, so locks are supported.
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(()),
        Err(error) => Err(refused(ledger, error, || None)),
    }
}

/// The reason that a lock failed. Only a lock held by another process means that the ledger is in use.
fn refused(ledger: &Path, error: Errno, holder: impl FnOnce() -> Option<u32>) -> StoreError {
    let path = ledger.to_owned();
    match error {
        Errno::WOULDBLOCK => StoreError::InUse { path, pid: holder() },
        _ => StoreError::MissingFeature { path, what: MissingFeature::Lock, why: said(error) },
    }
}

fn unsynced(ledger: &Path, error: &std::io::Error) -> StoreError {
    match StoreError::of_file(ledger, error) {
        StoreError::ReadOnly(path, why) => StoreError::MissingFeature { path, what: MissingFeature::Sync, why },
        error => error,
    }
}

fn said(error: Errno) -> String {
    std::io::Error::from(error).to_string()
}

/// The process that states in the file that it writes the ledger, if it is alive on this machine.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let pid: u32 = text.trim().parse().ok()?;
    is_alive(pid).then_some(pid)
}

fn beside(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lock_that_somebody_has_says_that_the_ledger_is_kept() {
        let path = Path::new("/x/ledger.db");
        let kept = refused(path, Errno::WOULDBLOCK, || Some(7));
        assert_eq!(kept, StoreError::InUse { path: path.to_owned(), pid: Some(7) });
        for error in [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL, Errno::IO, Errno::BADF, Errno::STALE]
        {
            let message = refused(path, error, || Some(7)).to_string();
            assert!(message.starts_with("/x/ledger.db: this file cannot be locked ("), "{message}");
            assert!(message.ends_with("name a file on a local disk with --ledger"), "{message}");
        }
    }

    #[test]
    fn a_keeper_that_is_dead_is_not_named() -> std::io::Result<()> {
        let home = tempfile::tempdir()?;
        let named = |text: &str| -> std::io::Result<Option<u32>> {
            let path = home.path().join("lock");
            std::fs::write(&path, text)?;
            Ok(holder(&mut File::open(path)?))
        };
        let own = std::process::id();
        assert_eq!(named(&own.to_string())?, Some(own));
        for text in ["", "x", "-1", "0", "99999999999", "2147483647"] {
            assert_eq!(named(text)?, None, "{text}");
        }
        Ok(())
    }
}
