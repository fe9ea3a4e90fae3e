//! A process whose start time moves from page to page, always the same way, by more than two seconds in all.
//!
//! Each test names the class of fault that it stands for.

use crate::support;

use margintop::fleet::Fleet;
use margintop::units::{Moment, Span};
use support::{answered, at, counters, fleet, gpus, member, moment, page};

const URL: &str = "http://engine:8000";

fn after(millis: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_millis(millis))
}

fn posted(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.miss.count() + tokens.hit.count()).sum()
}

/// How the server says its time.
#[derive(Debug, Clone, Copy)]
enum Clock {
    Exact,
    WholeSeconds,
    Unsaid,
}

/// The fleet after a minute of pages of one process, whose start time is `age` before the page at first, and moves by
/// `step` a page.
fn watched(every: i64, step: i64, age: i64, clock: Clock, pace: u64) -> (Fleet, u64) {
    let mut fleet = fleet(vec![member(URL, "n", None)], after(0));
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(0)));
    let (mut now, mut poll, mut made) = (120_i64, 0, 0);
    while now < 60_000 {
        made = pace * now.unsigned_abs() / 1_000 - pace * 120 / 1_000;
        let total = 5_000_000 + made;
        let mut shown = page("m", counters(total, total / 4, 900_000), Some(after(120 - age + poll * step).wall));
        shown.date = match clock {
            Clock::Exact => Some(after(now).wall),
            Clock::WholeSeconds => Some(after(now / 1_000 * 1_000).wall),
            Clock::Unsaid => None,
        };
        fleet.apply(answered(URL, after(now), shown));
        (now, poll) = (now + every, poll + 1);
    }
    (fleet, made)
}

/// Class: a start time that is that of the page makes a restart of each page, and disputes the counter again and again.
#[test]
fn a_start_time_that_drifts_is_of_one_process() {
    let mut faults = Vec::new();
    for clock in [Clock::Exact, Clock::WholeSeconds, Clock::Unsaid] {
        for every in [250, 1_000, 1_900] {
            for part in [1, 2, 10] {
                for age in [0, 500, 4_000, 3_600_000] {
                    for pace in [100, 4_000] {
                        let (fleet, made) = watched(every, every / part, age, clock, pace);
                        let (disputes, got) = (fleet.ledger().disputes().len(), posted(&fleet));
                        let restarts = fleet.snapshot().engines[0].scrape.restarts;
                        // A first page that says it began with the watch is beyond all hardware.
                        let first = usize::from(age == 0 && !matches!(clock, Clock::Unsaid));
                        if (disputes, got, restarts) != (first, made, 0) {
                            faults.push(format!(
                                "{clock:?} each {every}, 1/{part} of it, age {age}, pace {pace}: {got} of {made}, \
                                 {disputes} disputes, {restarts} restarts"
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
