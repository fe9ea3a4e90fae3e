//! Processes without start times: what is posted without a mark is not taken back.
#![allow(clippy::cast_precision_loss)]

use crate::rate_truth;

use margintop::reading::Event;
use margintop::snapshot::Snapshot;
use margintop::units::Span;
use rate_truth::{amount, both, misposted, poll, refused, rows, second, wrong};

const URL: &str = "http://engine:8000";

/// What is wrong with a poll: more is posted than was made, or less, or what stood unmarked before is taken back.
fn check(last: &mut Option<Snapshot>, snapshot: Snapshot, made: u64, what: &str, found: &mut Vec<String>) {
    found.extend(misposted(&snapshot, made, made).map(|why| format!("{what}: {why}")));
    let posted = |snapshot: &Snapshot| snapshot.money.revenue.map_or(0.0, amount);
    let before = last.as_ref().filter(|last| !last.money.upper_bound).map_or(0.0, posted);
    if posted(&snapshot) < before - 1e-9 {
        found.push(format!("{what}: {before} stood unmarked, and then {}", posted(&snapshot)));
    }
    found.extend(wrong(&snapshot, 80.0, 0.1).map(|why| format!("{what}: {why}")));
    *last = Some(snapshot);
}

/// Class: a restart that is first seen between the values of the baseline and the last ones is taken for the process of the
/// baseline, and all growth since then for another one's.
#[test]
fn a_restart_takes_back_nothing_that_was_posted() {
    let mut found = Vec::new();
    for at in [8, 12, 40] {
        for gap in [0, 2, 8, 20] {
            for (base, first) in
                [(449, 700), (449, 460), (449, 429), (449, 30), (500_449, 500_500), (9_000, 9_060), (40, 45)]
            {
                if first >= base + 80 * (at - 1) {
                    // No page says that it was a restart.
                    continue;
                }
                for mut fleet in both(&[URL]) {
                    let mut last = None;
                    for nth in 0..at + gap + 40 {
                        let what = format!("{base}, then {first} after {at} pages and {gap}, poll {nth}");
                        let page = |output: i64| rows(&[("0", "m", output.unsigned_abs())], None);
                        if nth < at {
                            let snapshot = poll(&mut fleet, URL, nth, page(base + 80 * nth));
                            check(&mut last, snapshot, 80 * nth.unsigned_abs(), &what, &mut found);
                        } else if nth < at + gap {
                            fleet.apply(refused(URL, nth));
                            fleet.apply(Event::Tick(second(nth) + Span::from_millis(20)));
                        } else {
                            // It made what it shows, if it can have made as much since.
                            let output = first + 80 * (nth - at - gap);
                            let is_whole = first <= 1_000;
                            let made = 80 * (at - 1) + if is_whole { output } else { 80 * (nth - at - gap) };
                            let mut snapshot = poll(&mut fleet, URL, nth, page(output));
                            let is_far = !is_whole;
                            snapshot.money.lower_bound |= is_far;
                            check(&mut last, snapshot, made.unsigned_abs(), &what, &mut found);
                        }
                    }
                }
            }
        }
    }
    found.dedup();
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}
/// The same of a router whose list lacks a model for some seconds.
#[test]
fn a_model_that_left_a_routers_list_takes_back_nothing_when_it_returns() {
    let mut found = Vec::new();
    for (base, first) in [(9_000, 30), (50, 30), (50, 60), (449, 700)] {
        for away in [1, 2, 8] {
            for mut fleet in both(&[URL]) {
                let mut last = None;
                for nth in 0..60 {
                    let what = format!("{base}, away for {away}, then {first}, poll {nth}");
                    let page = |output: i64| {
                        let mut page = rows(&[("0", "m", output.unsigned_abs())], None);
                        page.engines[0].listed = Some(margintop::reading::Listed { not_running: None });
                        page
                    };
                    let back = 20 + away;
                    if nth < 20 {
                        let snapshot = poll(&mut fleet, URL, nth, page(base + 80 * nth));
                        check(&mut last, snapshot, 80 * nth.unsigned_abs(), &what, &mut found);
                    } else if nth < back {
                        poll(&mut fleet, URL, nth, rows(&[], None));
                    } else {
                        let output = first + 80 * (nth - back);
                        let snapshot = poll(&mut fleet, URL, nth, page(output));
                        check(&mut last, snapshot, (80 * 19 + output).unsigned_abs(), &what, &mut found);
                    }
                }
            }
        }
    }
    found.dedup();
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}
