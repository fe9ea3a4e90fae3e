//! One engine at two addresses of which one says no start time is posted twice, and that is said.

use crate::restart;
use crate::support;
use crate::two_targets::{after, poll};

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::reading::{InstanceId, PageReading};
use margintop::snapshot::Rule;
use margintop::units::{Span, Timestamp};
use support::{answered, counters, fleet, member, page, posted};

fn made(millis: i64) -> u64 {
    u64::try_from(5_000_000 + millis).unwrap()
}

fn say(made: u64, start: Option<Timestamp>) -> PageReading {
    page("deepseek-r1", counters(made * 4, made, made), start)
}

/// The engine's own page, with or without its start time.
fn own(millis: i64, with_start: bool) -> PageReading {
    say(made(millis), with_start.then(|| after(-9000).wall))
}

fn federated(millis: i64, with_start: bool) -> PageReading {
    let mut page = own(millis, false);
    let id = InstanceId::new("a:8000");
    page.engines[0].instance = Some(id.clone());
    if with_start {
        page.instance_starts.push((id, after(-9000).wall));
    }
    page
}

fn config() -> FleetConfig {
    let targets = vec![member("one", "n", None), member("two", "m", None)];
    FleetConfig { targets, ..FleetConfig::local("box") }
}

fn watch() -> Fleet {
    fleet(config().targets, after(0))
}

/// The addresses that are said to be probably the same.
fn marked(fleet: &Fleet) -> Vec<String> {
    let all = fleet.snapshot().notices;
    all.iter().filter(|notice| notice.rule == Rule::ProbablySame).map(|notice| notice.subject.to_string()).collect()
}

#[track_caller]
fn assert_marked(fleet: &Fleet) {
    assert_eq!(marked(fleet), ["one", "two"]);
    assert!(fleet.snapshot().money.upper_bound);
}

#[test]
fn an_own_page_and_a_federated_one_without_a_start_are_reported() {
    for (own_start, other_start) in [(true, false), (false, true), (false, false)] {
        let mut fleet = watch();
        poll(&mut fleet, 0..20, |_, at| own(at, own_start), |_, at| federated(at, other_start));
        assert_marked(&fleet);
        assert_eq!(posted(&fleet)[2], 2 * 19_000, "they may be two, so both are posted");
        // Prometheus reads the engine every 15 s.
        let mut fleet = watch();
        poll(&mut fleet, 0..100, |_, at| own(at, own_start), |_, at| federated(at / 15_000 * 15_000, other_start));
        assert_marked(&fleet);
    }
}

#[test]
fn a_pod_and_its_service_or_two_hosts_without_a_start_are_reported() {
    for starts in [[true, false], [false, true], [false, false]] {
        let mut fleet = watch();
        poll(&mut fleet, 0..20, |_, at| own(at, starts[0]), |_, at| own(at, starts[1]));
        assert_marked(&fleet);
        assert_eq!(posted(&fleet)[2], 2 * 19_000);
    }
}

/// Class: an exporter that keeps no fractions of a second says another start time than the engine's own page.
#[test]
fn a_start_time_in_whole_seconds_is_reported() {
    let exact = after(-9000).wall + Span::from_millis(i64::rem_euclid(-after(-9000).wall.millis(), 1000) + 340);
    for whole in [-340, 660] {
        let rounded = exact + Span::from_millis(whole);
        for (one, two) in [(exact, rounded), (rounded, exact)] {
            let mut fleet = watch();
            poll(&mut fleet, 0..20, |_, at| say(made(at), Some(one)), |_, at| say(made(at), Some(two)));
            assert_marked(&fleet);
        }
        // Two engines of their own that started within a second.
        let mut fleet = watch();
        let other = |at: i64| made(at) + 490 * (made(at) % 3);
        poll(&mut fleet, 0..100, |_, at| say(made(at), Some(exact)), |_, at| say(other(at), Some(rounded)));
        assert!(marked(&fleet).is_empty() && !fleet.snapshot().money.upper_bound);
    }
    // Both keep their fractions: two engines that started one after the other.
    let mut fleet = watch();
    let later = exact + Span::from_millis(400);
    poll(&mut fleet, 0..100, |_, at| say(made(at), Some(exact)), |_, at| say(made(at), Some(later)));
    assert!(marked(&fleet).is_empty() && !fleet.snapshot().money.upper_bound);
}

/// Class: two pages of one server, which are told apart by what follows the question mark.
#[test]
fn two_pages_of_one_server_are_reported() {
    let paged = |at: i64, page: u64| {
        let mut reading = own(at, false);
        reading.engines[0].page = Some(page);
        reading
    };
    let mut fleet = watch();
    poll(&mut fleet, 0..20, |_, at| paged(at, 1), |_, at| paged(at, 2));
    assert_marked(&fleet);
}

/// Class: the uncertainty is what the second address posted since the two were compared, and stays when it stops.
#[test]
fn what_was_posted_twice_stays_uncertain() {
    let mut fleet = watch();
    poll(&mut fleet, 0..20, |_, at| own(at, true), |_, at| own(at, false));
    let money = fleet.snapshot().money;
    let (revenue, uncertain) = (money.revenue.unwrap(), money.uncertainty);
    assert!(
        uncertain + uncertain > revenue.scaled(8, 10).unwrap() && uncertain + uncertain <= revenue,
        "{uncertain:?}"
    );
    for second in 20..120 {
        fleet.apply(answered("one", after(second * 1000), own(second * 1000, true)));
    }
    assert!(marked(&fleet).is_empty(), "the other one is silent");
    assert!(fleet.snapshot().money.upper_bound, "what it posted is still uncertain");
}

