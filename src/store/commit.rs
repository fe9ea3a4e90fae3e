//! Writing what was handed on: one transaction of postings and counters.

use rusqlite::{Connection, Transaction, params};

use super::calendar::{Calendar, Day, quarter};
use super::names::{self, UNPRICED};
use crate::fleet::{FinishedMemory, Handover, NodeMemory, TargetMemory};
use crate::ledger::{Doubts, Journal};
use crate::reading::{Label, ModelName, PromptCount, Rank, TargetId, TokenCounters, UnitName};
use crate::units::{Moment, Money, Timestamp, Tokens};

/// The three grains in which everything is kept.
const GRAINS: [&str; 3] = ["minute", "quarter", "day"];

/// Writes a handover, all of it or nothing.
pub(super) fn commit(
    connection: &mut Connection,
    calendar: &mut Calendar,
    handover: &Handover,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    write_journal(&transaction, calendar, &handover.journal)?;
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
    let mut buckets = Buckets { transaction, calendar };
    for ((minute, account, tariff), change) in &journal.tokens {
        let tariff = tariff.map_or(UNPRICED, |tariff| i64::from(tariff.number()));
        for (grain, bucket) in GRAINS.into_iter().zip(buckets.of(*minute)?) {
            let mut add = transaction.prepare_cached(&format!(
                "INSERT INTO {grain}_tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE
                 SET miss = miss + excluded.miss, hit = hit + excluded.hit, output = output + excluded.output"
            ))?;
            let (bucket, account) = (bucket.millis(), account.number());
            add.execute(params![bucket, account, tariff, change.miss, change.hit, change.output])?;
        }
    }
    for ((minute, landlord), change) in &journal.rents {
        for (grain, bucket) in GRAINS.into_iter().zip(buckets.of(*minute)?) {
            let mut add = transaction.prepare_cached(&format!(
                "INSERT INTO {grain}_rents VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
                 SET held_ms = held_ms + excluded.held_ms, idle_ms = idle_ms + excluded.idle_ms,
                     energy_mj = energy_mj + excluded.energy_mj"
            ))?;
            let (bucket, landlord) = (bucket.millis(), landlord.number());
            add.execute(params![bucket, landlord, change.held, change.idle, change.energy])?;
        }
    }
    for (minute, doubts) in &journal.doubts {
        write_doubts(transaction, buckets.of(*minute)?, *doubts)?;
    }
    for marker in &journal.markers {
        transaction
            .execute("INSERT INTO markers VALUES (?1, ?2)", params![marker.at.millis(), marker.text.as_str()])?;
    }
    for (since, until) in &journal.unwatched {
        transaction.execute("INSERT INTO unwatched VALUES (?1, ?2)", [since.millis(), until.millis()])?;
    }
    Ok(())
}

fn write_doubts(transaction: &Transaction<'_>, buckets: [Timestamp; 3], doubts: Doubts) -> rusqlite::Result<()> {
    for (grain, bucket) in GRAINS.into_iter().zip(buckets) {
        let mut add = transaction.prepare_cached(&format!(
            "INSERT INTO {grain}_doubts VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
             SET timing_micros = timing_micros + excluded.timing_micros, hits_micros = hits_micros + excluded.hits_micros,
                 lost_windows = lost_windows + excluded.lost_windows"
        ))?;
        let lost = i64::try_from(doubts.lost_windows).unwrap_or(i64::MAX);
        add.execute(params![bucket.millis(), micros_up(doubts.timing), micros_up(doubts.hits), lost])?;
    }
    Ok(())
}

/// Minute, quarter hour and day of an instant; the day is given its date when it is first used.
struct Buckets<'a> {
    transaction: &'a Transaction<'a>,
    calendar: &'a mut Calendar,
}

impl Buckets<'_> {
    fn of(&mut self, minute: Timestamp) -> rusqlite::Result<[Timestamp; 3]> {
        let day = self.calendar.day(minute);
        self.name(day)?;
        Ok([minute, quarter(minute), day.begins])
    }

    fn name(&self, day: Day) -> rusqlite::Result<()> {
        let mut name = self.transaction.prepare_cached("INSERT OR IGNORE INTO days VALUES (?1, ?2)")?;
        name.execute(params![day.begins.millis(), self.calendar.date(day)]).map(drop)
    }
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

/// Millionths of the currency, rounded up: a bound stays one.
fn micros_up(amount: Money) -> i64 {
    let micro = Money::from_micros(1).grains();
    i64::try_from((amount.grains() + micro - 1).div_euclid(micro)).unwrap_or(i64::MAX)
}
