//! The one picture: everything that the dashboard, `once --json`, the hub and the tests may know of the present.
//!
//! A [`Snapshot`] is immutable. `fleet` makes it; others read it. Serialised it is the contract `margintop/1`: unknown
//! is `null`, money is a decimal string. The past beyond the vital lines is not in here.

mod alert;
mod bound;
mod money;
mod rows;
mod slo;
mod vitals;

use std::sync::Arc;

use serde::Serialize;

pub use alert::{Alert, Notice, Rule, Severity};
pub use bound::Bound;
pub use money::{
    BesideRow, LeakageView, LedgerBasis, ListBasis, ModelMoney, MoneyView, PriceStep, RateBasis, Worth, WriterStatus,
};
pub use rows::{
    AMBIGUOUS, Coverage, DOUBTED, EngineRow, GpuRow, GpuTotals, ModelRow, NodeRow, QUARANTINED, Quantiles,
    RequestRates, Requests, ScrapeRow, TokenTotals, UnitRow, WorstRank,
};
pub use slo::SloStatus;
pub use vitals::{VitalLine, Vitals};

use crate::reading::SourceError;
use crate::units::{Ratio, Timestamp};

/// The name of this shape of JSON.
pub const SCHEMA: &str = "margintop/1";

/// All that is known at one instant.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// When.
    pub at: Timestamp,
    /// How many seconds the rates cover; `None` after one look only.
    pub window_seconds: Option<f64>,
    /// Whether this machine slept, or was stopped, and woke so short ago that nothing had the time to answer: silence says
    /// nothing yet.
    pub resuming: bool,
    /// How much of what is known answers.
    pub coverage: Coverage,
    /// The GPUs together.
    pub gpus: GpuTotals,
    /// The engines' tokens together.
    pub tokens: TokenTotals,
    /// Cached share of the window's prompt tokens, over engines that report hits.
    pub cache_hit_rate: Option<Ratio>,
    /// Requests now.
    pub requests: Requests,
    /// Revenue, cost and what stands behind them.
    pub money: MoneyView,
    /// Nodes in the order of their names, numbers in names compared as numbers.
    pub nodes: Vec<Arc<NodeRow>>,
    /// Engine rows by target and rank.
    pub engines: Vec<Arc<EngineRow>>,
    /// Models, the dearest first.
    pub models: Vec<ModelRow>,
    /// Deployment units by name; empty where none is configured.
    pub units: Vec<UnitRow>,
    /// The objectives for latency and how far they are held; `None` where none is set.
    pub slo: Option<SloStatus>,
    /// What is wrong, the gravest first.
    pub alerts: Vec<Alert>,
    /// Sources that cannot work here, each with its mend.
    pub troubles: Vec<SourceError>,
    /// What the fleet noticed while counting, for the rules to tell.
    #[serde(skip)]
    pub notices: Vec<Notice>,
    /// The last quarter hour of the four vital lines.
    #[serde(skip)]
    pub vitals: Vitals,
}

impl Snapshot {
    /// On which side of the true money since `money.since` the shown one may lie.
    pub fn total_bound(&self) -> Bound {
        Bound::of(self.money.lower_bound, self.money.upper_bound)
    }

    /// The same of the money an hour: what was lost of the past has no part in it, a model that serves without a price has.
    pub fn rate_bound(&self) -> Bound {
        let makes = |rate: Option<f64>| rate.is_some_and(|rate| rate > 0.0);
        let serves = |row: &ModelRow| makes(row.output_per_second) || makes(row.prompt_per_second);
        let is_unpriced = |row: &ModelRow| row.money.list.is_none() && serves(row);
        Bound::of(self.models.iter().any(is_unpriced), self.money.upper_bound)
    }
}
