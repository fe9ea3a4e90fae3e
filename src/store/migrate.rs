//! Migrates version 1, with the state of targets and nodes in columns, to version 2, with the state as serialized text.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};

use super::commit::{write_allocated_gpus, write_items};
use super::meta::last;
use super::names::all;
use crate::fleet::{V1Gpu, V1Node, V1Row, V1Target, saved_from_v1};
use crate::units::{Moment, Timestamp};

/// The tables that version 2 adds.
pub(super) const STATE: &str = include_str!("state.sql");
/// The tables that only version 1 had, as created by it.
pub(super) const V1_TABLES: &str = "
CREATE TABLE IF NOT EXISTS targets (
    target TEXT PRIMARY KEY, answered_wall INTEGER NOT NULL, answered_boot INTEGER NOT NULL,
    restarted_wall INTEGER, restarted_boot INTEGER, process TEXT NOT NULL, probation TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (
    target TEXT, rank TEXT, model TEXT, engine TEXT NOT NULL, counts TEXT NOT NULL,
    prompt INTEGER, cached INTEGER, output INTEGER, hits_held INTEGER NOT NULL, before_fall TEXT, finished TEXT,
    PRIMARY KEY (target, rank, model)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nodes (
    node TEXT PRIMARY KEY, unit TEXT, looked_wall INTEGER NOT NULL, looked_boot INTEGER NOT NULL, held_from INTEGER,
    held_wall INTEGER, held_boot INTEGER, serving_wall INTEGER, serving_boot INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gpus (
    node TEXT, gpu_index INTEGER, gpu TEXT NOT NULL, name TEXT, page TEXT, seen_wall INTEGER, seen_boot INTEGER,
    energy_mj INTEGER, PRIMARY KEY (node, gpu_index)) WITHOUT ROWID;
";
/// The names of these tables.
pub(super) const V1_NAMES: [&str; 4] = ["targets", "counters", "nodes", "gpus"];

/// Migrates a ledger of version 1 to version 2, in one transaction.
pub(super) fn to_version_2(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 1 {
        transaction.execute_batch(STATE)?;
        convert(&transaction)?;
        transaction.pragma_update(None, "user_version", 2)?;
    }
    transaction.commit()
}

/// Converts the rows of version 1's tables to saved states, and drops those tables. Unreadable rows are reported in a
/// marker.
pub(super) fn convert(connection: &Connection) -> rusqlite::Result<()> {
    let saved = saved_from_v1(targets(connection)?, nodes(connection)?);
    write_items(connection, &saved.targets, &saved.nodes)?;
    write_allocated_gpus(connection, &saved.leased)?;
    let now = last(connection)?.wall.millis();
    for target in saved.unread {
        let text = format!("the saved state of {target} cannot be read: its next page is a baseline");
        connection.execute("INSERT INTO markers VALUES (?1, ?2)", params![now, text])?;
    }
    V1_NAMES.into_iter().try_for_each(|table| connection.execute_batch(&format!("DROP TABLE {table}")))
}

fn targets(connection: &Connection) -> rusqlite::Result<Vec<V1Target>> {
    const ALL: &str = "SELECT target, answered_wall, answered_boot, restarted_wall, restarted_boot, process, probation
                       FROM targets ORDER BY target";
    let mut rows = rows(connection)?;
    all(connection, ALL, |row| {
        let target: String = row.get(0)?;
        Ok(V1Target {
            rows: rows.remove(&target).unwrap_or_default(),
            target,
            answered: moment(row, 1)?.unwrap_or_default(),
            restarted: moment(row, 3)?,
            process: row.get(5)?,
            probation: row.get(6)?,
        })
    })
}

fn rows(connection: &Connection) -> rusqlite::Result<HashMap<String, Vec<V1Row>>> {
    const ALL: &str =
        "SELECT target, rank, model, engine, counts, prompt, cached, output, hits_held, before_fall, finished
                       FROM counters ORDER BY target, rank, model";
    let rows = all(connection, ALL, |row| {
        let row_of = V1Row {
            rank: row.get(1)?,
            model: row.get(2)?,
            engine: row.get(3)?,
            counts: row.get(4)?,
            prompt: count(row, 5)?,
            cached: count(row, 6)?,
            output: count(row, 7)?,
            pending_hits: count(row, 8)?.unwrap_or_default(),
            before_fall: row.get(9)?,
            finished: row.get(10)?,
        };
        Ok((row.get::<_, String>(0)?, row_of))
    })?;
    Ok(grouped(rows))
}

fn nodes(connection: &Connection) -> rusqlite::Result<Vec<V1Node>> {
    const ALL: &str =
        "SELECT node, unit, held_from, looked_wall, looked_boot, held_wall, held_boot, serving_wall, serving_boot
                       FROM nodes ORDER BY node";
    let mut gpus = gpus(connection)?;
    all(connection, ALL, |row| {
        let node: String = row.get(0)?;
        Ok(V1Node {
            gpus: gpus.remove(&node).unwrap_or_default(),
            node,
            unit: row.get(1)?,
            allocated_from: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis),
            polled: moment(row, 3)?.unwrap_or_default(),
            allocated_until: moment(row, 5)?,
            serving: moment(row, 7)?,
        })
    })
}

fn gpus(connection: &Connection) -> rusqlite::Result<HashMap<String, Vec<V1Gpu>>> {
    const ALL: &str =
        "SELECT node, gpu_index, gpu, name, page, seen_wall, seen_boot, energy_mj FROM gpus ORDER BY node, gpu_index";
    let rows = all(connection, ALL, |row| {
        let gpu = V1Gpu {
            index: row.get(1)?,
            gpu: row.get(2)?,
            name: row.get(3)?,
            page: row.get(4)?,
            seen: moment(row, 5)?,
            energy: count(row, 7)?,
        };
        Ok((row.get::<_, String>(0)?, gpu))
    })?;
    Ok(grouped(rows))
}

fn grouped<T>(rows: Vec<(String, T)>) -> HashMap<String, Vec<T>> {
    let mut groups: HashMap<String, Vec<T>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}

/// A moment from two columns.
fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Moment>> {
    let (wall, boot) = (row.get::<_, Option<i64>>(column)?, row.get::<_, Option<i64>>(column + 1)?);
    Ok(wall.zip(boot).map(Moment::from))
}

/// A count; `None` if negative.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(|count| u64::try_from(count).ok()))
}
