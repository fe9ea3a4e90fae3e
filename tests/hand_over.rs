//! The counting of an engine that several addresses show is handed over from one to another: to the token, without a bound.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

#[path = "support/restart.rs"]
mod restart;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::reading::PageReading;
use margintop::units::{Moment, Span};
use support::{answered, at, counters, fleet, member, moment, page};

/// The tokens that the engine makes a second.
const RATE: u64 = 50;

fn after(millis: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_millis(millis))
}

fn named(names: &[&str]) -> FleetConfig {
    FleetConfig { targets: names.iter().map(|name| member(name, "n", None)).collect(), ..FleetConfig::local("box") }
}

fn watch(names: &[&str]) -> Fleet {
    let mut fleet = fleet(names.iter().map(|name| member(name, "n", None)).collect(), after(0));
    fleet.restore(margintop::fleet::SavedState::default(), Span::from_secs(86_400));
    fleet
}

/// What the engine shows at a moment.
fn shown(millis: i64) -> PageReading {
    let made = 100_000 + u64::try_from(millis).unwrap() * RATE / 1000;
    page("deepseek-r1", counters(made * 4, made, made), Some(after(-900_000).wall))
}

/// Addresses answer in each second of a span, one after the other.
fn poll(fleet: &mut Fleet, names: &[&str], seconds: std::ops::Range<i64>) {
    for second in seconds {
        for (nth, name) in (0..).zip(names) {
            let millis = second * 1000 + nth * 100;
            fleet.apply(answered(name, after(millis), shown(millis)));
        }
    }
}

fn output(fleet: &Fleet) -> u64 {
    fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
}

fn counted_at(fleet: &Fleet) -> Vec<String> {
    let picture = fleet.snapshot();
    picture.engines.iter().filter(|row| row.revenue.is_some()).map(|row| row.target.to_string()).collect()
}

/// Holds that what was made until a page of an address is posted, and nothing is said to be missing.
fn assert_exact(fleet: &Fleet, until_millis: i64) {
    let money = fleet.snapshot().money;
    let made = u64::try_from(until_millis).unwrap() * RATE / 1000;
    assert_eq!((output(fleet), money.lower_bound, money.lost_windows), (made, false, 0));
}

/// Class: an address that is added when the engine was watched at another one already.
#[test]
fn an_address_that_is_added_at_a_restart_loses_nothing() {
    for (gap, names) in [5, 20, 300].into_iter().flat_map(|gap| [(gap, ["new", "old"]), (gap, ["old", "new"])]) {
        for new_first in [false, true] {
            let mut fleet = watch(&["old"]);
            poll(&mut fleet, &["old"], 0..10);
            let saved = restart::saved(&mut fleet);
            let mut fleet = restart::restart(&fleet, named(&names), saved, after((10 + gap) * 1000));
            let order = if new_first { ["new", "old"] } else { ["old", "new"] };
            poll(&mut fleet, &order, 10 + gap..30 + gap);
            let counting = counted_at(&fleet);
            let last = (29 + gap) * 1000 + if counting[0] == order[1] { 100 } else { 0 };
            assert_eq!(counting, [names[0]], "the one that was named first counts");
            assert_exact(&fleet, last);
        }
    }
}

/// Class: an address that is seen for the first time while another one counts.
#[test]
fn an_address_that_comes_late_loses_nothing() {
    let mut fleet = watch(&["b", "a"]);
    poll(&mut fleet, &["a"], 0..40);
    poll(&mut fleet, &["a", "b"], 40..60);
    assert_eq!(counted_at(&fleet), ["b"]);
    assert_exact(&fleet, 59_100);
}

/// Class: the address that counts stops to answer, for a while or for good.
#[test]
fn an_address_that_stops_loses_nothing() {
    let mut fleet = watch(&["b", "a"]);
    poll(&mut fleet, &["b", "a"], 0..20);
    poll(&mut fleet, &["a"], 20..22);
    assert_eq!(output(&fleet), 19 * RATE, "it may come back at once");
    poll(&mut fleet, &["a"], 22..80);
    assert_eq!(counted_at(&fleet), ["a"]);
    assert_exact(&fleet, 79_000);
    poll(&mut fleet, &["b", "a"], 80..100);
    assert_eq!(counted_at(&fleet), ["b"]);
    assert_exact(&fleet, 99_000);
}

/// Class: of several addresses, all but one stop, one after the other.
#[test]
fn addresses_that_stop_in_turn_lose_nothing() {
    let mut fleet = watch(&["c", "b", "a"]);
    poll(&mut fleet, &["c", "b", "a"], 0..20);
    poll(&mut fleet, &["b", "a"], 20..60);
    assert_exact(&fleet, 59_000);
    poll(&mut fleet, &["a"], 60..120);
    assert_exact(&fleet, 119_000);
    poll(&mut fleet, &["b", "a"], 120..160);
    assert_exact(&fleet, 159_000);
    poll(&mut fleet, &["c", "b", "a"], 160..200);
    assert_eq!(counted_at(&fleet), ["c"]);
    assert_exact(&fleet, 199_000);
}

/// Class: the watch itself is killed while the counting address is silent, before or after it was handed over.
#[test]
fn a_restart_around_a_hand_over_loses_nothing() {
    for killed in [21, 40, 48, 50, 52, 70] {
        let mut fleet = watch(&["b", "a"]);
        poll(&mut fleet, &["b", "a"], 0..20);
        poll(&mut fleet, &["a"], 20..killed);
        let saved = restart::saved(&mut fleet);
        let mut fleet = restart::restart(&fleet, named(&["b", "a"]), saved, after((killed + 10) * 1000));
        poll(&mut fleet, &["a"], killed + 10..killed + 50);
        assert_exact(&fleet, (killed + 49) * 1000);
        poll(&mut fleet, &["b", "a"], killed + 50..killed + 70);
        assert_exact(&fleet, (killed + 69) * 1000);
    }
}
