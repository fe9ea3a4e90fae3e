//! An address without start times that another process answers from one page to the next, with higher values in all counters.
//! What it had made is not the growth of the one before.

use crate::rate_truth;
use crate::support;

use margintop::fleet::Fleet;
use margintop::reading::{EngineReading, PageReading};
use rate_truth::{amount, both, poll, refused};
use support::{counters, page, page_of_rank};

const URL: &str = "http://engine:8000";

/// Prompt, cached and output tokens.
type Made = [u64; 3];

/// What a process has made at a poll: so much at poll 0 and so much in each second.
fn made(before: Made, a_second: Made, nth: i64) -> Made {
    std::array::from_fn(|i| before[i] + a_second[i] * nth.unsigned_abs())
}

fn shown([prompt, cached, output]: Made) -> PageReading {
    let row: EngineReading = page_of_rank("m", "0", counters(prompt, cached, output));
    PageReading { engines: vec![row], ..page("m", counters(0, 0, 0), None) }
}

fn posted(fleet: &Fleet) -> Made {
    fleet.ledger().today().tokens().fold([0; 3], |[prompt, hit, output], (.., tokens)| {
        let (misses, hits) = (tokens.miss.count(), tokens.hit.count());
        [prompt + misses + hits, hit + hits, output + tokens.output.count()]
    })
}

fn sum(one: Made, other: Made) -> Made {
    std::array::from_fn(|i| one[i] + other[i])
}

fn is_above(one: Made, other: Made) -> bool {
    (0..3).any(|i| one[i] > other[i])
}

/// Class: it goes over once and for good, after a short or a long watch, to a process that has made a little more or far more.
#[test]
fn what_another_process_had_made_is_not_the_growth_of_the_one_before() {
    let pace = [200, 50, 150];
    for (watched, silent) in [(5, 0), (5, 3), (61, 0), (75, 2), (130, 0)] {
        for more in [
            [15_000, 4_000, 5_500],
            [55_000, 10_000, 25_000],
            [90_000, 13_000, 45_000],
            [450_000, 90_000, 180_000],
            [2_000_000, 400_000, 900_000],
        ] {
            // An engine may make the smallest one in so many seconds.
            if silent > 0 && more[0] < 50_000 {
                continue;
            }
            for mut fleet in both(&[URL]) {
                for nth in 0..watched + silent + 60 {
                    let [a, b] = [[50_000, 10_000, 20_000], sum([50_000, 10_000, 20_000], more)];
                    let is_other = nth >= watched;
                    if is_other && nth < watched + silent {
                        fleet.apply(refused(URL, nth));
                        continue;
                    }
                    poll(&mut fleet, URL, nth, shown(made(if is_other { b } else { a }, pace, nth)));
                    let since = if is_other { nth - 1 - silent } else { nth };
                    let truth = made([0; 3], pace, since);
                    let posted = posted(&fleet);
                    let what = format!("{more:?} more after {watched} s, poll {nth}: {posted:?} of {truth:?}");
                    let is_marked = fleet.snapshot().money.upper_bound && more[0] < 100_000;
                    assert!(!is_above(posted, truth) || is_marked, "{what}");
                }
                let (money, truth) = (fleet.snapshot().money, made([0; 3], pace, watched - 1 + 59));
                assert_eq!(money.disputed_tokens > 0, more[0] > 100_000, "{more:?} more after {watched} s");
                assert!(money.lower_bound || is_above(posted(&fleet), truth), "{more:?} more after {watched} s");
            }
        }
    }
}

/// Class: it goes over to a process that differs from the one before in one counter only, or in all but one.
#[test]
fn another_process_that_is_near_in_one_counter_is_marked_too() {
    let (pace, base) = ([200, 50, 150], [50_000, 10_000, 20_000]);
    for more in
        [[310_000, 0, 100_000], [310_000, 40_000, 300], [20_000, 0, 40_000], [400, 0, 40_000], [1_000_000, 0, 0]]
    {
        for watched in [40, 130] {
            for mut fleet in both(&[URL]) {
                for nth in 0..watched + 900 {
                    let is_other = nth >= watched;
                    poll(&mut fleet, URL, nth, shown(made(if is_other { sum(base, more) } else { base }, pace, nth)));
                    let since = if is_other { nth - 1 } else { nth };
                    let (posted, money) = (posted(&fleet), fleet.snapshot().money);
                    let what = format!("{more:?} more after {watched} s, poll {nth}: {posted:?}");
                    assert!(!is_above(posted, made([0; 3], pace, since)) || money.upper_bound, "{what}");
                }
            }
        }
    }
}

