//! Assembles the snapshot from the fleet's state, at the latest moment of any event.

mod engines;
mod leakage;
mod models;
mod money;
mod nodes;
mod notices;
mod pace;
mod present;
mod slo;
mod units;

use std::sync::Arc;

use super::Fleet;
use crate::inventory::{Gpu, Target};
use crate::metering::{CACHED, Engine, OUTPUT, PROMPT};
use crate::reading::{EngineKind, Health, PromptCount};
use crate::snapshot::{Coverage, GpuTotals, Requests, SCHEMA, Snapshot, TokenTotals};
use crate::units::{Bytes, Ratio, Span, Tokens};
use present::{Present, RowView};

/// The fleet's rates at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rates {
    pub(super) prompt: Option<f64>,
    pub(super) cached: Option<f64>,
    pub(super) output: Option<f64>,
    pub(super) hit_rate: Option<Ratio>,
    pub(super) load: Option<Ratio>,
    /// Whether a rate leaves out some rows whose own is not known yet.
    pub(super) is_partial: bool,
}

/// The token rates and the cache hits of a set of rows.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    prompt: RateSum,
    cached: RateSum,
    output: RateSum,
    prompts_with_hits: u64,
    hits: u64,
}

impl Flow {
    /// Adds a row's counted tokens, if its rates are shown.
    fn add(&mut self, view: &RowView<'_>) {
        let window = &view.row.window;
        if !view.engine.draws(view.row) {
            return;
        }
        let counts = view.counts;
        if counts.prompts {
            self.prompt.add(view, PROMPT);
            self.cached.add(view, CACHED);
            if let (Some(prompt), Some(hits)) = (window.growth(PROMPT), window.growth(CACHED)) {
                self.prompts_with_hits += prompt;
                self.hits += hits;
            }
        }
        if counts.outputs {
            self.output.add(view, OUTPUT);
        }
    }

    fn hit_rate(&self) -> Option<Ratio> {
        Ratio::of(self.hits as f64, self.prompts_with_hits as f64)
    }
}

/// The sum of the rates of rows that have one.
#[derive(Debug, Clone, Copy, Default)]
struct RateSum {
    known: Option<f64>,
    of: Coverable,
}

/// Of how many rows a rate is known and not known. Those whose tokens are quarantined are neither: the total is a lower bound.
#[derive(Debug, Clone, Copy, Default)]
struct Coverable {
    known: usize,
    unknown: usize,
}

impl RateSum {
    fn add(&mut self, view: &RowView<'_>, i: usize) {
        let rate = view.row.window.per_second(i);
        add(&mut self.known, rate);
        if rate.is_some() || view.row.reports(i) {
            self.of.note(rate.is_some(), view);
        }
    }

    /// The sum, if so few rows are left out that it is one.
    fn get(self) -> Option<f64> {
        self.known.filter(|_| !self.of.lacks())
    }
}

impl Coverable {
    /// The part of the rows that may be left out of a sum, which is a lower bound then: one in so many.
    const SMALL: usize = 8;

    fn note(&mut self, is_known: bool, view: &RowView<'_>) {
        self.known += usize::from(is_known);
        self.unknown += usize::from(!is_known && !view.holds_back);
    }

    /// Whether a sum is unknown, as too much of it is.
    const fn lacks(self) -> bool {
        self.unknown * Self::SMALL > self.known + self.unknown
    }

    /// Whether a sum leaves out a part.
    const fn is_partial(self) -> bool {
        self.unknown > 0 && !self.lacks()
    }
}

/// Decimals of the amounts that are printed.
const MICROS: u32 = 6;

pub(super) fn snapshot(fleet: &Fleet) -> Snapshot {
    let present = &Present::of(fleet);
    let rates = rates_of(present);
    let nodes = nodes::rows(present);
    let (models, unpriced) = models::rows(present);
    let money = money::view(present, &models, unpriced, rates.is_partial);
    Snapshot {
        schema: SCHEMA,
        at: fleet.now().wall,
        window_seconds: window(present).map(Span::as_secs_f64),
        resuming: fleet.is_resuming(),
        coverage: coverage(present, &nodes),
        gpus: gpu_totals(fleet, &nodes),
        tokens: token_totals(present, &rates),
        cache_hit_rate: rates.hit_rate,
        requests: requests(present),
        money,
        nodes: nodes.into_iter().map(Arc::new).collect(),
        engines: engines::rows(present).into_iter().map(Arc::new).collect(),
        models,
        units: units::rows(present),
        slo: slo::status(present),
        alerts: Vec::new(),
        notices: notices::all(present),
        troubles: fleet.inventory.source_errors().cloned().collect(),
        vitals: fleet.sparklines.vitals(),
    }
}

/// The fleet's rates, over live rows.
pub(super) fn rates(fleet: &Fleet) -> Rates {
    rates_of(&Present::of(fleet))
}

fn rates_of(present: &Present<'_>) -> Rates {
    let mut flow = Flow::default();
    present.live_rows().for_each(|view| flow.add(view));
    let load = mean(live_gpus(present.fleet).filter_map(|gpu| gpu.reading.utilization));
    Rates {
        prompt: flow.prompt.get(),
        cached: flow.cached.get(),
        output: flow.output.get(),
        hit_rate: flow.hit_rate(),
        load,
        is_partial: [flow.prompt, flow.cached, flow.output].iter().any(|sum| sum.of.is_partial()),
    }
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

/// The longest time that any rate covers.
fn window(present: &Present<'_>) -> Option<Span> {
    let rows = present.rows.iter().filter_map(|view| view.row.window.covers());
    let polls = present.fleet.inventory.nodes.values().filter_map(|node| node.polls.covers());
    rows.max().or_else(|| polls.max())
}

fn coverage(present: &Present<'_>, nodes: &[crate::snapshot::NodeRow]) -> Coverage {
    let fleet = present.fleet;
    let (mut live, mut known) = (0, 0);
    for target in present.serving() {
        let rows = present.rows_of(target);
        // Neither a proxy whose models engines serve, nor another address of an engine.
        let is_other = rows.iter().all(RowView::is_uncounted_proxy) || rows.iter().all(|view| view.is_duplicate);
        if rows.is_empty() || !is_other {
            known += 1;
            live += usize::from(fleet.inventory.health_of(target) == Health::Live);
        }
    }
    Coverage {
        nodes_live: nodes.iter().filter(|node| node.state == Health::Live).count(),
        nodes_known: nodes.len(),
        engines_live: live,
        engines_known: known,
    }
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

fn token_totals(present: &Present<'_>, rates: &Rates) -> TokenTotals {
    let mut totals = TokenTotals {
        prompt_per_second: rates.prompt,
        cached_per_second: rates.cached,
        output_per_second: rates.output,
        ..TokenTotals::default()
    };
    for RowView { counts, counters, .. } in present.rows.iter().filter(|view| !view.row.may_be_renamed) {
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

fn requests(present: &Present<'_>) -> Requests {
    let now = present.fleet.now();
    let engines = || present.live_rows().filter(|view| view.is_engine()).map(|view| view.row);
    Requests {
        running: sum(engines().filter_map(|row| row.running(now))),
        waiting: sum(engines().filter_map(|row| row.waiting(now))),
    }
}

fn kind_of(target: &Target) -> EngineKind {
    target.kind.unwrap_or(EngineKind::UNKNOWN)
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
