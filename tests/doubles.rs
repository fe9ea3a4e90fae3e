//! One engine under two names counts once; two engines never count as one.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use margintop::fleet::Fleet;
use margintop::reading::PageReading;
use margintop::units::{Moment, Span, Timestamp};
use support::{answered, at, counters, fleet, member, moment, page};

fn after(millis: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_millis(millis))
}

#[allow(clippy::unnecessary_wraps, reason = "what a page says of its start")]
fn born(millis: i64) -> Option<Timestamp> {
    Some(after(millis).wall)
}

fn say(value: u64, start: Option<Timestamp>) -> PageReading {
    page("deepseek-r1", counters(value * 4, value, value), start)
}

fn two(node_of_b: &str) -> Fleet {
    fleet(vec![member("b", "n", None), member("a", node_of_b, None)], after(0))
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

/// Both are asked each second, `b` (named first) a moment before `a`.
fn look(fleet: &mut Fleet, second: i64, first: PageReading, second_page: PageReading) {
    fleet.apply(answered("b", after(second * 1000), first));
    fleet.apply(answered("a", after(second * 1000 + 100), second_page));
}

fn notes(fleet: &Fleet) -> Vec<Option<String>> {
    fleet.snapshot().engines.iter().map(|row| row.note.as_ref().map(ToString::to_string)).collect()
}

#[test]
fn one_engine_under_two_names_counts_once() {
    let mut fleet = two("n");
    for second in 0..6 {
        let value = 1000 + 50 * u64::try_from(second).unwrap();
        look(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    assert_eq!(output(&fleet), 250, "what the second name posted is taken back");
    let picture = fleet.snapshot();
    assert_eq!(
        notes(&fleet),
        [Some("also seen as b, and counted there".to_owned()), Some("also seen as a".to_owned())]
    );
    assert_eq!((picture.coverage.engines_known, picture.tokens.output_total.unwrap().count()), (1, 1250));
    assert_eq!((picture.engines[0].revenue, picture.engines[1].revenue), (None, picture.money.revenue));
}

#[test]
fn a_restart_seen_by_both_names_counts_once() {
    let mut fleet = two("n");
    for (second, value) in (0..6).zip((1000..).step_by(50)) {
        look(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    for (second, value) in (7..12).zip((10..).step_by(10)) {
        look(&mut fleet, second, say(value, born(6500)), say(value, born(6500)));
    }
    assert_eq!(output(&fleet), 250 + 50);
}

#[test]
fn a_restart_that_the_second_name_sees_first_counts_once() {
    let mut fleet = two("n");
    for (second, value) in (0..6).zip((1000..).step_by(50)) {
        look(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    fleet.apply(answered("a", after(6900), say(7, born(6500))));
    for (second, value) in (7..12).zip((10..).step_by(10)) {
        look(&mut fleet, second, say(value, born(6500)), say(value, born(6500)));
    }
    assert_eq!(output(&fleet), 250 + 50);
}

#[test]
fn replicas_that_started_in_one_instant_stay_two() {
    let mut fleet = two("n");
    for second in 0..60_u64 {
        // Both served the same requests for a while; then each its own.
        let (ours, theirs) = if second < 2 { (second, second) } else { (second * 7, second * 5) };
        look(&mut fleet, i64::try_from(second).unwrap(), say(ours, born(-9000)), say(theirs, born(-9000)));
    }
    assert_eq!(output(&fleet), 59 * 7 + 59 * 5);
    assert_eq!(notes(&fleet), [None, None]);
}

#[test]
fn idle_replicas_are_not_proven_to_be_one() {
    let mut fleet = two("n");
    for second in 0..20 {
        look(&mut fleet, second, say(15, born(-9000)), say(15, born(-9000)));
    }
    assert_eq!(notes(&fleet), [None, None]);
    look(&mut fleet, 21, say(20, born(-9000)), say(500, born(-9000)));
    assert_eq!(output(&fleet), 5 + 485);
}

#[test]
fn other_nodes_other_starts_and_unknown_ones_stay_two() {
    for (node, first, second) in [("m", born(-9000), born(-9000)), ("n", born(-9000), born(-8990)), ("n", None, None)] {
        let mut fleet = two(node);
        for (at, value) in (0..8).zip((1000..).step_by(50)) {
            look(&mut fleet, at, say(value, first), say(value, second));
        }
        assert_eq!(output(&fleet), 2 * 350, "{node} {first:?} {second:?}");
    }
}

#[test]
fn a_double_counts_itself_while_the_first_name_is_lost_and_once_after() {
    let mut fleet = two("n");
    for (second, value) in (0..6).zip((1000..).step_by(50)) {
        look(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    for (second, value) in (6..90).zip((1300..).step_by(50)) {
        fleet.apply(answered("a", after(second * 1000), say(value, born(-9000))));
    }
    assert!(output(&fleet) > 1000, "an outage of one name is no outage of the engine");
    for (second, value) in (90..100).zip((5500..).step_by(50)) {
        look(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    assert_eq!(output(&fleet), 5950 - 1000);
}
