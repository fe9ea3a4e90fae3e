//! Writes a checkpoint in one transaction: postings and counters.

use rusqlite::{Connection, Transaction, params};

use super::calendar::Calendar;
use super::names::note;
use super::{cells, disputes, meta, names, slo};
use crate::fleet::{Checkpoint, LeasedNode, SavedItem, SavedState};
use crate::ledger::PendingPostings;
use crate::reading::{Label, UnitName};
use crate::units::Timestamp;

/// Writes a checkpoint completely or not at all.
pub(super) fn commit(
    connection: &mut Connection,
    calendar: &mut Calendar,
    checkpoint: &Checkpoint,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    write_journal(&transaction, calendar, &checkpoint.postings)?;
    disputes::withdraw(&transaction, &checkpoint.postings.withdrawn, checkpoint.last.wall)?;
    forget(&transaction, checkpoint)?;
    write_items(&transaction, &checkpoint.targets, &checkpoint.nodes)?;
    write_allocated_gpus(&transaction, &checkpoint.leased)?;
    write_schedules(&transaction, &checkpoint.schedules)?;
    for id in &checkpoint.ended {
        transaction.execute("UPDATE lease_ends SET applied = 1 WHERE id = ?1", [id])?;
    }
    for id in &checkpoint.resets_applied {
        transaction.execute("UPDATE target_resets SET applied = 1 WHERE id = ?1", [id])?;
    }
    write_watch(&transaction, checkpoint)?;
    transaction.commit()
}

/// Writes up to when scheduled leases are posted. A lease that is no longer configured is deleted, so that it is not billed
/// for the time until it returns.
fn write_schedules(transaction: &Transaction<'_>, schedules: &[(String, Timestamp)]) -> rusqlite::Result<()> {
    let known: Vec<String> = names::all(transaction, "SELECT lease FROM schedules", |row| row.get(0))?;
    for gone in known.iter().filter(|known| !schedules.iter().any(|(lease, _)| lease == *known)) {
        transaction.execute("DELETE FROM schedules WHERE lease = ?1", [gone])?;
    }
    let mut write = transaction.prepare_cached(
        "INSERT INTO schedules (lease, until) VALUES (?1, ?2)
         ON CONFLICT (lease) DO UPDATE SET until = excluded.until WHERE until <> excluded.until",
    )?;
    schedules.iter().try_for_each(|(lease, until)| write.execute(params![lease, until.millis()]).map(drop))
}

/// Writes the saved state with the moments of another boot. Moments and their boot must be consistent: otherwise a run that
/// is killed before its first commit leaves moments that the next run takes for its own boot's.
pub(super) fn rebase(connection: &mut Connection, saved: &SavedState, boot: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    write_items(&transaction, &saved.targets, &saved.nodes)?;
    note(&transaction, "last_boot", &saved.last.boot.millis().to_string())?;
    note(&transaction, "boot", boot)?;
    transaction.commit()
}

/// Stores a revision of the price book.
pub(super) fn note_book(connection: &Connection, revision: u64, text: &str, at: Timestamp) -> rusqlite::Result<()> {
    let mut write =
        connection.prepare_cached("INSERT OR IGNORE INTO books (revision, noted, text) VALUES (?1, ?2, ?3)")?;
    write.execute(params![format!("{revision:016x}"), at.millis(), text]).map(drop)
}

/// Deletes removed targets and nodes.
fn forget(transaction: &Transaction<'_>, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
    for key in &checkpoint.removed_targets {
        transaction.prepare_cached("DELETE FROM saved_targets WHERE target = ?1")?.execute([key])?;
    }
    for key in &checkpoint.removed_nodes {
        transaction.prepare_cached("DELETE FROM saved_nodes WHERE node = ?1")?.execute([key])?;
        transaction.prepare_cached("DELETE FROM allocated_gpus WHERE node = ?1")?.execute([key])?;
    }
    Ok(())
}

/// Writes the states of targets and nodes.
pub(super) fn write_items(connection: &Connection, targets: &[SavedItem], nodes: &[SavedItem]) -> rusqlite::Result<()> {
    for (table, items) in [("saved_targets", targets), ("saved_nodes", nodes)] {
        let mut write = connection.prepare_cached(&format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2)"))?;
        for SavedItem { key, state } in items {
            write.execute([key, state])?;
        }
    }
    Ok(())
}

/// Writes which GPUs are allocated, and up to when their time is posted.
pub(super) fn write_allocated_gpus(connection: &Connection, nodes: &[LeasedNode]) -> rusqlite::Result<()> {
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    let mut forget = connection.prepare_cached("DELETE FROM allocated_gpus WHERE node = ?1")?;
    let mut write = connection.prepare_cached("INSERT INTO allocated_gpus VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for LeasedNode { node, unit, since, until, gpus } in nodes {
        forget.execute([node.as_str()])?;
        for (gpu, count) in gpus {
            let (gpu, unit) = (gpu.as_ref().map_or("", Label::as_str), unit.as_ref().map(UnitName::as_str));
            write.execute(params![node.as_str(), gpu, unit, count, millis(*since), millis(*until)])?;
        }
    }
    Ok(())
}

fn write_watch(transaction: &Transaction<'_>, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
    let instants = [("began", checkpoint.began), ("watched_from", checkpoint.watched_from)];
    for (key, at) in instants.into_iter().filter_map(|(key, at)| Some((key, at?))) {
        note(transaction, key, &at.millis().to_string())?;
    }
    note(transaction, "last_wall", &checkpoint.last.wall.millis().to_string())?;
    note(transaction, "last_boot", &checkpoint.last.boot.millis().to_string())?;
    let marks = checkpoint.marks.words();
    if meta::noted(transaction, "marks")?.unwrap_or_default() == marks {
        return Ok(());
    }
    note(transaction, "marks", &marks)
}

fn write_journal(
    transaction: &Transaction<'_>,
    calendar: &mut Calendar,
    pending: &PendingPostings,
) -> rusqlite::Result<()> {
    names::write(transaction, pending)?;
    cells::write(transaction, calendar, pending)?;
    slo::write(transaction, pending)?;
    for marker in &pending.markers {
        transaction
            .execute("INSERT INTO markers VALUES (?1, ?2)", params![marker.at.millis(), marker.text.as_str()])?;
    }
    for (since, until) in &pending.unwatched {
        transaction.execute("INSERT INTO unwatched VALUES (?1, ?2)", [since.millis(), until.millis()])?;
    }
    disputes::write(transaction, &pending.disputes)
}
