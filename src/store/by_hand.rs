//! What a person notes in a ledger, whoever keeps it: a named moment, the end of a lease.
//!
//! It is one insert into a table that nobody updates, so it needs no lock but the file's own. Who keeps the ledger heeds
//! it within a second; where nobody does, the next one who does.

use std::path::Path;

use rusqlite::params;

use super::{StoreError, file};
use crate::reading::{Label, NodeName};
use crate::units::Timestamp;

/// Names a moment.
///
/// # Errors
/// There is no ledger, or it cannot be written.
pub fn mark(path: &Path, at: Timestamp, text: &str) -> Result<(), StoreError> {
    let connection = file::open_to_read(path)?;
    let text = Label::new(text);
    connection
        .execute("INSERT INTO markers VALUES (?1, ?2)", params![at.millis(), text.as_str()])
        .map(drop)
        .map_err(|error| StoreError::of(path, &error))
}

/// Ends the leases of a node's GPUs.
///
/// # Errors
/// There is no ledger, or it cannot be written.
pub fn end_lease(path: &Path, node: &NodeName, at: Timestamp) -> Result<(), StoreError> {
    let connection = file::open_to_read(path)?;
    connection
        .execute("INSERT INTO lease_ends (node, at) VALUES (?1, ?2)", params![node.as_str(), at.millis()])
        .map(drop)
        .map_err(|error| StoreError::of(path, &error))
}
