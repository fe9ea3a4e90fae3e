//! Rows: nodes, GPUs, engines, models and units, and the fleet's sums of them.

use serde::Serialize;

use crate::reading::{
    Activity, Ecc, EngineKind, EngineRole, GpuId, GpuProcess, Health, InstanceId, Label, Mig, ModelName, NodeName,
    Pcie, Rank, Refusals, TargetId, Throttle, UnitName,
};
use crate::snapshot::ModelMoney;
use crate::units::{Bytes, Celsius, Megahertz, Money, Ratio, Tokens};

/// How many of the known nodes and engines answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Coverage {
    /// Nodes with a live source.
    pub nodes_live: usize,
    /// Nodes named or seen, and not released.
    pub nodes_known: usize,
    /// Engine targets that are live.
    pub engines_live: usize,
    /// Engine targets named or found.
    pub engines_known: usize,
}

/// The GPUs together. Gauges cover the live GPUs that report them: the mean of ratios, the sum of others.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct GpuTotals {
    /// GPUs known.
    pub count: usize,
    /// Mean utilization.
    pub utilization: Option<Ratio>,
    /// Used memory.
    pub memory_used_bytes: Option<Bytes>,
    /// Total memory.
    pub memory_total_bytes: Option<Bytes>,
    /// Power draw.
    pub power_watts: Option<f64>,
    /// The sum of the drivers' energy counters.
    pub energy_joules: Option<f64>,
    /// GPUs that are live.
    pub reporting: usize,
}

/// The sums of the engines' counters after the double-count rules, and their rates over the window.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct TokenTotals {
    /// Prompt tokens, cached included.
    pub prompt_total: Option<Tokens>,
    /// Prompt tokens from a cache.
    pub cached_total: Option<Tokens>,
    /// Output tokens.
    pub output_total: Option<Tokens>,
    /// Prompt tokens a second.
    pub prompt_per_second: Option<f64>,
    /// Cached prompt tokens a second.
    pub cached_per_second: Option<f64>,
    /// Output tokens a second.
    pub output_per_second: Option<f64>,
}

/// Present requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Requests {
    /// Running.
    pub running: Option<u64>,
    /// Waiting.
    pub waiting: Option<u64>,
}

/// One machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeRow {
    /// Its name.
    pub name: NodeName,
    /// Its deployment unit, if one is configured.
    pub unit: Option<UnitName>,
    /// The health of its freshest source.
    pub state: Health,
    /// Seconds since any of its sources answered.
    pub age_seconds: Option<f64>,
    /// Its GPUs by index.
    pub gpus: Vec<GpuRow>,
    /// Output tokens a second of its engines.
    pub output_per_second: Option<f64>,
    /// Prompt tokens a second of its engines.
    pub prompt_per_second: Option<f64>,
    /// Cached share of its prompts over the window.
    pub cache_hit_rate: Option<Ratio>,
    /// Revenue of its engines since `money.since`.
    pub revenue: Option<Money>,
    /// Its rent since `money.since`.
    pub cost: Option<Money>,
    /// Revenue minus cost, if both are known.
    pub profit: Option<Money>,
    /// Present revenue of its engines per hour.
    pub revenue_per_hour: Option<Money>,
    /// Present cost of its GPUs per hour.
    pub cost_per_hour: Option<Money>,
    /// The idle part of that cost: its last minute had no billable token.
    pub idle_per_hour: Option<Money>,
    /// Present profit per hour.
    pub profit_per_hour: Option<Money>,
}

/// The note of an engine with a counter that moved without an explanation.
pub const QUARANTINED: &str = "a counter moved and waits to be explained: nothing is posted until then";
/// The note of an address with processes that cannot be told apart.
pub const AMBIGUOUS: &str = "several processes without start times answer at this address and cannot be told apart: the total is a lower bound; name them one by one";
/// The note of an address whose pages are of two processes with one start time, or of views of one process of which one
/// lags.
pub const SAME_START: &str = "pages are of two processes with the same start time, or of one whose older pages return: the total is a lower bound for up to 5 minutes";

