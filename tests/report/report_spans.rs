//! Spans of a ledger: whatever the rows are by and whatever else is asked, a span is the same span, and those that adjoin
//! add up to the whole.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, unreachable_pub)]

use crate::day_ledger;
use crate::program;
use crate::random_ledger;
use crate::support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use day_ledger::{Day, MINUTE, add, span};
use margintop::ledger::{Detail, Grain, Wanted};
use margintop::statement::{Levels, WhatIfChange, changed};
use margintop::store::Reader;
use margintop::units::Timestamp;
use program::{Program, micros};
use random_ledger::tables;
use rusqlite::{Connection, params};
use serde_json::Value;
use support::instant;

const BY: [&str; 10] = ["hour", "day", "month", "model", "node", "unit", "role", "tenant", "tier", "lease"];
/// The days of Berlin around the night in which its clocks went forward; the second one has 23 hours.
const DAYS: [(&str, &str, &str); 3] = [
    ("2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-28"),
    ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-29"),
    ("2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z", "2026-03-30"),
];

fn days() -> Vec<Day> {
    DAYS.iter().map(|(begin, end, date)| (instant(begin).millis(), instant(end).millis(), *date)).collect()
}

/// Three days by the minute: two models that share a node, each with hours of its own, and one on another node that stands
/// still every seventh minute; one node idles with them, another meters energy.
fn ledger(home: &Path) -> PathBuf {
    let path = home.join("ledger.db");
    let (mut open, days) = (tables(&path), days());
    let write = open.transaction().unwrap();
    accounts(&write);
    let (begin, end) = (days[0].0 + 7 * MINUTE, days[2].1 - 90 * MINUTE);
    for (nth, at) in (0..).zip((begin..end).step_by(MINUTE as usize)) {
        let works = [nth / 50 % 3 != 0, nth / 80 % 2 == 0, nth % 7 != 0];
        for (account, tariff) in [(0, nth / 600 % 2), (1, 0), (2, 0)] {
            if works[account as usize] {
                let amount = |part: i64| 1_000 + (nth * part + account * 7) % 10_007;
                add(&write, &days, "tokens", at, &[account, tariff, amount(17), amount(23), amount(41)]);
            }
        }
        for (account, works, energy) in [(0, works[0] || works[1], 0), (1, works[2], 8 * 24_000_000)] {
            let allocated = 8 * MINUTE;
            add(&write, &days, "gpu_time", at, &[account, allocated, if works { 0 } else { allocated }, energy]);
        }
    }
    span(&write, "Europe/Berlin", begin, end);
    write.commit().unwrap();
    path
}

fn accounts(write: &Connection) {
    let revenue = "INSERT INTO revenue_accounts VALUES (?1, ?2, 'u', ?3, 'unified', ?4, 1)";
    for (id, node, model, tenant) in [(0, "a", "m", Some("gold")), (1, "a", "n", None), (2, "b", "m", None)] {
        write.execute(revenue, params![id, node, model, tenant]).unwrap();
    }
    let cost = "INSERT INTO cost_accounts VALUES (?1, ?2, 'u', 'H800', 'gpus', ?3, 1, ?4, ?5, NULL)";
    for (id, node, rate, kwh) in [(0, "a", 2_370_000, None), (1, "b", 1_888_800, Some(92_900))] {
        write.execute(cost, params![id, node, rate, kwh, kwh.map(|_| 1_250)]).unwrap();
    }
    let tariff = "INSERT INTO tariffs VALUES (?1, 'own', ?2, 50000000, ?3, 3100000000, NULL, 31000, '0')";
    for (id, tier, miss) in [(0, "standard", 500_000_000), (1, "night", 333_333_333)] {
        write.execute(tariff, params![id, tier, miss]).unwrap();
    }
}

/// What a run printed, in an environment that has no configuration.
fn printed(path: &Path, arguments: &[&str]) -> String {
    let ran = Program::new(["report"].iter().chain(arguments)).arg("--ledger").arg(path.to_str().unwrap()).run();
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
    ran.out
}

fn report(path: &Path, by: &str, (since, until): (&str, &str), more: &[&str]) -> Value {
    let mut arguments = vec!["--json", "--by", by, "--since", since, "--until", until];
    arguments.extend(more);
    serde_json::from_str(&printed(path, &arguments)).unwrap()
}

