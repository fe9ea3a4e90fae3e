//! What is not there: this machine asleep, nodes that a page no longer lists.

use crate::ledger_watch;
use crate::support;

use margintop::alert::AlertWatch;
use margintop::fleet::{Fleet, FleetConfig, TargetInfo};
use margintop::pricing::Book;
use margintop::reading::{Event, GpuId, GpuReading, Health, Label, NodeName, PageReading};
use margintop::snapshot::Snapshot;
use margintop::units::{Moment, Money, Span};
use support::{answered, at, counters, fleet, gpus, member, moment, page};

fn began() -> Moment {
    moment("2025-02-20T10:00:00Z")
}

fn after(seconds: i64) -> Moment {
    at(began().wall + Span::from_secs(seconds))
}

fn poll(fleet: &mut Fleet, seconds: i64) {
    let made = 1000 * u64::try_from(seconds).unwrap();
    let born = Some(after(-500).wall);
    fleet.apply(Event::Tick(after(seconds)));
    fleet.apply(gpus("n", "NVIDIA H800", 8, after(seconds)));
    fleet.apply(answered("e", after(seconds), page("deepseek-r1", counters(10 * made, 4 * made, made), born)));
}

fn snapshot_at(fleet: &mut Fleet, seconds: i64) -> Snapshot {
    fleet.apply(Event::Tick(after(seconds)));
    fleet.snapshot()
}

#[test]
fn eight_hours_of_sleep_are_bridged_without_a_burst() {
    let mut fleet = fleet(vec![member("e", "n", None)], began());
    (0..=120).for_each(|second| poll(&mut fleet, second));
    let awake = snapshot_at(&mut fleet, 121).money;
    let woke = 120 + 8 * 3600;
    let mut first = snapshot_at(&mut fleet, woke);
    AlertWatch::default().judge(&mut first);
    assert!(first.alerts.is_empty(), "nothing had the time to answer: {:?}", first.alerts);
    poll(&mut fleet, woke + 1);
    let money = snapshot_at(&mut fleet, woke + 2).money;
    let made: u64 = fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
    assert_eq!(made, 1000 * u64::try_from(woke + 1).unwrap(), "the tokens of the gap");
    assert_eq!(money.cost.unwrap().to_string(), "128.542222", "its rent");
    let minute = |sums: &margintop::ledger::PostingSums| sums.tokens().map(|(.., tokens)| tokens.output.count()).sum();
    let minutes: Vec<u64> = fleet.ledger().minutes().map(|(_, sums)| minute(sums)).collect();
    assert!(minutes.iter().rev().skip(1).all(|made| made.abs_diff(60_000) <= 1), "spread over it: {minutes:?}");
    let per_hour = |amount: Option<Money>| amount.unwrap().grains() as f64;
    for (then, now) in [(awake.revenue_per_hour, money.revenue_per_hour), (awake.cost_per_hour, money.cost_per_hour)] {
        let change = per_hour(now) / per_hour(then);
        assert!((0.9..1.1).contains(&change), "neither a burst nor a hole: {change}");
    }
}

#[test]
fn silence_that_goes_on_after_waking_is_reported() {
    let mut fleet = fleet(vec![member("e", "n", None)], began());
    (0..=10).for_each(|second| poll(&mut fleet, second));
    let woke = 8 * 3600;
    let alerts = |fleet: &mut Fleet, seconds| {
        let mut snapshot = snapshot_at(fleet, seconds);
        AlertWatch::default().judge(&mut snapshot);
        snapshot.alerts.len()
    };
    assert_eq!(alerts(&mut fleet, woke), 0);
    assert_eq!(alerts(&mut fleet, woke + 2), 0);
    assert_eq!(alerts(&mut fleet, woke + 3), 2, "the node and its engine");
}

/// A page of an exporter that reports one GPU on each of these nodes.
fn listing(nodes: &[&str]) -> PageReading {
    let mut page = page("", counters(0, 0, 0), None);
    page.engines.clear();
    let gpu = |node: &&str| {
        let id = Some(GpuId::from_uuid(&format!("GPU-{node}")));
        (Some(NodeName::new(node)), GpuReading { id, name: Some(Label::new("NVIDIA H800")), ..GpuReading::default() })
    };
    page.gpus = nodes.iter().map(gpu).collect();
    page
}

