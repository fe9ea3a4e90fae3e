//! Rates while a counter dips, is reset or cannot be read, and when it returns: the truth, or unknown, or marked by the bound
//! that is true.
#![allow(clippy::cast_precision_loss)]

use crate::rate_truth;
use crate::support;

use margintop::dialect::{self, Hint};
use margintop::reading::PageReading;
use margintop::snapshot::Snapshot;
use margintop::units::Timestamp;
use rate_truth::{WORTH, both, known, misposted, poll, rows, started, wrong};

const URL: &str = "http://engine:8000";
const FROM: i64 = 15;
const ALL: i64 = 45;

fn at(nth: i64, pace: i64) -> u64 {
    u64::try_from(900_000 + nth * pace).unwrap()
}

/// What is wrong at each poll, and whether a rate that is due is unknown. Where nothing was lost or waits, there is no mark.
fn check(
    what: &str,
    truth: f64,
    returned: i64,
    page: impl Fn(i64) -> PageReading,
    found: &mut Vec<String>,
) -> Vec<Snapshot> {
    let mut all = Vec::new();
    for (nth_fleet, mut fleet) in both(&[URL]).into_iter().enumerate() {
        for nth in 0..ALL {
            let snapshot = poll(&mut fleet, URL, nth, page(nth));
            let what = format!("{what}, {}, poll {nth}", ["a second", "a minute"][nth_fleet]);
            found.extend(wrong(&snapshot, truth, 0.1).map(|wrong| format!("{what}: {wrong}")));
            // While pages that no process is known to have sent are in the window, rates are unknown.
            let is_due = (2..FROM).contains(&nth) || nth > returned + 11;
            if is_due && !snapshot.money.lower_bound && !known(&snapshot) {
                found.push(format!("{what}: unknown"));
            }
            all.push(snapshot);
        }
    }
    all
}

