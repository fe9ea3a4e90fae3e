//! The snapshot: everything that the dashboard, `once --json`, the hub and the tests read of the present.
//!
//! A [`Snapshot`] is immutable. `fleet` makes it; others read it. Its JSON is the contract `margintop/1`: unknown
//! values are `null`, money is a decimal string. It has no past beyond the vital lines.

mod alert;
mod bound;
mod money;
mod rows;
mod slo;
mod subject;
mod vitals;

use std::sync::Arc;

use serde::Serialize;

pub use alert::{Alert, Notice, Rule, Severity};
pub use bound::Bound;
pub use money::{
    LeakageView, LedgerBasis, ListBasis, ModelMoney, MoneyView, NonModelProfit, PriceStep, RateBasis, ValueAtList,
    WriterStatus,
};
pub use rows::{
    AMBIGUOUS, Coverage, EngineRow, GpuRow, GpuTotals, ModelRow, NodeRow, QUARANTINED, Quantiles, RequestRates,
    Requests, SAME_START, ScrapeRow, TokenTotals, UnitRow, WorstRank,
};
pub use slo::SloStatus;
pub use subject::{engine_of_subject, engine_subject, gpu_of_subject, gpu_subject};
pub use vitals::{VitalLine, Vitals};

use crate::reading::{Health, Latency, SourceError};
use crate::units::{Ratio, Timestamp};

/// The name of the JSON contract.
pub const SCHEMA: &str = "margintop/1";

/// Everything known at one instant.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Its time.
    pub at: Timestamp,
    /// The seconds that the rates cover; `None` after a single poll.
    pub window_seconds: Option<f64>,
    /// Whether this machine slept or was stopped, and woke so recently that sources had no time to answer.
    pub resuming: bool,
    /// How many of the known nodes and engines answer.
    pub coverage: Coverage,
    /// The GPUs together.
    pub gpus: GpuTotals,
    /// The engines' tokens together.
    pub tokens: TokenTotals,
    /// Cached share of the window's prompt tokens, over engines that report hits.
    pub cache_hit_rate: Option<Ratio>,
    /// Present requests.
    pub requests: Requests,
    /// Revenue, cost and their basis.
    pub money: MoneyView,
    /// Nodes by name, with numbers in names compared as numbers.
    pub nodes: Vec<Arc<NodeRow>>,
    /// Engine rows by target and rank.
    pub engines: Vec<Arc<EngineRow>>,
    /// Samples of the latencies of each of `engines` since it was first seen, in the same order. They are for the history of
    /// latencies; a published snapshot has none.
    #[serde(skip)]
    pub samples: Vec<Arc<Latency>>,
    /// Models, the highest revenue first.
    pub models: Vec<ModelRow>,
    /// Deployment units by name; empty if none is configured.
    pub units: Vec<UnitRow>,
    /// The latency objectives and how far they are met; `None` if none is set.
    pub slo: Option<SloStatus>,
    /// Alerts, the most severe first.
    pub alerts: Vec<Alert>,
    /// Sources that cannot work here, each with its remedy.
    pub source_errors: Vec<SourceError>,
    /// Notices from counting, for the rules of alerts.
    #[serde(skip)]
    pub notices: Vec<Notice>,
    /// The time between the process that kept the ledger before and this one: minutes in it were not watched, though the
    /// ledger may have amounts of them.
    #[serde(skip)]
    pub absence: Option<(Timestamp, Timestamp)>,
    /// The last quarter hour of the four vital lines.
    #[serde(skip)]
    pub vitals: Vitals,
}

impl Snapshot {
    /// The same without the rows of nodes and engines, which are nearly all of its memory.
    #[must_use]
    pub fn without_rows(&self) -> Self {
        Self { nodes: Vec::new(), engines: Vec::new(), samples: Vec::new(), ..self.clone() }
    }

    /// On which side of the shown money since `money.since` the true amount may be.
    pub fn total_bound(&self) -> Bound {
        Bound::of(self.money.lower_bound, self.money.upper_bound)
    }

    /// The same for money per hour: losses of the past do not affect it, a serving model without a price and an engine that
    /// just fell silent do.
    pub fn rate_bound(&self) -> Bound {
        let makes = |rate: Option<f64>| rate.is_some_and(|rate| rate > 0.0);
        let serves = |row: &ModelRow| makes(row.output_per_second) || makes(row.prompt_per_second);
        let is_unpriced = |row: &ModelRow| row.money.list.is_none() && serves(row);
        // What an engine makes while it does not answer is not in the mean of the last minute.
        let is_unheard = |row: &EngineRow| {
            matches!(row.state, Health::Stale | Health::Lost) && row.age_seconds.is_some_and(|age| age < 60.0)
        };
        let is_lower = self.models.iter().any(is_unpriced) || self.engines.iter().map(AsRef::as_ref).any(is_unheard);
        Bound::of(is_lower, self.money.upper_bound)
    }
}
