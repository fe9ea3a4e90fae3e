//! One ledger by every grouping: what is said beside the rows, idle cost, and a bridge's rows are the same whatever the rows
//! are by.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, unreachable_pub)]

use crate::program;
use crate::random_ledger;
use crate::support;

use std::path::{Path, PathBuf};

use program::{Program, micros};
use random_ledger::tables;
use rusqlite::{Connection, params};
use serde_json::Value;
use support::instant;

const BY: [&str; 9] = ["hour", "day", "month", "model", "node", "unit", "role", "tenant", "tier"];
const MINUTE: i64 = 60_000;

/// Two days by the minute: two models with a price by night, one without, one without a cost, a node that meters energy,
/// minutes in which nothing is made, and a paid share that today's book does not have.
fn ledger(home: &Path) -> PathBuf {
    let path = home.join("ledger.db");
    let mut open = tables(&path);
    let write = open.transaction().unwrap();
    accounts(&write);
    let begin = instant("2026-03-01T00:00:00Z").millis();
    for minute in 0..2 * 1440 {
        let at = begin + minute * MINUTE;
        let works = minute * 7919 % 10 < 8;
        for (account, tariff) in [(0, minute / 600 % 2), (1, 2), (2, 2), (3, -1)] {
            if works {
                let amount = |part: i64| (minute * part + account * 7) % 100_003;
                add(&write, "tokens", at, &[account, tariff, amount(17), amount(23), amount(41)]);
            }
        }
        for (account, gpus) in [(0, 8), (1, 8), (2, 4), (3, 8)] {
            let allocated = gpus * MINUTE;
            let (idle, energy) =
                (if works && account != 3 { 0 } else { allocated }, if account == 1 { 90_000_000 } else { 0 });
            add(&write, "gpu_time", at, &[account, allocated, idle, energy]);
        }
    }
    let meta = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)";
    write.execute(meta, params!["began", begin.to_string()]).unwrap();
    write.execute(meta, params!["last_wall", (begin + 2 * 1440 * MINUTE).to_string()]).unwrap();
    write.commit().unwrap();
    path
}

fn accounts(write: &Connection) {
    let revenue = "INSERT INTO revenue_accounts VALUES (?1, ?2, ?3, ?4, 'unified', NULL, ?5)";
    for (id, node, unit, model, costed) in [
        (0, "a", Some("u"), "deepseek-v3", true),
        (1, "b", Some("u"), "house", true),
        (2, "c", None, "house", false),
        (3, "b", Some("u"), "odd", true),
    ] {
        write.execute(revenue, params![id, node, unit, model, costed]).unwrap();
    }
    let cost = "INSERT INTO cost_accounts VALUES (?1, ?2, ?3, 'H800', 'gpus', ?4, ?5, ?6, ?7, NULL)";
    for (id, node, unit, rate, kwh) in [
        (0, "a", Some("u"), Some(2_370_000), None),
        (1, "b", Some("u"), Some(1_888_800), Some(92_900)),
        (2, "c", None, None, None),
        (3, "d", None, Some(3_210_000), None),
    ] {
        write.execute(cost, params![id, node, unit, rate, rate.map(|_| 1), kwh, kwh.map(|_| 1_250)]).unwrap();
    }
    let tariff = "INSERT INTO tariffs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, '0')";
    for (id, list, tier, [hit, miss, output], paid) in [
        (0, "deepseek-v3-2025", "standard", [70_000_000_i64, 270_000_000, 1_100_000_000], None),
        (1, "deepseek-v3-2025", "offpeak", [35_000_000, 135_000_000, 550_000_000], Some(370_000)),
        (2, "mine", "batch", [333_333_333, 1_777_777_777, 3_100_000_000], None),
    ] {
        write.execute(tariff, params![id, list, tier, hit, miss, output, paid]).unwrap();
    }
}

/// Adds to each grain.
fn add(write: &Connection, kind: &str, at: i64, row: &[i64]) {
    for (grain, length) in [("minute", MINUTE), ("quarter", 15 * MINUTE), ("day", 1440 * MINUTE)] {
        let bucket = at - at % length;
        let columns =
            if kind == "tokens" { ["miss", "hit", "output"] } else { ["allocated_ms", "idle_ms", "energy_mj"] };
        let add = columns.map(|column| format!("{column} = {column} + excluded.{column}")).join(", ");
        let places = vec!["?"; row.len() + 1].join(", ");
        let insert = format!("INSERT INTO {grain}_{kind} VALUES ({places}) ON CONFLICT DO UPDATE SET {add}");
        write
            .prepare_cached(&insert)
            .unwrap()
            .execute(rusqlite::params_from_iter([&bucket].into_iter().chain(row)))
            .unwrap();
    }
    let named = "INSERT OR IGNORE INTO days VALUES (?1, date(?1 / 1000, 'unixepoch'))";
    write.prepare_cached(named).unwrap().execute([at - at % (1440 * MINUTE)]).unwrap();
}

const SPANS: [&[&str]; 4] = [
    &[],
    &["--since", "2026-03-01T03:00Z", "--until", "2026-03-02T17:21Z"],
    &["--since", "2026-03-02T10:07Z", "--until", "2026-03-02T11:07Z"],
    &["--since", "2026-03-01T00:00Z", "--until", "2026-03-02T00:00Z"],
];

/// A report in an environment that has no configuration.
fn program(path: &Path, arguments: &[&str]) -> Program {
    Program::new(["report"].iter().chain(arguments)).arg("--ledger").arg(path.to_str().unwrap())
}

