//! Ledgers by the minute, written by SQL into every grain that the store keeps.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use rusqlite::{Connection, params};

pub const MINUTE: i64 = 60_000;
pub const QUARTER: i64 = 15 * MINUTE;

/// A local day: when it begins, when it ends, and its date.
pub type Day = (i64, i64, &'static str);

/// Adds a row to the minute, the quarter hour and the day of an instant.
pub fn add(write: &Connection, days: &[Day], kind: &str, at: i64, row: &[i64]) {
    let (day, _, date) = days.iter().find(|(begin, end, _)| *begin <= at && at < *end).unwrap();
    for (grain, bucket) in [("minute", at - at % MINUTE), ("quarter", at - at % QUARTER), ("day", *day)] {
        let columns =
            if kind == "tokens" { ["miss", "hit", "output"] } else { ["allocated_ms", "idle_ms", "energy_mj"] };
        let sums = columns.map(|column| format!("{column} = {column} + excluded.{column}")).join(", ");
        let places = vec!["?"; row.len() + 1].join(", ");
        let insert = format!("INSERT INTO {grain}_{kind} VALUES ({places}) ON CONFLICT DO UPDATE SET {sums}");
        let row = rusqlite::params_from_iter([&bucket].into_iter().chain(row));
        write.prepare_cached(&insert).unwrap().execute(row).unwrap();
    }
    write.prepare_cached("INSERT OR IGNORE INTO days VALUES (?1, ?2)").unwrap().execute(params![day, date]).unwrap();
}

/// Says from when until when the ledger is, and in which zone.
pub fn span(write: &Connection, zone: &str, began: i64, last: i64) {
    let meta = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)";
    for (key, value) in [("began", began.to_string()), ("last_wall", last.to_string()), ("zone", zone.to_owned())] {
        write.execute(meta, params![key, value]).unwrap();
    }
}
