//! Reading back what a watch goes on from.

use std::collections::HashMap;

use rusqlite::{Connection, Row};

use super::names::{self, all};
use super::past;
use crate::counters::Meter;
use crate::fleet::{GpuMemory, Memory, NodeMemory, RowMemory, TargetMemory};
use crate::ledger::{Entry, Kept};
use crate::reading::{
    EngineKind, GpuId, Label, ModelName, NodeName, PromptCount, Rank, TargetId, TokenCounters, UnitName,
};
use crate::units::{Energy, Moment, Span, Timestamp, Tokens};

/// How many minutes back are kept apart, to judge what was idle in them.
const LAST_MINUTES: Span = Span::from_secs(300);

/// The ledger's tables and its day, which began at `day`.
pub(super) fn kept(connection: &Connection, day: Timestamp) -> rusqlite::Result<Kept> {
    let _instant = connection.unchecked_transaction()?;
    let ahead = Timestamp::from_millis(i64::MAX);
    let recent = last(connection)?.wall - LAST_MINUTES;
    Ok(Kept {
        accounts: names::accounts(connection)?,
        landlords: names::landlords(connection)?,
        tariffs: names::tariffs(connection)?,
        tokens: past::tokens(connection, "day", day, ahead)?,
        rents: past::rents(connection, "day", day, ahead)?,
        doubts: past::doubts(connection, "day", day, ahead)?,
        minute_tokens: past::tokens(connection, "minute", recent, ahead)?,
        minute_rents: past::rents(connection, "minute", recent, ahead)?,
    })
}

/// Everything that is remembered, with the moments of the boot in which it was written.
pub(super) fn memory(connection: &Connection, day: Timestamp) -> rusqlite::Result<Memory> {
    Ok(Memory {
        kept: kept(connection, day)?,
        began: instant(connection, "began")?,
        watched_from: instant(connection, "watched_from")?,
        last: last(connection)?,
        targets: targets(connection)?,
        nodes: nodes(connection)?,
        schedules: all(connection, "SELECT lease, until FROM schedules", |row| {
            Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?)))
        })?,
        lease_ends: lease_ends(connection)?,
    })
}

/// Ends of leases by hand that nobody has applied yet.
pub(super) fn lease_ends(connection: &Connection) -> rusqlite::Result<Vec<(i64, NodeName, Timestamp)>> {
    all(connection, "SELECT id, node, at FROM lease_ends WHERE applied = 0 ORDER BY id", |row| {
        Ok((row.get(0)?, NodeName::new(&row.get::<_, String>(1)?), Timestamp::from_millis(row.get(2)?)))
    })
}

/// What is noted about the ledger itself.
pub(super) fn noted(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    let mut ask = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    let mut rows = ask.query_map([key], |row| row.get(0))?;
    rows.next().transpose()
}

/// A noted instant.
pub(super) fn instant(connection: &Connection, key: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(noted(connection, key)?.and_then(|text| text.parse().ok()).map(Timestamp::from_millis))
}

/// When the last thing was known.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<Moment> {
    let wall = instant(connection, "last_wall")?.unwrap_or_default();
    let boot = instant(connection, "last_boot")?.unwrap_or_default();
    Ok(Moment { wall, boot: Span::from_millis(boot.millis()) })
}

fn targets(connection: &Connection) -> rusqlite::Result<Vec<TargetMemory>> {
    const ALL: &str = "SELECT target, answered_wall, answered_boot, restarted_wall, restarted_boot, process, probation
                       FROM targets ORDER BY target";
    let mut rows = rows(connection)?;
    all(connection, ALL, |row| {
        let target: String = row.get(0)?;
        let process: String = row.get(5)?;
        let probation: Option<String> = row.get(6)?;
        let entries: Option<Vec<Entry>> =
            probation.map(|text| serde_json::from_str(&text)).transpose().map_err(json)?;
        Ok(TargetMemory {
            rows: rows.remove(&target).unwrap_or_default(),
            target: TargetId::new(&target),
            answered: moment(row, 1)?.unwrap_or_default(),
            restarted: moment(row, 3)?,
            process: serde_json::from_str(&process).map_err(json)?,
            since_restart: entries.unwrap_or_default(),
        })
    })
}

