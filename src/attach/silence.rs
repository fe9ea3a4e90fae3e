//! What is known of a fleet whose hub does not answer: the last counters and amounts, and no gauge or rate.

use std::sync::Arc;

use crate::reading::{Health, Label, SourceError, SourceErrorKind};
use crate::snapshot::{
    Alert, EngineRow, GpuRow, GpuTotals, NodeRow, Quantiles, RequestRates, Requests, Rule, Severity, Snapshot,
    TokenTotals,
};
use crate::units::Span;

/// The silence after which rows are stale, and lost.
pub(super) const STALE: Span = Span::from_secs(3);
const LOST: Span = Span::from_secs(30);

/// The last snapshot as it is known after so long a silence.
pub(super) fn after(last: &Snapshot, silence: Span, hub: &str, cause: &str) -> Snapshot {
    let state = if silence >= LOST { Health::Lost } else { Health::Stale };
    let age = silence.as_secs_f64();
    let mut snapshot = last.clone();
    snapshot.at = last.at + silence;
    snapshot.nodes = last.nodes.iter().map(|node| Arc::new(silent_node(node, state, age))).collect();
    snapshot.engines = last.engines.iter().map(|engine| Arc::new(silent_engine(engine, state, age))).collect();
    (snapshot.coverage.nodes_live, snapshot.coverage.engines_live) = (0, 0);
    snapshot.gpus = GpuTotals { count: last.gpus.count, ..GpuTotals::default() };
    let TokenTotals { prompt_total, cached_total, output_total, .. } = last.tokens;
    snapshot.tokens = TokenTotals { prompt_total, cached_total, output_total, ..TokenTotals::default() };
    (snapshot.cache_hit_rate, snapshot.requests) = (None, Requests::default());
    let money = &mut snapshot.money;
    (money.revenue_per_hour, money.cost_per_hour, money.profit_per_hour) = (None, None, None);
    for model in &mut snapshot.models {
        (model.cache_hit_rate, model.prompt_per_second, model.output_per_second) = (None, None, None);
        let money = &mut model.money;
        (money.revenue_per_hour, money.profit_per_hour, money.cost_per_hour) = (None, None, None);
    }
    for unit in &mut snapshot.units {
        (unit.utilization, unit.kv_usage, unit.waiting, unit.worst) = (None, None, None, None);
        (unit.output_per_second, unit.prompt_per_second) = (None, None);
        (unit.revenue_per_hour, unit.cost_per_hour) = (None, None);
    }
    let seconds = silence.as_secs_f64().round();
    let text =
        format!("no snapshot for {seconds} s: {cause} (what changes at the hub is not known here; it is asked again)");
    snapshot.alerts.insert(
        0,
        Alert {
            rule: Rule::HubSilent,
            severity: Severity::Critical,
            subject: Label::new(hub),
            since: last.at,
            text: Label::new(&text),
        },
    );
    snapshot.source_errors.push(SourceError {
        kind: SourceErrorKind::Other,
        source: Label::new(hub),
        cause: Label::new(&format!("the hub has been silent for {seconds} s: {cause}")),
        remedy: Label::new(
            "it is asked again every few seconds; figures since then are unknown, and nothing is lost there",
        ),
    });
    snapshot
}

/// The error of snapshots that arrive late.
pub(super) fn late(hub: &str, late: Span) -> SourceError {
    SourceError {
        kind: SourceErrorKind::Other,
        source: Label::new(hub),
        cause: Label::new(&format!("its snapshots come {:.1} s late", late.as_secs_f64())),
        remedy: Label::new("the link to the hub is slow, or this machine is busy; figures are those of that time"),
    }
}

fn silent_node(node: &NodeRow, state: Health, age: f64) -> NodeRow {
    NodeRow {
        state,
        age_seconds: Some(age),
        gpus: node.gpus.iter().map(|gpu| silent_gpu(gpu, state)).collect(),
        output_per_second: None,
        prompt_per_second: None,
        cache_hit_rate: None,
        revenue_per_hour: None,
        cost_per_hour: None,
        idle_per_hour: None,
        profit_per_hour: None,
        ..node.clone()
    }
}

fn silent_gpu(gpu: &GpuRow, state: Health) -> GpuRow {
    GpuRow {
        state,
        utilization: None,
        heat: None,
        memory_used_bytes: None,
        power_watts: None,
        temperature_celsius: None,
        sm_clock_mhz: None,
        memory_clock_mhz: None,
        fan: None,
        throttle: None,
        activity: <_>::default(),
        pcie: None,
        processes: Vec::new(),
        ..gpu.clone()
    }
}

fn silent_engine(engine: &EngineRow, state: Health, age: f64) -> EngineRow {
    EngineRow {
        state,
        age_seconds: Some(age),
        prompt_per_second: None,
        output_per_second: None,
        cache_hit_rate: None,
        running: None,
        waiting: None,
        kv_usage: None,
        ttft_seconds: Quantiles::default(),
        itl_seconds: Quantiles::default(),
        e2e_seconds: Quantiles::default(),
        within_slo: None,
        rank_wait_share: None,
        expert_balancedness: None,
        requests_per_minute: RequestRates::default(),
        spec_acceptance: None,
        ..engine.clone()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::fleet::{Fleet, FleetConfig};
    use crate::pricing::Book;
    use crate::reading::{Event, GpuReading, NodeName};
    use crate::units::{Bytes, Ratio};

    #[test]
    fn totals_stay_and_what_changes_is_unknown() {
        let now = Clock::System.now();
        let mut fleet = Fleet::new(FleetConfig::local("here"), Book::built_in().unwrap(), now);
        let gpu =
            GpuReading { utilization: Ratio::new(0.5), memory_used: Some(Bytes::new(7)), ..GpuReading::default() };
        fleet.apply(Event::nvml(NodeName::new("here"), now, Ok(vec![gpu])));
        fleet.apply(Event::Tick(now));
        let last = fleet.snapshot();
        assert_eq!((last.gpus.utilization, last.coverage.nodes_live), (Ratio::new(0.5), 1));
        let stale = after(&last, Span::from_secs(4), "http://hub:9546", "connection refused");
        assert_eq!((stale.nodes[0].state, stale.nodes[0].gpus[0].state), (Health::Stale, Health::Stale));
        assert_eq!((stale.nodes[0].gpus[0].utilization, stale.gpus.utilization, stale.gpus.count), (None, None, 1));
        assert_eq!((stale.coverage.nodes_live, stale.coverage.nodes_known), (0, 1));
        assert_eq!((stale.at - last.at, stale.money.revenue), (Span::from_secs(4), last.money.revenue));
        let said = stale.source_errors.last().unwrap();
        assert!(said.source.as_str() == "http://hub:9546" && said.cause.as_str().contains("4 s: connection refused"));
        let alert = &stale.alerts[0];
        assert_eq!((alert.rule, alert.severity, alert.since), (Rule::HubSilent, Severity::Critical, last.at));
        let gone = after(&last, Span::from_secs(31), "http://hub:9546", "connection refused");
        assert_eq!(gone.nodes[0].state, Health::Lost);
    }
}
