//! A report from the question to the print, over a past made by hand.
#![allow(clippy::unwrap_used, clippy::unnecessary_wraps)]

use clap::Parser;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::context::ReportContext;
use super::data::{PastQuery, ReportData};
use super::query::{ReportArgs, ReportQuery};
use super::{csv, json, table};
use crate::cli::Failure;
use crate::fleet::Marks;
use crate::ledger::{
    Classes, CostAccount, CostAccountId, CostKind, Detail, Dispute, GpuTimeCell, Grain, Past, RevenueAccount,
    RevenueAccountId, Tariff, TariffId, TokenCell, Wanted,
};
use crate::pricing::{Bill, Book, ClassPrices};
use crate::reading::{EngineRole, Label, ModelName, NodeName};
use crate::store::Header;
use crate::units::{GpuTime, Span, Timestamp, Tokens};

mod capacity;
mod changes;
mod disputes;
mod json_keys;

#[derive(Parser)]
struct ReportCommand {
    #[command(flatten)]
    report: ReportArgs,
}

/// 2025-03-01T00:00Z.
const BEGAN: Timestamp = Timestamp::from_millis(1_740_787_200_000);

fn header() -> Header {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let last = BEGAN + Span::from_secs(2 * 86_400);
    Header { currency: "USD".to_owned(), zone, began: Some(BEGAN), last, marks: Marks::default() }
}

fn account(model: &str, node: &str) -> RevenueAccount {
    let (node, model) = (NodeName::new(node), Some(ModelName::new(model)));
    RevenueAccount { node, unit: None, model, role: EngineRole::Unified, tenant: None, costed: true }
}

/// Two days in quarter hours: a priced model, one with a hostile name, and one without a price.
fn past() -> Past {
    let prices =
        ClassPrices { miss: "0.55".parse().unwrap(), hit: "0.14".parse().unwrap(), output: "2.19".parse().unwrap() };
    let (list, tier) = (Label::new("deepseek-r1-standard"), Label::new("standard"));
    let tariff = Tariff { list, tier, prices, paid: None, overhead: None, book: 0 };
    let cost_account = |node: &str| CostAccount {
        node: Some(NodeName::new(node)),
        unit: None,
        gpu: Label::new("H800"),
        rate: "2.00".parse().ok(),
        power: None,
        kind: CostKind::Gpus,
        lease: Some(Label::new(&format!("contract of {node}"))),
    };
    let mut past = Past {
        since: BEGAN,
        until: BEGAN + Span::from_secs(2 * 86_400),
        began: BEGAN,
        accounts: vec![account("deepseek-r1", "a"), account("=cmd,\"x\"", "b"), account("mystery", "b")],
        cost_accounts: vec![cost_account("a"), cost_account("b")],
        tariffs: vec![tariff],
        ..Past::default()
    };
    for quarter in 0..192_i64 {
        let bucket = BEGAN + Span::from_secs(quarter * 900);
        for account in 0..3 {
            let count = |n: u64| Tokens::new(n * (1 + u64::from(account)) + quarter.unsigned_abs());
            let tokens = Classes { miss: count(333_333), hit: count(111_111), output: count(77_777) };
            let tariff = (account < 2).then(|| TariffId::at(0));
            past.tokens.push(TokenCell { bucket, account: RevenueAccountId::at(account), tariff, tokens });
        }
        for cost_account in 0..2 {
            let allocated = GpuTime::of(8, Span::from_secs(900));
            let idle = GpuTime::of(cost_account, Span::from_secs(901));
            past.gpu_times.push(GpuTimeCell {
                bucket,
                cost_account: CostAccountId::at(cost_account),
                allocated,
                idle,
                energy: 0,
            });
        }
    }
    past
}

/// The part of the past that was asked for.
fn ask(since: Timestamp, until: Timestamp, _: Grain, _: Wanted) -> Result<Past, Failure> {
    let mut past = Past { since, until, ..past() };
    past.tokens.retain(|cell| since <= cell.bucket && cell.bucket < until);
    past.gpu_times.retain(|cell| since <= cell.bucket && cell.bucket < until);
    Ok(past)
}

/// The data of `report LINE` over a past, with these disputes.
fn data_of(line: &str, ask: &PastQuery<'_>, disputes: &[Dispute]) -> Result<ReportData, Failure> {
    let command = ReportCommand::try_parse_from(format!("report {line}").split_whitespace()).unwrap();
    let query = ReportQuery::new(&command.report, &[])?;
    let book = Book::built_in().unwrap();
    let context = ReportContext {
        book: &book,
        budget: None,
        disputes,
        targets: &[],
        bill: Bill::All,
        now: header().last,
        exchange_zone: &TimeZone::UTC,
    };
    ReportData::new(&query, &header(), context, ask)
}

