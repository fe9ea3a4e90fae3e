//! Targets that a list of targets no longer has: released after the grace period, paid until they were last seen.

use crate::support;

use margintop::fleet::{Fleet, TargetInfo};
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName, PageReading, TargetId};
use margintop::snapshot::Snapshot;
use margintop::units::{Moment, Span};
use support::{answered, at, counters, fleet, member, moment, page};

fn after(seconds: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_secs(seconds))
}

fn exporter(node: &str) -> TargetInfo {
    TargetInfo { node: None, ..member(&format!("exporter-{node}"), "", None) }
}

/// A page with one GPU of a node, of this number.
fn gpu_page(node: &str, number: u32) -> PageReading {
    let mut page = page("", counters(0, 0, 0), None);
    page.engines.clear();
    let id = Some(GpuId::from_uuid(&format!("GPU-{node}-{number}")));
    let reading = GpuReading { id, name: Some(Label::new("NVIDIA H800")), ..GpuReading::default() };
    page.gpus = vec![(Some(NodeName::new(node)), reading)];
    page
}

fn tick(fleet: &mut Fleet, seconds: i64) -> Snapshot {
    fleet.apply(Event::Tick(after(seconds)));
    fleet.snapshot()
}

fn names(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.nodes.iter().map(|node| node.name.as_str()).collect()
}

fn cost(snapshot: &Snapshot) -> String {
    snapshot.money.cost.map(|cost| cost.to_string()).unwrap_or_default()
}

/// Two nodes with a GPU each, seen for half an hour; then `b` leaves the list.
fn one_has_left() -> Fleet {
    let mut fleet = fleet(vec![exporter("a"), exporter("b")], after(0));
    for seconds in [0, 1800] {
        for node in ["a", "b"] {
            fleet.apply(answered(&format!("exporter-{node}"), after(seconds), gpu_page(node, 0)));
        }
    }
    fleet.apply(Event::Tick(after(1800)));
    fleet.leave_targets(&[TargetId::new("exporter-b")]);
    fleet
}

#[test]
fn a_node_whose_target_left_the_list_is_released_at_its_last_sight() {
    let mut fleet = one_has_left();
    assert_eq!(names(&tick(&mut fleet, 2099)), ["a", "b"], "it may be back");
    fleet.apply(answered("exporter-a", after(2100), gpu_page("a", 0)));
    let _ = tick(&mut fleet, 2100);
    fleet.apply(answered("exporter-a", after(3600), gpu_page("a", 0)));
    let snapshot = tick(&mut fleet, 3600);
    assert_eq!((names(&snapshot), cost(&snapshot).as_str()), (vec!["a"], "3.00"), "an hour and a half");
    assert_eq!(snapshot.coverage.nodes_known, 1);
}

#[test]
fn a_target_that_returns_within_the_grace_period_was_there_throughout() {
    let mut fleet = one_has_left();
    let _ = tick(&mut fleet, 2000);
    fleet.add_target(exporter("b"));
    for node in ["a", "b"] {
        fleet.apply(answered(&format!("exporter-{node}"), after(3600), gpu_page(node, 0)));
    }
    let snapshot = tick(&mut fleet, 3600);
    assert_eq!((names(&snapshot), cost(&snapshot).as_str()), (vec!["a", "b"], "4.00"));
}

#[test]
fn a_node_that_returns_later_is_rented_anew_with_the_gpus_it_has_then() {
    let mut fleet = one_has_left();
    let _ = tick(&mut fleet, 2100);
    fleet.add_target(exporter("b"));
    fleet.apply(answered("exporter-a", after(5400), gpu_page("a", 0)));
    fleet.apply(answered("exporter-b", after(5400), gpu_page("b", 7)));
    for node in [("a", 0), ("b", 7)] {
        fleet.apply(answered(&format!("exporter-{}", node.0), after(7200), gpu_page(node.0, node.1)));
    }
    let snapshot = tick(&mut fleet, 7200);
    assert_eq!((names(&snapshot), cost(&snapshot).as_str()), (vec!["a", "b"], "6.00"), "2 h and 0.5 h + 0.5 h");
}

#[test]
fn an_engine_that_returns_continues_from_its_counters() {
    let engine = member("http://e:8000", "n", None);
    let mut fleet = fleet(vec![engine.clone()], after(0));
    let born = Some(after(-500).wall);
    let poll = |fleet: &mut Fleet, seconds: i64| {
        let made = 1000 * u64::try_from(seconds).unwrap();
        let page = page("deepseek-r1", counters(10 * made, 4 * made, made), born);
        fleet.apply(Event::Tick(after(seconds)));
        fleet.apply(answered("http://e:8000", after(seconds), page));
    };
    (0..=10).for_each(|second| poll(&mut fleet, second));
    fleet.leave_targets(&[TargetId::new("http://e:8000")]);
    let gone = tick(&mut fleet, 400);
    assert_eq!((gone.engines.len(), gone.coverage.engines_known), (0, 0));
    poll(&mut fleet, 500);
    assert!(tick(&mut fleet, 501).engines.is_empty(), "a page that was under way is not read");
    fleet.add_target(engine);
    (600..=601).for_each(|second| poll(&mut fleet, second));
    let made: u64 = fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
    assert_eq!(made, 601_000, "nothing is lost and nothing counted twice");
    assert_eq!(tick(&mut fleet, 602).engines.len(), 1);
}
