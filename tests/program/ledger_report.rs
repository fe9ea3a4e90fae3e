//! `margintop report` on a ledger that `serve` wrote: exact totals by every key, as JSON and CSV.
#![cfg(target_os = "linux")]

use crate::fake_nvml;
use crate::ledger;
use crate::page;
use crate::program;

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use ledger::{Engine, Ledger};
use page::Counted;
use program::{Ran, micros};
use rusqlite::Connection;
use serde_json::Value;

const BY: [&str; 9] = ["hour", "day", "month", "model", "node", "unit", "role", "tier", "lease"];
/// A model name that a spreadsheet would execute as a formula.
const HOSTILE: &str = "=cmd|' C calc'!A0";
const CONFIG: &str = "
[[price]]
model = \"house-*\"
hit = \"0.1\"
miss = \"0.5\"
output = \"2\"
[[price]]
model = \"=*\"
hit = \"0.1\"
miss = \"0.5\"
output = \"2\"
[[lease]]
gpu = \"H100\"
rate = \"2.40\"
";
/// Multiples of ten, so that every amount is a whole number of millionths.
const WORK: Counted = Counted::new(70_010, 40_000, 13_370);
/// Its revenue at those prices: 30,010 x 0.5 + 40,000 x 0.1 + 13,370 x 2, in millionths.
const EARNED: i128 = 45_745;

/// A ledger of three engines beside eight GPUs and one on a machine whose GPUs no source reports; one has no price.
fn kept() -> &'static Ledger {
    static KEPT: OnceLock<Ledger> = OnceLock::new();
    KEPT.get_or_init(|| {
        let ledger = Ledger::new();
        let here = ["house-1", HOSTILE, "nobody-knows"].map(Engine::new);
        let far = Engine::at("127.0.0.9", "house-far");
        let engines: Vec<&Engine> = here.iter().chain([&far]).collect();
        let targets: Vec<String> = engines.iter().map(|engine| engine.server.metrics()).collect();
        let flags = ["--interval", "100ms", "--listen", "127.0.0.1:0"];
        let arguments: Vec<&str> =
            ["serve"].into_iter().chain(targets.iter().map(String::as_str)).chain(flags).collect();
        let mut watch = ledger.program(&arguments).driver(fake_nvml::library()).config(CONFIG).start();
        ledger.until_all_counted(&engines);
        for _ in 0..3 {
            for engine in &engines {
                engine.work(WORK);
            }
            thread::sleep(Duration::from_millis(300));
        }
        ledger.until_all_counted(&engines);
        assert!(watch.terminate().is_some());
        ledger.verify();
        ledger
    })
}

fn report(arguments: &[&str]) -> Ran {
    let arguments: Vec<&str> = ["report"].iter().chain(arguments).copied().collect();
    kept().program(&arguments).config(CONFIG).run()
}

fn keys(report: &Value) -> Vec<&str> {
    report["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect()
}

fn row<'a>(report: &'a Value, key: &str) -> &'a Value {
    let rows = report["rows"].as_array().unwrap();
    rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no {key} in {report:#}"))
}

#[test]
fn rows_add_up_to_the_known_total_by_every_key() {
    for by in BY {
        let report = report(&["--json", "--by", by]).good();
        assert_eq!((report["schema"].as_str(), report["by"].as_str()), (Some("margintop-report/1"), Some(by)));
        assert_eq!(report["currency"], "USD");
        let (rows, total) = (report["rows"].as_array().unwrap(), &report["total"]);
        for row in rows.iter().chain([total]) {
            for key in [
                "key",
                "prompt_tokens",
                "cached_tokens",
                "output_tokens",
                "gpu_hours",
                "revenue",
                "cost",
                "profit",
                "profit_on_cost",
                "gross_margin",
            ] {
                assert!(row.get(key).is_some(), "by {by}: no {key} in {row}");
            }
        }
        let keys = keys(&report);
        for special in ["(idle)", "(uncosted)", "(unpriced)"] {
            assert_eq!(keys.iter().filter(|key| **key == special).count(), 1, "by {by}: {keys:?}");
        }
        let add_up = |money: &str| {
            let sum: i128 = rows.iter().map(|row| &row[money]).filter(|amount| !amount.is_null()).map(micros).sum();
            assert_eq!(sum, micros(&total[money]), "by {by}: {money} of {report:#}");
        };
        add_up("cost");
        if by == "lease" {
            assert_eq!(total["revenue"], Value::Null, "a lease earns nothing");
            continue;
        }
        add_up("revenue");
        add_up("profit");
        for count in ["prompt_tokens", "cached_tokens", "output_tokens"] {
            let sum: u64 = rows.iter().filter_map(|row| row[count].as_u64()).sum();
            assert_eq!(Some(sum), total[count].as_u64(), "by {by}: {count} of {total}");
        }
        assert_eq!(micros(&total["revenue"]), 9 * EARNED, "three times three priced engines' work");
        assert_eq!(total["output_tokens"].as_u64(), Some(12 * WORK.output), "by {by}");
    }
}

