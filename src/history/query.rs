//! Queries: the subject of a series, its measure, and its points.

use crate::reading::{ModelName, NodeName, Rank, TargetId, UnitName};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The subject of a series.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Subject {
    Fleet,
    Unit(UnitName),
    Node(NodeName),
    /// A GPU by its node and index.
    Gpu(NodeName, u32),
    Model(ModelName),
    /// An engine, or one rank of it.
    Engine(TargetId, Option<Rank>),
}

/// The measure of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Revenue with a known cost per hour, in the ledger's currency; if no cost is known, all revenue. For the fleet,
    /// units, nodes and models.
    Revenue,
    /// Cost per hour, in the ledger's currency: for the fleet with all overhead, for a unit or node that of its GPUs,
    /// for a model the cost of busy GPUs by its tokens.
    Cost,
    /// Revenue minus cost; `None` if either is unknown.
    Profit,
    /// Output tokens a second.
    Output,
    /// Prompt tokens a second that were computed.
    PromptComputed,
    /// Prompt tokens a second from a cache.
    PromptCached,
    /// Prompt tokens a second; the only prompt series if hits are unknown.
    Prompt,
    /// The cached share of the prompt tokens, 0 to 1.
    HitRate,
    /// Mean GPU utilization, 0 to 1.
    Load,
    /// Power draw of the GPUs in watts, for a node.
    Power,
    /// KV cache in use, 0 to 1.
    Kv,
    /// Waiting requests.
    Waiting,
    /// Running requests.
    Running,
    /// Median time to first token in seconds; over several engines or ranks the mean of their medians.
    TtftMedian,
    /// p99 of the time to first token in seconds; over several engines or ranks the largest.
    TtftTail,
    /// Median time between tokens in seconds, combined likewise.
    ItlMedian,
    /// p99 of the time between tokens in seconds, combined likewise.
    ItlTail,
    /// Allocated nodes.
    Nodes,
}

/// A query of a view.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// The subject.
    pub subject: Subject,
    /// The measure.
    pub measure: Measure,
    /// The end of the newest point, rounded down to a multiple of `step`.
    pub until: Timestamp,
    /// The length of a point: at least five seconds.
    pub step: Span,
    /// The number of points.
    pub points: usize,
}

/// The points that answer a query, the newest last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// The points, as many as requested.
    pub points: Vec<Option<f64>>,
}