/// A fleet whose nodes one exporter lists.
fn listed(nodes: &[&str]) -> Fleet {
    let of_many = TargetInfo { node: None, ..member("exporter", "", None) };
    let mut fleet = fleet(vec![of_many], began());
    fleet.apply(answered("exporter", after(0), listing(nodes)));
    fleet
}

#[test]
fn a_node_that_a_page_no_longer_lists_is_released_at_its_last_sight() {
    let mut fleet = listed(&["a", "b"]);
    fleet.apply(answered("exporter", after(1800), listing(&["a", "b"])));
    for seconds in [1860, 1900, 2159] {
        fleet.apply(answered("exporter", after(seconds), listing(&["a"])));
        assert_eq!(snapshot_at(&mut fleet, seconds).gpus.count, 2, "it may be back");
    }
    fleet.apply(answered("exporter", after(2160), listing(&["a"])));
    let snapshot = snapshot_at(&mut fleet, 3600);
    let names: Vec<&str> = snapshot.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!((names, snapshot.money.cost.unwrap().to_string().as_str()), (vec!["a"], "3.00"), "an hour and a half");
    fleet.apply(answered("exporter", after(5400), listing(&["a", "b"])));
    let snapshot = snapshot_at(&mut fleet, 7200);
    assert_eq!((snapshot.gpus.count, snapshot.money.cost.unwrap().to_string()), (2, "6.00".to_owned()), "rented anew");
}

/// The state of a node's GPU that its page, polled at an interval, leaves out from 60 s on, so many seconds after that;
/// none once it is released.
fn left_out(release_after: Span, interval: usize, seconds: i64) -> Option<Health> {
    let targets = vec![TargetInfo { node: None, ..member("exporter", "", None) }];
    let config = FleetConfig { targets, release_after, ..FleetConfig::local("box") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began());
    for second in [0, 50] {
        fleet.apply(answered("exporter", after(second), listing(&["a", "b"])));
    }
    for second in (60..=60 + seconds).step_by(interval) {
        fleet.apply(answered("exporter", after(second), listing(&["a"])));
    }
    let nodes = snapshot_at(&mut fleet, 60 + seconds).nodes;
    nodes.iter().find(|node| node.name.as_str() == "b")?.gpus.first().map(|gpu| gpu.state)
}

#[test]
fn a_node_is_released_after_the_time_that_is_configured() {
    for (minutes, kept, gone) in [(1, 59, 60), (5, 299, 300), (20, 1199, 1200)] {
        let release_after = Span::from_secs(60 * minutes);
        assert_eq!(left_out(release_after, 1, kept), Some(Health::Lost), "{minutes} min");
        assert_eq!(left_out(release_after, 1, gone), None, "{minutes} min");
    }
    assert_eq!(left_out(Span::ZERO, 1, 0), None, "at once");
    let short = Span::from_secs(5);
    assert_eq!(left_out(short, 10, 0), Some(Health::Stale));
    assert_eq!(left_out(short, 10, 10), None, "although its page is polled less often than that");
}

#[test]
fn a_node_that_is_listed_again_in_time_was_rented_throughout() {
    let mut fleet = listed(&["a", "b"]);
    for (seconds, nodes) in [(1200, vec!["a"]), (1300, vec!["a", "b"]), (1400, vec!["a"]), (1600, vec!["a"])] {
        fleet.apply(answered("exporter", after(seconds), listing(&nodes)));
    }
    let snapshot = snapshot_at(&mut fleet, 1800);
    assert_eq!((snapshot.gpus.count, snapshot.money.cost.unwrap().to_string()), (2, "2.00".to_owned()));
}

