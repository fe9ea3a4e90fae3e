//! A process that answers no more while others do: what it made after its last page is missing, until it answers again.

use crate::rate_truth;

use crate::reports::scene::{HERE, Scene, read};
use margintop::reading::PageReading;
use rate_truth::{both, poll, rows, started};

const URL: &str = "http://engine:8000";

fn made(before: u64, nth: i64) -> u64 {
    before + 100 * nth.unsigned_abs()
}

/// Whether the total is a lower bound after so many polls, and the lost windows.
fn bounds(polls: i64, page: impl Fn(i64) -> PageReading) -> [(bool, u64); 2] {
    both(&[URL]).map(|mut fleet| {
        (0..polls).for_each(|nth| drop(poll(&mut fleet, URL, nth, page(nth))));
        let money = fleet.snapshot().money;
        (money.lower_bound, money.lost_windows)
    })
}

/// Class: one of several replicas ends, and nothing says what it made in its last seconds.
#[test]
fn a_replica_that_leaves_its_address_is_a_lost_window_until_it_answers_again() {
    let page = |end: i64, back: i64| {
        move |nth: i64| {
            let is_first = nth % 2 == 0 && !(end..back).contains(&nth);
            let (process, had) = if is_first { (1_000, 50_000) } else { (2_000, 900_000) };
            rows(&[("0", "m", made(had, nth))], started(process))
        }
    };
    assert_eq!(bounds(60, page(60, 60)), [(false, 0); 2], "both answer");
    assert_eq!(bounds(60, page(30, 60)), [(true, 1); 2], "one is gone");
    assert_eq!(bounds(60, page(30, 52)), [(false, 0); 2], "and is back");
    assert_eq!(bounds(32, page(30, 60)), [(false, 0); 2], "it is not known yet");
}

/// Class: an engine without a start time is started again with another model: its first page is a baseline.
#[test]
fn a_restart_into_another_model_is_a_lost_window() {
    for had in [0, 40, 9_000] {
        let page = |nth: i64| {
            let (model, made) = if nth < 20 { ("m", made(50_000, nth)) } else { ("x", made(had, nth - 20)) };
            rows(&[("0", model, made)], None)
        };
        assert!(bounds(60, page).iter().all(|(is_bound, _)| *is_bound), "{had}");
    }
}

/// Class: one of several replicas ends while margintop is stopped: no page of it follows, before or after.
#[test]
fn a_replica_that_ends_while_margintop_is_stopped_is_a_lost_window_once() {
    let text = |start: i64, made: u64| {
        let family = |name: &str, value: u64| {
            format!("# TYPE vllm:{name} counter\nvllm:{name}{{engine=\"0\",model_name=\"m\"}} {value}\n")
        };
        let counters = family("prompt_tokens_total", 2 * made) + &family("generation_tokens_total", made);
        read(&format!("process_start_time_seconds {}\n{counters}", 1_700_000_000 + start))
    };
    for (back, lost) in [(200, 1), (50, 0)] {
        let mut scene = Scene::one();
        for second in (0..110).filter(|second| !(20..26).contains(second)) {
            if second == 26 || second == 80 {
                scene.restart(second);
            }
            let is_first = second % 2 == 0 && !(20..back).contains(&second);
            let (start, had) = if is_first { (0, 50_000) } else { (900, 9_000) };
            scene.take(HERE, second, text(start, made(had, second)));
            let money = scene.snapshot(second).money;
            assert!(second < 60 || (money.lost_windows, money.lower_bound) == (lost, lost > 0), "{second}: {money:?}");
        }
    }
}

/// Class: a model or an instance ends while its page goes on.
#[test]
fn a_row_that_leaves_its_page_is_a_lost_window_until_it_returns() {
    let page = |end: i64, back: i64, pace: i64| {
        move |nth: i64| {
            let mut all = vec![("0", "m", made(50_000, nth))];
            if !(end..back).contains(&nth) {
                all.push(("0", "x", made(9_000, nth * pace)));
            }
            rows(&all, started(1_000))
        }
    };
    assert_eq!(bounds(60, page(60, 60, 1)), [(false, 0); 2], "both are there");
    assert_eq!(bounds(60, page(30, 60, 1)), [(true, 1); 2], "one is gone");
    assert_eq!(bounds(60, page(30, 52, 1)), [(false, 0); 2], "and is back");
    assert_eq!(bounds(32, page(30, 60, 1)), [(false, 0); 2], "it may be a short page");
    assert_eq!(bounds(60, page(30, 60, 0)), [(false, 0); 2], "it had no request when it left");
    // Two replicas of which one has another model, each for ten pages in turn.
    let page = |nth: i64| {
        let (process, model, had) = if nth / 10 % 2 == 0 { (1_000, "m", 50_000) } else { (2_000, "x", 9_000) };
        rows(&[("0", model, made(had, nth))], started(process))
    };
    assert_eq!(bounds(100, page), [(false, 0); 2], "its process answers again");
}