fn data(line: &str) -> Result<ReportData, Failure> {
    data_of(line, &ask, &[disputes::dispute()])
}

/// The same over another past, without disputes.
fn rendered(past: &Past, line: &str) -> ReportData {
    data_of(line, &|since, until, _, _| Ok(Past { since, until, ..past.clone() }), &[]).unwrap()
}

/// Class: revenue of engines whose GPUs' cost is unknown. It is a row by every key, its cost a dash and null.
#[test]
fn revenue_without_a_cost_is_a_row() {
    let mut unrated = past();
    unrated.cost_accounts[1].rate = None;
    unrated.accounts[1..].iter_mut().for_each(|account| account.costed = false);
    for by in ["model", "node"] {
        let data = rendered(&unrated, &format!("--by {by}"));
        let report: Value = serde_json::from_str(&json::render(&data).unwrap()).unwrap();
        let key = if by == "node" { "b" } else { "=cmd,\"x\"" };
        let row = report["rows"].as_array().unwrap().iter().find(|row| row["key"] == key).unwrap();
        assert_eq!((&row["cost"], &row["profit"], &row["gross_margin"]), (&Value::Null, &Value::Null, &Value::Null));
        assert!(row["output_tokens"].as_u64().unwrap() > 0 && micros(&row["revenue"]) > 0, "{row}");
        assert_eq!(row["uncosted_revenue"], row["revenue"]);
        assert_eq!(report["total"]["uncosted_revenue"], row["revenue"]);
        let table = table::render(&data);
        let line = table.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(line.matches('–').count() >= 4, "cost, profit and both margins are unknown: {line}");
    }
}

fn report_json(line: &str) -> Value {
    serde_json::from_str(&json::render(&data(&format!("{line} --json")).unwrap()).unwrap()).unwrap()
}

/// Millionths of a printed amount.
fn micros(value: &Value) -> i128 {
    let text = value.as_str().unwrap();
    let (whole, fraction) = text.split_once('.').unwrap();
    let digits: i128 = format!("{}{fraction:0<6}", whole.trim_start_matches('-')).parse().unwrap();
    if text.starts_with('-') { -digits } else { digits }
}

#[test]
fn printed_rows_add_up_to_the_printed_total() {
    for by in ["hour", "day", "month", "model", "node", "unit", "role", "tenant", "tier"] {
        let report = report_json(&format!("--by {by}"));
        assert_eq!((&report["schema"], &report["by"]), (&Value::from("margintop-report/1"), &Value::from(by)));
        let rows = report["rows"].as_array().unwrap();
        for field in ["revenue", "cost", "profit"] {
            let sum: i128 = rows.iter().filter(|row| !row[field].is_null()).map(|row| micros(&row[field])).sum();
            assert_eq!(sum, micros(&report["total"][field]), "{by} {field}");
        }
        for field in ["prompt_tokens", "cached_tokens", "output_tokens"] {
            let sum: u64 = rows.iter().map(|row| row[field].as_u64().unwrap()).sum();
            assert_eq!(Value::from(sum), report["total"][field], "{by} {field}");
        }
        for key in ["(idle)", "(uncosted)", "(unpriced)"] {
            assert!(rows.iter().any(|row| row["key"] == key), "{by} {key}");
        }
        assert_eq!(report["total"]["gpu_hours"], 768.0);
        assert_eq!(report["lower_bound"], true);
    }
}

#[test]
fn days_are_the_ledgers_and_months_cost_what_they_will() {
    let report = report_json("");
    let keys: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys[..3], ["2025-03-01", "2025-03-02", "2025-03-03"]);
    assert_eq!((&report["since"], &report["until"]), (&"2025-03-01T00:00:00Z".into(), &"2025-03-03T00:00:00Z".into()));
    let month = &report["month_to_date"];
    // 32 dollars an hour since the ledger began, eight hours into the month.
    assert_eq!((&month["cost"], &month["projected_cost"]), (&"1536.00".into(), &"23552.00".into()));
    assert_eq!(month["budget"], Value::Null);
}

#[test]
fn a_what_if_tells_both() {
    let report = report_json("--what-if list=deepseek-r1-2025 --what-if nodes=4 --by node");
    let what_if = &report["what_if"];
    assert_eq!(what_if["before"]["cost"], "1536.00");
    assert_eq!(what_if["after"]["cost"], "3072.00", "four nodes instead of two");
    assert_eq!(what_if["after"]["revenue"], report["total"]["revenue"]);
    assert!(micros(&what_if["after"]["revenue"]) != micros(&what_if["before"]["revenue"]));
    assert!(matches!(data("--what-if list=nope"), Err(Failure::Usage(why)) if why.contains("price --lists")));
}