/// Class: the same engine has much more to do from one second to the next.
#[test]
fn a_load_that_begins_at_once_is_an_engines_own() {
    let slow = [200, 50, 150];
    for fast in [[2_000, 500, 1_500], [16_000, 9_000, 8_000], [60_000, 50_000, 14_000], [400_000, 390_000, 20_000]] {
        for idle in [5, 75] {
            for mut fleet in both(&[URL]) {
                for nth in 0..idle + 60 {
                    let began = made([50_000, 10_000, 20_000], slow, nth.min(idle));
                    poll(&mut fleet, URL, nth, shown(made(began, fast, (nth - idle).max(0))));
                }
                let truth = sum(made([0; 3], slow, idle), made([0; 3], fast, 59));
                assert_eq!(posted(&fleet), truth, "{fast:?} after {idle} s");
                let money = fleet.snapshot().money;
                assert!(!money.lower_bound && money.disputed_tokens == 0, "{fast:?} after {idle} s");
            }
        }
    }
}

/// Class: a connection that is kept shows one of two processes for some pages, then the other one.
#[test]
fn two_processes_that_answer_for_some_pages_each_are_not_posted_for_more_than_they_made() {
    let pace = [200, 50, 150];
    for pages in [6, 15, 40] {
        for more in [[55_000, 10_000, 25_000], [450_000, 90_000, 180_000]] {
            for mut fleet in both(&[URL]) {
                let base = [50_000, 10_000, 20_000];
                for nth in 0..240 {
                    let is_other = nth / pages % 2 == 1;
                    poll(&mut fleet, URL, nth, shown(made(if is_other { sum(base, more) } else { base }, pace, nth)));
                    let all = made([0; 3], pace, nth);
                    let truth = sum(all, if nth >= pages { made([0; 3], pace, nth - pages) } else { [0; 3] });
                    let (posted, money) = (posted(&fleet), fleet.snapshot().money);
                    let what = format!("{more:?} more, {pages} pages each, poll {nth}: {posted:?} of {truth:?}");
                    assert!(!is_above(posted, truth) || money.upper_bound, "{what}");
                }
            }
        }
    }
}

/// Class: a mark that ends while what it is about stays.
#[test]
fn what_is_not_proven_is_an_upper_bound_for_as_long_as_it_is_posted() {
    let (pace, base, more) = ([200, 50, 150], [50_000, 10_000, 20_000], [55_000, 10_000, 25_000]);
    let polls = (0..120).chain((120..1500).step_by(20));
    for mut fleet in both(&[URL]) {
        for nth in polls.clone() {
            poll(&mut fleet, URL, nth, shown(made(if nth >= 60 { sum(base, more) } else { base }, pace, nth)));
        }
        let money = fleet.snapshot().money;
        assert!(!money.on_trial && money.upper_bound, "{money:?}");
        // 45,000 computed, 10,000 cached and 25,000 output tokens, and those of the pages until it was posted.
        assert!((0.08..0.09).contains(&amount(money.uncertainty)), "{:?}", money.uncertainty);
    }
}

/// Class: uncertainty of what was taken back.
#[test]
fn what_is_taken_back_is_no_longer_uncertain() {
    let (pace, base, more) = ([200, 50, 150], [50_000, 10_000, 20_000], [55_000, 10_000, 25_000]);
    for mut fleet in both(&[URL]) {
        for nth in 0..200 {
            let is_other = (60..100).contains(&nth);
            poll(&mut fleet, URL, nth, shown(made(if is_other { sum(base, more) } else { base }, pace, nth)));
        }
        let money = fleet.snapshot().money;
        assert!(amount(money.uncertainty).abs() < 1e-9, "{money:?}");
    }
}
