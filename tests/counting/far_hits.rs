//! Hits that jump far beyond all prompts since the baseline: they are not those of the prompts that come after.
#![allow(clippy::cast_precision_loss)]

use crate::rate_truth;
use crate::support;

use margintop::reading::PageReading;
use margintop::snapshot::Snapshot;
use rate_truth::{amount, both, poll, rows, started};

const URL: &str = "http://engine:8000";

/// What two prompt tokens, one of them cached, and an output token come to.
const WORTH: f64 = 0.55e-6 + 0.14e-6 + 2.19e-6;

/// A page of an engine with so much output, twice as many prompts and so many hits.
fn page(output: u64, hits: u64, start: bool) -> PageReading {
    let mut page = rows(&[("0", "m", output)], started(999).filter(|_| start));
    page.engines[0].tokens = support::counters(2 * output, hits, output);
    page
}

/// What is wrong with a snapshot, if so much output was made at 100 a second.
fn wrong(snapshot: &Snapshot, made: i64, posts: bool) -> Option<String> {
    let money = &snapshot.money;
    let posted = money.revenue.map(|revenue| amount(revenue) / WORTH);
    let rate = money.revenue_per_hour.map(|rate| amount(rate) / 3600.0 / WORTH);
    let is_right = |value: f64, truth: f64| {
        (value - truth).abs() <= truth * 0.003 + 0.5
            || value > truth && money.upper_bound
            || value < truth && (money.lower_bound || money.disputed_tokens > 0)
    };
    let posted_right = !posts || posted.is_none_or(|posted| is_right(posted, made as f64));
    let rate_right = rate.is_none_or(|rate| is_right(rate, 100.0));
    let bounds = (money.lower_bound, money.upper_bound);
    (!posted_right || !rate_right)
        .then(|| format!("{posted:.0?} posted of {made}, {rate:.0?} a second of 100; {bounds:?}"))
}

/// Class: hits of before the watch, or of nowhere, are credited to later prompts, which are priced as hits for minutes.
#[test]
fn hits_that_no_prompts_can_have_had_turn_no_later_prompts_into_hits() {
    let mut found = Vec::new();
    for start in [true, false] {
        for (pages, early) in [(1, 0), (2, 0), (5, 0), (2, 100), (2, 30_000), (1, 40_000), (12, 0)] {
            for (nth_fleet, mut fleet) in both(&[URL]).into_iter().enumerate() {
                for nth in 0..90 {
                    let output = u64::try_from(60_000 + 100 * nth).unwrap();
                    let hits = if nth < pages { early } else { output };
                    let snapshot = poll(&mut fleet, URL, nth, page(output, hits, start));
                    let what = format!("{pages} pages of {early}, start time {start}, {nth_fleet}, poll {nth}");
                    // Until the counter of hits counts, what it says is all that is known.
                    if nth >= pages {
                        let wrong = wrong(&snapshot, 100 * nth, pages < 3);
                        found.extend(wrong.map(|wrong| format!("{what}: {wrong}")));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}

/// The same in the midst of a watch.
#[test]
fn a_jump_of_hits_takes_back_no_misses_that_were_posted() {
    let mut found = Vec::new();
    for start in [true, false] {
        for (from, jump) in [(10, 20_000), (10, 90_000), (40, 30_000), (10, 11_000)] {
            for mut fleet in both(&[URL]) {
                let mut last = 0.0;
                for nth in 0..90 {
                    let output = u64::try_from(60_000 + 100 * nth).unwrap();
                    let hits = output + if nth < from { 0 } else { jump };
                    let snapshot = poll(&mut fleet, URL, nth, page(output, hits, start));
                    let what = format!("{jump} at {from}, start time {start}, poll {nth}");
                    found.extend(wrong(&snapshot, 100 * nth, true).map(|wrong| format!("{what}: {wrong}")));
                    let posted = snapshot.money.revenue.map_or(0.0, amount);
                    if posted < last {
                        found.push(format!("{what}: {last} and then {posted}"));
                    }
                    last = posted;
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}

/// Hits of prompts that are being read come before those: as long as they may be, it is said that prompts are priced as misses.
#[test]
fn hits_far_ahead_of_their_prompts_are_an_upper_bound() {
    for mut fleet in both(&[URL]) {
        for nth in 0..40 {
            let mut page = page(1_000, 0, true);
            // A hundred thousand hits are counted at once, and their prompts a thousand a second.
            let (prompts, hits) = if nth < 5 { (500_000, 400_000) } else { (500_000 + 1_000 * (nth - 4), 500_000) };
            page.engines[0].tokens = support::counters(prompts, hits, 1_000);
            let money = poll(&mut fleet, URL, nth.cast_signed(), page).money;
            assert!(nth < 6 || money.upper_bound && money.uncertainty > margintop::units::Money::ZERO, "poll {nth}");
        }
    }
}

/// A few hits that come first, and many that come late, are those of their prompts.
#[test]
fn hits_that_prompts_had_are_priced_as_hits() {
    for start in [true, false] {
        for mut fleet in both(&[URL]) {
            let mut posted = 0.0;
            for nth in 0..40_u64 {
                let output = 60_000 + 1_000 * nth;
                // Five hundred early at first; then those of ten pages at once.
                let hits = if (20..30).contains(&nth) { 79_500 } else { output + if nth > 0 { 500 } else { 0 } };
                let snapshot = poll(&mut fleet, URL, nth.cast_signed(), page(output, hits, start));
                assert!(!snapshot.money.upper_bound && !snapshot.money.lower_bound || !start, "poll {nth}");
                posted = snapshot.money.revenue.map_or(0.0, amount);
            }
            let truth = 39_000.0 * WORTH - 500.0 * 0.41e-6;
            assert!((posted - truth).abs() < 1e-6, "{posted} of {truth}, start time {start}");
        }
    }
}
