//! The what-ifs, other lists and bridges of a report in JSON.

use serde::Serialize;

use super::scenario::Scenarios;
use crate::reading::Label;
use crate::statement::{BreakEven, Bridge, Levels, Mover, RevenueAtList, Totals, WhatIf, rounded_hours};
use crate::units::{
    GpuTime, HourlyRate, LoadFactor, Money, NodeCount, Ratio, Share, Span, Timestamp, gross_margin, profit_on_cost,
};

#[derive(Serialize)]
pub(super) struct BreakEvenJson {
    load: Option<f64>,
    hit_rate: Option<f64>,
    gpu_rate: Option<Money>,
}

impl BreakEvenJson {
    pub(super) fn new(break_even: &BreakEven) -> Self {
        let ratio = |ppm: Option<i64>| ppm.map(|ppm| ppm as f64 / 1_000_000.0);
        Self {
            load: ratio(break_even.load_ppm),
            hit_rate: ratio(break_even.hit_rate_ppm),
            gpu_rate: break_even.gpu_rate,
        }
    }
}

#[derive(Serialize)]
pub(super) struct TotalsJson {
    prompt_tokens: u64,
    cached_tokens: u64,
    output_tokens: u64,
    gpu_hours: f64,
    revenue: Option<Money>,
    /// The part of the revenue that is in no profit, because its cost is unknown.
    uncosted_revenue: Money,
    cost: Option<Money>,
    profit: Option<Money>,
    profit_on_cost: Option<Ratio>,
    gross_margin: Option<Ratio>,
    idle_cost: Money,
}

impl TotalsJson {
    pub(super) fn new(totals: &Totals) -> Self {
        let covered = totals.covered_revenue();
        let known = totals.known_revenue().and(totals.cost);
        Self {
            prompt_tokens: (totals.tokens.miss + totals.tokens.hit).count(),
            cached_tokens: totals.tokens.hit.count(),
            output_tokens: totals.tokens.output.count(),
            gpu_hours: hours(gpu_micros(totals.gpu_time)),
            revenue: totals.known_revenue(),
            uncosted_revenue: totals.uncosted_revenue,
            cost: totals.cost,
            profit: totals.profit(),
            profit_on_cost: known.and_then(|cost| profit_on_cost(covered, cost)),
            gross_margin: known.and_then(|cost| gross_margin(covered, cost)),
            idle_cost: totals.idle_cost,
        }
    }
}

#[derive(Serialize)]
pub(super) struct LevelsJson {
    paid: Option<f64>,
    hit_rate: Option<f64>,
    gpu_rate: Option<Money>,
    nodes: Option<f64>,
}

impl LevelsJson {
    pub(super) fn new(levels: &Levels) -> Self {
        let share = |ppm: Option<u32>| ppm.map(|ppm| f64::from(ppm) / 1_000_000.0);
        Self {
            paid: share(levels.paid_ppm),
            hit_rate: share(levels.hit_rate_ppm),
            gpu_rate: levels.gpu_rate,
            nodes: levels.nodes_milli.map(|milli| milli as f64 / 1_000.0),
        }
    }
}

#[derive(Serialize)]
pub(super) struct WhatIfJson<'a> {
    list: Option<&'a str>,
    paid: Option<Share>,
    load: Option<LoadFactor>,
    hit_rate: Option<Share>,
    gpu_rate: Option<HourlyRate>,
    nodes: Option<NodeCount>,
    /// The present values: with these a what-if changes nothing.
    now: LevelsJson,
    before: TotalsJson,
    after: TotalsJson,
    break_even: BreakEvenJson,
}

impl<'a> WhatIfJson<'a> {
    pub(super) fn new(asked: &'a Scenarios, what_if: &WhatIf) -> Self {
        Self {
            list: asked.0.list.as_deref(),
            paid: asked.0.paid,
            load: asked.0.load,
            hit_rate: asked.0.hit_rate,
            gpu_rate: asked.0.gpu_rate,
            nodes: asked.0.nodes,
            now: LevelsJson::new(&what_if.levels),
            before: TotalsJson::new(&what_if.before),
            after: TotalsJson::new(&what_if.after),
            break_even: BreakEvenJson::new(&what_if.break_even),
        }
    }
}

#[derive(Serialize)]
pub(super) struct CompareJson<'a> {
    list: &'a Label,
    revenue: Money,
    profit: Option<Money>,
    /// How far the revenue may be off, either way, where prices change inside what is kept.
    uncertainty: Money,
}

impl<'a> CompareJson<'a> {
    pub(super) fn new(at: &'a RevenueAtList) -> Self {
        Self { list: &at.list, revenue: at.revenue, profit: at.profit(), uncertainty: at.uncertainty }
    }
}

#[derive(Serialize)]
pub(super) struct BridgeJson<'a> {
    before: ProfitJson,
    after: ProfitJson,
    change: Option<Money>,
    cost_known: bool,
    /// Seconds that were watched in both spans: all amounts are of them.
    compared_seconds: i64,
    parts: Vec<PartJson>,
    models: Vec<MoverJson<'a>>,
    units: Vec<MoverJson<'a>>,
    nodes: Vec<MoverJson<'a>>,
}

#[derive(Serialize)]
pub(super) struct ProfitJson {
    since: Timestamp,
    until: Timestamp,
    /// Seconds of it that were watched.
    watched_seconds: i64,
    /// Null where no minute was watched in both spans.
    profit_per_hour: Option<Money>,
}

#[derive(Serialize)]
pub(super) struct PartJson {
    cause: &'static str,
    profit_per_hour: Option<Money>,
}

#[derive(Serialize)]
pub(super) struct MoverJson<'a> {
    key: &'a Label,
    before: Money,
    after: Money,
    change: Money,
}

impl<'a> BridgeJson<'a> {
    pub(super) fn new(bridge: &'a Bridge) -> Self {
        let seconds = |span: Span| span.millis() / 1000;
        let known = |amount: Money| Some(amount).filter(|_| bridge.compared.both > Span::ZERO);
        let profit = |(since, until), watched, profit_per_hour| ProfitJson {
            since,
            until,
            watched_seconds: seconds(watched),
            profit_per_hour: known(profit_per_hour),
        };
        let part = |(cause, amount): &(crate::statement::Cause, Money)| PartJson {
            cause: cause.name(),
            profit_per_hour: known(*amount),
        };
        let mover = |mover: &'a Mover| MoverJson {
            key: &mover.key,
            before: mover.before,
            after: mover.after,
            change: mover.change(),
        };
        Self {
            before: profit(bridge.before_span, bridge.compared.before, bridge.before),
            after: profit(bridge.after_span, bridge.compared.after, bridge.after),
            change: known(bridge.change()),
            cost_known: bridge.cost_known,
            compared_seconds: seconds(bridge.compared.both),
            parts: bridge.parts.iter().map(part).collect(),
            models: bridge.models.iter().map(mover).collect(),
            units: bridge.units.iter().map(mover).collect(),
            nodes: bridge.nodes.iter().map(mover).collect(),
        }
    }
}

/// GPU time in millionths of an hour.
fn gpu_micros(time: GpuTime) -> i128 {
    rounded_hours([time], 6).first().copied().unwrap_or_default()
}

/// Millionths of an hour as a number that prints with six decimals at most.
pub(super) fn hours(micros: i128) -> f64 {
    micros as f64 / 1_000_000.0
}