/// Tokens and amounts of a row, in millionths.
fn amounts(by: &str, row: &Value) -> Vec<i128> {
    let money = ["revenue", "cost", "profit", "idle_cost"].map(|name| &row[name]);
    let count =
        ["prompt_tokens", "cached_tokens", "output_tokens"].map(|name| row[name].as_i64().map_or(0, i128::from));
    let money = money.map(|amount| if amount.is_null() { 0 } else { micros(amount) });
    // A lease earns nothing.
    if by == "lease" { vec![money[1], money[3]] } else { money.into_iter().chain(count).collect() }
}

/// Spans whose ends lie anywhere: inside one day, over days, over the night in which the clocks went forward.
const SPANS: [(&str, &str); 7] = [
    ("2026-03-28T06:00:00Z", "2026-03-28T09:00:00Z"),
    ("2026-03-28T06:07:00Z", "2026-03-28T19:23:00Z"),
    ("2026-03-28T23:00:00Z", "2026-03-29T03:41:00Z"),
    ("2026-03-28T22:12:00Z", "2026-03-29T22:00:00Z"),
    ("2026-03-29T00:31:00Z", "2026-03-29T21:59:00Z"),
    ("2026-03-28T12:44:00Z", "2026-03-30T08:02:00Z"),
    ("2026-03-29T14:14:00Z", "2026-03-29T14:51:00Z"),
];

/// Class: an end of a span that one grouping or form keeps and another does not.
#[test]
fn every_grouping_and_form_has_the_total_of_the_hours() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    for span @ (since, until) in SPANS {
        let hours = report(&path, "hour", span, &[])["total"].clone();
        for by in BY {
            let found = report(&path, by, span, &[]);
            assert_eq!((&found["since"], &found["until"]), (&since.into(), &until.into()), "{by} {span:?}");
            assert_eq!(amounts(by, &found["total"]), amounts(by, &hours), "{by} {span:?}");
        }
        let spanned = |more: &[&str]| printed(&path, &[&["--since", since, "--until", until], more].concat());
        let revenue = hours["revenue"].as_str().unwrap();
        let csv = spanned(&["--csv", "--by", "model"]);
        assert!(csv.lines().last().unwrap().contains(&format!(",{revenue},")), "{span:?}: {csv}");
        for more in [["--what-if", "paid=1"], ["--what-if", "hit_rate=0.5"], ["--what-if", "nodes=3"]] {
            let found = report(&path, "model", span, &more);
            assert_eq!(found["what_if"]["before"]["revenue"], hours["revenue"], "{more:?} {span:?}");
            assert_eq!(found["what_if"]["before"]["cost"], hours["cost"], "{more:?} {span:?}");
        }
        // What is otherwise comes to the same whichever cells it is reported in.
        for more in [["--what-if", "hit_rate=0.37"], ["--what-if", "nodes=3.7"], ["--what-if", "gpu_rate=1.23"]] {
            let after = |by: &str| report(&path, by, span, &more)["what_if"].clone();
            let first = after("hour");
            assert!(["day", "model", "node", "tier", "lease"].iter().all(|by| after(by) == first), "{more:?} {span:?}");
        }
        let income = |text: &str| -> i128 {
            let lines = text.lines().filter(|line| line.trim_start().to_lowercase().starts_with("income:tokens"));
            lines.map(|line| cents(line.split_whitespace().nth(1).unwrap())).sum()
        };
        for format in ["hledger", "beancount"] {
            let found = spanned(&["--format", format]);
            assert!((-income(&found) * 10_000 - micros(&hours["revenue"])).abs() <= 5_000, "{span:?}: {found}");
        }
        let focus = spanned(&["--format", "focus"]);
        let mut lines = focus.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let column = lines.next().unwrap().iter().position(|name| *name == "BilledCost").unwrap();
        let billed: i128 = lines.map(|line| micros(&Value::from(line[column].trim_matches('"')))).sum();
        assert_eq!(billed, micros(&hours["cost"]), "{span:?}");
    }
}

fn cents(amount: &str) -> i128 {
    micros(&Value::from(amount.replace(',', ""))) / 10_000
}