#[test]
fn silence_of_the_page_releases_nothing() {
    let mut fleet = listed(&["a", "b"]);
    fleet.apply(answered("exporter", after(60), listing(&["a"])));
    let snapshot = snapshot_at(&mut fleet, 3600);
    assert_eq!((snapshot.gpus.count, snapshot.money.cost.unwrap().to_string()), (2, "4.00".to_owned()));
    // One page after an hour of silence is the first that could have listed it.
    fleet.apply(answered("exporter", after(3600), listing(&["a"])));
    assert_eq!(snapshot_at(&mut fleet, 3600).gpus.count, 2);
    fleet.apply(answered("exporter", after(3601), listing(&[])));
    assert_eq!(snapshot_at(&mut fleet, 4000).gpus.count, 2, "a page without any GPU is a page in failure");
}

#[test]
fn a_node_that_another_source_reports_is_not_released() {
    let mut fleet = listed(&["a", "b"]);
    for minute in 1..20 {
        fleet.apply(answered("exporter", after(60 * minute), listing(&["a"])));
        fleet.apply(gpus("b", "NVIDIA H800", 1, after(60 * minute + 1)));
    }
    assert_eq!(snapshot_at(&mut fleet, 1200).nodes.len(), 2);
}

#[test]
fn a_clock_that_was_set_is_marked_and_a_sleep_is_not() {
    let mut fleet = fleet(vec![member("e", "n", None)], began());
    fleet.restore(margintop::fleet::SavedState::default(), Span::from_secs(86_400));
    for second in [1, 2, 8 * 3600] {
        poll(&mut fleet, second);
    }
    let marks = |fleet: &mut Fleet| {
        let pending = fleet.take_changes().unwrap().postings;
        pending.markers.into_iter().map(|marker| marker.text.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(marks(&mut fleet), [""; 0]);
    let then = after(8 * 3600 + 1);
    fleet.apply(Event::Tick(Moment { wall: then.wall - Span::from_secs(3600), ..then }));
    assert_eq!(marks(&mut fleet), ["the clock was set by -3600 s"]);
}

/// Class: what a person asked for while nothing watched is forgotten where the absence is not bridged.
#[test]
fn what_was_asked_for_by_hand_is_done_after_too_long_an_absence() {
    use ledger_watch::{ENGINE, LedgerWatch, allocated, file};
    use margintop::store::{Reader, end_lease, reset_target};

    let (_home, path) = file();
    let begin = ledger_watch::began();
    let mut watch = LedgerWatch::at(&path, begin);
    watch.work(&["a", "b"], 100, [100, 200]);
    watch.leave();
    assert_eq!(allocated(&path), 200);
    end_lease(&path, &NodeName::new("gpu-01"), begin + Span::from_secs(40)).unwrap();
    reset_target(&path, &margintop::reading::TargetId::new(ENGINE), begin + Span::from_secs(50)).unwrap().unwrap();
    let back = begin + Span::from_secs(100 + 2 * 86_400);
    let mut watch = LedgerWatch::at(&path, back);
    watch.poll(5_000, None);
    watch.leave();
    assert_eq!(allocated(&path), 80, "two GPUs for 40 s");
    assert_eq!(Reader::open(&path).unwrap().leased().unwrap(), [], "nothing is allocated any more");
    assert_eq!(ledger_watch::output(&path), 100);
    let open = rusqlite::Connection::open(&path).unwrap();
    for table in ["lease_ends", "target_resets"] {
        let ask = format!("SELECT count(*) FROM {table} WHERE applied = 0");
        assert_eq!(open.query_row(&ask, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "{table}");
    }
    // An end that lies in the absence posts nothing of it; rent begins anew with the next poll.
    let mut watch = LedgerWatch::at(&path, back + Span::from_secs(10));
    watch.gpus(&["a", "b"]);
    watch.advance(10);
    watch.gpus(&["a", "b"]);
    watch.leave();
    assert_eq!(allocated(&path), 100);
    end_lease(&path, &NodeName::new("gpu-01"), back + Span::from_secs(86_400)).unwrap();
    LedgerWatch::at(&path, back + Span::from_secs(3 * 86_400)).leave();
    assert_eq!(allocated(&path), 100);
    assert_eq!(Reader::open(&path).unwrap().verify().unwrap(), Vec::<String>::new());
}