#[test]
fn engines_under_a_similar_load_are_not_reported_for_long() {
    let mut fleet = watch();
    let uneven = |at: i64, every: u64| {
        let second = u64::try_from(at / 1000).unwrap();
        made(at) + second * every % 61 * 13
    };
    poll(&mut fleet, 0..60, |_, at| own(at, false), |_, at| own(at, false));
    assert_marked(&fleet);
    // They part: each serves its own requests.
    poll(&mut fleet, 60..90, |_, at| say(uneven(at, 7), None), |_, at| say(uneven(at, 11), None));
    assert!(marked(&fleet).is_empty());
    assert!(!fleet.snapshot().money.upper_bound, "nothing is uncertain any more");
    poll(&mut fleet, 90..150, |_, at| own(at + 5000, false), |_, at| own(at + 5000, false));
    assert!(marked(&fleet).is_empty(), "for good");
}

#[test]
fn engines_that_differ_or_are_idle_are_never_reported() {
    let mut fleet = watch();
    for second in 0..200 {
        poll(
            &mut fleet,
            second..second + 1,
            |_, at| own(at, false),
            |_, at| say(made(at) + 490 * (made(at) % 3), None),
        );
        assert!(marked(&fleet).is_empty(), "{second}");
    }
    let mut fleet = watch();
    poll(&mut fleet, 0..200, |_, _| own(0, false), |_, _| own(0, false));
    assert!(marked(&fleet).is_empty() && !fleet.snapshot().money.upper_bound);
    let mut fleet = watch();
    poll(&mut fleet, 0..200, |_, at| own(at, true), |_, at| own(at, true));
    assert!(marked(&fleet).is_empty(), "start times join them");
    assert_eq!(fleet.snapshot().money.uncertainty, margintop::units::Money::ZERO);
}

#[test]
fn they_are_reported_again_within_a_minute_of_a_restart() {
    let mut before = watch();
    before.restore(SavedState::default(), Span::from_secs(86_400));
    poll(&mut before, 0..20, |_, at| own(at, true), |_, at| federated(at, false));
    let saved = restart::saved(&mut before);
    let mut fleet = restart::restart(&before, config(), saved, after(30_000));
    poll(&mut fleet, 30..60, |_, at| own(at, true), |_, at| federated(at, false));
    assert_marked(&fleet);
}

/// A federated page with one engine under two sets of labels: two jobs scrape it, or its pod and its service.
fn federated_twice(millis: [i64; 2], starts: [Option<i64>; 2]) -> PageReading {
    let mut page = own(millis[0], false);
    page.engines.extend(own(millis[1], false).engines);
    for (nth, name) in ["a:8000 vllm", "a:8000 pods"].into_iter().enumerate() {
        let id = InstanceId::new(name);
        page.engines[nth].instance = Some(id.clone());
        page.instance_starts.extend(starts[nth].map(|start| (id, after(start).wall)));
    }
    page
}

fn watch_one(pages: impl Fn(i64) -> PageReading, seconds: i64) -> Fleet {
    let mut fleet = fleet(vec![member("one", "n", None)], after(0));
    for second in 0..seconds {
        fleet.apply(answered("one", after(second * 1000), pages(second * 1000)));
    }
    fleet
}

/// Class: one engine twice on one page, with one start time, for one of them only, or none, its copies as old as each other or not.
#[test]
fn an_engine_under_two_sets_of_labels_of_one_page_is_reported() {
    let start = Some(-9000);
    for starts in [[start, start], [start, None], [None, start], [None, None]] {
        for lag in [0, 1000, 7000] {
            let fleet = watch_one(|at| federated_twice([at, (at - lag).max(0)], starts), 60);
            assert_eq!(marked(&fleet), ["one"], "{starts:?} {lag}");
            let money = fleet.snapshot().money;
            assert!(money.upper_bound, "{starts:?} {lag}");
            let (revenue, uncertain) = (money.revenue.unwrap(), money.uncertainty);
            assert!(uncertain + uncertain > revenue.scaled(8, 10).unwrap(), "{uncertain:?} of {revenue:?}");
            assert!(uncertain <= revenue.scaled(6, 10).unwrap(), "{uncertain:?} of {revenue:?}");
        }
    }
    let text = fleet_text(&watch_one(|at| federated_twice([at, at], [None, None]), 60));
    assert!(text.contains("a:8000 pods and a:8000 vllm"), "{text}");
}

#[test]
fn engines_of_one_page_with_start_times_of_their_own_are_not_reported() {
    let fleet = watch_one(|at| federated_twice([at, at], [Some(-9000), Some(-8980)]), 60);
    assert!(marked(&fleet).is_empty());
    assert!(!fleet.snapshot().money.upper_bound);
}

fn fleet_text(fleet: &Fleet) -> String {
    fleet.snapshot().notices.iter().map(|notice| notice.text.to_string()).collect()
}
