//! Writing what was handed on: one transaction of postings and counters.

use rusqlite::{Connection, Transaction, params};

use super::calendar::Calendar;
use super::{cells, names};
use crate::fleet::{FinishedMemory, Handover, Memory, NodeMemory, TargetMemory};
use crate::ledger::Journal;
use crate::reading::{Label, ModelName, PromptCount, Rank, TargetId, TokenCounters, UnitName};
use crate::units::{Moment, Timestamp, Tokens};

/// Writes a handover, all of it or nothing.
pub(super) fn commit(
    connection: &mut Connection,
    calendar: &mut Calendar,
    handover: &Handover,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    write_journal(&transaction, calendar, &handover.journal)?;
    if !handover.journal.unwatched.is_empty() {
        forget_watched(&transaction)?;
    }
    for target in &handover.targets {
        write_target(&transaction, target)?;
    }
    for node in &handover.nodes {
        write_node(&transaction, node)?;
    }
    for (lease, until) in &handover.schedules {
        let mut write =
            transaction.prepare_cached("INSERT OR REPLACE INTO schedules (lease, until) VALUES (?1, ?2)")?;
        write.execute(params![lease, until.millis()])?;
    }
    for id in &handover.ended {
        transaction.execute("UPDATE lease_ends SET applied = 1 WHERE id = ?1", [id])?;
    }
    write_watch(&transaction, handover)?;
    transaction.commit()
}

/// Writes what is remembered as of another boot: its moments and the boot that they are of belong together, or a watch
/// that is killed before its first commit leaves moments that the next one takes for its own boot's.
pub(super) fn rebase(connection: &mut Connection, memory: &Memory, boot: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for target in &memory.targets {
        write_target(&transaction, target)?;
    }
    for node in &memory.nodes {
        write_node(&transaction, node)?;
    }
    note(&transaction, "last_boot", &memory.last.boot.millis().to_string())?;
    note(&transaction, "boot", boot)?;
    transaction.commit()
}

/// Notes something about the ledger itself.
pub(super) fn note(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    let mut write = connection.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
    write.execute([key, value]).map(drop)
}

/// Keeps a revision of the price book.
pub(super) fn note_book(connection: &Connection, revision: u64, text: &str, at: Timestamp) -> rusqlite::Result<()> {
    let mut write =
        connection.prepare_cached("INSERT OR IGNORE INTO books (revision, noted, text) VALUES (?1, ?2, ?3)")?;
    write.execute(params![format!("{revision:016x}"), at.millis(), text]).map(drop)
}

/// Forgets counters and cursors of before a span that nobody watched: nothing is bridged over it, whenever it returns.
fn forget_watched(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch("DELETE FROM targets; DELETE FROM counters; DELETE FROM nodes; DELETE FROM gpus;")
}

fn write_watch(transaction: &Transaction<'_>, handover: &Handover) -> rusqlite::Result<()> {
    let instants = [("began", handover.began), ("watched_from", handover.watched_from)];
    for (key, at) in instants.into_iter().filter_map(|(key, at)| Some((key, at?))) {
        note(transaction, key, &at.millis().to_string())?;
    }
    note(transaction, "last_wall", &handover.last.wall.millis().to_string())?;
    note(transaction, "last_boot", &handover.last.boot.millis().to_string())
}

fn write_journal(transaction: &Transaction<'_>, calendar: &mut Calendar, journal: &Journal) -> rusqlite::Result<()> {
    names::write(transaction, journal)?;
    cells::write(transaction, calendar, journal)?;
    for marker in &journal.markers {
        transaction
            .execute("INSERT INTO markers VALUES (?1, ?2)", params![marker.at.millis(), marker.text.as_str()])?;
    }
    for (since, until) in &journal.unwatched {
        transaction.execute("INSERT INTO unwatched VALUES (?1, ?2)", [since.millis(), until.millis()])?;
    }
    Ok(())
}

fn write_target(transaction: &Transaction<'_>, target: &TargetMemory) -> rusqlite::Result<()> {
    let json = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let process = serde_json::to_string(&target.process).map_err(json)?;
    let probation = match target.since_restart.as_slice() {
        [] => None,
        entries => Some(serde_json::to_string(entries).map_err(json)?),
    };
    let mut write = transaction.prepare_cached("INSERT OR REPLACE INTO targets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    write.execute(params![
        target.target.as_str(),
        target.answered.wall.millis(),
        target.answered.boot.millis(),
        target.restarted.map(|at| at.wall.millis()),
        target.restarted.map(|at| at.boot.millis()),
        process,
        probation,
    ])?;
    let mut write = transaction
        .prepare_cached("INSERT OR REPLACE INTO counters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    for row in &target.rows {
        let last = row.meter.last();
        let before = row.meter.before_fall();
        let before = (before != TokenCounters::default()).then(|| serde_json::to_string(&before).map_err(json));
        let finished = (row.finished != FinishedMemory::default()).then(|| serde_json::to_string(&row.finished));
        let (counts, prompt) = prompt(last.prompt);
        write.execute(params![
            target.target.as_str(),
            row.rank.as_ref().map_or("", Rank::as_str),
            row.model.as_ref().map_or("", ModelName::as_str),
            row.kind.to_string(),
            counts,
            prompt.map(signed),
            last.cached.map(signed),
            last.output.map(signed),
            signed(row.meter.hits_held()),
            before.transpose()?,
            finished.transpose().map_err(json)?,
        ])?;
    }
    Ok(())
}

/// What a prompt counter counts, and its value.
const fn prompt(count: PromptCount) -> (&'static str, Option<Tokens>) {
    match count {
        PromptCount::Unknown => ("nothing", None),
        PromptCount::Whole(tokens) => ("whole", Some(tokens)),
        PromptCount::ComputedOnly(tokens) => ("computed", Some(tokens)),
    }
}

fn write_node(transaction: &Transaction<'_>, node: &NodeMemory) -> rusqlite::Result<()> {
    let wall = |at: Option<Moment>| at.map(|at| at.wall.millis());
    let boot = |at: Option<Moment>| at.map(|at| at.boot.millis());
    let mut write =
        transaction.prepare_cached("INSERT OR REPLACE INTO nodes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    write.execute(params![
        node.node.as_str(),
        node.unit.as_ref().map(UnitName::as_str),
        node.looked.wall.millis(),
        node.looked.boot.millis(),
        node.held_from.map(Timestamp::millis),
        wall(node.held),
        boot(node.held),
        wall(node.serving),
        boot(node.serving),
    ])?;
    let Some(gpus) = &node.gpus else { return Ok(()) };
    transaction.prepare_cached("DELETE FROM gpus WHERE node = ?1")?.execute([node.node.as_str()])?;
    let mut write = transaction.prepare_cached("INSERT INTO gpus VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    for gpu in gpus {
        write.execute(params![
            node.node.as_str(),
            gpu.index,
            gpu.id.as_str(),
            gpu.name.as_ref().map(Label::as_str),
            gpu.page.as_ref().map(TargetId::as_str),
            wall(gpu.seen),
            boot(gpu.seen),
            gpu.energy.and_then(|energy| i64::try_from(energy.get()).ok()),
        ])?;
    }
    Ok(())
}

fn signed(tokens: Tokens) -> i64 {
    i64::try_from(tokens.count()).unwrap_or(i64::MAX)
}
