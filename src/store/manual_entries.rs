//! Entries made by hand, even while another process writes the ledger: a marker, the end of a lease, a target's reset, a
//! decision.
//!
//! Each is one transaction that needs only `SQLite`'s own lock. The process that writes the ledger reads it within a
//! second; without one, the next such process does.

use std::path::Path;

use rusqlite::{Connection, params};

use super::calendar::Calendar;
use super::disputes::{self, DisputeRow};
use super::lock::Lock;
use super::names::all;
use super::{StoreError, file, reader, versions};
use crate::ledger::DisputeId;
use crate::natural_order::natural_cmp;
use crate::reading::{Label, NodeName, TargetId};
use crate::units::Timestamp;

/// Adds a marker at an instant.
///
/// # Errors
/// There is no ledger, or it is not writable.
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
/// There is no ledger, or it is not writable.
pub fn end_lease(path: &Path, node: &NodeName, at: Timestamp) -> Result<(), StoreError> {
    let connection = file::open_to_read(path)?;
    connection
        .execute("INSERT INTO lease_ends (node, at) VALUES (?1, ?2)", params![node.as_str(), at.millis()])
        .map(drop)
        .map_err(|error| StoreError::of(path, &error))
}

/// Decides a dispute: its tokens are posted, or discarded. Returns the dispute as it was before; one that was already
/// decided is unchanged. `None` if there is no dispute with this number.
///
/// # Errors
/// There is no ledger, or it is not writable.
pub fn decide(path: &Path, id: DisputeId, accepted: bool, at: Timestamp) -> Result<Option<DisputeRow>, StoreError> {
    let (mut connection, _lock) = to_write(path)?;
    let of = |error: rusqlite::Error| StoreError::of(path, &error);
    let mut calendar = Calendar::new(reader::header(&connection).map_err(of)?.zone);
    disputes::decide(&mut connection, &mut calendar, id, accepted, at).map_err(of)
}

/// Resets the process behind a target, so that its next page is a baseline. For an unknown target, does nothing and returns
/// the known ones.
///
/// # Errors
/// There is no ledger, or it is not writable.
pub fn reset_target(path: &Path, target: &TargetId, at: Timestamp) -> Result<Result<(), Vec<String>>, StoreError> {
    let (mut connection, _lock) = to_write(path)?;
    reset(&mut connection, target, at).map_err(|error| StoreError::of(path, &error))
}

fn reset(connection: &mut Connection, target: &TargetId, at: Timestamp) -> rusqlite::Result<Result<(), Vec<String>>> {
    const KNOWN: &str = "SELECT target FROM saved_targets UNION SELECT target FROM target_resets WHERE applied = 0";
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut known: Vec<String> = all(&transaction, KNOWN, |row| row.get(0))?;
    if !known.iter().any(|known| known == target.as_str()) {
        known.sort_by(|a, b| natural_cmp(a, b));
        return Ok(Err(known));
    }
    transaction.execute("DELETE FROM saved_targets WHERE target = ?1", [target.as_str()])?;
    transaction
        .execute("INSERT INTO target_resets (target, at) VALUES (?1, ?2)", params![target.as_str(), at.millis()])?;
    transaction.commit()?;
    Ok(Ok(()))
}

/// Opens a ledger with the tables of this version. An older one is migrated, which needs the writer's lock.
fn to_write(path: &Path) -> Result<(Connection, Option<Lock>), StoreError> {
    let connection = file::open_to_read(path)?;
    let version = file::version(&connection).map_err(|error| StoreError::of(path, &error))?;
    if version == versions::VERSION {
        return Ok((connection, None));
    }
    drop(connection);
    let path = &file::place(path)?;
    let lock = Lock::take(path).map_err(|error| match error {
        StoreError::InUse { path, .. } => StoreError::Older(path, version),
        error => error,
    })?;
    Ok((file::open(path)?, Some(lock)))
}
