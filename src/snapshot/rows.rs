//! Rows: nodes, GPUs, engines, models and units, and the fleet's sums of them.

use std::sync::Arc;

use serde::Serialize;

use crate::reading::{
    Activity, Ecc, EngineKind, EngineRole, GpuId, GpuProcess, Health, InstanceId, Label, Latency, Mig, ModelName,
    NodeName, Pcie, Rank, Refusals, TargetId, Throttle, UnitName,
};
use crate::snapshot::ModelMoney;
use crate::units::{Bytes, Celsius, Megahertz, Money, Ratio, Tokens};

/// How much of what is known answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Coverage {
    /// Nodes of which any source is live.
    pub nodes_live: usize,
    /// Nodes named or seen, and not released.
    pub nodes_known: usize,
    /// Engine targets that are live.
    pub engines_live: usize,
    /// Engine targets named or found.
    pub engines_known: usize,
}

/// The GPUs together. Gauges are over the live GPUs that report them: the mean for ratios, the sum for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct GpuTotals {
    /// GPUs known.
    pub count: usize,
    /// Mean utilization.
    pub utilization: Option<Ratio>,
    /// Memory held.
    pub memory_used_bytes: Option<Bytes>,
    /// Memory there is.
    pub memory_total_bytes: Option<Bytes>,
    /// Power drawn.
    pub power_watts: Option<f64>,
    /// The drivers' energy counters as they stand.
    pub energy_joules: Option<f64>,
    /// GPUs that are live.
    pub reporting: usize,
}

/// The engines' counters as they stand, after the double-count rules, and their rates over the window.
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

/// Requests now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Requests {
    /// In work.
    pub running: Option<u64>,
    /// In queues.
    pub waiting: Option<u64>,
}

/// One machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeRow {
    /// Its name.
    pub name: NodeName,
    /// The deployment unit that it belongs to, if one is configured.
    pub unit: Option<UnitName>,
    /// How fresh its freshest source is.
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
    /// What its engines earned since `money.since`.
    pub revenue: Option<Money>,
    /// Its rent since `money.since`.
    pub cost: Option<Money>,
    /// Revenue less cost, where both are known.
    pub profit: Option<Money>,
    /// What its engines earn an hour at present.
    pub revenue_per_hour: Option<Money>,
    /// What its GPUs cost an hour at present.
    pub cost_per_hour: Option<Money>,
    /// The part of that cost that is idle: its last minute had no billable token.
    pub idle_per_hour: Option<Money>,
    /// Profit an hour at present.
    pub profit_per_hour: Option<Money>,
}

/// The note of an engine a counter of which moved and is not explained.
pub const QUARANTINED: &str = "a counter moved and waits to be explained: nothing is posted until then";
/// The note of an address at which processes answer that cannot be told apart.
pub const AMBIGUOUS: &str = "several processes without start times answer at this address and cannot be told apart: the total is a lower bound; name them one by one";
/// The note of an address whose pages are of two processes with one start time, or of views of one process of which one lags.
pub const DOUBTED: &str = "pages are of two processes with the same start time, or of one whose older pages return: the total is a lower bound for up to 5 minutes";

/// One GPU. Gauges are `None` unless it is live.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GpuRow {
    /// The driver's index on its node.
    pub index: u32,
    /// Its UUID, or its place where none is told.
    pub uuid: GpuId,
    /// The product name.
    pub name: Option<Label>,
    /// How fresh.
    pub state: Health,
    /// Why it is not live, where the driver says.
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
    /// Memory held by processes.
    pub memory_used_bytes: Option<Bytes>,
    /// All its memory.
    pub memory_total_bytes: Option<Bytes>,
    /// Power drawn.
    pub power_watts: Option<f64>,
    /// The enforced limit.
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
    /// What holds its clocks down.
    pub throttle: Option<Throttle>,
    /// Partitioned or not.
    pub mig: Option<Mig>,
    /// Hardware activity.
    pub activity: Activity,
    /// PCIe traffic.
    pub pcie: Option<Pcie>,
    /// The last XID error code.
    pub xid: Option<u32>,
    /// Who holds memory on it.
    pub processes: Vec<GpuProcess>,
}

