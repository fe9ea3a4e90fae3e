//! A counter that no page has from the first one on, while the others grow: money an hour without it is unknown, and the total a
//! lower bound, until it appears.

use crate::rate_truth;

use margintop::reading::{CounterSeries, PageReading, PromptCount, TokenCounters};
use margintop::snapshot::Snapshot;
use rate_truth::{both, known, poll, rows, started, wrong};

const URL: &str = "http://engine:8000";

fn page(nth: i64, which: &str, shown_from: i64) -> PageReading {
    let output = u64::try_from(nth * 100).unwrap();
    let mut page = rows(&[("0", "m", output)], started(999));
    if nth < shown_from {
        let tokens = &mut page.engines[0].tokens;
        match which {
            "prompt" => (tokens.prompt, tokens.cached) = (PromptCount::Unknown, None),
            _ => tokens.output = None,
        }
    }
    page
}

fn watched(which: &str, shown_from: i64, mut each: impl FnMut(i64, &Snapshot)) {
    for mut fleet in both(&[URL]) {
        for nth in 0..100 {
            each(nth, &poll(&mut fleet, URL, nth, page(nth, which, shown_from)));
        }
    }
}

/// Class: a part of the money is shown as all of it.
#[test]
fn money_without_a_counter_that_is_billed_is_unknown_and_a_lower_bound() {
    for (which, words) in [("output", "no output tokens"), ("prompt", "no prompt tokens")] {
        for shown_from in [6, 20, 200] {
            let mut found = Vec::new();
            watched(which, shown_from, |nth, snapshot| {
                let is_marked = snapshot.money.lower_bound && snapshot.money.revenue_per_hour.is_none();
                let note = snapshot.engines[0].note.as_ref().map(ToString::to_string).unwrap_or_default();
                if (2..shown_from).contains(&nth) && !(is_marked && note.contains(words)) {
                    found.push(format!("poll {nth}: {:?}, {note}", snapshot.money.revenue_per_hour));
                }
                if nth > shown_from + 11 && (snapshot.money.lower_bound || !known(snapshot)) {
                    found.push(format!("poll {nth}: marked, {note}"));
                }
                found.extend(wrong(snapshot, 100.0, 0.06).map(|wrong| format!("poll {nth}: {wrong}")));
            });
            assert!(found.is_empty(), "{which} from {shown_from} on: {found:#?}");
        }
    }
}

/// Class: the same of one of two ranks, for some pages.
#[test]
fn a_rank_that_lacks_its_output_makes_money_an_hour_unknown() {
    for which in [0, 1] {
        for mut fleet in both(&[URL]) {
            for nth in 0..60 {
                let output = u64::try_from(nth * 100).unwrap();
                let mut page = rows(&[("0", "m", output), ("1", "m", 500_000 + output)], started(999));
                let is_without = (20..26).contains(&nth);
                if is_without {
                    page.engines[which].tokens.output = None;
                }
                let snapshot = poll(&mut fleet, URL, nth, page);
                let money = &snapshot.money;
                assert_eq!(money.lower_bound, is_without, "poll {nth}");
                let due = nth > 1 && !is_without;
                assert!(money.revenue_per_hour.is_some() == due || nth < 2, "poll {nth}: {:?}", money.revenue_per_hour);
                assert_eq!(wrong(&snapshot, 200.0, 0.06), None, "poll {nth}");
            }
        }
    }
}

/// An engine that had nothing to do shows nothing, and that is no lower bound.
#[test]
fn an_engine_that_made_nothing_lacks_nothing() {
    for mut fleet in both(&[URL]) {
        for nth in 0..30 {
            let mut page = rows(&[("0", "m", 0)], started(999));
            page.engines[0].tokens.output = None;
            let snapshot = poll(&mut fleet, URL, nth, page);
            assert!(
                !snapshot.money.lower_bound && snapshot.engines[0].note.is_none(),
                "poll {nth}: {:?}",
                snapshot.money
            );
        }
    }
}

/// A page without any counter of tokens, with so many requests at work.
fn without_counters(nth: i64, running: Option<u64>) -> PageReading {
    let mut page = page(nth, "output", 0);
    let row = &mut page.engines[0];
    (row.tokens, row.series, row.running) = (TokenCounters::default(), CounterSeries::default(), running);
    page
}

/// Class: a page that was stripped of its counters (a list of series to keep, types that were lost). Its engine works and earns
/// nothing by it.
#[test]
fn an_engine_at_work_without_any_counter_is_marked() {
    for mut fleet in both(&[URL]) {
        for nth in 0..30 {
            let snapshot = poll(&mut fleet, URL, nth, without_counters(nth, Some(3)));
            let note = snapshot.engines[0].note.as_ref().map(ToString::to_string).unwrap_or_default();
            if nth > 3 {
                assert!(snapshot.money.lower_bound && snapshot.money.revenue_per_hour.is_none(), "poll {nth}");
                assert!(note.contains("shows no prompt and output tokens"), "poll {nth}: {note}");
            }
        }
        for nth in 30..60 {
            let snapshot = poll(&mut fleet, URL, nth, page(nth, "output", 0));
            assert!(nth < 45 || !snapshot.money.lower_bound && known(&snapshot), "poll {nth}");
        }
    }
}

/// Class: an idle engine, whose counters appear with its first request.
#[test]
fn an_idle_engine_without_counters_is_not_marked() {
    for running in [Some(0), None] {
        for mut fleet in both(&[URL]) {
            for nth in 0..30 {
                let snapshot = poll(&mut fleet, URL, nth, without_counters(nth, running));
                assert!(!snapshot.money.lower_bound && snapshot.engines[0].note.is_none(), "poll {nth}");
            }
        }
    }
}