#[test]
fn rows_by_model_have_their_own_tokens_and_unpriced_ones_are_separate() {
    let report = report(&["--json", "--by", "model"]).good();
    assert_eq!(micros(&row(&report, "house-1")["revenue"]), 3 * EARNED);
    assert_eq!(row(&report, "house-1")["prompt_tokens"].as_u64(), Some(3 * WORK.prompt));
    assert_eq!(micros(&row(&report, HOSTILE)["revenue"]), 3 * EARNED);
    let far = row(&report, "house-far");
    assert_eq!(micros(&far["revenue"]), 3 * EARNED, "revenue without a cost is a row: {report:#}");
    assert_eq!((&far["cost"], &far["profit"]), (&Value::Null, &Value::Null), "{report:#}");
    assert_eq!(micros(&report["uncosted_revenue"]), 3 * EARNED, "{report:#}");
    assert_eq!(row(&report, "(unpriced)")["output_tokens"].as_u64(), Some(3 * WORK.output), "{report:#}");
    assert!(micros(&report["total"]["cost"]) > 0, "eight GPUs cost something in a second");
    let profit = micros(&report["total"]["revenue"]) - 3 * EARNED - micros(&report["total"]["cost"]);
    assert_eq!(micros(&report["total"]["profit"]), profit, "printed profit is of the engines whose cost is known");
}

/// Cells of RFC 4180.
fn parse(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = csv.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty(), "it ends with its last line");
    rows
}

#[test]
fn csv_has_the_same_rows_and_no_formulas() {
    for by in BY {
        let (csv, json) = (report(&["--csv", "--by", by]), report(&["--json", "--by", by]).good());
        assert_eq!((csv.code, csv.err.as_str()), (Some(0), ""));
        let rows = parse(&csv.out);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()), "by {by}: {rows:?}");
        assert_eq!(rows.len(), json["rows"].as_array().unwrap().len() + 2, "a head and a total");
        let cost = rows[0].iter().position(|name| name == "cost").unwrap();
        assert_eq!(rows.last().unwrap()[cost], json["total"]["cost"].as_str().unwrap());
        let names = rows.iter().map(|row| row[0].as_str());
        let runs = |name: &&str| name.starts_with(['=', '+', '-', '@', '\t', '\r']);
        assert_eq!(names.filter(runs).collect::<Vec<_>>(), Vec::<&str>::new());
    }
    assert!(report(&["--csv", "--by", "model"]).out.contains("=cmd"), "it is there, as text");
}

#[test]
fn a_span_has_the_tokens_of_its_time() {
    let total = |arguments: &[&str]| report(arguments).good()["total"]["output_tokens"].as_u64();
    assert_eq!(total(&["--json", "--since", "1h"]), Some(12 * WORK.output));
    assert_eq!(total(&["--json", "--since", "2020-01-01"]), Some(12 * WORK.output));
    assert_eq!(total(&["--json", "--since", "2020-01-01", "--until", "2020-02-01"]), Some(0));
    // Halves that meet at a minute are the whole.
    let open = Connection::open(&kept().path).unwrap();
    let minute: i64 = open.query_row("SELECT max(bucket) FROM minute_tokens", [], |row| row.get(0)).unwrap();
    let edge = jiff::Timestamp::from_millisecond(minute).unwrap().to_string();
    let halves = ["--until", "--since"].map(|side| {
        let since = if side == "--until" { &["--since", "2020-01-01"][..] } else { &[] };
        total(&[&["--json", side, &edge], since].concat()).unwrap()
    });
    assert_eq!(halves.iter().sum::<u64>(), 12 * WORK.output, "{halves:?} at {edge}");
}

#[test]
fn a_span_that_ends_before_it_begins_is_a_wrong_call() {
    let ran = report(&["--json", "--since", "2025-02-02", "--until", "2025-02-01"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
}