/// One GPU. Gauges are `None` unless it is live.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GpuRow {
    /// The driver's index on its node.
    pub index: u32,
    /// Its UUID, or its node and index if it has none.
    pub uuid: GpuId,
    /// The product name.
    pub name: Option<Label>,
    /// Its health.
    pub state: Health,
    /// Why it is not live, if the driver reports it.
    pub reason: Option<Label>,
    /// Why its cost or a part of it is missing.
    pub cost_missing: Option<Label>,
    /// The other targets whose pages list it: it counts once.
    pub also_reported_by: Vec<TargetId>,
    /// Share of time in which a kernel ran.
    pub utilization: Option<Ratio>,
    /// Mean utilization of the last 10 s: what a heat cell shows.
    #[serde(skip)]
    pub heat: Option<Ratio>,
    /// Memory used by processes.
    pub memory_used_bytes: Option<Bytes>,
    /// Total memory.
    pub memory_total_bytes: Option<Bytes>,
    /// Power draw.
    pub power_watts: Option<f64>,
    /// The enforced power limit.
    pub power_limit_watts: Option<f64>,
    /// The energy counter.
    pub energy_joules: Option<f64>,
    /// Core temperature.
    pub temperature_celsius: Option<Celsius>,
    /// SM clock.
    pub sm_clock_mhz: Option<Megahertz>,
    /// Memory clock.
    pub memory_clock_mhz: Option<Megahertz>,
    /// Fan speed.
    pub fan: Option<Ratio>,
    /// ECC errors.
    pub ecc: Ecc,
    /// Why its clocks are throttled.
    pub throttle: Option<Throttle>,
    /// The MIG mode.
    pub mig: Option<Mig>,
    /// Hardware activity.
    pub activity: Activity,
    /// PCIe traffic.
    pub pcie: Option<Pcie>,
    /// The last XID error code.
    pub xid: Option<u32>,
    /// The processes that hold memory on it.
    pub processes: Vec<GpuProcess>,
}

/// Two quantiles of a latency over the window, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Quantiles {
    /// The median.
    pub p50: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// Whether the 99th percentile is at or above the highest finite bound of the histogram.
    #[serde(skip)]
    pub is_beyond: bool,
}

/// Requests a minute by outcome; `None` if the engine does not count it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct RequestRates {
    /// All that ended.
    pub ended: Option<f64>,
    /// Ended at a stop token or word.
    pub stopped: Option<f64>,
    /// Ended at their length limit.
    pub length: Option<f64>,
    /// Aborted by the client.
    pub aborted: Option<f64>,
    /// Ended by an error.
    pub failed: Option<f64>,
    /// Preempted because memory ran out: their work is repeated.
    pub preempted: Option<f64>,
}

/// The cost of scraping a target, and its results.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ScrapeRow {
    /// From request to last byte.
    pub seconds: Option<f64>,
    /// Size of the last page.
    pub bytes: Option<u64>,
    /// Restarts of the engine seen.
    pub restarts: u64,
    /// Failed scrapes.
    pub failures: u64,
    /// What was refused on the last page.
    pub refusals: Refusals,
    /// The health of the target. A row that left its page is older.
    #[serde(skip)]
    pub state: Health,
    /// Why its last scrape failed.
    #[serde(skip)]
    pub error: Option<Label>,
}

