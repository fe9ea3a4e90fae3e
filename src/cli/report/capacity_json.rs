//! A report of capacity as one JSON object, the contract margintop-capacity/1. Unknown is null.

use serde::Serialize;

use super::capacity_data::{CapacityReport, allocated, per_second};
use crate::reading::Label;
use crate::statement::{HourCapacity, PoolCapacity};
use crate::units::{Money, Span, Timestamp};

/// What is printed, on one line.
pub(super) fn render(report: &CapacityReport) -> Result<String, serde_json::Error> {
    let capacity = &report.capacity;
    let early = capacity.is_early();
    let json = CapacityJson {
        schema: "margintop-capacity/1",
        since: report.since,
        until: report.until,
        currency: &report.currency,
        measured_seconds: capacity.measured.millis() / 1000,
        too_early: early,
        slo_known: capacity.pools.iter().any(|pool| pool.slo.is_some()),
        slo: capacity.slo.as_ref().map(|(slo, _)| slo),
        slo_since: capacity.slo.as_ref().map(|(_, since)| *since),
        spare_cost: capacity.spare_cost().filter(|_| !early),
        pools: capacity.pools.iter().filter(|_| !early).map(|pool| PoolJson::new(pool, capacity.measured)).collect(),
        hours: capacity.hours.iter().filter(|_| !early).map(HourJson::new).collect(),
        unmeasured_units: &capacity.unmeasured,
    };
    serde_json::to_string(&json).map(|line| line + "\n")
}

#[derive(Serialize)]
struct CapacityJson<'a> {
    schema: &'static str,
    since: Timestamp,
    until: Timestamp,
    currency: &'a str,
    measured_seconds: i64,
    too_early: bool,
    /// Whether latencies were judged in any pool: its best throughput is within the objectives then.
    slo_known: bool,
    slo: Option<&'a Label>,
    slo_since: Option<Timestamp>,
    spare_cost: Option<Money>,
    pools: Vec<PoolJson<'a>>,
    hours: Vec<HourJson<'a>>,
    unmeasured_units: &'a [Label],
}

#[derive(Serialize)]
struct PoolJson<'a> {
    name: &'a Label,
    best_prompt_per_second: Option<f64>,
    best_output_per_second: Option<f64>,
    /// Quarter hours of nodes within the objectives, not within them, and without a latency; null if none has one.
    quarters_within_slo: Option<u32>,
    quarters_beyond_slo: Option<u32>,
    quarters_without_latency: Option<u32>,
    gpus_per_node: Option<u32>,
    nodes_allocated: Option<f64>,
    nodes_needed: Option<f64>,
    nodes_needed_peak: i64,
    cost: Option<Money>,
    spare_cost: Option<Money>,
    rent_per_node_hour: Option<Money>,
    last_node_earned: Option<Money>,
    last_node_break_even_rent: Option<Money>,
    /// An upper bound.
    one_more_earns: Option<Money>,
    /// Above it one more node would earn nothing.
    one_more_break_even_rent: Option<Money>,
}

impl<'a> PoolJson<'a> {
    fn new(pool: &'a PoolCapacity, measured: Span) -> Self {
        let (allocated, needed) = pool.nodes_ppm(measured).unzip();
        let nodes = |ppm: Option<i64>| ppm.map(|ppm| ppm as f64 / 1e6);
        let money = |money: Option<Money>| money.map(|money| money.round_to(6));
        Self {
            name: &pool.name,
            best_prompt_per_second: pool.best.map(|best| per_second(best.0)),
            best_output_per_second: pool.best.map(|best| per_second(best.1)),
            quarters_within_slo: pool.slo.map(|quarters| quarters.met),
            quarters_beyond_slo: pool.slo.map(|quarters| quarters.missed),
            quarters_without_latency: pool.slo.map(|quarters| quarters.unknown),
            gpus_per_node: pool.gpus,
            nodes_allocated: nodes(allocated),
            nodes_needed: nodes(needed),
            nodes_needed_peak: pool.needed_peak,
            cost: money(pool.cost),
            spare_cost: pool.spare_cost,
            rent_per_node_hour: money(pool.rent()),
            last_node_earned: money(pool.last_node),
            last_node_break_even_rent: money(pool.last_node_rent(measured)),
            one_more_earns: money(pool.one_more),
            one_more_break_even_rent: money(pool.break_even_rent(measured)),
        }
    }
}

#[derive(Serialize)]
struct HourJson<'a> {
    key: &'a Label,
    start: Timestamp,
    end: Timestamp,
    measured_seconds: i64,
    nodes_allocated: Option<f64>,
    nodes_needed: i64,
    spare_cost: Option<Money>,
    one_more_earns: Option<Money>,
}

impl<'a> HourJson<'a> {
    fn new(hour: &'a HourCapacity) -> Self {
        Self {
            key: &hour.period.key,
            start: hour.period.begin,
            end: hour.period.end,
            measured_seconds: hour.measured.millis() / 1000,
            nodes_allocated: allocated(hour).map(|ppm| ppm as f64 / 1e6),
            nodes_needed: hour.needed,
            spare_cost: hour.spare_cost,
            one_more_earns: hour.one_more,
        }
    }
}
