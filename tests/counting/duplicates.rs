//! One engine under two names counts once; two engines never count as one.

use crate::support;

use crate::restart;

use margintop::fleet::{Fleet, FleetConfig, SavedState};
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

/// The names that a watch is given, in their order.
fn named(names: &[&str]) -> FleetConfig {
    FleetConfig { targets: names.iter().map(|name| member(name, "n", None)).collect(), ..FleetConfig::local("box") }
}

/// An engine that makes 50 tokens a second, seen under both names until the watch is killed at a second.
fn killed_at(second: i64) -> (Fleet, SavedState) {
    let mut fleet = two("n");
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    for second in 0..=second {
        poll(&mut fleet, second, made(second), made(second));
    }
    let saved = restart::saved(&mut fleet);
    (fleet, saved)
}

fn made(second: i64) -> PageReading {
    say(1000 + 50 * u64::try_from(second).unwrap(), born(-9000))
}

fn answer(fleet: &mut Fleet, name: &str, millis: i64, page: PageReading) {
    fleet.apply(answered(name, after(millis), page));
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

/// Both are asked each second, `b` (named first) a moment before `a`.
fn poll(fleet: &mut Fleet, second: i64, first: PageReading, second_page: PageReading) {
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
        poll(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    assert_eq!(output(&fleet), 250, "what the second name posted is taken back");
    let snapshot = fleet.snapshot();
    assert_eq!(
        notes(&fleet),
        [Some("also seen as b, and counted there".to_owned()), Some("also seen as a".to_owned())]
    );
    assert_eq!((snapshot.coverage.engines_known, snapshot.tokens.output_total.unwrap().count()), (1, 1250));
    assert_eq!((snapshot.engines[0].revenue, snapshot.engines[1].revenue), (None, snapshot.money.revenue));
}

#[test]
fn a_restart_seen_by_both_names_counts_once() {
    let mut fleet = two("n");
    for (second, value) in (0..6).zip((1000..).step_by(50)) {
        poll(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    for (second, value) in (7..12).zip((10..).step_by(10)) {
        poll(&mut fleet, second, say(value, born(6500)), say(value, born(6500)));
    }
    assert_eq!((output(&fleet), fleet.ledger().uncertainty().lost_windows), (250 + 50, 1));
}

/// Class: each restart of a crash loop is a lost window, and not one at each address.
#[test]
fn restarts_seen_by_both_names_are_one_lost_window_each() {
    for life in [3_i64, 5, 8] {
        for killed in [false, true] {
            let mut fleet = two("n");
            fleet.restore(SavedState::default(), Span::from_secs(86_400));
            for second in 0..12 + 4 * life {
                let nth = (second - 12).div_euclid(life).max(-1);
                let start = if nth < 0 { -9000 } else { (12 + nth * life) * 1000 - 500 };
                let made = u64::try_from(second * 1000 - start).unwrap() / 10;
                if killed && second == 12 + 3 * life + 1 {
                    let saved = restart::saved(&mut fleet);
                    fleet = restart::restart(&fleet, named(&["b", "a"]), saved, after(second * 1000 - 500));
                }
                poll(&mut fleet, second, say(made, born(start)), say(made, born(start)));
            }
            for second in 12 + 4 * life..30 + 4 * life {
                let start = (12 + 3 * life) * 1000 - 500;
                let made = u64::try_from(second * 1000 - start).unwrap() / 10;
                poll(&mut fleet, second, say(made, born(start)), say(made, born(start)));
            }
            assert_eq!(fleet.ledger().uncertainty().lost_windows, 4, "lives of {life} s, killed: {killed}");
        }
    }
}

#[test]
fn a_restart_that_the_second_name_sees_first_counts_once() {
    let mut fleet = two("n");
    for (second, value) in (0..6).zip((1000..).step_by(50)) {
        poll(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    fleet.apply(answered("a", after(6900), say(7, born(6500))));
    for (second, value) in (7..12).zip((10..).step_by(10)) {
        poll(&mut fleet, second, say(value, born(6500)), say(value, born(6500)));
    }
    assert_eq!((output(&fleet), fleet.ledger().uncertainty().lost_windows), (250 + 50, 1));
}

#[test]
fn replicas_that_started_in_one_instant_stay_two() {
    let mut fleet = two("n");
    for second in 0..60_u64 {
        // Both served the same requests for a while; then each its own.
        let (ours, theirs) = if second < 2 { (second, second) } else { (second * 7, second * 5) };
        poll(&mut fleet, i64::try_from(second).unwrap(), say(ours, born(-9000)), say(theirs, born(-9000)));
    }
    assert_eq!(output(&fleet), 59 * 7 + 59 * 5);
    assert_eq!(notes(&fleet), [None, None]);
}

#[test]
fn idle_replicas_are_not_proven_to_be_one() {
    let mut fleet = two("n");
    for second in 0..20 {
        poll(&mut fleet, second, say(15, born(-9000)), say(15, born(-9000)));
    }
    assert_eq!(notes(&fleet), [None, None]);
    poll(&mut fleet, 21, say(20, born(-9000)), say(500, born(-9000)));
    assert_eq!(output(&fleet), 5 + 485);
}

#[test]
fn other_starts_and_unknown_ones_stay_two() {
    for (first, second) in [(born(-9000), born(-8990)), (None, None)] {
        let mut fleet = two("n");
        for (at, value) in (0..8).zip((1000..).step_by(50)) {
            poll(&mut fleet, at, say(value, first), say(value, second));
        }
        assert_eq!(output(&fleet), 2 * 350, "{first:?} {second:?}");
    }
}

#[test]
fn a_double_counts_itself_while_the_first_name_is_lost_and_once_after() {
    let mut fleet = two("n");
    for (second, value) in (0..6).zip((1000..).step_by(50)) {
        poll(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    for (second, value) in (6..90).zip((1300..).step_by(50)) {
        fleet.apply(answered("a", after(second * 1000), say(value, born(-9000))));
    }
    assert!(output(&fleet) > 1000, "an outage of one name is no outage of the engine");
    for (second, value) in (90..100).zip((5500..).step_by(50)) {
        poll(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
    }
    assert_eq!(output(&fleet), 5950 - 1000);
}

/// Class: what a watch knew of its targets' names must survive it, whenever it is killed and whichever name answers first.
#[test]
fn an_engine_under_two_names_counts_once_over_a_restart() {
    for (kill, a_first) in (0..8).flat_map(|kill| [(kill, false), (kill, true)]) {
        let (before, saved) = killed_at(kill);
        let mut fleet = restart::restart(&before, named(&["b", "a"]), saved, after(kill * 1000 + 20_000));
        for second in kill + 20..kill + 26 {
            if a_first {
                answer(&mut fleet, "a", second * 1000, made(second));
                answer(&mut fleet, "b", second * 1000 + 100, made(second));
            } else {
                poll(&mut fleet, second, made(second), made(second));
            }
        }
        let truth = 50 * u64::try_from(kill + 25).unwrap();
        assert_eq!(output(&fleet), truth, "killed at {kill}, a first: {a_first}");
        assert!(!fleet.snapshot().money.lower_bound, "killed at {kill}, a first: {a_first}");
    }
}

/// Class: a watch that is killed again and again before it knows that two names are one.
#[test]
fn an_engine_under_two_names_counts_once_over_many_restarts() {
    let (mut fleet, mut saved) = killed_at(1);
    for second in (3..60).step_by(3) {
        fleet = restart::restart(&fleet, named(&["b", "a"]), saved, after(second * 1000));
        poll(&mut fleet, second, made(second), made(second));
        saved = restart::saved(&mut fleet);
    }
    assert_eq!(output(&fleet), 57 * 50);
}

/// Class: a ledger of a version that kept no names.
#[test]
fn names_that_were_not_kept_are_found_before_anything_is_posted() {
    for a_first in [false, true] {
        let (before, mut saved) = killed_at(7);
        for item in &mut saved.targets {
            let mut state: serde_json::Value = serde_json::from_str(&item.state).unwrap();
            state.as_object_mut().unwrap().remove("duplicates");
            item.state = state.to_string();
        }
        let mut fleet = restart::restart(&before, named(&["b", "a"]), saved, after(27_000));
        for second in 27..33 {
            if a_first {
                answer(&mut fleet, "a", second * 1000 - 100, made(second));
            }
            poll(&mut fleet, second, made(second), made(second));
        }
        assert_eq!(output(&fleet), 32 * 50, "a first: {a_first}");
    }
}

/// Class: what was kept of names does not fit the targets of the next watch.
#[test]
fn a_name_counts_itself_once_the_first_is_no_target() {
    let (before, saved) = killed_at(7);
    let mut fleet = restart::restart(&before, named(&["a"]), saved, after(27_000));
    for second in 27..33 {
        answer(&mut fleet, "a", second * 1000, made(second));
    }
    assert_eq!(output(&fleet), 32 * 50);
    assert!(!fleet.snapshot().money.lower_bound);
}

/// Class: what was kept of names does not fit the order of the next watch's targets.
#[test]
fn names_in_another_order_still_count_once() {
    let (before, saved) = killed_at(7);
    let mut fleet = restart::restart(&before, named(&["a", "b"]), saved, after(27_000));
    for second in 27..40 {
        poll(&mut fleet, second, made(second), made(second));
    }
    assert_eq!(output(&fleet), 39 * 50);
}

/// Class: a first name that does not come back after a restart.
#[test]
fn a_first_name_that_stays_silent_after_a_restart_hands_over_all_that_it_did_not_count() {
    let (before, saved) = killed_at(7);
    let mut fleet = restart::restart(&before, named(&["b", "a"]), saved, after(600_000));
    for second in 600..700 {
        answer(&mut fleet, "a", second * 1000, made(second));
    }
    assert_eq!(output(&fleet), 699 * 50);
    assert!(!fleet.snapshot().money.lower_bound, "nothing is lost");
    for second in 700..710 {
        poll(&mut fleet, second, made(second), made(second));
    }
    assert_eq!(output(&fleet), 709 * 50);
}

/// A page of one rank, or of two of which the second made as much from second 6 on.
fn ranks(second: i64, both: bool) -> PageReading {
    let mut page = made(second);
    if both {
        let made = 70 * u64::try_from(second - 5).unwrap();
        let second_rank = support::page_of_rank("deepseek-r1", "1", counters(made * 4, made, made));
        page.engines.push(second_rank);
    }
    page
}

/// Class: a page that shows more or fewer rows than the other name's last page is no proof of two engines.
#[test]
fn rows_that_come_and_go_make_no_second_engine() {
    let mut fleet = two("n");
    for second in 0..1500 {
        let both = (6..100).contains(&second);
        poll(&mut fleet, second, ranks(second, both), ranks(second, both));
    }
    assert_eq!(output(&fleet), 1499 * 50 + 94 * 70);
    assert_eq!(notes(&fleet)[0], Some("also seen as b, and counted there".to_owned()));
}

/// Class: engines of different ranks or models that were started in one instant.
#[test]
fn engines_of_different_rows_stay_two() {
    let mut fleet = two("n");
    for second in 0..20 {
        let (ours, mut theirs) = (ranks(second, false), ranks(second, false));
        theirs.engines[0].rank = Some(margintop::reading::Rank::new("1"));
        poll(&mut fleet, second, ours, theirs);
    }
    assert_eq!(output(&fleet), 2 * 19 * 50);
}

/// Class: a first name behind which another process answers from now on, while the second name's goes on.
#[test]
fn a_name_counts_itself_once_another_process_answers_under_the_first() {
    let mut fleet = two("n");
    for second in 0..7 {
        poll(&mut fleet, second, made(second), made(second));
    }
    for second in 7..40 {
        let fresh = say(10 * u64::try_from(second - 6).unwrap(), born(6500));
        poll(&mut fleet, second, fresh, made(second));
    }
    let (first, second) = (6 * 50 + 33 * 10, 33 * 50);
    let posted = output(&fleet);
    assert!((first + second - 100..=first + second).contains(&posted), "{posted}");
    assert!(fleet.snapshot().money.lower_bound);
}

/// Class: a jump that both addresses show before they are known to be one. It is disputed once.
#[test]
fn a_jump_at_two_addresses_of_one_engine_is_disputed_once() {
    for jump in 1..=6 {
        let mut fleet = two("n");
        for second in 0..20 {
            let value = 1000 + 50 * u64::try_from(second).unwrap() + if second >= jump { 9_000_000 } else { 0 };
            poll(&mut fleet, second, say(value, born(-9000)), say(value, born(-9000)));
        }
        let disputes = fleet.ledger().disputes();
        assert_eq!(
            disputes.len(),
            1,
            "at {jump}: {:?}",
            disputes.iter().map(|dispute| &dispute.target).collect::<Vec<_>>()
        );
        assert_eq!(output(&fleet) + disputes[0].tokens().count() / 5, 19 * 50 + 9_000_000, "at {jump}");
    }
}

/// Class: a jump that only the address that stops counting has seen stays disputed.
#[test]
fn a_jump_before_the_other_address_was_watched_stays_disputed() {
    let mut fleet = two("n");
    for second in 0..60 {
        let value = 1000 + 50 * u64::try_from(second).unwrap() + if second >= 10 { 9_000_000 } else { 0 };
        fleet.apply(answered("a", after(second * 1000 + 100), say(value, born(-9000))));
        if second >= 20 {
            fleet.apply(answered("b", after(second * 1000 + 200), say(value, born(-9000))));
        }
    }
    assert_eq!(fleet.ledger().disputes().len(), 1);
}
