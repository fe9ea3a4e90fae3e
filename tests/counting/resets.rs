//! Targets that are reset by hand: their growth since the last page is not posted, and that is said.

use crate::support;

use crate::restart;

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::reading::{PageReading, TargetId};
use margintop::units::{Moment, Span};
use support::{answered, at, counters, fleet, member, moment, page};

fn after(seconds: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_secs(seconds))
}

fn made(second: i64) -> PageReading {
    let made = 1000 + 50 * u64::try_from(second).unwrap();
    page("deepseek-r1", counters(made * 4, made, made), Some(after(-3600).wall))
}

fn config(names: &[&str]) -> FleetConfig {
    FleetConfig { targets: names.iter().map(|name| member(name, "n", None)).collect(), ..FleetConfig::local("box") }
}

fn watch(names: &[&str], seconds: std::ops::Range<i64>, fleet: &mut Fleet) {
    for second in seconds {
        for name in names {
            fleet.apply(answered(name, after(second), made(second)));
        }
    }
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

fn lost(fleet: &Fleet) -> (u64, bool) {
    let money = fleet.snapshot().money;
    (money.lost_windows, money.lower_bound)
}

fn started(names: &[&str]) -> Fleet {
    let mut fleet = fleet(config(names).targets, after(0));
    fleet.restore(SavedState::default(), Span::from_secs(86_400));
    fleet
}

/// Class: growth that a reset drops without a word.
#[test]
fn a_reset_of_a_counted_target_is_a_lost_window_at_its_next_page() {
    let mut fleet = started(&["a"]);
    watch(&["a"], 0..10, &mut fleet);
    fleet.reset_targets(vec![(1, TargetId::new("a"))]);
    fleet.reset_targets(vec![(2, TargetId::new("a"))]);
    assert_eq!(lost(&fleet), (0, false), "nothing is lost before it goes on");
    watch(&["a"], 15..20, &mut fleet);
    assert_eq!((output(&fleet), lost(&fleet)), (13 * 50, (1, true)));
}

#[test]
fn a_reset_while_nothing_was_watched_is_a_lost_window_too() {
    let mut before = started(&["a"]);
    watch(&["a"], 0..10, &mut before);
    let mut saved = restart::saved(&mut before);
    // The state of a target that is reset is removed.
    saved.targets.clear();
    saved.target_resets = vec![(1, TargetId::new("a"))];
    let mut fleet = restart::restart(&before, config(&["a"]), saved, after(20));
    watch(&["a"], 20..25, &mut fleet);
    assert_eq!((output(&fleet), lost(&fleet)), ((9 + 4) * 50, (1, true)));
}

#[test]
fn a_reset_of_a_second_address_loses_nothing() {
    let mut fleet = started(&["a", "b"]);
    watch(&["a", "b"], 0..10, &mut fleet);
    fleet.reset_targets(vec![(1, TargetId::new("b"))]);
    watch(&["a", "b"], 10..30, &mut fleet);
    assert_eq!((output(&fleet), lost(&fleet)), (29 * 50, (0, false)));
}

/// Class: two addresses of one process count it twice after both were reset, and nothing says so.
#[test]
fn resets_of_both_addresses_never_count_twice_without_a_mark() {
    const NEVER: i64 = 1_000;
    let made = |tenth: i64| 1000 + 5 * u64::try_from(tenth).unwrap();
    // How often both are read, in tenths of a second, how long after the first one the second is, and the resets.
    let cases = [1, 2, 10].into_iter().flat_map(|every| (0..every).map(move |phase| (every, phase)));
    let resets = [
        [100, 101],
        [101, 100],
        [100, 100],
        [103, 104],
        [104, 103],
        [100, 102],
        [105, 106],
        [106, 105],
        [100, 111],
        [101, NEVER],
        [NEVER, 101],
        [106, NEVER],
    ];
    for ((every, phase), resets) in cases.flat_map(|case| resets.map(|resets| (case, resets))) {
        let mut fleet = started(&["a", "b"]);
        let (mut before, mut first) = (0, None);
        for tenth in 0..200 {
            for (id, (name, reset)) in ["a", "b"].into_iter().zip(resets).enumerate() {
                if tenth == reset {
                    fleet.reset_targets(vec![(i64::try_from(id).unwrap(), TargetId::new(name))]);
                }
            }
            let last = resets.into_iter().filter(|reset| *reset != NEVER).max().unwrap();
            if tenth == last {
                before = output(&fleet);
            }
            for (name, at) in [("a", 0), ("b", phase)] {
                if tenth % every != at {
                    continue;
                }
                let page =
                    page("deepseek-r1", counters(made(tenth) * 4, made(tenth), made(tenth)), Some(after(-3600).wall));
                fleet.apply(answered(name, support::at(after(0).wall + Span::from_millis(tenth * 100)), page));
                if tenth < last {
                    continue;
                }
                let since = *first.get_or_insert(made(tenth));
                let posted = output(&fleet).saturating_sub(before);
                let produced = made(tenth) - since + 5 * u64::try_from(every).unwrap();
                assert!(
                    posted <= produced || fleet.snapshot().money.upper_bound,
                    "every {every}, {phase}, {resets:?}: {posted} of {produced} at {tenth}"
                );
            }
        }
        let produced = made(199) - made(0);
        let is_marked = fleet.snapshot().money.upper_bound;
        assert!(output(&fleet) <= produced || is_marked, "{every} {phase} {resets:?}: {}", output(&fleet));
    }
}
