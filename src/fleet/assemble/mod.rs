//! Assembles the snapshot from the fleet's state, at the latest moment of any event.

mod coverable;
mod engines;
mod flow;
mod leakage;
mod lookalikes;
mod lookup;
mod marks;
mod models;
mod money;
mod nodes;
mod notices;
mod pace;
mod present;
mod prices;
mod sample_age;
mod slo;
mod sums;
mod units;

use super::rates::FleetRates;
use flow::Flow;
use lookup::live_gpus;
use std::sync::Arc;
use sums::{add, add_tokens, mean, sum};

use super::state::Fleet;
use crate::inventory::Gpu;
use crate::metering::{CACHED, OUTPUT, PROMPT};
use crate::reading::Health;
use crate::snapshot::{Coverage, GpuTotals, NodeRow, Requests, SCHEMA, Snapshot, TokenTotals};
use crate::units::{Bytes, Energy, Power, Ratio, Span};
use present::{CountedRow, PresentFleet, RowView};

pub(super) fn snapshot(fleet: &Fleet) -> Snapshot {
    let present = &PresentFleet::of(fleet);
    let rates = rates_of(present.live_rows().map(RowView::counted));
    let nodes = nodes::rows(present);
    let (models, unpriced) = models::rows(present);
    let money = money::view(present, &models, unpriced, rates.is_partial);
    let (engines, samples) = engines::rows(present);
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
        nodes,
        engines,
        samples,
        models,
        units: units::rows(present),
        slo: slo::status(present),
        alerts: Vec::new(),
        notices: notices::all(present),
        source_errors: fleet.inventory.source_errors().cloned().collect(),
        absence: fleet.watch.absence(),
        vitals: fleet.sparklines.vitals(),
    }
}

/// The fleet's rates, over live rows.
pub(super) fn rates(fleet: &Fleet) -> FleetRates {
    let load = mean(live_gpus(fleet).filter_map(|gpu| gpu.reading.utilization));
    FleetRates { load, ..rates_of(CountedRow::live(fleet)) }
}

/// The rates of rows, without the load of GPUs.
fn rates_of<'a>(live: impl Iterator<Item = CountedRow<'a>>) -> FleetRates {
    let mut flow = Flow::default();
    live.for_each(|row| flow.add(row));
    FleetRates {
        prompt: flow.prompt.get(),
        cached: flow.cached.get(),
        output: flow.output.get(),
        hit_rate: flow.hit_rate(),
        load: None,
        is_partial: [flow.prompt, flow.cached, flow.output].iter().any(|sum| sum.of.is_partial()),
    }
}

/// The longest time that any rate covers.
fn window(present: &PresentFleet<'_>) -> Option<Span> {
    let rows = present.rows.iter().filter_map(|view| view.row.window.covers());
    let polls = present.fleet.inventory.nodes.values().filter_map(|node| node.polls.covers());
    rows.max().or_else(|| polls.max())
}

fn coverage(present: &PresentFleet<'_>, nodes: &[Arc<NodeRow>]) -> Coverage {
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

fn gpu_totals(fleet: &Fleet, nodes: &[Arc<NodeRow>]) -> GpuTotals {
    let mut totals = GpuTotals { count: nodes.iter().map(|node| node.gpus.len()).sum(), ..GpuTotals::default() };
    let add_bytes = |total: &mut Option<Bytes>, more: Option<Bytes>| {
        if let Some(more) = more {
            *total = Some(Bytes::new(total.map_or(0, Bytes::get).saturating_add(more.get())));
        }
    };
    let (mut known, mut shares) = (0_u32, 0.0);
    // In one pass: thousands of GPUs are more than the processor's caches hold.
    for Gpu { reading, .. } in live_gpus(fleet) {
        totals.reporting += 1;
        if let Some(share) = reading.utilization {
            (known, shares) = (known + 1, shares + share.get());
        }
        add_bytes(&mut totals.memory_used_bytes, reading.memory_used);
        add_bytes(&mut totals.memory_total_bytes, reading.memory_total);
        add(&mut totals.power_watts, reading.power.map(Power::watts));
        add(&mut totals.energy_joules, reading.energy.map(Energy::joules));
    }
    totals.utilization = Ratio::of(shares, f64::from(known));
    totals
}

fn token_totals(present: &PresentFleet<'_>, rates: &FleetRates) -> TokenTotals {
    let mut totals = TokenTotals {
        prompt_per_second: rates.prompt,
        cached_per_second: rates.cached,
        output_per_second: rates.output,
        ..TokenTotals::default()
    };
    for RowView { counts, counters, .. } in present.rows.iter().filter(|view| !view.row.may_be_renamed) {
        if counts.prompts {
            add_tokens(&mut totals.prompt_total, counters.whole_prompt());
            add_tokens(&mut totals.cached_total, counters.cached);
        }
        if counts.outputs {
            add_tokens(&mut totals.output_total, counters.output);
        }
    }
    totals
}

fn requests(present: &PresentFleet<'_>) -> Requests {
    let now = present.fleet.now();
    let engines = || present.live_rows().filter(|view| view.is_engine()).map(|view| view.row);
    Requests {
        running: sum(engines().filter_map(|row| row.running(now))),
        waiting: sum(engines().filter_map(|row| row.waiting(now))),
    }
}
