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
