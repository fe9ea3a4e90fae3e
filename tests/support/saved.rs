//! What a ledger's saved states say, read as a test needs it: the last counters of a target, and how far rent is posted.
//!
//! The states are their owner's own JSON. This is the one place in the tests that knows its shape.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

/// The state of a target, or of the only one there is.
pub fn target(open: &Connection, target: Option<&str>) -> Option<Value> {
    let ask = "SELECT state FROM saved_targets WHERE ?1 IS NULL OR target = ?1 LIMIT 1";
    let state: Option<String> = open.query_row(ask, [target], |row| row.get(0)).optional().ok()?;
    serde_json::from_str(&state?).ok()
}

/// The process whose page came last.
fn current(state: &Value) -> Option<&Value> {
    let processes = &state["instances"][0]["processes"];
    processes["all"].as_array()?.iter().find(|process| process["id"] == processes["current"])
}

/// The prompt, cached and output counters of a target's first row.
pub fn counters(open: &Connection, of: Option<&str>) -> Option<[u64; 3]> {
    let state = target(open, of)?;
    let last = &current(&state)?["rows"][0]["counters"]["last"];
    let prompt = last["prompt"].as_object().and_then(|prompt| prompt.values().next()).and_then(Value::as_u64);
    Some([prompt.unwrap_or(0), last["cached"].as_u64().unwrap_or(0), last["output"].as_u64().unwrap_or(0)])
}

/// When the process behind the only target began, in milliseconds.
pub fn process(open: &Connection) -> Option<i64> {
    let state = target(open, None)?;
    let start: jiff::Timestamp = current(&state)?["starts"][0].as_str()?.parse().ok()?;
    Some(start.as_millisecond())
}

/// Since when the machine had been up when the only target answered and the only node's rent was posted, in
/// milliseconds.
pub fn boots(open: &Connection) -> Option<[i64; 2]> {
    let ask = "SELECT state FROM saved_nodes WHERE node LIKE 'time/%' LIMIT 1";
    let node: String = open.query_row(ask, [], |row| row.get(0)).optional().ok()??;
    let node: Value = serde_json::from_str(&node).ok()?;
    Some([target(open, None)?["answered"][1].as_i64()?, node["allocated"][1].as_i64()?])
}

/// From when and up to when the only node's rent is posted, in milliseconds.
pub fn allocated(open: &Connection) -> Option<(i64, i64)> {
    let last = "(SELECT value FROM meta WHERE key = 'last_wall')";
    let ask = format!("SELECT since, CAST(coalesce(until, {last}) AS INTEGER) FROM allocated_gpus");
    open.query_row(&ask, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().ok()?
}
