//! A restart while a counter cannot be read or is missing: what it made meanwhile is placed over the time since the restart,
//! and rates are right, unknown, or marked by the bound that is true.
#![allow(clippy::cast_precision_loss)]

use crate::rate_truth;
use crate::support;

use margintop::reading::{PageReading, PromptCount};
use margintop::snapshot::Snapshot;
use margintop::units::Span;
use rate_truth::{amount, both, known, poll, rows, second, started, wrong};

const URL: &str = "http://engine:8000";
const AT: i64 = 14;
const ALL: i64 = 100;
/// Two misses, a hit at 0.14 and an output token are so many times what two misses and an output token are.
const SHARE: f64 = (2.0 * 0.55 + 0.14 + 2.19) / (2.0 * 0.55 + 2.19);

/// The page of a process that makes 100 output tokens a second and restarts, without a counter from one page to another.
fn page(nth: i64, which: &str, (from, to): (i64, i64), is_refused: bool, has_start: bool) -> PageReading {
    let output = if nth < AT { 900_000 + nth * 100 } else { 50 + (nth - AT) * 100 };
    let output = u64::try_from(output).unwrap();
    let start = if nth < AT { started(999) } else { Some(second(AT).wall - Span::from_millis(500)) };
    let mut page = rows(&[("0", "m", output)], start.filter(|_| has_start));
    page.engines[0].tokens = support::counters(3 * output, output, output);
    if (from..to).contains(&nth) {
        let tokens = &mut page.engines[0].tokens;
        if which.contains("prompt") {
            (tokens.prompt, tokens.cached) = (PromptCount::Unknown, None);
        }
        if which.contains("output") {
            tokens.output = None;
        }
        if which.contains("hits") {
            tokens.cached = None;
        }
        if is_refused {
            page.engines[0].refused = [which.contains("prompt"), which.contains("output")];
            page.refusals.values = 1;
        }
    }
    page
}

/// Class: the growth of a new process is posted to the interval in which its counter returns.
#[test]
fn a_restart_while_a_counter_is_unknown_makes_no_peak_of_rates() {
    let mut found = Vec::new();
    for which in ["output", "prompt", "hits", "prompt and output"] {
        for is_refused in [true, false] {
            for (from, to) in [(12, 20), (14, 24), (14, 15), (13, 16), (12, 60)] {
                let what = format!("without {which} from {from} to {to}, refused {is_refused}");
                for (nth_fleet, mut fleet) in both(&[URL]).into_iter().enumerate() {
                    for nth in 0..ALL {
                        let mut snapshot = poll(&mut fleet, URL, nth, page(nth, which, (from, to), is_refused, true));
                        let what = format!("{what}, {}, poll {nth}", ["a second", "a minute"][nth_fleet]);
                        if nth > to + 11 && !known(&snapshot) {
                            found.push(format!("{what}: unknown"));
                        }
                        found.extend(
                            misposted(&snapshot, nth, AT - from.min(AT))
                                .filter(|_| nth > to)
                                .map(|wrong| format!("{what}: {wrong}")),
                        );
                        if which == "prompt and output" && !is_refused && nth > to + 10 {
                            // A process that shows nothing had nothing, as far as its pages say.
                            continue;
                        }
                        let output = snapshot.tokens.output_per_second.take();
                        found.extend(wrong(&snapshot, 100.0 * SHARE, 0.06).map(|wrong| format!("{what}: {wrong}")));
                        if output.is_some_and(|output| output > 106.0 || output < 94.0 && !snapshot.money.lower_bound) {
                            found.push(format!("{what}: {output:?} tokens a second"));
                        }
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}: {:#?}", found.len(), found.iter().take(40).collect::<Vec<_>>());
}

/// What is wrong with what is posted after the return: of a counter that was unknown before the restart, the growth of so many
/// seconds is lost.
fn misposted(snapshot: &Snapshot, nth: i64, lost: i64) -> Option<String> {
    let worth = |seconds: f64| seconds * 343.0e-6;
    let (made, posted) = (worth(nth as f64 - 0.5), amount(snapshot.money.revenue.unwrap_or_default()));
    let is_below = posted < made - worth(lost as f64 + 0.01);
    let is_right = posted <= made + 1e-9 && !is_below && snapshot.money.lower_bound;
    (!is_right).then(|| format!("{posted} posted of {made}"))
}
