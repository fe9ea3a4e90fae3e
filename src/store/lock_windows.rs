//! The writer's lock on Windows: a file next to the ledger that others may read but not write while it is open.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::StoreError;

/// Others may read the file while it is open, to see which process has it.
const SHARE_READ: u32 = 1;
/// Another process has the file open.
const SHARING_VIOLATION: i32 = 32;

/// The exclusive right to write a ledger, until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock. The error names the process that has it, or why locking failed.
    pub(super) fn take(ledger: &Path) -> Result<Self, StoreError> {
        let refuse = |error: std::io::Error| StoreError::of_file(ledger, &error);
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).read(true).write(true).share_mode(SHARE_READ);
        let mut file = options.open(beside(ledger)).map_err(|error| match error.raw_os_error() {
            Some(SHARING_VIOLATION) => StoreError::InUse { path: ledger.to_owned(), pid: holder(ledger) },
            _ => refuse(error),
        })?;
        file.set_len(0).map_err(refuse)?;
        file.seek(SeekFrom::Start(0)).map_err(refuse)?;
        write!(file, "{}", std::process::id()).map_err(refuse)?;
        file.sync_all().map_err(refuse)?;
        Ok(Self { _file: file })
    }

    /// Every file system of this system supports locks.
    pub(super) const fn probe(_ledger: &Path) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The process that states in the file that it writes the ledger.
fn holder(ledger: &Path) -> Option<u32> {
    std::fs::read_to_string(beside(ledger)).ok()?.trim().parse().ok()
}

fn beside(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