fn report_of(path: &Path, arguments: &[&str]) -> Value {
    program(path, arguments).arg("--json").run().good()
}

fn report(path: &Path, by: &str, more: &[&str]) -> Value {
    let arguments: Vec<&str> = ["--by", by].iter().chain(more).copied().collect();
    report_of(path, &arguments)
}

#[test]
fn what_todays_book_would_price_otherwise_is_the_same_by_everything() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    for span in SPANS {
        let found = |by| report(&path, by, span)["price_differences"].clone();
        let first = found("hour");
        for by in BY.into_iter().chain(["lease"]) {
            assert_eq!(found(by), first, "{by} {span:?}");
        }
        let has = |posted: &str, today: &str| {
            let rows = first.as_array().unwrap().iter();
            rows.filter(|found| found["posted"]["tier"] == posted && found["today"]["tier"] == today).count()
        };
        if span.is_empty() {
            assert!(
                has("standard", "offpeak") == 1 && has("offpeak", "standard") + has("offpeak", "offpeak") == 1,
                "{first:#}"
            );
        }
    }
    let text = program(&path, &["--since", "2026-03-01T16:30Z", "--until", "2026-03-01T20:00Z"]).run().out;
    let line =
        text.lines().find(|line| line.starts_with("differs") && line.contains("posted by deepseek-v3-2025 offpeak"));
    let why = "posted by deepseek-v3-2025 offpeak at a paid share of 0.37; today's book says deepseek-v3-2025 offpeak without a paid share";
    assert!(line.is_some_and(|line| line.contains(why)), "{text}");
}

#[test]
fn idle_cost_is_one_number() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    for span in SPANS {
        let whole = micros(&report(&path, "hour", span)["total"]["idle_cost"]);
        for by in BY {
            let found = report(&path, by, span);
            assert_eq!(micros(&found["total"]["idle_cost"]), whole, "{by} {span:?}");
            let rows = found["rows"].as_array().unwrap();
            let idle = rows.iter().find(|row| row["key"] == "(idle)").unwrap();
            if !["hour", "day", "month"].contains(&by) {
                // Rows are rounded over the running sum.
                assert!((micros(&idle["cost"]) - whole).abs() <= 1, "{by} {span:?}: {idle}");
            }
            let sum: i128 = rows.iter().filter(|row| !row["cost"].is_null()).map(|row| micros(&row["cost"])).sum();
            assert_eq!(sum, micros(&found["total"]["cost"]), "{by} {span:?}");
        }
    }
}

/// What has no known cost is in no profit, and the bridge's rows are those of a report of the span.
#[test]
fn a_bridge_has_the_profits_of_a_report_of_its_spans() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    for (against, hours) in [("yesterday", 4), ("15m", 1)] {
        let found = report_of(&path, &["--bridge", against]);
        let bridge = &found["bridge"];
        for (by, key) in [("node", "nodes"), ("unit", "units"), ("model", "models")] {
            for (place, which) in [("before", "before"), ("after", "after")] {
                let [since, until] = ["since", "until"].map(|edge| bridge[place][edge].as_str().unwrap().to_owned());
                let rows = report(&path, by, &["--since", &since, "--until", &until])["rows"].clone();
                for mover in bridge[key].as_array().unwrap() {
                    let row = rows.as_array().unwrap().iter().find(|row| row["key"] == mover["key"]);
                    let row = row.unwrap_or_else(|| panic!("{by} {mover}"));
                    let profit = if row["profit"].is_null() { 0 } else { micros(&row["profit"]) };
                    let an_hour = profit * if hours == 4 { 1 } else { 4 };
                    assert!((micros(&mover[which]) - an_hour).abs() <= 8, "{against} {by} {which}: {mover} {row}");
                    assert!(mover["key"] != "c" && mover["key"] != "(no unit)", "no cost is known: {mover}");
                }
            }
        }
    }
}

/// The last minute is cut like all others, and the span that was taken is the one that is printed.
#[test]
fn an_edge_inside_the_last_minute_is_the_beginning_of_it() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    let open = Connection::open(&path).unwrap();
    let last = instant("2026-03-03T00:00:00Z").millis();
    add(&open, "gpu_time", last, &[0, 8 * 32_000, 0, 0]);
    open.execute("UPDATE meta SET value = ?1 WHERE key = 'last_wall'", [(last + 32_000).to_string()]).unwrap();
    drop(open);
    let cost = |found: &Value| micros(&found["total"]["cost"]);
    let whole = report(&path, "day", &[]);
    assert_eq!(whole["until"], "2026-03-03T00:00:32Z");
    for edge in ["2026-03-03T00:00:00Z", "2026-03-03T00:00:16Z", "2026-03-03T00:00:31.999Z"] {
        let (first, rest) = (report(&path, "day", &["--until", edge]), report(&path, "day", &["--since", edge]));
        assert_eq!((&first["until"], &rest["since"]), (&"2026-03-03T00:00:00Z".into(), &"2026-03-03T00:00:00Z".into()));
        assert_eq!(cost(&first) + cost(&rest), cost(&whole), "{edge}");
        assert!(cost(&rest) > 0 && rest["until"] == "2026-03-03T00:00:32Z", "{rest}");
    }
    for edge in ["2026-03-03T00:00:32Z", "2026-03-03T12:00:00Z"] {
        assert_eq!(cost(&report(&path, "day", &["--until", edge])), cost(&whole), "{edge}");
    }
}
