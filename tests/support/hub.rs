//! A fleet of engines and exporters that a hub watches for hours, by a scripted clock.
#![allow(dead_code, unreachable_pub, reason = "each user needs a part")]

use margintop::fleet::{Fleet, FleetConfig, TargetInfo};
use margintop::pricing::Book;
use margintop::reading::{Event, GpuId, GpuReading, Label, NodeName, PageReading, TargetId};
use margintop::units::{Energy, Moment, Power, Ratio, Span};

use super::support::{answered_dated, counters, instant, member, page};

/// Milliseconds between two polls.
pub const INTERVAL: i64 = 250;
/// Milliseconds of an hour.
pub const HOUR: i64 = 3_600_000;

/// A moment so many milliseconds after the beginning.
pub fn at(millis: i64) -> Moment {
    Moment { wall: instant("2025-02-20T10:00:00Z") + Span::from_millis(millis), boot: Span::from_millis(millis) }
}

/// A fleet of which nothing has answered yet: an engine and an exporter on each node.
pub fn fleet(nodes: i64) -> Fleet {
    let targets = (0..nodes).flat_map(|node| [8000, 9400].map(|port| (format!("10.0.0.{node}"), port)));
    let members = targets.map(|(host, port)| TargetInfo {
        target: TargetId::new(&format!("http://{host}:{port}")),
        host: Some(NodeName::new(&host)),
        node: None,
        ..member("", "", None)
    });
    let site =
        FleetConfig { interval: Span::from_millis(INTERVAL), targets: members.collect(), ..FleetConfig::local("box") };
    Fleet::new(site, Book::built_in().unwrap(), at(0))
}

/// One round of polls and the tick that follows it.
pub fn round(nodes: i64, millis: i64) -> Vec<Event> {
    let pages = (0..nodes).flat_map(|node| [engine(node, millis + node), exporter(node, millis + node)]);
    pages.chain([Event::Tick(at(millis + 100))]).collect()
}

fn engine(node: i64, millis: i64) -> Event {
    let made = u64::try_from(1_000_000 + millis * (node + 1) / 8).unwrap();
    let page = page("deepseek-r1", counters(9 * made, 5 * made, made), Some(at(-500_000).wall));
    answered_dated(&format!("http://10.0.0.{node}:8000"), at(millis), page)
}

/// The page of an exporter with eight GPUs.
fn exporter(node: i64, millis: i64) -> Event {
    let mut page: PageReading = page("", counters(0, 0, 0), None);
    page.engines.clear();
    let gpu = |index: u32| {
        let reading = GpuReading {
            index,
            id: Some(GpuId::from_uuid(&format!("GPU-{node}-{index}"))),
            name: Some(Label::new("NVIDIA H800")),
            utilization: Ratio::new(((millis / INTERVAL + node) % 100) as f64 / 100.0),
            power: Power::from_watts(400.0),
            energy: Some(Energy::new(u64::try_from(millis).unwrap() * 400)),
            ..GpuReading::default()
        };
        (Some(NodeName::new(&format!("gpu-{node}"))), reading)
    };
    page.gpus = (0..8).map(gpu).collect();
    answered_dated(&format!("http://10.0.0.{node}:9400"), at(millis), page)
}