fn rows(connection: &Connection) -> rusqlite::Result<HashMap<String, Vec<RowMemory>>> {
    const ALL: &str =
        "SELECT target, rank, model, engine, counts, prompt, cached, output, hits_held, before_fall, finished
                       FROM counters ORDER BY target, rank, model";
    let mut by_target: HashMap<String, Vec<RowMemory>> = HashMap::new();
    let rows = all(connection, ALL, |row| {
        let filled =
            |column| Ok::<_, rusqlite::Error>(Some(row.get::<_, String>(column)?).filter(|text| !text.is_empty()));
        let engine = serde_json::Value::String(row.get(3)?);
        let before: Option<String> = row.get(9)?;
        let before: Option<TokenCounters> = before.map(|text| serde_json::from_str(&text)).transpose().map_err(json)?;
        let finished: Option<String> = row.get(10)?;
        let finished = finished.map(|text| serde_json::from_str(&text)).transpose().map_err(json)?;
        let held = count(row, 8)?.unwrap_or_default();
        Ok((
            row.get::<_, String>(0)?,
            RowMemory {
                kind: serde_json::from_value(engine).unwrap_or(EngineKind::Unknown),
                rank: filled(1)?.as_deref().map(Rank::new),
                model: filled(2)?.as_deref().map(ModelName::new),
                meter: Meter::recall(counters(row)?, before.unwrap_or_default(), held),
                finished: finished.unwrap_or_default(),
            },
        ))
    })?;
    for (target, row) in rows {
        by_target.entry(target).or_default().push(row);
    }
    Ok(by_target)
}

fn counters(row: &Row<'_>) -> rusqlite::Result<TokenCounters> {
    let counts: String = row.get(4)?;
    let prompt = match (counts.as_str(), count(row, 5)?) {
        ("whole", Some(tokens)) => PromptCount::Whole(tokens),
        ("computed", Some(tokens)) => PromptCount::ComputedOnly(tokens),
        _ => PromptCount::Unknown,
    };
    Ok(TokenCounters { prompt, cached: count(row, 6)?, output: count(row, 7)? })
}

fn nodes(connection: &Connection) -> rusqlite::Result<Vec<NodeMemory>> {
    const ALL: &str =
        "SELECT node, unit, held_from, looked_wall, looked_boot, held_wall, held_boot, serving_wall, serving_boot
                       FROM nodes ORDER BY node";
    let mut gpus = gpus(connection)?;
    all(connection, ALL, |row| {
        let node: String = row.get(0)?;
        Ok(NodeMemory {
            gpus: gpus.remove(&node),
            node: NodeName::new(&node),
            unit: row.get::<_, Option<String>>(1)?.as_deref().map(UnitName::new),
            held_from: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis),
            looked: moment(row, 3)?.unwrap_or_default(),
            held: moment(row, 5)?,
            serving: moment(row, 7)?,
        })
    })
}

fn gpus(connection: &Connection) -> rusqlite::Result<HashMap<String, Vec<GpuMemory>>> {
    const ALL: &str =
        "SELECT node, gpu_index, gpu, name, page, seen_wall, seen_boot, energy_mj FROM gpus ORDER BY node, gpu_index";
    let mut by_node: HashMap<String, Vec<GpuMemory>> = HashMap::new();
    let rows = all(connection, ALL, |row| {
        let gpu = GpuMemory {
            index: row.get(1)?,
            id: GpuId::from_canonical(&row.get::<_, String>(2)?),
            name: row.get::<_, Option<String>>(3)?.as_deref().map(Label::new),
            page: row.get::<_, Option<String>>(4)?.as_deref().map(TargetId::new),
            seen: moment(row, 5)?,
            energy: row.get::<_, Option<i64>>(7)?.and_then(|mj| u64::try_from(mj).ok()).map(Energy::new),
        };
        Ok((row.get::<_, String>(0)?, gpu))
    })?;
    for (node, gpu) in rows {
        by_node.entry(node).or_default().push(gpu);
    }
    Ok(by_node)
}

/// A moment in two columns.
fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Moment>> {
    let (wall, boot) = (row.get::<_, Option<i64>>(column)?, row.get::<_, Option<i64>>(column + 1)?);
    Ok(wall.zip(boot).map(|(wall, boot)| Moment { wall: Timestamp::from_millis(wall), boot: Span::from_millis(boot) }))
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Tokens>> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(|count| u64::try_from(count).ok()).map(Tokens::new))
}

fn json(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}
