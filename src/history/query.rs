//! What a series is of, what it measures, and which points of it are asked for.

use crate::reading::{ModelName, NodeName, Rank, TargetId, UnitName};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What a series is of.
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

/// What its points measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Revenue with a known cost, in the ledger's currency an hour; where no cost is known, all revenue. Of the fleet,
    /// units, nodes and models.
    Revenue,
    /// Cost, in the ledger's currency an hour: of the fleet with all overhead, of a unit or node what is owed for its GPUs,
    /// of a model the cost of GPUs at work by its tokens.
    Cost,
    /// Revenue less cost; `None` where either is unknown.
    Profit,
    /// Output tokens a second.
    Output,
    /// Prompt tokens a second that were computed.
    PromptComputed,
    /// Prompt tokens a second from a cache.
    PromptCached,
    /// Prompt tokens a second; the only prompt series where hits are unknown.
    Prompt,
    /// The cached share of the prompt tokens, 0 to 1.
    HitRate,
    /// Mean GPU utilization, 0 to 1.
    Load,
    /// Power that the GPUs draw, in watts: of a node.
    Power,
    /// KV cache in use, 0 to 1.
    Kv,
    /// Requests that wait.
    Waiting,
    /// Requests in work.
    Running,
    /// Time to first token in seconds, the median: over several engines or ranks the mean of their medians.
    TtftMedian,
    /// Time to first token in seconds, p99: over several engines or ranks the largest.
    TtftTail,
    /// Time between tokens in seconds, the median, as that to the first.
    ItlMedian,
    /// Time between tokens in seconds, p99, as that to the first.
    ItlTail,
    /// Nodes that are held.
    Nodes,
}

/// What a view asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// Of what.
    pub subject: Subject,
    /// Which figure.
    pub measure: Measure,
    /// The end of the newest point; it falls on a multiple of `step`, else the last one before it is taken.
    pub until: Timestamp,
    /// The time of a point: at least five seconds.
    pub step: Span,
    /// The number of points.
    pub points: usize,
}

/// The points that answer a query, the newest last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// As many as were asked for.
    pub points: Vec<Option<f64>>,
}
