//! Drawing the picture: a pure reading of what the fleet knows, at the latest moment that an event brought.

mod engines;
mod leakage;
mod models;
mod money;
mod nodes;
mod units;

use std::sync::Arc;

use super::Fleet;
use super::earning::counts;
use super::row::{CACHED, OUTPUT, PROMPT, Row};
use super::targets::{Target, shows_prompt};
use crate::reading::{EngineKind, Health};
use crate::snapshot::{Coverage, GpuTotals, Requests, SCHEMA, Snapshot, TokenTotals};
use crate::units::{Bytes, Ratio, Span, Tokens};

/// The fleet's rates at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rates {
    pub(super) prompt: Option<f64>,
    pub(super) cached: Option<f64>,
    pub(super) output: Option<f64>,
    pub(super) hit_rate: Option<Ratio>,
    pub(super) load: Option<Ratio>,
}

/// What a set of rows does a second, and how much of its prompts came from a cache.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    prompt: Option<f64>,
    cached: Option<f64>,
    output: Option<f64>,
    prompts_with_hits: u64,
    hits: u64,
}

impl Flow {
    /// Adds a row, in so far as it counts and is drawn.
    fn add(&mut self, fleet: &Fleet, target: &Target, row: &Row) {
        if !target.draws(row) {
            return;
        }
        let (prompts, outputs) = row_counts(fleet, target, row);
        if prompts {
            add(&mut self.prompt, row.window.per_second(PROMPT));
            add(&mut self.cached, row.window.per_second(CACHED));
            if let (Some(prompt), Some(hits)) = (row.window.growth(PROMPT), row.window.growth(CACHED)) {
                self.prompts_with_hits += prompt;
                self.hits += hits;
            }
        }
        if outputs {
            add(&mut self.output, row.window.per_second(OUTPUT));
        }
    }

    fn hit_rate(&self) -> Option<Ratio> {
        Ratio::of(self.hits as f64, self.prompts_with_hits as f64)
    }
}

pub(super) fn draw(fleet: &Fleet) -> Snapshot {
    let rates = rates(fleet);
    let nodes = nodes::rows(fleet);
    let money = money::view(fleet);
    Snapshot {
        schema: SCHEMA,
        at: fleet.now.wall,
        window_seconds: window(fleet).map(Span::as_secs_f64),
        resuming: fleet.is_resuming(),
        coverage: coverage(fleet, &nodes),
        gpus: gpu_totals(fleet, &nodes),
        tokens: token_totals(fleet, &rates),
        cache_hit_rate: rates.hit_rate,
        requests: requests(fleet),
        money,
        nodes: nodes.into_iter().map(Arc::new).collect(),
        engines: engines::rows(fleet).into_iter().map(Arc::new).collect(),
        models: models::rows(fleet),
        units: units::rows(fleet),
        alerts: Vec::new(),
        notices: Vec::new(),
        troubles: fleet.driver_trouble.iter().chain(&fleet.troubles).cloned().collect(),
        vitals: fleet.lines.vitals(),
    }
}

/// The fleet's rates, over live rows.
pub(super) fn rates(fleet: &Fleet) -> Rates {
    let mut flow = Flow::default();
    for (target, row) in live_rows(fleet) {
        flow.add(fleet, target, row);
    }
    let load = mean(live_gpus(fleet).filter_map(|gpu| gpu.reading.utilization));
    Rates { prompt: flow.prompt, cached: flow.cached, output: flow.output, hit_rate: flow.hit_rate(), load }
}

fn live_gpus(fleet: &Fleet) -> impl Iterator<Item = &super::gpus::Gpu> {
    fleet.gpus.values().filter(|gpu| gpu.health(fleet) == Health::Live)
}

fn all_rows(fleet: &Fleet) -> impl Iterator<Item = (&Target, &Row)> {
    fleet.targets.values().flat_map(|target| target.rows.iter().map(move |row| (target, row)))
}

fn live_rows(fleet: &Fleet) -> impl Iterator<Item = (&Target, &Row)> {
    all_rows(fleet).filter(|(target, _)| target.health(fleet) == Health::Live)
}

/// Whether a row's prompts and outputs count in sums.
fn row_counts(fleet: &Fleet, target: &Target, row: &Row) -> (bool, bool) {
    if target.likeness.double_of().is_some() {
        return (false, false);
    }
    let served = row.reading.model.as_ref().is_some_and(|model| fleet.served.contains(model.as_str()));
    counts(row.reading.kind, target.role(&row.reading, &fleet.pairs), served)
}

