//! The recent past as series of points, for charts: what a view asks for by subject, measure and time.
//!
//! Points fall on multiples of their step since the epoch, so that a point never changes once its time is over. An
//! unwatched or unknown point is `None` and is drawn as a gap.

use std::sync::{Arc, Mutex, PoisonError};

use crate::reading::{ModelName, NodeName, Rank, TargetId, UnitName};
use crate::units::{Span, Timestamp};

/// What a series is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// Revenue with a known cost, in the ledger's currency an hour.
    Revenue,
    /// Cost, in the ledger's currency an hour.
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
    /// KV cache in use, 0 to 1.
    Kv,
    /// Requests that wait.
    Waiting,
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
    /// The end of the newest point; it falls on a multiple of `step`.
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

/// The recent past. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Recorded>>);

/// What was recorded.
#[derive(Debug, Default)]
struct Recorded;

impl History {
    /// The points that are known; it does not wait for anything.
    pub fn series(&self, query: &Query) -> Series {
        let _recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Series { points: vec![None; query.points] }
    }
}
