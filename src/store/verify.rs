//! Whether a ledger is whole: the file, its references, that every grain says the same, and that hardware could have made
//! what it holds.

use rusqlite::Connection;

use super::names::all;
use super::plausible;
use super::restore::last;
use super::retention::{MINUTES_KEPT, QUARTERS_KEPT};
use crate::counters::Plausibility;
use crate::units::{Span, Timestamp};

/// The most faults that are told of one kind.
pub(super) const MOST: usize = 5;

/// What is wrong, in words; nothing, if it is whole.
pub(super) fn faults(connection: &Connection, bounds: Plausibility) -> rusqlite::Result<Vec<String>> {
    let _instant = connection.unchecked_transaction()?;
    let mut faults = all(connection, "PRAGMA integrity_check(20)", |row| row.get::<_, String>(0))?;
    faults.retain(|line| line != "ok");
    if !faults.is_empty() {
        // Nothing that a damaged file says of its sums is worth reading.
        return Ok(faults);
    }
    faults.extend(orphans(connection)?);
    let impossible = impossible(connection)?;
    // What is no number, or below zero, is not compared with what GPUs can make.
    let comparable = impossible.is_empty();
    faults.extend(impossible);
    let now = last(connection)?.wall;
    faults.extend(sums(connection, "minute", "quarter", "bucket / 900000 * 900000", now - MINUTES_KEPT)?);
    let day = "(SELECT max(d.bucket) FROM days d WHERE d.bucket <= fine.bucket)";
    faults.extend(sums(connection, "quarter", "day", day, now - QUARTERS_KEPT)?);
    if comparable {
        faults.extend(plausible::faults(connection, bounds)?);
    }
    Ok(faults)
}

/// Cells that stand for nobody.
fn orphans(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut faults = Vec::new();
    for grain in ["minute", "quarter", "day"] {
        let questions = [
            (
                format!("{grain}_tokens"),
                "account NOT IN (SELECT id FROM revenue_accounts)",
                "an account that is not there",
            ),
            (
                format!("{grain}_tokens"),
                "tariff >= 0 AND tariff NOT IN (SELECT id FROM tariffs)",
                "a tariff that is not there",
            ),
            (
                format!("{grain}_gpu_time"),
                "cost_account NOT IN (SELECT id FROM cost_accounts)",
                "a cost account that is not there",
            ),
        ];
        for (table, wrong, what) in questions {
            faults.extend(count(connection, &table, wrong, what)?);
        }
    }
    Ok(faults)
}

/// Amounts that nothing can have made.
fn impossible(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut faults = Vec::new();
    for grain in ["minute", "quarter", "day"] {
        let tokens = (format!("{grain}_tokens"), "miss < 0 OR hit < 0 OR output < 0", "fewer tokens than none");
        let whole = (
            format!("{grain}_tokens"),
            "typeof(miss) <> 'integer' OR typeof(hit) <> 'integer' OR typeof(output) <> 'integer'",
            "amounts that are no whole numbers: a sum left its range",
        );
        let rents = format!("{grain}_gpu_time");
        let cost = (rents.clone(), "allocated_ms < 0 OR energy_mj < 0", "a cost below zero");
        let idle = (rents.clone(), "idle_ms < 0 OR idle_ms > allocated_ms", "more idle than held");
        let whole_rents = (
            rents,
            "typeof(allocated_ms) <> 'integer' OR typeof(idle_ms) <> 'integer' OR typeof(energy_mj) <> 'integer'",
            "amounts that are no whole numbers: a sum left its range",
        );
        for (table, wrong, what) in [tokens, whole, cost, idle, whole_rents] {
            faults.extend(count(connection, &table, wrong, what)?);
        }
    }
    let rate = "rate_micros < 0 OR rate_hours <= 0 OR kwh_micros < 0 OR pue_thousandths < 0";
    faults.extend(count(connection, "cost_accounts", rate, "a rate below zero")?);
    let price = "hit_nanos < 0 OR miss_nanos < 0 OR output_nanos < 0";
    faults.extend(count(connection, "tariffs", price, "a price below zero")?);
    Ok(faults)
}

fn count(connection: &Connection, table: &str, wrong: &str, what: &str) -> rusqlite::Result<Option<String>> {
    let rows: i64 =
        connection.query_row(&format!("SELECT count(*) FROM {table} WHERE {wrong}"), [], |row| row.get(0))?;
    Ok((rows > 0).then(|| format!("{table}: {rows} rows with {what}")))
}

/// Buckets whose finer ones, all of them still kept, add up to something else or none.
fn sums(
    connection: &Connection,
    fine: &str,
    coarse: &str,
    bucket: &str,
    kept_from: Timestamp,
) -> rusqlite::Result<Vec<String>> {
    // The first bucket may have lost some of its finer ones already.
    let from = (kept_from + Span::from_secs(2 * 86_400)).millis();
    let mut faults = Vec::new();
    for (table, key, columns) in [
        ("tokens", "account, tariff", ["miss", "hit", "output"]),
        ("gpu_time", "cost_account", ["allocated_ms", "idle_ms", "energy_mj"]),
        ("uncertainty", "NULL", ["timing_micros", "hits_micros", "lost_windows"]),
    ] {
        let [a, b, c] = columns;
        let question = format!(
            "SELECT DISTINCT bucket FROM (
                 SELECT bucket, {key}, {a} AS a, {b} AS b, {c} AS c FROM {coarse}_{table}
                 UNION ALL SELECT {bucket}, {key}, -{a}, -{b}, -{c} FROM {fine}_{table} fine)
             WHERE bucket >= {from} GROUP BY bucket, {key} HAVING sum(a) <> 0 OR sum(b) <> 0 OR sum(c) <> 0
             LIMIT {MOST}"
        );
        faults.extend(all(connection, &question, |row| {
            let at = Timestamp::from_millis(row.get(0)?);
            Ok(format!("{coarse}_{table}: {at} is not the sum of its {fine}s"))
        })?);
    }
    Ok(faults)
}