/// Class: the growth that a return brings is divided by the time since the last page, and what was posted of a dip makes a
/// peak.
#[test]
fn a_dip_makes_no_peak_of_rates() {
    let mut found = Vec::new();
    for start in [started(999), None] {
        for pages in [1, 2, 3, 4, 5, 8] {
            for (low, grows) in [(3_000, 0), (3_000, 40), (40, 100), (300, 80), (500_000, 100)] {
                let page = |nth: i64| {
                    let output = match nth - FROM {
                        since if (0..pages).contains(&since) => u64::try_from(low + grows * since).unwrap(),
                        _ => at(nth, 100),
                    };
                    rows(&[("0", "m", output)], start)
                };
                let what = format!("{pages} pages from {low} by {grows}, start time {}", start.is_some());
                check(&what, 100.0, FROM + pages, page, &mut found);
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}

/// The same of one of two ranks: the other one goes on.
#[test]
fn a_dip_of_a_rank_makes_no_peak_of_rates() {
    let mut found = Vec::new();
    for start in [started(999), None] {
        for pages in [1, 3, 4, 5, 8] {
            for (low, grows) in [(3_000, 0), (300, 40), (40, 100), (300, 80)] {
                let page = |nth: i64| {
                    let output = match nth - FROM {
                        since if (0..pages).contains(&since) => u64::try_from(low + grows * since).unwrap(),
                        _ => at(nth, 100),
                    };
                    rows(&[("0", "m", output), ("1", "m", at(nth, 100) - 200_000)], start)
                };
                let what = format!("{pages} pages from {low} by {grows}, start time {}", start.is_some());
                let all = check(&what, 200.0, FROM + pages, page, &mut found);
                let money = &all.last().unwrap().money;
                let posted = margintop::units::Money::from_micros(200 * (ALL - 1) * 329 / 100);
                let is_exact = (money.revenue.unwrap() - posted).rounded(2) == 0;
                if !is_exact || money.disputed_tokens > 0 {
                    found.push(format!("{what}: {:?} posted, {} disputed", money.revenue, money.disputed_tokens));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}

/// Class: the first values of a reset are divided by the time since the fall.
#[test]
fn a_reset_makes_no_peak_of_rates() {
    let mut found = Vec::new();
    for start in [started(999), None] {
        for first in [0, 50, 400, 3_000] {
            let page = |nth: i64| {
                let output = if nth < FROM { at(nth, 100) } else { u64::try_from(first + 100 * (nth - FROM)).unwrap() };
                rows(&[("0", "m", output)], start)
            };
            let what = format!("reset to {first}, start time {}", start.is_some());
            check(&what, 100.0, if start.is_none() && first > 400 { ALL } else { FROM + 3 }, page, &mut found);
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}

/// Class: a counter that cannot be read or is missing for some pages.
#[test]
fn a_counter_that_returns_makes_no_peak_of_rates() {
    let mut found = Vec::new();
    for start in [started(999), None] {
        for pages in [1, 2, 5, 20] {
            for (which, is_refused) in [
                ("prompt", true),
                ("prompt", false),
                ("output", true),
                ("output", false),
                ("hits", true),
                ("hits", false),
            ] {
                let page = |nth: i64| {
                    let output = at(nth, 100);
                    let mut page = rows(&[("0", "m", output)], start);
                    page.engines[0].tokens = support::counters(3 * output, output, output);
                    if (FROM..FROM + pages).contains(&nth) {
                        let tokens = &mut page.engines[0].tokens;
                        match which {
                            "prompt" => tokens.prompt = margintop::reading::PromptCount::Unknown,
                            "output" => tokens.output = None,
                            _ => tokens.cached = None,
                        }
                        if is_refused {
                            page.engines[0].refused = [which == "prompt", which == "output"];
                            page.refusals.values = 1;
                        }
                    }
                    page
                };
                // Two misses, a hit at 0.14 and an output are so many times what two misses and an output are.
                let truth = 100.0 * (2.0 * 0.55 + 0.14 + 2.19) / (2.0 * 0.55 + 2.19);
                let what =
                    format!("{pages} pages without {which}, refused {is_refused}, start time {}", start.is_some());
                for (nth_fleet, mut fleet) in both(&[URL]).into_iter().enumerate() {
                    for nth in 0..ALL {
                        let mut snapshot = poll(&mut fleet, URL, nth, page(nth));
                        snapshot.tokens.output_per_second = None;
                        let what = format!("{what}, {}, poll {nth}", ["a second", "a minute"][nth_fleet]);
                        found.extend(wrong(&snapshot, truth, 0.05).map(|wrong| format!("{what}: {wrong}")));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}

/// A page of one row with two series by a label that names no process.
fn two_series(values: [u64; 2], start: Option<Timestamp>) -> PageReading {
    let series = |(nth, value): (usize, &u64)| {
        let labels = format!("model_name=\"m\",engine=\"0\",custom=\"{nth}\"");
        let prompt = 2 * value;
        format!("vllm:prompt_tokens_total{{{labels}}} {prompt}\nvllm:generation_tokens_total{{{labels}}} {value}\n")
    };
    let text: String = values.iter().enumerate().map(series).collect();
    let read = dialect::read(text.as_bytes(), &Hint::default()).unwrap();
    PageReading { start, ..read }
}

/// Class: one of several series of a row is reset: the smaller or the larger one. It holds the others back, or what it made
/// until the reset is accepted makes a peak.
#[test]
fn a_series_that_is_reset_holds_nothing_back_and_makes_no_peak() {
    let mut found = Vec::new();
    for start in [started(999), None] {
        for reset in [0, 1] {
            let values = |nth: i64| {
                let mut values = [at(nth, 50), 2 * at(nth, 25)];
                if nth >= FROM {
                    values[reset] = u64::try_from(50 * (nth - FROM)).unwrap();
                }
                values
            };
            let what = format!("series {reset}, start time {}", start.is_some());
            let page = |nth: i64| two_series(values(nth), start);
            let all = check(&what, 100.0, FROM + 5, page, &mut found);
            // What was made between the last page before the reset and the reset is lost.
            let made = u64::try_from(100 * (ALL - 1)).unwrap();
            found.extend(misposted(all.last().unwrap(), made, made).map(|wrong| format!("{what}: {wrong}")));
            let posted = all[FROM as usize + 6].money.revenue.unwrap();
            let least = 100.0 * (FROM + 6 - 1) as f64 * WORTH;
            if rate_truth::amount(posted) < 0.99 * least {
                found.push(format!("{what}: {posted:?} posted seven polls after, {least} made"));
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}

/// Class: what a series made while it was missing comes at once.
#[test]
fn a_series_that_returns_makes_no_peak() {
    let mut found = Vec::new();
    for start in [started(999), None] {
        for pages in [1, 4, 8] {
            for mut fleet in both(&[URL]) {
                for nth in 0..ALL {
                    let mut page = two_series([at(nth, 50), 2 * at(nth, 25)], start);
                    if (FROM..FROM + pages).contains(&nth) {
                        let alone = format!(
                            "vllm:prompt_tokens_total{{model_name=\"m\",engine=\"0\",custom=\"0\"}} {}\n\
                             vllm:generation_tokens_total{{model_name=\"m\",engine=\"0\",custom=\"0\"}} {}\n",
                            2 * at(nth, 50),
                            at(nth, 50)
                        );
                        page = PageReading { start, ..dialect::read(alone.as_bytes(), &Hint::default()).unwrap() };
                    }
                    let snapshot = poll(&mut fleet, URL, nth, page);
                    // Without the missing series the rate is that of the others.
                    let rate = snapshot.money.revenue_per_hour.map(|rate| rate_truth::amount(rate) / 3600.0 / WORTH);
                    if rate.is_some_and(|rate| rate > 110.0) && !snapshot.money.upper_bound {
                        found.push(format!("{pages} pages, start {start:?}, poll {nth}: {rate:?} for 100"));
                    }
                    if nth > FROM + pages + 3 && !snapshot.money.lower_bound && !known(&snapshot) {
                        found.push(format!("{pages} pages, start {start:?}, poll {nth}: unknown"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}

/// Class: a row that is quarantined keeps its former rate in a sum that is marked as a lower bound.
#[test]
fn a_rank_that_is_reset_and_idles_has_no_rate_in_the_sum() {
    let mut found = Vec::new();
    for start in [started(999), None] {
        for mut fleet in both(&[URL]) {
            for nth in 0..ALL {
                let other = if nth < FROM { at(nth, 100) } else { 0 };
                let snapshot = poll(&mut fleet, URL, nth, rows(&[("0", "m", at(nth, 100)), ("1", "m", other)], start));
                // In the window of a minute the rank still has a part.
                let truth = if nth < FROM { 200.0 } else { 100.0 };
                let money = &snapshot.money;
                let rate = money.revenue_per_hour.map(|rate| rate_truth::amount(rate) / 3600.0 / WORTH);
                if (FROM..FROM + 3).contains(&nth) && rate.is_some_and(|rate| rate > 1.1 * truth) && !money.upper_bound
                {
                    found.push(format!("start {start:?}, poll {nth}: {rate:?} for {truth}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(30).collect::<Vec<_>>());
}
