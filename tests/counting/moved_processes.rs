//! A process that answers at one address and later at another, never at both at once: a name server or a load balancer that
//! is set up anew, pods that swap their names.

use crate::restart;
use crate::support;

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::reading::PageReading;
use margintop::units::{Moment, Span};
use support::{answered, at, counters, fleet, member, moment, page};

/// The tokens that each process makes a second.
const RATE: u64 = 50;

fn after(millis: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_millis(millis))
}

/// A process: its start in seconds and what it had made at second 0.
type Served = (i64, u64);

const P: Served = (-900, 100_000);
const Q: Served = (-1_800, 300_000);

fn made((start, before): Served, millis: i64) -> u64 {
    let since = if start < 0 { millis } else { millis - start * 1000 };
    before + u64::try_from(since.max(0)).unwrap() * RATE / 1000
}

fn shown(process: Served, millis: i64) -> PageReading {
    let made = made(process, millis);
    let page = page("deepseek-r1", counters(made * 4, made, made), Some(after(process.0 * 1000).wall));
    PageReading { date: Some(after(millis).wall), ..page }
}

/// The processes that answer at the addresses `a` and `b` from a second on, if any do.
type Script<'a> = &'a [(i64, Option<Served>, Option<Served>)];

/// Posted output tokens, those that were made while the watch ran, and whether something is said to be missing or too much.
fn watch(script: Script<'_>, until: i64, counted_from: &[(Served, i64)]) -> (u64, u64, bool, bool) {
    let mut watch: Fleet = fleet(vec![member("a", "n", None), member("b", "m", None)], after(0));
    watch.restore(SavedState::default(), Span::from_secs(86_400));
    let mut last = std::collections::BTreeMap::new();
    for second in 0..until {
        let (_, a, b) = script.iter().rev().find(|(from, ..)| *from <= second).unwrap();
        for (name, served, late) in [("a", a, 0), ("b", b, 100)] {
            if let Some(process) = served {
                let millis = second * 1000 + late;
                last.insert(*process, millis);
                watch.apply(answered(name, after(millis), shown(*process, millis)));
            }
        }
    }
    let posted = watch.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
    let truth = counted_from.iter().map(|(process, from)| made(*process, last[process]) - made(*process, *from)).sum();
    let money = watch.snapshot().money;
    (posted, truth, money.lower_bound, money.upper_bound)
}

fn assert_right(what: &str, (posted, truth, lower, upper): (u64, u64, bool, bool)) {
    assert!(posted <= truth || upper, "{what}: {posted} posted of {truth}");
    assert!(
        posted == truth || posted < truth && lower || posted > truth && upper,
        "{what}: {posted} of {truth} unmarked"
    );
    assert!(posted != truth || !upper, "{what}: {posted} of {truth} is exact and said to be too much");
}

/// Class: it moves to an address that was silent until then, and its own address is silent or has a new process.
#[test]
fn a_process_that_moves_to_another_address_is_exact_or_marked() {
    for gap in [1, 2, 5, 20, 70] {
        let script: Script<'_> = &[(0, Some(P), None), (20, None, None), (20 + gap, None, Some(P))];
        assert_right(&format!("away for {gap} s"), watch(script, 120, &[(P, 0)]));
        let new = (20, 0);
        let script: Script<'_> = &[(0, Some(P), None), (20, Some(new), None), (20 + gap, Some(new), Some(P))];
        assert_right(&format!("replaced for {gap} s"), watch(script, 120, &[(P, 0), (new, 20_000)]));
        let script: Script<'_> = &[(0, Some(P), Some(Q)), (20, None, Some(Q)), (20 + gap, None, Some(P))];
        assert_right(&format!("beside another for {gap} s"), watch(script, 120, &[(P, 0), (Q, 100)]));
    }
}

/// Class: two processes swap their addresses, once or more often.
#[test]
fn processes_that_swap_addresses_are_exact_or_marked() {
    for gap in [0, 1, 5, 20, 70] {
        for times in 1..=4_i64 {
            let mut script = vec![(0, Some(P), Some(Q))];
            for nth in 1..=times {
                let at = nth * (30 + gap);
                script.push((at - gap, None, None));
                script.push(if nth % 2 == 1 { (at, Some(Q), Some(P)) } else { (at, Some(P), Some(Q)) });
            }
            let what = format!("{times} swaps of {gap} s");
            assert_right(&what, watch(&script, times * (30 + gap) + 40, &[(P, 0), (Q, 100)]));
        }
    }
}

/// Class: it goes to and fro between two addresses.
#[test]
fn a_process_that_goes_to_and_fro_is_exact_or_marked() {
    for stay in [1, 3, 10, 30] {
        let script: Vec<_> = (0..12)
            .map(|nth| if nth % 2 == 0 { (nth * stay, Some(P), None) } else { (nth * stay, None, Some(P)) })
            .collect();
        assert_right(&format!("each {stay} s"), watch(&script, 12 * stay + 10, &[(P, 0)]));
    }
}

/// Class: an engine that the next run reaches under another name of its host: the tokens of the absence.
#[test]
fn a_process_that_the_next_run_names_otherwise_goes_on() {
    for (gap, back) in [(5, false), (30, false), (600, false), (5, true), (600, true)] {
        let mut watch: Fleet = fleet(vec![member("a", "n", None)], after(0));
        watch.restore(SavedState::default(), Span::from_secs(86_400));
        let mut begin = 0;
        for name in if back { vec!["a", "b", "a"] } else { vec!["a", "b"] } {
            if begin > 0 {
                let saved = restart::saved(&mut watch);
                let config = FleetConfig { targets: vec![member(name, "n", None)], ..FleetConfig::local("box") };
                watch = restart::restart(&watch, config, saved, after(begin * 1000));
            }
            let mut before = 0;
            for second in begin..begin + 60 {
                watch.apply(answered(name, after(second * 1000), shown(P, second * 1000)));
                let pace = watch.snapshot().tokens.output_per_second;
                let is_pace = pace.is_none_or(|pace| (pace - RATE as f64).abs() < 2.0);
                assert!(is_pace, "{gap} s, back {back}, second {second}: {pace:?} a second");
                let now: u64 = watch.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
                let is_marked = watch.snapshot().money.lower_bound;
                assert!(now >= before || is_marked, "{gap} s, back {back}, second {second}: {now} after {before}");
                before = now;
            }
            begin += 60 + gap;
        }
        let last = begin - gap - 1;
        let posted: u64 = watch.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
        let money = watch.snapshot().money;
        let truth = made(P, last * 1000) - made(P, 0);
        assert_right(&format!("{gap} s, back {back}"), (posted, truth, money.lower_bound, money.upper_bound));
        assert_eq!(posted, truth, "{gap} s, back {back}");
    }
}
