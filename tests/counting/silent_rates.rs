//! Rates of processes without start times behind one address: all of them together, or unknown.
#![allow(clippy::cast_precision_loss)]

use crate::support;
#[allow(dead_code, unreachable_pub, reason = "this test uses a part")]
use crate::world::dice;

use dice::Dice;
use margintop::units::{Moment, Span};
use support::{answered_dated, at, counters, fleet, member, moment, page};

const URL: &str = "http://engine:8000";
const EVERY: u64 = 250;

fn after(millis: u64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_millis(millis.cast_signed()))
}

/// Processes by what they had at first, and what they make a second; which of them answers in a poll.
struct Case {
    what: &'static str,
    bases: Vec<u64>,
    paces: Vec<u64>,
}

fn cases() -> Vec<Case> {
    let case = |what, bases: &[u64], paces: &[u64]| Case { what, bases: bases.to_vec(), paces: paces.to_vec() };
    vec![
        case("far apart", &[1_000_000, 9_000_000, 30_000_000], &[400, 400, 400]),
        case("one below the other", &[300, 50_000], &[20, 40]),
        case("near", &[200_000, 260_000], &[300, 200]),
        case("busy", &[1_000_000, 9_000_000], &[60_000, 50_000]),
        case("the lower is faster", &[5_000, 9_000_000, 70_000], &[3_000, 100, 900]),
        case("two alike", &[1_000_000, 1_000_400], &[500, 500]),
        case("five", &[100_000, 7_000_000, 40_000, 2_000_000, 900_000], &[100, 2_000, 50, 700, 300]),
    ]
}

/// Class: a rate that leaves out processes which answer at the address, without a word.
#[test]
fn the_rate_of_processes_that_answer_in_any_order_is_that_of_all_or_unknown() {
    let mut wrong = Vec::new();
    for Case { what, bases, paces } in cases() {
        for seed in 1..=8 {
            let (mut dice, mut fleet) = (Dice::new(seed), fleet(vec![member(URL, "n", None)], after(0)));
            let all: u64 = paces.iter().sum();
            for poll in 0..480 {
                let nth = usize::try_from(dice.below(bases.len() as u64)).unwrap();
                let now = poll * EVERY;
                let made = bases[nth] + paces[nth] * now / 1_000;
                fleet.apply(answered_dated(URL, after(now), page("m", counters(2 * made, made, made), None)));
                let snapshot = fleet.snapshot();
                let Some(rate) = snapshot.engines[0].output_per_second else { continue };
                // In a window of ten seconds some answer more often than others.
                if poll > 60 && !(0.6..=1.6).contains(&(rate / all as f64)) {
                    let note = snapshot.engines[0].note.as_ref().map(ToString::to_string);
                    wrong.push(format!("{what}, seed {seed}, poll {poll}: {rate} of {all}, {note:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {:#?}", wrong.len(), wrong.iter().step_by(wrong.len() / 20 + 1).collect::<Vec<_>>());
}

/// Class: the same of processes that are told apart: the rate is known, and each counts by its own pages.
#[test]
fn the_rate_of_processes_that_are_distinguished_is_known() {
    for Case { what, bases, paces } in cases() {
        let mut fleet = fleet(vec![member(URL, "n", None)], after(0));
        let all: u64 = paces.iter().sum();
        for poll in 0..400 {
            let nth = usize::try_from(poll).unwrap() % bases.len();
            let now = poll * EVERY;
            let made = bases[nth] + paces[nth] * now / 1_000;
            fleet.apply(answered_dated(URL, after(now), page("m", counters(2 * made, made, made), None)));
            let snapshot = fleet.snapshot();
            let rate = snapshot.engines[0].output_per_second;
            if poll > 300 && what != "two alike" {
                let is_right = rate.is_some_and(|rate| (0.95..=1.05).contains(&(rate / all as f64)));
                assert!(is_right, "{what}, poll {poll}: {rate:?} of {all}, {:?}", snapshot.engines[0].note);
            }
        }
    }
}

/// Class: a mark that is always there. An engine alone at its address is on trial for no one, also with bursts.
#[test]
fn growth_of_a_process_that_answers_alone_is_no_upper_bound() {
    for burst in [0, 3_000, 40_000] {
        let mut fleet = fleet(vec![member(URL, "n", None)], after(0));
        let mut made = 1_000_000;
        for poll in 0..240 {
            made += 25 + if poll % 40 == 39 { burst } else { 0 };
            fleet.apply(answered_dated(URL, after(poll * EVERY), page("m", counters(2 * made, made, made), None)));
            let money = fleet.snapshot().money;
            assert!(!money.upper_bound && !money.on_trial || burst > 10_000, "{burst}, poll {poll}");
        }
        assert!(!fleet.snapshot().money.on_trial, "{burst}");
    }
}
