//! Ledgers of earlier versions.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

/// A ledger with the tables and rows of a dump.
pub fn open(folder: &TempDir, dump: &str) -> PathBuf {
    let path = folder.path().join("former.db");
    Connection::open(&path).unwrap().execute_batch(dump).unwrap();
    path
}

/// The version of a ledger's tables.
pub fn version(path: &Path) -> i64 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}