/// The longest time that any rate is taken over.
fn window(fleet: &Fleet) -> Option<Span> {
    let rows = all_rows(fleet).filter_map(|(_, row)| row.window.covers());
    let looks = fleet.nodes.values().filter_map(|node| node.looks.covers());
    rows.max().or_else(|| looks.max())
}

fn coverage(fleet: &Fleet, nodes: &[crate::snapshot::NodeRow]) -> Coverage {
    let engines = || engines(fleet).filter(|target| target.likeness.double_of().is_none());
    Coverage {
        nodes_live: nodes.iter().filter(|node| node.state == Health::Live).count(),
        nodes_known: nodes.len(),
        engines_live: engines().filter(|target| target.health(fleet) == Health::Live).count(),
        engines_known: engines().count(),
    }
}

/// Targets that are engines, or may be, on nodes that are held.
fn engines(fleet: &Fleet) -> impl Iterator<Item = &Target> {
    let held =
        |target: &&Target| target.health(fleet) == Health::Live || !fleet.has_left(&fleet.node_of(&target.member));
    fleet.targets.values().filter(|target| !target.only_gpus).filter(held)
}

fn gpu_totals(fleet: &Fleet, nodes: &[crate::snapshot::NodeRow]) -> GpuTotals {
    let bytes = |of: fn(&super::gpus::Gpu) -> Option<Bytes>| {
        sum(live_gpus(fleet).filter_map(of).map(Bytes::get)).map(Bytes::new)
    };
    let floats = |of: fn(&super::gpus::Gpu) -> Option<f64>| {
        live_gpus(fleet).filter_map(of).fold(None, |total: Option<f64>, value| Some(total.unwrap_or(0.0) + value))
    };
    GpuTotals {
        count: nodes.iter().map(|node| node.gpus.len()).sum(),
        utilization: mean(live_gpus(fleet).filter_map(|gpu| gpu.reading.utilization)),
        memory_used_bytes: bytes(|gpu| gpu.reading.memory_used),
        memory_total_bytes: bytes(|gpu| gpu.reading.memory_total),
        power_watts: floats(|gpu| gpu.reading.power.map(crate::units::Power::watts)),
        energy_joules: floats(|gpu| gpu.reading.energy.map(crate::units::Energy::joules)),
        reporting: live_gpus(fleet).count(),
    }
}

fn token_totals(fleet: &Fleet, rates: &Rates) -> TokenTotals {
    let mut totals = TokenTotals {
        prompt_per_second: rates.prompt,
        cached_per_second: rates.cached,
        output_per_second: rates.output,
        ..TokenTotals::default()
    };
    for (target, row) in all_rows(fleet) {
        let (prompts, outputs) = row_counts(fleet, target, row);
        let counters = row.meter.last();
        if prompts {
            add_tokens(&mut totals.prompt_total, shows_prompt(counters.prompt));
            add_tokens(&mut totals.cached_total, counters.cached);
        }
        if outputs {
            add_tokens(&mut totals.output_total, counters.output);
        }
    }
    totals
}

fn requests(fleet: &Fleet) -> Requests {
    let engines = || {
        let counts = |target: &Target, row: &Row| {
            target.likeness.double_of().is_none()
                && target.role(&row.reading, &fleet.pairs) != crate::reading::Role::Proxy
        };
        live_rows(fleet).filter(move |(target, row)| counts(target, row))
    };
    Requests {
        running: sum(engines().filter_map(|(_, row)| row.reading.running)),
        waiting: sum(engines().filter_map(|(_, row)| row.reading.waiting)),
    }
}

fn kind_of(target: &Target) -> EngineKind {
    target.kind.unwrap_or(EngineKind::Unknown)
}

fn add(total: &mut Option<f64>, value: Option<f64>) {
    if let Some(value) = value {
        *total = Some(total.unwrap_or(0.0) + value);
    }
}

fn add_tokens(total: &mut Option<Tokens>, value: Option<Tokens>) {
    if let Some(value) = value {
        *total = Some(total.unwrap_or_default() + value);
    }
}

fn sum(values: impl Iterator<Item = u64>) -> Option<u64> {
    values.fold(None, |total: Option<u64>, value| Some(total.unwrap_or(0) + value))
}

fn mean(values: impl Iterator<Item = Ratio>) -> Option<Ratio> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value.get()));
    Ratio::of(sum, f64::from(count))
}