#[test]
fn a_bridge_adds_up_as_it_is_printed() {
    let week = &report_json("--bridge week")["bridge"];
    assert_eq!(
        (&week["change"], &week["after"]["profit_per_hour"]),
        (&Value::Null, &Value::Null),
        "unknown is not zero"
    );
    for against in ["", "15m"] {
        let bridge = &report_json(&format!("--bridge {against}"))["bridge"];
        let parts: i128 = bridge["parts"].as_array().unwrap().iter().map(|part| micros(&part["profit_per_hour"])).sum();
        assert_eq!(parts, micros(&bridge["change"]), "{against}");
        let ends = micros(&bridge["after"]["profit_per_hour"]) - micros(&bridge["before"]["profit_per_hour"]);
        assert_eq!(parts, ends);
    }
}

#[test]
fn a_spreadsheet_gets_no_formula() {
    let text = csv::render(&data("--by model --csv").unwrap());
    assert!(text.lines().all(|line| !line.starts_with('=')), "{text}");
    assert!(text.contains("\r\n\"'=cmd,\"\"x\"\"\",") && text.ends_with("\r\n"), "{text}");
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + 2 + 3 + 1);
    assert!(lines.last().unwrap().starts_with("total,"));
    assert_eq!(lines[0].split(',').count(), lines.last().unwrap().split(',').count());
}

#[test]
fn a_table_names_both_margins_and_lines_up() {
    let text = table::render(&data("--by model").unwrap());
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("2025-03-01 08:00+08:00 to 2025-03-03 08:00+08:00"), "{text}");
    assert!(lines[2].contains("profit on cost") && lines[2].contains("gross margin"), "{text}");
    let rule = lines.iter().position(|line| line.starts_with('─')).unwrap();
    let width = lines[rule].chars().count();
    assert_eq!(lines[2].chars().count(), width, "{text}");
    assert!(lines[rule + 1].starts_with("total"));
    assert!(lines.iter().any(|line| line.starts_with("month")) && lines.iter().any(|line| line.starts_with("differs")));
    for line in ["--bridge", "--compare", "--by lease", "--what-if paid=0.5"] {
        assert!(!table::render(&data(line).unwrap()).contains("NaN"), "{line}");
    }
}

/// Class: lines that differ in what they do not say.
#[test]
fn tokens_of_two_paid_shares_differ_on_lines_that_say_so() {
    let mut data = data("--by model").unwrap();
    let mut other = data.price_differences[0].clone();
    for basis in other.posted.iter_mut().chain(&mut other.today) {
        basis.paid = "0.5".parse().ok();
    }
    data.price_differences.push(other);
    let text = table::render(&data);
    let lines: Vec<_> = text.lines().filter(|line| line.contains("today's book says")).collect();
    assert!(lines.iter().any(|line| line.contains("paid share of 0.5")), "{text}");
    let words = |line: &&str| line.trim_start_matches("differs").trim().to_owned();
    assert_eq!(lines.iter().map(words).collect::<std::collections::BTreeSet<_>>().len(), lines.len(), "{text}");
}

/// Class: an amount for time that was not watched.
#[test]
fn a_span_before_the_ledger_is_not_watched() {
    for line in ["--since 2024-01-01 --until 2024-02-01", "--since 2025-02-01 --until 2025-03-01"] {
        for more in ["", "--compare", "--what-if paid=0.5", "--by model", "--by lease"] {
            let line = format!("{line} {more}");
            let report = report_json(&line);
            assert_eq!(report["watched_seconds"], 0, "{line}");
            let rows = report["rows"].as_array().unwrap().iter().chain([&report["total"]]);
            for row in rows {
                for amount in ["revenue", "cost", "profit", "idle_cost"] {
                    assert_eq!(row[amount], Value::Null, "{line} {amount}");
                }
            }
            let table = table::render(&data(&line).unwrap());
            assert!(table.contains("not watched") && !table.contains(" 0.00"), "{line}\n{table}");
        }
    }
    assert_eq!(report_json("--since 2025-03-02")["watched_seconds"], 115_200, "the ledger is in Shanghai");
}

/// Unknown is not zero: no minute was watched in both spans.
#[test]
fn a_bridge_over_nothing_has_no_figures() {
    let text = table::render(&data("--bridge week").unwrap());
    assert!(text.contains("nothing is compared") && !text.contains("0.00"), "{text}");
}

#[test]
fn a_span_ends_after_it_begins() {
    for line in ["--since 2025-03-02 --until 2025-03-02", "--since 2025-03-03 --until 2025-03-01"] {
        assert!(matches!(data(line), Err(Failure::Usage(why)) if why.contains("is not before")), "{line}");
    }
    assert!(report_json("--since 2030-01-01")["total"]["revenue"].is_null());
}
