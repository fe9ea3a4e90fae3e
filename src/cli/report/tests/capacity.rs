//! The report of capacity, in all its forms.

use std::collections::HashMap;

use super::*;
use crate::cli::report::capacity_data::{CapacityReport, inside};
use crate::cli::report::query::Format;
use crate::ledger::{Slo, SloDay, SloMinutes, SloPast};
use crate::statement::Capacity;

/// The capacity of what `ask` answers.
fn folded(
    ask: impl Fn(Timestamp, Timestamp, Grain, Wanted) -> Result<Past, Failure>,
    header: &Header,
) -> impl Fn(Timestamp, Timestamp) -> Result<(Capacity, (Timestamp, Timestamp)), Failure> {
    let header = header.clone();
    move |since, until| {
        let past = ask(since, until, Grain::Quarter, Detail::Accounts.into())?;
        let taken = (past.since, past.until);
        Ok((Capacity::of(&inside(past, &header), &header.zone), taken))
    }
}

fn capacity_report(line: &str, last: Timestamp) -> String {
    let args = ReportCommand::try_parse_from(format!("report --capacity {line}").split_whitespace()).unwrap().report;
    let query = ReportQuery::new(&args, &[]).unwrap();
    let header = Header { last, ..header() };
    CapacityReport::new(&query, &header, &Slo::default(), &folded(ask, &header)).unwrap().render(query.format).unwrap()
}

#[test]
fn it_says_what_is_spare_and_what_is_not_known() {
    let last = header().last;
    let text = capacity_report("", last);
    assert!(text.contains("SLO          not known") && text.contains("break-even"), "{text}");
    let json: Value = serde_json::from_str(&capacity_report("--json", last)).unwrap();
    assert_eq!((json["schema"].as_str(), json["slo_known"].as_bool()), (Some("margintop-capacity/1"), Some(false)));
    let sum = |rows: &Value| -> f64 {
        rows.as_array().unwrap().iter().map(|row| row["spare_cost"].as_str().unwrap().parse::<f64>().unwrap()).sum()
    };
    let total: f64 = json["spare_cost"].as_str().unwrap().parse().unwrap();
    assert!((sum(&json["hours"]) - total).abs() < 1e-6 && (sum(&json["pools"]) - total).abs() < 1e-6, "{json}");
    assert_eq!(json["hours"].as_array().unwrap().len(), 48);
    // What the second node serves has no price in part: what one more would earn is unknown.
    assert!(json["pools"].as_array().unwrap().iter().any(|pool| pool["one_more_earns"].is_null()), "{json}");
    let csv = capacity_report("--csv", last);
    assert_eq!(csv.lines().count(), 49, "{csv}");
    assert!(csv.lines().all(|line| line.split(',').count() == 9), "{csv}");
}

#[test]
fn a_young_ledger_is_too_early() {
    let last = BEGAN + Span::from_secs(3 * 3600);
    let said = "too early to say: the load was watched for 3.0 hours of it, and 4.0 hours are needed";
    assert!(capacity_report("", last).contains(said), "{}", capacity_report("", last));
    let minutes = capacity_report("", BEGAN + Span::from_secs(180));
    assert!(minutes.contains("watched for 3 min of it"), "{minutes}");
    let json: Value = serde_json::from_str(&capacity_report("--json", last)).unwrap();
    assert_eq!((json["too_early"].as_bool(), json["spare_cost"].is_null()), (Some(true), true), "{json}");
    assert_eq!(capacity_report("--csv", last).lines().count(), 1);
}

#[test]
fn without_a_span_it_is_of_the_last_month() {
    let asked = |line: &str, days: i64| {
        let args =
            ReportCommand::try_parse_from(format!("report --capacity {line}").split_whitespace()).unwrap().report;
        let query = ReportQuery::new(&args, &[]).unwrap();
        let header = Header { last: BEGAN + Span::from_secs(days * 86_400), ..header() };
        let spans = std::cell::Cell::new(Span::ZERO);
        let ask = |since: Timestamp, until: Timestamp, grain, detail| {
            spans.set(until - since);
            ask(since, until, grain, detail)
        };
        let text = CapacityReport::new(&query, &header, &Slo::default(), &folded(ask, &header))
            .unwrap()
            .render(Format::Table)
            .unwrap();
        (spans.get().millis() / 86_400_000, text.contains("the last 31 days"))
    };
    assert_eq!((asked("", 400), asked("", 20)), ((31, true), (20, false)));
    assert_eq!(asked("--since 100d", 400).0, 100);
}