/// Class: a number of nodes that depends on the cells that it is reported beside.
#[test]
fn the_time_that_nodes_were_allocated_for_is_reported_beside_any_cells() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    let reader = Reader::open(&path).unwrap();
    for (since, until) in SPANS {
        let (since, until) = (instant(since), instant(until));
        let found = Levels::of(&reader.past(since, until, Grain::Quarter).unwrap()).nodes_milli;
        assert!(found.is_some_and(|milli| milli >= 1_900), "{since}: {found:?}");
        for grain in [Grain::Minute, Grain::Quarter, Grain::Day] {
            for detail in [Detail::Accounts, Detail::Alike, Detail::Borne] {
                let past = reader.wanted_past(since, until, grain, Wanted { detail, nodes: true }).unwrap();
                assert_eq!(Levels::of(&past).nodes_milli, found, "{since} {grain:?} {detail:?}");
                let twice = WhatIfChange { nodes: "5.3".parse().ok(), ..WhatIfChange::default() };
                let more = Levels::of(&changed(&past, &twice).unwrap()).nodes_milli;
                assert!(more.is_some_and(|milli| (milli - 5_300).abs() <= 1), "{since} {grain:?} {detail:?}: {more:?}");
            }
        }
    }
}

/// Class: a minute that two spans that adjoin count twice or not at all.
#[test]
fn spans_that_adjoin_add_up_by_everything() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    for (nth, (since, until)) in (0..).zip(SPANS) {
        let (from, to) = (instant(since).millis(), instant(until).millis());
        for by in BY {
            let edge = from + (to - from) * (3 + 2 * nth + i64::try_from(by.len()).unwrap()) / 29;
            let edge = Timestamp::from_millis(edge - edge % MINUTE).to_string();
            let whole = rows(by, &report(&path, by, (since, until), &[]));
            let mut sum = rows(by, &report(&path, by, (since, &edge), &[]));
            for (key, more) in rows(by, &report(&path, by, (&edge, until), &[])) {
                let row = sum.entry(key).or_insert_with(|| vec![0; more.len()]);
                row.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            let near = |(key, row): (&String, &Vec<i128>)| {
                let whole = whole.get(key).unwrap_or_else(|| panic!("{by} {edge}: no {key}"));
                row.iter().zip(whole).all(|(sum, whole)| (sum - whole).abs() <= 3)
            };
            assert!(sum.iter().all(near), "{by} {since} {edge} {until}: {sum:?} and {whole:?}");
        }
    }
}

/// Class: a key's cost that depends on what else is asked, because another question reads other buckets.
#[test]
fn the_cost_of_a_key_is_the_same_whatever_else_is_asked() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    // By minutes, by quarter hours and by days alone.
    for later in [0, 20, 500] {
        let open = Connection::open(&path).unwrap();
        let last = days()[2].1 - 90 * MINUTE + later * 1440 * MINUTE;
        open.execute("UPDATE meta SET value = ?1 WHERE key = 'last_wall'", [last.to_string()]).unwrap();
        // Later on the last hours are without a node, and the average is another.
        the_cost_is_the_same(&path, later == 0);
    }
}

fn the_cost_is_the_same(path: &Path, counts_nodes: bool) {
    let price =
        |model: &str| format!("[[price]]\nmodel = \"{model}\"\nhit = \"0.05\"\nmiss = \"0.4\"\noutput = \"3\"\n");
    let config = price("m") + &price("n");
    for (since, until) in [("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"), SPANS[0], SPANS[1], SPANS[5]] {
        for by in ["model", "tenant", "node", "unit", "role"] {
            let costs = |more: &[&str]| -> BTreeMap<String, i128> {
                let arguments = ["report", "--json", "--by", by, "--since", since, "--until", until];
                let found: Value = Program::new(arguments.iter().chain(more))
                    .arg("--ledger")
                    .arg(path.to_str().unwrap())
                    .config(&config)
                    .run()
                    .good();
                let rows = found["rows"].as_array().unwrap().iter().filter(|row| row["is_key"] == true);
                rows.map(|row| (row["key"].as_str().unwrap().to_owned(), micros(&row["cost"]))).collect()
            };
            let plain = costs(&[]);
            let others: [&[&str]; 7] = [
                &["--reprice"],
                &["--compare"],
                &["--what-if", "list=deepseek-r1-2025"],
                &["--what-if", "paid=0.5"],
                &["--what-if", "hit_rate=0.3"],
                &["--what-if", "nodes=2"],
                &["--what-if", "nodes=4", "--what-if", "list=deepseek-r1-2025"],
            ];
            for (nth, more) in others.into_iter().enumerate().take(if counts_nodes { 7 } else { 5 }) {
                let found = costs(more);
                // Twice the nodes cost twice as much.
                let times = if nth == 6 { 2 } else { 1 };
                let is_same = |key: &String| (found[key] - times * plain[key]).abs() <= 3;
                assert!(plain.keys().all(is_same), "{by} {since} {more:?}: {found:?} and {plain:?}");
            }
        }
    }
}

