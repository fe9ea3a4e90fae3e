//! Two drivers on one node, as of two makers of GPUs: each has cards of its own, and neither releases the other's.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig, SavedState};
use margintop::pricing::Book;
use margintop::reading::{Event, GpuId, GpuReading, Health, Label, NodeName, SourceError, SourceErrorKind, TargetId};
use margintop::snapshot::{GpuRow, Snapshot};
use margintop::units::{Moment, Ratio, Span};
use support::{at, moment};

const ONE: &str = "nvml:";
const OTHER: &str = "rocm:";

fn after(seconds: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_secs(seconds))
}

fn fleet(second: i64) -> Fleet {
    Fleet::new(FleetConfig::local("box"), Book::built_in().unwrap(), after(second))
}

/// What a driver says of its cards, numbered from 0. A card's name is its load in percent, and its UUID if it tells one.
fn cards(source: &str, second: i64, loads: &[u32], uuids: bool) -> Event {
    let reading = |(index, load): (u32, &u32)| GpuReading {
        index,
        id: uuids.then(|| GpuId::from_uuid(&format!("GPU-{load}"))),
        name: Some(Label::new("NVIDIA H800")),
        utilization: Ratio::new(f64::from(*load) / 100.0),
        ..GpuReading::default()
    };
    let outcome = Ok((0..).zip(loads).map(reading).collect());
    Event::Gpus { source: TargetId::new(source), node: NodeName::new("box"), at: after(second), outcome }
}

fn seen(fleet: &mut Fleet, second: i64) -> Snapshot {
    fleet.apply(Event::Tick(after(second)));
    fleet.snapshot()
}

/// Loads in percent and states of the node's cards, by load.
fn rows(snapshot: &Snapshot) -> Vec<(Option<u32>, Health)> {
    let load = |row: &GpuRow| row.utilization.map(|load| (load.get() * 100.0).round() as u32);
    let mut rows: Vec<_> = snapshot.nodes[0].gpus.iter().map(|row| (load(row), row.state)).collect();
    rows.sort_unstable();
    rows
}

#[test]
fn two_drivers_keep_their_cards_side_by_side() {
    for uuids in [true, false] {
        let mut fleet = fleet(0);
        for second in 0..=3600 {
            fleet.apply(cards(ONE, second, &[10, 11], uuids));
            fleet.apply(cards(OTHER, second, &[20, 21], uuids));
        }
        let snapshot = seen(&mut fleet, 3600);
        let live = |load| (Some(load), Health::Live);
        assert_eq!(rows(&snapshot), [10, 11, 20, 21].map(live), "with UUIDs: {uuids}");
        assert_eq!(snapshot.money.cost.unwrap().to_string(), "8.00", "four cards for an hour");
    }
}

#[test]
fn a_card_is_released_by_its_own_driver_alone() {
    for uuids in [true, false] {
        let mut fleet = fleet(0);
        for second in 0..10 {
            fleet.apply(cards(ONE, second, &[10, 11], uuids));
            fleet.apply(cards(OTHER, second, &[20, 21], uuids));
        }
        // The one falls silent, and the other's cards are exchanged meanwhile.
        for second in 10..100 {
            fleet.apply(cards(OTHER, second, &[30, 31], uuids));
            fleet.apply(Event::Tick(after(second)));
        }
        let lost = rows(&seen(&mut fleet, 99)).iter().filter(|(_, state)| *state == Health::Lost).count();
        assert!(lost >= 2, "the silent driver's two are lost and not released, with UUIDs: {uuids}");
        for second in 100..110 {
            fleet.apply(cards(ONE, second, &[10, 11], uuids));
            fleet.apply(cards(OTHER, second, &[30, 31], uuids));
        }
        let shown = rows(&seen(&mut fleet, 109));
        for load in [10, 11, 30, 31] {
            assert!(shown.contains(&(Some(load), Health::Live)), "{load} of {shown:?}, with UUIDs: {uuids}");
        }
    }
}

#[test]
fn after_a_restart_each_driver_finds_its_own() {
    for uuids in [true, false] {
        for first in [ONE, OTHER] {
            let mut before = fleet(0);
            before.restore(SavedState::default(), Span::from_secs(86_400));
            for second in 0..10 {
                before.apply(cards(ONE, second, &[10, 11], uuids));
                before.apply(cards(OTHER, second, &[20, 21], uuids));
                before.apply(Event::Tick(after(second)));
            }
            let checkpoint = before.take_changes().unwrap();
            let saved = SavedState { nodes: checkpoint.nodes, targets: checkpoint.targets, ..SavedState::default() };
            let mut fleet = fleet(20);
            fleet.restore(saved, Span::from_secs(86_400));
            for second in 20..40 {
                let (one, other) = (cards(ONE, second, &[10, 11], uuids), cards(OTHER, second, &[20, 21], uuids));
                let (early, late) = if first == ONE { (one, other) } else { (other, one) };
                fleet.apply(early);
                if second > 22 {
                    fleet.apply(late);
                }
            }
            let live = |load| (Some(load), Health::Live);
            assert_eq!(rows(&seen(&mut fleet, 39)), [10, 11, 20, 21].map(live), "{first} first, with UUIDs: {uuids}");
        }
    }
}

#[test]
fn a_card_that_both_list_counts_once() {
    let mut fleet = fleet(0);
    for second in 0..=3600 {
        fleet.apply(cards(ONE, second, &[10], true));
        fleet.apply(cards(OTHER, second, &[10], true));
    }
    let snapshot = seen(&mut fleet, 3600);
    assert_eq!(rows(&snapshot), [(Some(10), Health::Live)]);
    assert_eq!(snapshot.nodes[0].gpus[0].also_reported_by, [TargetId::new(OTHER)]);
    assert_eq!(snapshot.money.cost.unwrap().to_string(), "2.00");
}

#[test]
fn what_does_not_work_is_said_of_each_driver() {
    let mut fleet = fleet(0);
    let fails = |source: &str, second| {
        let error = SourceError {
            kind: SourceErrorKind::Driver,
            source: Label::new(source),
            cause: Label::new("no library"),
            remedy: Label::new("install it"),
        };
        Event::Gpus {
            source: TargetId::new(source),
            node: NodeName::new("box"),
            at: after(second),
            outcome: Err(error),
        }
    };
    let source_errors = |fleet: &mut Fleet, second| {
        let errors = seen(fleet, second).source_errors;
        errors.iter().map(|error| error.source.to_string()).collect::<Vec<_>>()
    };
    fleet.apply(fails(ONE, 0));
    fleet.apply(fails(OTHER, 0));
    assert_eq!(source_errors(&mut fleet, 0), [ONE, OTHER]);
    fleet.apply(cards(OTHER, 1, &[20], true));
    assert_eq!(source_errors(&mut fleet, 1), [ONE], "the other's answer is not the one's");
}