/// Two quantiles of a latency over the window, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Quantiles {
    /// The median.
    pub p50: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
}

/// Requests a minute, by what became of them; `None` where the engine does not count it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct RequestRates {
    /// Ended, however they did.
    pub ended: Option<f64>,
    /// Ended by themselves: a stop token or word.
    pub stopped: Option<f64>,
    /// Ended at their length limit.
    pub length: Option<f64>,
    /// Cut by the client.
    pub aborted: Option<f64>,
    /// Ended by an error.
    pub failed: Option<f64>,
    /// Pushed out of the batch because memory ran out: their work is done again.
    pub preempted: Option<f64>,
}

/// What watching a target costs and how it goes.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ScrapeRow {
    /// From request to last byte.
    pub seconds: Option<f64>,
    /// Size of the last page.
    pub bytes: Option<u64>,
    /// Restarts of the engine seen.
    pub restarts: u64,
    /// Scrapes that gave no page.
    pub failures: u64,
    /// What the last page held that was refused.
    pub refusals: Refusals,
    /// How fresh the target is. A row that left its page is older.
    #[serde(skip)]
    pub state: Health,
    /// Why its last scrape failed.
    #[serde(skip)]
    pub trouble: Option<Label>,
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
    /// What program it is.
    pub kind: EngineKind,
    /// The model.
    pub model: Option<ModelName>,
    /// Its role.
    pub role: EngineRole,
    /// Whether the role is a guess from its figures.
    pub role_inferred: bool,
    /// The process on the page that it belongs to, where the page tells several apart.
    pub instance: Option<InstanceId>,
    /// Its rank; `None` for what the page does not split. Where the page holds several instances, they are part of it.
    pub rank: Option<Rank>,
    /// Whether its figures are in its engine's row without a rank too: sums over rows leave it out.
    #[serde(skip)]
    pub in_engine_row: bool,
    /// Whether its page counts tokens as they are made, though it bills them when their request ends.
    #[serde(skip)]
    pub has_live_counters: bool,
    /// How fresh.
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
    /// Requests in work.
    pub running: Option<u64>,
    /// Requests in its queue.
    pub waiting: Option<u64>,
    /// Used share of its KV cache.
    pub kv_usage: Option<Ratio>,
    /// Time to first token.
    pub ttft_seconds: Quantiles,
    /// Between tokens.
    pub itl_seconds: Quantiles,
    /// Whole requests.
    pub e2e_seconds: Quantiles,
    /// Samples of its latencies since it was first seen.
    #[serde(skip)]
    pub samples: Arc<Latency>,
    /// Share of its requests and tokens of the window that are within the objectives for latency: the least of theirs.
    pub within_slo: Option<Ratio>,
    /// Share of the steps that ranks take together in which it waited for the busiest rank, over the window, where the
    /// engine counts it.
    pub waited: Option<Ratio>,
    /// Mean over maximum of what GPUs got for their experts, over the window, where the engine counts it: 1 is even.
    pub expert_balancedness: Option<Ratio>,
    /// Preemptions, lifetime.
    pub preemptions: Option<u64>,
    /// How requests ended and how many were preempted, a minute over the window.
    pub requests_per_minute: RequestRates,
    /// Kept share of drafted tokens, lifetime.
    pub spec_acceptance: Option<Ratio>,
    /// Earned since `money.since`; `None` if unpriced or not attributable.
    pub revenue: Option<Money>,
    /// The cost of looking, and how it goes.
    pub scrape: ScrapeRow,
    /// How many processes answer at its address, sampled in turn.
    pub processes: usize,
    /// What the row must say about itself: an error and its mend, hits unknown, several engines behind one address.
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
    /// The rank that carries most.
    pub worst: Option<WorstRank>,
    /// What it earns an hour.
    pub revenue_per_hour: Option<Money>,
    /// What it costs an hour.
    pub cost_per_hour: Option<Money>,
}

/// The rank that carries most, against the mean of its unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstRank {
    /// The rank.
    pub rank: Rank,
    /// Its load divided by the mean, 1 and up.
    pub over_mean: Ratio,
}