#[test]
fn it_is_of_what_was_posted() {
    for flag in ["--reprice", "--compare", "--bridge", "--what-if paid=0.5", "--format focus"] {
        let line = format!("report --capacity {flag}");
        let refused = ReportCommand::try_parse_from(line.split_whitespace())
            .map_or(true, |line| ReportQuery::new(&line.report, &[]).is_err());
        assert!(refused, "{flag}");
    }
}

#[test]
fn it_says_what_is_known_of_the_objectives() {
    let args = ReportCommand::try_parse_from("report --capacity".split_whitespace()).unwrap().report;
    let query = ReportQuery::new(&args, &[]).unwrap();
    let (slo, before) = (Slo::default(), std::cell::RefCell::new(None));
    let judged = |is_met: Option<bool>| {
        let ask = |since, until, grain, detail| {
            let mut past = ask(since, until, grain, detail)?;
            let quarters = past.tokens.iter().map(|cell| (past.account(cell.account).node.clone(), cell.bucket));
            let mut days: HashMap<NodeName, Vec<(Timestamp, SloDay)>> = HashMap::new();
            for ((node, at), is_met) in quarters.filter_map(|quarter| Some((quarter, is_met?))) {
                let days = days.entry(node).or_default();
                if days.last().is_none_or(|(day, _)| *day != SloDay::of(at)) {
                    days.push((SloDay::of(at), SloDay::default()));
                }
                days.last_mut().unwrap().1.add(at, SloMinutes::one(is_met));
            }
            let (slo, since) = (Label::new("ttft_p99 2s"), BEGAN + Span::from_secs(86_400));
            past.slo = Some(SloPast { slo, since, before: before.borrow().clone(), days });
            Ok(past)
        };
        let render = |format| {
            CapacityReport::new(&query, &header(), &slo, &folded(ask, &header())).unwrap().render(format).unwrap()
        };
        (render(Format::Table), serde_json::from_str::<Value>(&render(Format::Json)).unwrap())
    };
    let (text, json) = judged(Some(true));
    assert!(text.contains("SLO          ttft_p99 2s: the best throughput is of quarter hours"), "{text}");
    assert!(text.contains("latency      not recorded before "), "{text}");
    assert_eq!((json["slo_known"].as_bool(), json["slo"].as_str()), (Some(true), Some("ttft_p99 2s")));
    let (text, json) = judged(Some(false));
    assert_eq!(text.matches("never within it").count(), 1, "{text}");
    assert!(
        json["pools"].as_array().unwrap().iter().any(|pool| pool["quarters_beyond_slo"].as_u64() > Some(0)),
        "{json}"
    );
    let (text, json) = judged(None);
    assert!(text.contains("SLO not known: no latency was read"), "{text}");
    assert_eq!(json["slo_known"].as_bool(), Some(false));
    // Objectives that were changed are no latency that was not recorded.
    *before.borrow_mut() = Some(Label::new("ttft_p99 4s"));
    let (text, _) = judged(Some(true));
    assert!(text.contains("SLO          judged by other objectives (ttft_p99 4s) before 2025-03-02"), "{text}");
    assert!(!text.contains("not recorded"), "{text}");
}

#[test]
fn it_says_that_nothing_was_judged_by_the_objectives_of_the_configuration() {
    let args = ReportCommand::try_parse_from("report --capacity".split_whitespace()).unwrap().report;
    let query = ReportQuery::new(&args, &[]).unwrap();
    let slo = Slo { ttft_p99: Some(std::time::Duration::from_secs(9)), ..Slo::default() };
    let text =
        CapacityReport::new(&query, &header(), &slo, &folded(ask, &header())).unwrap().render(Format::Table).unwrap();
    assert!(
        text.contains("SLO          not known: the configuration says ttft_p99 9s, and no minute was judged"),
        "{text}"
    );
    let judged = |since, until, grain, detail| {
        let mut past = ask(since, until, grain, detail)?;
        let days = HashMap::new();
        past.slo = Some(SloPast { slo: Label::new("ttft_p99 2s"), since: BEGAN, before: None, days });
        Ok(past)
    };
    let text = CapacityReport::new(&query, &header(), &slo, &folded(judged, &header()))
        .unwrap()
        .render(Format::Table)
        .unwrap();
    assert!(text.contains("SLO          the configuration says ttft_p99 9s: no minute was judged by it yet"), "{text}");
}