/// One target and rank. Gauges are `None` unless it is live; counters keep their last value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EngineRow {
    /// The target.
    pub target: TargetId,
    /// The machine that it runs on.
    pub node: NodeName,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// The kind of program.
    pub kind: EngineKind,
    /// The model.
    pub model: Option<ModelName>,
    /// Its role.
    pub role: EngineRole,
    /// Whether the role was inferred from its figures.
    pub role_inferred: bool,
    /// The process that it belongs to, if the page has several.
    pub instance: Option<InstanceId>,
    /// Its rank; `None` for what the page does not split by rank. If the page has several instances, they are part of
    /// it.
    pub rank: Option<Rank>,
    /// Whether its figures are also in its engine's row without a rank, so that sums over rows leave it out.
    #[serde(skip)]
    pub in_engine_row: bool,
    /// Whether its page counts tokens as they are made, though it bills them when their request ends.
    #[serde(skip)]
    pub has_live_counters: bool,
    /// Its health.
    pub state: Health,
    /// Seconds since it answered.
    pub age_seconds: Option<f64>,
    /// Prompt tokens, lifetime.
    pub prompt_total: Option<Tokens>,
    /// Cached prompt tokens, lifetime; `None` is "hit n/a".
    pub cached_total: Option<Tokens>,
    /// Output tokens, lifetime.
    pub output_total: Option<Tokens>,
    /// Prompt tokens a second over the window.
    pub prompt_per_second: Option<f64>,
    /// Output tokens a second over the window.
    pub output_per_second: Option<f64>,
    /// Cached share over the window.
    pub cache_hit_rate: Option<Ratio>,
    /// Running requests.
    pub running: Option<u64>,
    /// Waiting requests.
    pub waiting: Option<u64>,
    /// Used share of its KV cache.
    pub kv_usage: Option<Ratio>,
    /// Time to first token.
    pub ttft_seconds: Quantiles,
    /// Time between tokens.
    pub itl_seconds: Quantiles,
    /// Time of whole requests.
    pub e2e_seconds: Quantiles,
    /// Share of its requests and tokens in the window within the latency objectives: the lowest of the objectives.
    pub within_slo: Option<Ratio>,
    /// Share of the ranks' common steps in which it waited for the busiest rank, over the window, if the engine counts
    /// it.
    pub rank_wait_share: Option<Ratio>,
    /// Mean divided by maximum of the tokens of GPUs' experts, over the window, if the engine counts it: 1 is even.
    pub expert_balancedness: Option<Ratio>,
    /// Preemptions, lifetime.
    pub preemptions: Option<u64>,
    /// Outcomes of requests and preemptions per minute over the window.
    pub requests_per_minute: RequestRates,
    /// Accepted share of draft tokens, lifetime.
    pub spec_acceptance: Option<Ratio>,
    /// Revenue since `money.since`; `None` if unpriced or not attributable.
    pub revenue: Option<Money>,
    /// The cost and results of scraping it.
    pub scrape: ScrapeRow,
    /// How many processes answer at its address in turn.
    pub processes: usize,
    /// Remarks on the row: an error and its remedy, unknown hits, several engines behind one address.
    pub note: Option<Label>,
}

/// One model over all engines that serve it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelRow {
    /// The name that the engines use.
    pub model: ModelName,
    /// Prompt tokens, lifetime.
    pub prompt_total: Option<Tokens>,
    /// Cached prompt tokens, lifetime.
    pub cached_total: Option<Tokens>,
    /// Output tokens, lifetime.
    pub output_total: Option<Tokens>,
    /// Cached share over the window.
    pub cache_hit_rate: Option<Ratio>,
    /// Prompt tokens a second.
    pub prompt_per_second: Option<f64>,
    /// Output tokens a second.
    pub output_per_second: Option<f64>,
    /// Its money.
    #[serde(flatten)]
    pub money: ModelMoney,
}

/// One deployment unit: an expert-parallel group fails and scales as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitRow {
    /// Its name.
    pub unit: UnitName,
    /// Its engines' role, if they agree.
    pub role: Option<EngineRole>,
    /// Nodes in it.
    pub nodes: usize,
    /// GPUs in it.
    pub gpus: usize,
    /// Mean utilization of its GPUs.
    pub utilization: Option<Ratio>,
    /// Mean KV usage of its engines.
    pub kv_usage: Option<Ratio>,
    /// Requests in its queues.
    pub waiting: Option<u64>,
    /// Output tokens a second.
    pub output_per_second: Option<f64>,
    /// Prompt tokens a second.
    pub prompt_per_second: Option<f64>,
    /// The rank with the highest load.
    pub worst: Option<WorstRank>,
    /// Revenue per hour.
    pub revenue_per_hour: Option<Money>,
    /// Cost per hour.
    pub cost_per_hour: Option<Money>,
}

/// The rank with the highest load, compared with the mean of its unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstRank {
    /// The rank.
    pub rank: Rank,
    /// Its load divided by the mean, 1 and up.
    pub over_mean: Ratio,
}
