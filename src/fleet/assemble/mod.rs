//! Assembles the snapshot from the fleet's state, at the latest moment of any event.

mod engines;
mod leakage;
mod models;
mod money;
mod nodes;
mod notices;
mod pace;
mod units;

use std::sync::Arc;

use super::Fleet;
use crate::inventory::{Gpu, Target};
use crate::metering::{CACHED, Counts, Engine, OUTPUT, PROMPT, Row};
use crate::reading::{EngineKind, Health, PromptCount, Role, TokenCounters};
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

/// A row with its target and engine.
#[derive(Debug, Clone, Copy)]
struct RowView<'a> {
    target: &'a Target,
    engine: &'a Engine,
    row: &'a Row,
}

impl RowView<'_> {
    /// Which of its tokens count in sums.
    fn counts(self, fleet: &Fleet) -> Counts {
        fleet.metering.counts(&self.target.info, self.row, fleet.now())
    }

    fn role(self, fleet: &Fleet) -> Role {
        fleet.metering.role(&self.target.info, &self.row.reading)
    }

    /// Its health: its target's, or worse if the target's pages no longer have the row.
    fn health(self, fleet: &Fleet) -> Health {
        fleet.inventory.health_of(self.target).max(fleet.inventory.health(self.row.seen))
    }

    /// Its present counters.
    fn counters(self, fleet: &Fleet) -> TokenCounters {
        fleet.metering.counters(&self.target.info.target, self.engine, self.row, fleet.now())
    }

    /// Whether it is a proxy's row that is not counted, since watched engines serve or may serve its model.
    fn is_uncounted_proxy(self, fleet: &Fleet) -> bool {
        self.role(fleet) == Role::Proxy && self.counts(fleet) == Counts::NOTHING
    }

    /// Whether its target's last page has a value of a counter that is billed and unknown, since it was refused.
    fn refuses_billed(self, fleet: &Fleet) -> bool {
        let [prompt, output] = self.row.reading.refused;
        let on_page = self.engine.last_page == Some(self.row.seen);
        on_page && (prompt || output) && {
            let counts = self.counts(fleet);
            prompt && counts.prompts || output && counts.outputs
        }
    }

    /// Whether its gauges are an engine's own: not a proxy's, nor a duplicate's.
    fn is_engine(self, fleet: &Fleet) -> bool {
        !self.is_duplicate(fleet) && self.role(fleet) != Role::Proxy
    }

    /// Whether its processes are counted at other targets.
    fn is_duplicate(self, fleet: &Fleet) -> bool {
        fleet.metering.is_duplicate(&self.target.info.target, self.row, fleet.now())
    }
}

/// The token rates and the cache hits of a set of rows.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    prompt: Option<f64>,
    cached: Option<f64>,
    output: Option<f64>,
    prompts_with_hits: u64,
    hits: u64,
}

impl Flow {
    /// Adds a row's counted tokens, if its rates are shown.
    fn add(&mut self, fleet: &Fleet, view: RowView<'_>) {
        let window = &view.row.window;
        if !view.engine.draws(view.row) {
            return;
        }
        let counts = view.counts(fleet);
        if counts.prompts {
            add(&mut self.prompt, window.per_second(PROMPT));
            add(&mut self.cached, window.per_second(CACHED));
            if let (Some(prompt), Some(hits)) = (window.growth(PROMPT), window.growth(CACHED)) {
                self.prompts_with_hits += prompt;
                self.hits += hits;
            }
        }
        if counts.outputs {
            add(&mut self.output, window.per_second(OUTPUT));
        }
    }

    fn hit_rate(&self) -> Option<Ratio> {
        Ratio::of(self.hits as f64, self.prompts_with_hits as f64)
    }
}

pub(super) fn snapshot(fleet: &Fleet) -> Snapshot {
    let rates = rates(fleet);
    let nodes = nodes::rows(fleet);
    let (models, unpriced) = models::rows(fleet);
    let money = money::view(fleet, &models, unpriced);
    Snapshot {
        schema: SCHEMA,
        at: fleet.now().wall,
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
        models,
        units: units::rows(fleet),
        alerts: Vec::new(),
        notices: notices::all(fleet),
        troubles: fleet.driver_trouble.iter().chain(&fleet.troubles).cloned().collect(),
        vitals: fleet.sparklines.vitals(),
    }
}

/// The fleet's rates, over live rows.
pub(super) fn rates(fleet: &Fleet) -> Rates {
    let mut flow = Flow::default();
    for view in live_rows(fleet) {
        flow.add(fleet, view);
    }
    let load = mean(live_gpus(fleet).filter_map(|gpu| gpu.reading.utilization));
    Rates { prompt: flow.prompt, cached: flow.cached, output: flow.output, hit_rate: flow.hit_rate(), load }
}

/// Since when the energy of a live GPU is unknown, if its lease has a power price and that has lasted.
pub(super) fn energy_unknown_since(fleet: &Fleet, id: &crate::reading::GpuId) -> Option<crate::units::Timestamp> {
    let gpu = fleet.inventory.gpus.get(id).filter(|gpu| fleet.inventory.gpu_health(gpu) == Health::Live);
    let since = gpu.and_then(|_| fleet.metering.energy_unknown_since(id))?;
    let lasted = fleet.now().since(since);
    (lasted >= fleet.config.stale_after()).then(|| fleet.now().wall - lasted)
}

