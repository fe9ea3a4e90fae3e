//! One writer: a lock of the system's on a file beside the ledger, so that a kill frees it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::StoreError;

/// The right to write a ledger, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who has it.
    pub(super) fn take(ledger: &Path) -> Result<Self, StoreError> {
        let path = beside(ledger);
        let refuse = |error: std::io::Error| StoreError::of_file(ledger, &error);
        let mut file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).map_err(refuse)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(StoreError::Kept { path: ledger.to_owned(), pid: keeper(&mut file) });
        }
        file.set_len(0).map_err(refuse)?;
        file.seek(SeekFrom::Start(0)).map_err(refuse)?;
        write!(file, "{}", std::process::id()).map_err(refuse)?;
        Ok(Self { _file: file })
    }
}

/// Who says that it keeps the ledger.
fn keeper(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn beside(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
