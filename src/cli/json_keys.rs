//! docs/JSON.md against what is printed: each key is on the page, and each key of the page is printed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Parser;
use serde::Serialize;
use serde_json::Value;

use super::price::{PriceArgs, answered};
use crate::dialect::{self, Hint};
use crate::fleet::{Fleet, FleetConfig, TargetInfo};
use crate::pricing::Book;
use crate::reading::{
    Event, GpuId, GpuProcess, GpuReading, Label, ModelName, NodeName, Pcie, Rank, ScrapeCost, SourceError,
    SourceErrorKind, TargetId, Throttle, UnitName,
};
use crate::snapshot::{
    Alert, LeakageView, ListBasis, NonModelProfit, Rule, Severity, SloStatus, Snapshot, UnitRow, ValueAtList, WorstRank,
};
use crate::units::{BytesPerSecond, Moment, Money, Ratio, Span, Timestamp};

const PAGE: &str = include_str!("../../docs/JSON.md");
const ENGINE_PAGE: &[u8] = include_bytes!("../../tests/fixtures/engines/vllm-qwen.prom");

/// The keys that the page has for a command, as paths: `nodes[].gpus[].index`.
fn documented(command: &str) -> BTreeSet<String> {
    let (mut is_here, mut objects, mut keys) = (false, Vec::new(), BTreeSet::new());
    for line in PAGE.lines() {
        let quoted = || line.split('`').skip(1).step_by(2);
        if line.starts_with("## ") {
            (is_here, objects) = (quoted().eq([command]), vec![String::new()]);
        } else if line.starts_with("### ") {
            objects = quoted().map(|object| format!("{object}.")).collect();
        } else if is_here && line.starts_with("| `") {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            assert!(
                cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()),
                "a key, a unit and a meaning: {line}"
            );
            let key = cells[0].trim_matches('`');
            for object in &objects {
                assert!(keys.insert(format!("{object}{key}")), "{object}{key} is there twice");
            }
        }
    }
    keys
}

/// The keys of a printed value, as paths.
pub(super) fn keys_of(value: &Value) -> BTreeSet<String> {
    fn gather(value: &Value, path: &str, keys: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (key, inner) in object {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    gather(inner, &path, keys);
                    keys.insert(path);
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| gather(inner, &format!("{path}[]"), keys)),
            _ => {}
        }
    }
    let mut keys = BTreeSet::new();
    gather(value, "", &mut keys);
    keys
}

/// Fails unless the page has exactly these keys for a command.
pub(super) fn assert_documented(command: &str, printed: &BTreeSet<String>) {
    let documented = documented(command);
    let missing: Vec<_> = printed.difference(&documented).collect();
    let surplus: Vec<_> = documented.difference(printed).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{command}: missing in docs/JSON.md: {missing:#?}, in it and not printed: {surplus:#?}"
    );
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// A snapshot of a GPU and an engine, with everything in it that an object or list of the contract is made of.
fn snapshot() -> Snapshot {
    let (name, at) =
        (NodeName::new("gpu-01"), Moment { wall: Timestamp::from_millis(1_764_000_000_000), boot: Span::ZERO });
    let target = TargetInfo {
        target: TargetId::new("http://gpu-01:8000/metrics"),
        host: None,
        node: Some(name.clone()),
        unit: None,
        role: None,
        tenant: None,
    };
    let config = FleetConfig { targets: vec![target.clone()], ..FleetConfig::local("gpu-01") };
    let mut fleet = Fleet::new(config, Book::built_in().unwrap(), at);
    let gpu = GpuReading {
        id: Some(GpuId::from_uuid("GPU-1")),
        name: Some(Label::new("NVIDIA H800")),
        throttle: Some(Throttle::default()),
        pcie: Some(Pcie { tx: BytesPerSecond::new(1), rx: BytesPerSecond::new(1) }),
        processes: Some(vec![GpuProcess { pid: 1, name: None, memory: None }]),
        ..GpuReading::default()
    };
    for second in 0..3 {
        let at = Moment { wall: at.wall + Span::from_secs(second), boot: Span::from_secs(second) };
        let mut page = dialect::read(ENGINE_PAGE, &Hint::default()).unwrap();
        page.refusals.start = Some(Label::new("NaN"));
        let cost = ScrapeCost { seconds: 0.004, bytes: ENGINE_PAGE.len() as u64 };
        fleet.apply(Event::nvml(name.clone(), at, Ok(vec![gpu.clone()])));
        fleet.apply(Event::Page { target: target.target.clone(), at, cost, outcome: Ok(Box::new(page)) });
        fleet.apply(Event::Tick(at));
    }
    let mut snapshot = fleet.snapshot();
    snapshot.slo = Some(SloStatus::default());
    snapshot.units.push(unit());
    let (subject, text) = (Label::new("gpu-01"), Label::new("silent"));
    snapshot.alerts.push(Alert { rule: Rule::NodeSilent, severity: Severity::Warning, subject, since: at.wall, text });
    snapshot.source_errors.push(SourceError {
        kind: SourceErrorKind::DriverMissing,
        source: "NVML".into(),
        cause: "not found".into(),
        remedy: "install it".into(),
    });
    let row = NonModelProfit { name: Label::new("(idle)"), profit_per_hour: Money::ZERO };
    snapshot.money.profit_beside_models.push(row);
    let list = Label::new("deepseek-r1-standard");
    snapshot.money.compare = Some(ValueAtList { list, amount: Money::ZERO, per_hour: None });
    snapshot.money.leakage = Some(LeakageView::default());
    let [list, tier] = ["deepseek-r1-2025", "standard"].map(Label::new);
    snapshot.money.lists.push(ListBasis { model: ModelName::new("deepseek-r1"), list, tier, until: None, ended: None });
    Arc::make_mut(&mut snapshot.engines[0]).scrape.refusals.start = Some(Label::new("NaN"));
    snapshot
}

fn unit() -> UnitRow {
    UnitRow {
        unit: UnitName::new("decode-1"),
        role: None,
        nodes: 1,
        gpus: 1,
        utilization: None,
        kv_usage: None,
        waiting: None,
        output_per_second: None,
        prompt_per_second: None,
        worst: Ratio::new(1.2).map(|over_mean| WorstRank { rank: Rank::new("0"), over_mean }),
        revenue_per_hour: None,
        cost_per_hour: None,
    }
}

#[test]
fn every_key_of_once_is_documented() {
    assert_documented("once --json", &keys_of(&json(&snapshot())));
}

#[test]
fn every_key_of_price_is_documented() {
    #[derive(Parser)]
    struct PriceCommand {
        #[command(flatten)]
        price: PriceArgs,
    }
    let line = "price --model deepseek-r1 --input 2e6 --cached 1e6 --output 1e6 --gpu-hours 1 --compare --at 2026-01-01T00:00:00Z";
    let command = PriceCommand::try_parse_from(line.split(' ')).unwrap();
    let settings = crate::config::load(None).unwrap();
    let answer = answered(&settings, &command.price, Timestamp::from_millis(1_767_225_600_000))
        .unwrap_or_else(|why| panic!("{why:?}"));
    assert_documented("price --json", &keys_of(&answer));
}
