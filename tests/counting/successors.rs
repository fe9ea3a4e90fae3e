//! Rates of rows and processes that are gone: they are in no sum beside those of what came after them.
#![allow(clippy::cast_precision_loss)]

use crate::rate_truth;

use margintop::reading::PageReading;
use margintop::units::Span;
use rate_truth::{both, instances, known, poll, rows, second, started, watched, wrong};

const URL: &str = "http://engine:8000";
/// The poll at which the rows are others.
const SINCE: i64 = 20;

fn made(base: u64, nth: i64, pace: u64) -> u64 {
    base + u64::try_from(nth.max(0)).unwrap() * pace
}

/// Polls pages of a fleet that makes 400 output tokens a second throughout. Until so many polls after the change the
/// rates may be unknown.
fn stays_right(what: &str, unknown: i64, page: impl Fn(i64) -> PageReading) {
    for mut fleet in both(&[URL]) {
        for nth in 0..60 {
            let snapshot = poll(&mut fleet, URL, nth, page(nth));
            assert_eq!(wrong(&snapshot, 400.0, 0.02), None, "{what}, poll {nth}");
            assert!(!snapshot.money.upper_bound, "{what}, poll {nth}");
            let is_due = nth > 1 && !(SINCE..SINCE + unknown).contains(&nth);
            assert!(!is_due || known(&snapshot), "{what}, poll {nth}: unknown");
        }
    }
}

/// Class: a row that is gone from its page keeps its rate beside the row that came after it.
#[test]
fn a_row_that_is_gone_has_no_rate_beside_its_successor() {
    let ranks = |nth: i64, start| {
        let (old, new) = (made(5_000_000, nth, 200), made(0, nth - SINCE + 1, 200));
        if nth < SINCE {
            rows(&[("0", "m", old), ("1", "m", old + 90_000)], start)
        } else {
            rows(&[("2", "m", new), ("3", "m", new)], start)
        }
    };
    stays_right("ranks", 1, |nth| ranks(nth, started(999)));
    let model = |nth: i64| {
        if nth < SINCE {
            rows(&[("0", "x", made(5_000_000, nth, 400))], started(999))
        } else {
            rows(&[("0", "y", made(0, nth - SINCE + 1, 400))], started(999))
        }
    };
    stays_right("model", 1, model);
    let one = |nth: i64| {
        let stays = made(3_000_000, nth, 200);
        if nth < SINCE {
            rows(&[("0", "x", made(5_000_000, nth, 200)), ("0", "z", stays)], started(999))
        } else {
            rows(&[("0", "z", stays), ("0", "y", made(0, nth - SINCE + 1, 200))], started(999))
        }
    };
    stays_right("one of two", 1, one);
}

/// The same of instances of an aggregated page.
#[test]
fn an_instance_that_is_gone_has_no_rate_beside_its_successor() {
    let pods = |nth: i64| {
        let (old, new) = (made(5_000_000, nth, 200), made(60, nth - SINCE, 200));
        if nth < SINCE {
            instances(&[("a", started(900), old), ("b", started(700), old + 7_777)])
        } else {
            // Two with one start time and such values may be one engine, twice on the page.
            let begun = [0, 20].map(|millis| Some(second(SINCE).wall + Span::from_millis(millis)));
            instances(&[("c", begun[0], new), ("d", begun[1], new + 30)])
        }
    };
    stays_right("pods", 1, pods);
    let one = |nth: i64| {
        let stays = ("b", started(700), made(5_007_777, nth, 200));
        if nth < SINCE {
            instances(&[("a", started(900), made(5_000_000, nth, 200)), stays])
        } else {
            instances(&[("c", Some(second(SINCE).wall), made(60, nth - SINCE, 200)), stays])
        }
    };
    stays_right("one pod", 1, one);
}

/// Class: a target that has nothing loaded any more, beside another one that has.
#[test]
fn a_target_that_shows_no_rows_has_no_rate() {
    let (a, b) = ("http://router:8080/metrics?model=a", "http://router:8080/metrics?model=b");
    for pace in [Some(margintop::units::Span::from_secs(1)), None] {
        let mut fleet = watched(&[a, b], pace);
        for nth in 0..60 {
            let (of_a, of_b) =
                (rows(&[("0", "a", made(9_000, nth, 400))], None), rows(&[("0", "b", made(7_000, nth, 400))], None));
            let (of_a, of_b) = if nth < SINCE { (of_a, rows(&[], None)) } else { (rows(&[], None), of_b) };
            poll(&mut fleet, a, nth, of_a);
            let snapshot = poll(&mut fleet, b, nth, of_b);
            assert_eq!(wrong(&snapshot, 400.0, 0.02), None, "poll {nth}");
            assert!(nth < 2 || nth == SINCE || known(&snapshot), "poll {nth}");
        }
    }
}

/// Class: a process that stopped answering at an address where another one answers in its stead counts for a minute.
#[test]
fn a_process_whose_address_another_one_has_taken_has_no_rate() {
    let (first, second) = (started(999), started(5_000));
    for mut fleet in both(&[URL]) {
        for nth in 0..90 {
            let of_second = nth >= SINCE;
            let (base, start) = if of_second { (2_000_000, second) } else { (900_000, first) };
            let snapshot = poll(&mut fleet, URL, nth, rows(&[("0", "m", made(base, nth, 400))], start));
            assert_eq!(wrong(&snapshot, 400.0, 0.02), None, "poll {nth}");
            if nth > SINCE + 12 {
                assert!(known(&snapshot) && !snapshot.money.upper_bound, "poll {nth}");
            }
        }
    }
}

/// Which of so many processes answers at a poll.
type Turn = fn(i64, i64) -> i64;

/// The same of one of several that answer in turn, in any order or for some pages each.
#[test]
fn of_processes_that_share_an_address_one_that_stops_has_no_rate_or_is_marked() {
    let starts = [started(900), started(1_000), started(1_100)];
    // For as long as it was absent before, and half as long again, it is not known to have stopped.
    let turns: [(&str, i64, Turn); 3] = [
        ("in turn", 5, |nth, n| nth % n),
        ("five each", 17, |nth, n| nth / 5 % n),
        ("any order", 20, |nth, n| {
            let mixed = (nth.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x0123_4567);
            let mixed = (mixed ^ mixed >> 31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            i64::try_from((mixed ^ mixed >> 29) >> 8).unwrap() % n
        }),
    ];
    for (what, absent, turn) in turns {
        for mut fleet in both(&[URL]) {
            for nth in 0..140 {
                let n = if nth < 70 { 3 } else { 2 };
                let which = usize::try_from(turn(nth, n)).unwrap();
                let output = made([900_000, 2_000_000, 4_000_000][which], nth, 100);
                let snapshot = poll(&mut fleet, URL, nth, rows(&[("0", "m", output)], starts[which]));
                let truth = 100.0 * n as f64;
                let may_answer = nth < 12 || (70..70 + absent).contains(&nth);
                assert_eq!(wrong(&snapshot, truth, 0.1).filter(|_| !may_answer), None, "{what}, poll {nth}");
                let settled = (40..70).contains(&nth) || nth >= 132;
                assert!(!settled || known(&snapshot), "{what}, poll {nth}: unknown");
                assert!(!settled || what == "any order" || !snapshot.money.upper_bound, "{what}, poll {nth}: marked");
            }
        }
    }
}