/// What each key and the total come to.
fn rows(by: &str, report: &Value) -> BTreeMap<String, Vec<i128>> {
    let rows = report["rows"].as_array().unwrap().iter().chain([&report["total"]]);
    rows.map(|row| (row["key"].as_str().unwrap().to_owned(), amounts(by, row))).collect()
}

/// Class: a span in which something was watched, of which nothing is taken without a word why.
#[test]
fn a_span_inside_one_bucket_says_what_was_taken() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    let found = |since: &str, until: &str| printed(&path, &["--since", since, "--until", until]);
    let inside = found("2026-03-28T12:00:10Z", "2026-03-28T12:00:50Z");
    let why = "2026-03-28 13:00:10+01:00 to 2026-03-28 13:00:50+01:00 is none: spans are of whole minutes, and both ends \
               were taken at 2026-03-28 13:00+01:00";
    assert!(inside.contains(why) && !inside.contains("not watched"), "{inside}");
    let over = found("2026-03-28T12:00:10Z", "2026-03-28T12:01:10Z");
    assert!(!over.contains("is none") && !over.contains("not watched"), "{over}");
    let before = found("2025-03-28T12:00:10Z", "2025-03-28T12:00:50Z");
    assert!(before.contains("not watched"), "{before}");
    let open = Connection::open(&path).unwrap();
    let last = days()[2].1 + 20 * 1440 * MINUTE;
    open.execute("UPDATE meta SET value = ?1 WHERE key = 'last_wall'", [last.to_string()]).unwrap();
    let coarse = found("2026-03-28T12:01:00Z", "2026-03-28T12:09:00Z");
    let why = "spans are of whole quarter hours or days, since nothing finer is kept of it, and both ends were taken at \
               2026-03-28 13:00+01:00";
    assert!(coarse.contains(why), "{coarse}");
}

/// Class: a view that shares the cost of a node by other hours than the report does.
#[test]
fn the_view_by_model_adds_up_to_the_report_of_several_days() {
    let home = tempfile::tempdir().unwrap();
    let path = ledger(home.path());
    let open = Connection::open(&path).unwrap();
    let of_view = |question: &str| -> BTreeMap<String, [i128; 3]> {
        let mut ask = open.prepare(question).unwrap();
        let amount = |row: &rusqlite::Row<'_>, nth| {
            Ok::<_, rusqlite::Error>((row.get::<_, Option<f64>>(nth)?.unwrap_or_default() * 1e6).round() as i128)
        };
        let rows = ask.query_map([], |row| Ok((row.get(0)?, [amount(row, 1)?, amount(row, 2)?, amount(row, 3)?])));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let of_report = |span: (&str, &str)| -> BTreeMap<String, [i128; 3]> {
        let found = report(&path, "model", span, &[]);
        let row =
            |row: &Value| (row["key"].as_str().unwrap().to_owned(), amounts("model", row)[..3].try_into().unwrap());
        found["rows"].as_array().unwrap().iter().map(row).collect()
    };
    let columns = "SELECT model, sum(revenue), sum(cost), sum(profit) FROM profit_by_model_by_day";
    for (since, until, date) in DAYS {
        let view = of_view(&format!("{columns} WHERE day = '{date}' GROUP BY model"));
        assert_eq!(view, of_report((since, until)), "{date}");
    }
    let (view, report) = (of_view(&format!("{columns} GROUP BY model")), of_report((DAYS[0].0, DAYS[2].1)));
    assert_eq!(view.keys().collect::<Vec<_>>(), report.keys().collect::<Vec<_>>());
    for (key, amounts) in report {
        // Each day is rounded for itself.
        let near = amounts.iter().zip(view[&key]).all(|(one, other)| (one - other).abs() <= 3);
        assert!(near, "{key}: {amounts:?} {:?}", view[&key]);
    }
}
