//! GPUs that several sources report: each counts once, and says who else reports it.

use crate::support;

use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::Book;
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName, PageReading, TargetId};
use margintop::snapshot::GpuRow;
use margintop::units::{Moment, Ratio, Span};
use support::{answered, at, counters, moment, page, target};

/// The node's own exporter, another one beside it, and a page that lists several nodes.
const DIRECT: &str = "http://10.0.0.5:9400";
const SECOND: &str = "http://10.0.0.5:9835";
const FEDERATED: &str = "http://10.0.0.1:9090";

fn after(seconds: i64) -> Moment {
    at(moment("2026-03-10T10:00:00Z").wall + Span::from_secs(seconds))
}

fn fleet_of(targets: &[&str]) -> Fleet {
    let targets = targets.iter().map(|url| target(url, None)).collect();
    let config = FleetConfig { targets, ..FleetConfig::local("hub") };
    Fleet::new(config, Book::built_in().unwrap(), after(0))
}

/// A page with one GPU on each of these nodes, at a load in percent.
fn listing(nodes: &[&str], load: u32) -> PageReading {
    let gpu = |node: &&str| {
        let reading = GpuReading {
            id: Some(GpuId::from_uuid(&format!("GPU-{node}"))),
            name: Some(Label::new("NVIDIA H800")),
            utilization: Ratio::new(f64::from(load) / 100.0),
            ..GpuReading::default()
        };
        (Some(NodeName::new(node)), reading)
    };
    PageReading { engines: Vec::new(), gpus: nodes.iter().map(gpu).collect(), ..page("", counters(0, 0, 0), None) }
}

fn poll(fleet: &mut Fleet, url: &str, second: i64, nodes: &[&str], load: u32) {
    fleet.apply(answered(url, after(second), listing(nodes, load)));
}

/// The only GPU of a node.
fn gpu(fleet: &mut Fleet, second: i64, node: &str) -> GpuRow {
    fleet.apply(Event::Tick(after(second)));
    let snapshot = fleet.snapshot();
    let row = snapshot.nodes.iter().find(|row| row.name == NodeName::new(node)).unwrap();
    assert_eq!(row.gpus.len(), 1, "it counts once");
    row.gpus[0].clone()
}

/// The load that a GPU shows, in percent, and who else reports it.
fn shown(fleet: &mut Fleet, second: i64) -> (Option<u32>, Vec<String>) {
    let row = gpu(fleet, second, "gpu-05");
    let load = row.utilization.map(|load| (load.get() * 100.0).round() as u32);
    (load, row.also_reported_by.iter().map(ToString::to_string).collect())
}

fn cost(fleet: &mut Fleet, second: i64) -> String {
    fleet.apply(Event::Tick(after(second)));
    fleet.snapshot().money.cost.unwrap().to_string()
}

#[test]
fn a_gpu_of_two_exporters_counts_once_and_says_who_else_reports_it() {
    for swap in [false, true] {
        let (mut first, mut second) = (DIRECT, SECOND);
        if swap {
            std::mem::swap(&mut first, &mut second);
        }
        let mut fleet = fleet_of(&[DIRECT, SECOND]);
        for nth in 0..60 {
            poll(&mut fleet, first, nth, &["gpu-05"], 40);
            poll(&mut fleet, second, nth, &["gpu-05"], 60);
        }
        assert_eq!(shown(&mut fleet, 59), (Some(40), vec![second.to_owned()]), "the first one that reports it");
        // The other one is the freshest now.
        for nth in 60..70 {
            poll(&mut fleet, second, nth, &["gpu-05"], 60);
        }
        assert_eq!(shown(&mut fleet, 69), (Some(60), Vec::new()), "and the silent one reports nothing");
        poll(&mut fleet, first, 70, &["gpu-05"], 40);
        poll(&mut fleet, second, 70, &["gpu-05"], 60);
        assert_eq!(shown(&mut fleet, 70), (Some(60), vec![first.to_owned()]), "a source that answers keeps it");
        for nth in 71..75 {
            poll(&mut fleet, second, nth, &["gpu-05"], 60);
        }
        assert_eq!(shown(&mut fleet, 74).1, Vec::<String>::new(), "the other one fell silent");
        for nth in (75..=3600).step_by(2) {
            poll(&mut fleet, first, nth, &["gpu-05"], 40);
            poll(&mut fleet, second, nth, &["gpu-05"], 60);
        }
        assert_eq!(cost(&mut fleet, 3600), "2.00", "one GPU for an hour");
    }
}

#[test]
fn a_nodes_own_exporter_goes_before_a_page_of_several_nodes() {
    for direct_first in [false, true] {
        let mut fleet = fleet_of(&[DIRECT, FEDERATED]);
        if direct_first {
            poll(&mut fleet, DIRECT, 0, &["gpu-05"], 40);
        }
        for nth in 0..3 {
            poll(&mut fleet, FEDERATED, nth, &["gpu-05", "gpu-06"], 60);
        }
        for nth in 3..5 {
            poll(&mut fleet, DIRECT, nth, &["gpu-05"], 40);
            poll(&mut fleet, FEDERATED, nth, &["gpu-05", "gpu-06"], 60);
        }
        assert_eq!(shown(&mut fleet, 4), (Some(40), vec![FEDERATED.to_owned()]));
        assert_eq!(gpu(&mut fleet, 4, "gpu-06").also_reported_by, Vec::<TargetId>::new());
        for nth in 5..12 {
            poll(&mut fleet, FEDERATED, nth, &["gpu-05", "gpu-06"], 60);
        }
        assert_eq!(shown(&mut fleet, 11), (Some(60), Vec::new()), "the page of several goes on where it falls silent");
        poll(&mut fleet, DIRECT, 12, &["gpu-05"], 40);
        assert_eq!(shown(&mut fleet, 12).0, Some(40), "until it answers again");
    }
}

#[test]
fn the_driver_goes_before_every_page() {
    let mut fleet = fleet_of(&[DIRECT]);
    let driver = |fleet: &mut Fleet, second| {
        let reading = GpuReading {
            id: Some(GpuId::from_uuid("GPU-gpu-05")),
            utilization: Ratio::new(0.2),
            ..GpuReading::default()
        };
        fleet.apply(Event::nvml(NodeName::new("gpu-05"), after(second), Ok(vec![reading])));
    };
    poll(&mut fleet, DIRECT, 0, &["gpu-05"], 40);
    for second in 1..5 {
        driver(&mut fleet, second);
        poll(&mut fleet, DIRECT, second, &["gpu-05"], 40);
    }
    assert_eq!(shown(&mut fleet, 4), (Some(20), vec![DIRECT.to_owned()]));
}