fn live_gpus(fleet: &Fleet) -> impl Iterator<Item = &Gpu> {
    fleet.inventory.gpus.values().filter(|gpu| fleet.inventory.gpu_health(gpu) == Health::Live)
}

fn all_rows(fleet: &Fleet) -> impl Iterator<Item = RowView<'_>> {
    fleet.inventory.targets.values().flat_map(|target| {
        let engine = fleet.metering.engine(&target.info.target);
        engine.into_iter().flat_map(move |engine| engine.rows.iter().map(move |row| RowView { target, engine, row }))
    })
}

/// All rows except those of proxies that are not counted.
fn counted_rows(fleet: &Fleet) -> impl Iterator<Item = RowView<'_>> {
    all_rows(fleet).filter(|view| !view.is_uncounted_proxy(fleet))
}

fn live_rows(fleet: &Fleet) -> impl Iterator<Item = RowView<'_>> {
    all_rows(fleet).filter(|view| view.health(fleet) == Health::Live)
}

/// The longest time that any rate covers.
fn window(fleet: &Fleet) -> Option<Span> {
    let rows = all_rows(fleet).filter_map(|view| view.row.window.covers());
    let polls = fleet.inventory.nodes.values().filter_map(|node| node.polls.covers());
    rows.max().or_else(|| polls.max())
}

fn coverage(fleet: &Fleet, nodes: &[crate::snapshot::NodeRow]) -> Coverage {
    let is_one = |target: &&Target| {
        engine_of(fleet, target).is_none_or(|engine| {
            engine.rows.is_empty() || engine.rows.iter().any(|row| !RowView { target, engine, row }.is_duplicate(fleet))
        })
    };
    let engines = || engines(fleet).filter(is_one);
    Coverage {
        nodes_live: nodes.iter().filter(|node| node.state == Health::Live).count(),
        nodes_known: nodes.len(),
        engines_live: engines().filter(|target| fleet.inventory.health_of(target) == Health::Live).count(),
        engines_known: engines().count(),
    }
}

/// Targets that are or may be engines, on nodes that are allocated; not proxies whose models engines serve.
fn engines(fleet: &Fleet) -> impl Iterator<Item = &Target> {
    serving(fleet).filter(|target| !engine_of(fleet, target).is_some_and(|engine| only_proxies(fleet, target, engine)))
}

/// Targets that serve or may serve requests, on nodes that are allocated: engines and proxies.
fn serving(fleet: &Fleet) -> impl Iterator<Item = &Target> {
    let allocated = |target: &&Target| {
        fleet.inventory.health_of(target) == Health::Live || !has_left(fleet, &fleet.inventory.node_of(&target.info))
    };
    fleet.inventory.targets.values().filter(|target| !target.only_gpus).filter(allocated)
}

/// Whether watched engines count all tokens of a target.
fn only_proxies(fleet: &Fleet, target: &Target, engine: &Engine) -> bool {
    let uncounted = |row: &Row| RowView { target, engine, row }.is_uncounted_proxy(fleet);
    !engine.rows.is_empty() && engine.rows.iter().all(uncounted)
}

fn engine_of<'a>(fleet: &'a Fleet, target: &Target) -> Option<&'a Engine> {
    fleet.metering.engine(&target.info.target)
}

/// Whether a node left the fleet: its leases have ended and it is silent. No table shows it, and its GPU time has
/// ended.
fn has_left(fleet: &Fleet, name: &crate::reading::NodeName) -> bool {
    let node = fleet.inventory.node(name);
    let silent = node.is_none_or(|node| fleet.inventory.health(node.answered) != Health::Live);
    let (view, unit) = (fleet.view(), node.and_then(|node| node.unit.as_ref()));
    silent && crate::metering::was_given_back(view, name, unit, fleet.now().wall)
}

fn gpu_totals(fleet: &Fleet, nodes: &[crate::snapshot::NodeRow]) -> GpuTotals {
    let bytes = |of: fn(&Gpu) -> Option<Bytes>| sum(live_gpus(fleet).filter_map(of).map(Bytes::get)).map(Bytes::new);
    let floats = |of: fn(&Gpu) -> Option<f64>| {
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
    for view in all_rows(fleet) {
        let (counts, counters) = (view.counts(fleet), view.counters(fleet));
        if counts.prompts {
            add_tokens(&mut totals.prompt_total, shown_prompt(counters.prompt));
            add_tokens(&mut totals.cached_total, counters.cached);
        }
        if counts.outputs {
            add_tokens(&mut totals.output_total, counters.output);
        }
    }
    totals
}

fn requests(fleet: &Fleet) -> Requests {
    let now = fleet.now();
    let engines = || live_rows(fleet).filter(|view| view.is_engine(fleet)).map(|view| view.row);
    Requests {
        running: sum(engines().filter_map(|row| row.running(now))),
        waiting: sum(engines().filter_map(|row| row.waiting(now))),
    }
}

fn kind_of(target: &Target) -> EngineKind {
    target.kind.unwrap_or(EngineKind::Unknown)
}

/// The total that is shown for a prompt counter.
const fn shown_prompt(prompt: PromptCount) -> Option<Tokens> {
    match prompt {
        PromptCount::Whole(tokens) => Some(tokens),
        PromptCount::ComputedOnly(_) | PromptCount::Unknown => None,
    }
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
    values.fold(None, |total: Option<u64>, value| Some(total.unwrap_or(0).saturating_add(value)))
}

fn mean(values: impl Iterator<Item = Ratio>) -> Option<Ratio> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value.get()));
    Ratio::of(sum, f64::from(count))
}
