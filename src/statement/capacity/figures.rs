//! The figures of a span's capacity: by pool and by hour.

use super::objectives::SloQuarters;
use super::throughput::NODE;
use crate::reading::Label;
use crate::statement::calendar::Period;
use crate::units::{Money, Span, Timestamp};

/// The use of a span's nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// The measured part of the span: watched, and stored finer than by day.
    pub measured: Span,
    /// Pools of nodes that can do each other's work, by spare cost.
    pub pools: Vec<PoolCapacity>,
    /// The measured hours.
    pub hours: Vec<HourCapacity>,
    /// The latency objectives, and the day (UTC) from which on they were judged; `None` if none were.
    pub slo: Option<(Label, Timestamp)>,
    /// The different objectives that were judged before that day.
    pub slo_before: Option<Label>,
    /// Units that are leased as a whole: their number of nodes is not in the ledger.
    pub unmeasured: Vec<Label>,
}

/// A pool of nodes that can do each other's work. Amounts are of the measured span; `None` is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolCapacity {
    /// Its unit and its models.
    pub name: Label,
    /// Computed prompt and output tokens an hour of a node in its best whole quarter hour, each on its own.
    pub best: Option<(u64, u64)>,
    /// Quarter hours by the objectives; `None` if none of its engines showed a latency. The best throughput is then the
    /// best that was measured.
    pub slo: Option<SloQuarters>,
    /// GPUs of a node, if all have the same number.
    pub gpus: Option<u32>,
    /// The allocated time of nodes, in milliseconds of one node.
    pub allocated_millis: i64,
    /// The needed time of nodes, likewise; whole nodes in each hour.
    pub needed_millis: i64,
    /// The largest number that was needed in an hour.
    pub needed_peak: i64,
    /// The cost of the nodes, without overhead.
    pub cost: Option<Money>,
    /// The cost of nodes beyond those that were needed.
    pub spare_cost: Option<Money>,
    /// The revenue of the last node: of the load that would not have fitted without it.
    pub last_node: Option<Money>,
    /// The largest possible revenue of one more node: as much as one of the others, while they were full.
    pub one_more: Option<Money>,
}

/// One hour of all pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourCapacity {
    /// The hour.
    pub period: Period,
    /// Its measured part.
    pub measured: Span,
    /// The allocated time of nodes, in milliseconds of one node.
    pub allocated_millis: i64,
    /// The number of needed nodes.
    pub needed: i64,
    /// The cost of the others.
    pub spare_cost: Option<Money>,
    /// The largest possible revenue of one more node, in the pool where it is largest.
    pub one_more: Option<Money>,
}

impl PoolCapacity {
    /// The cost of a node-hour.
    pub fn rent(&self) -> Option<Money> {
        self.cost?.scaled(3_600_000, self.allocated_millis)
    }

    /// The price of a node-hour at which one more node earns nothing; at a lower price it may pay.
    pub fn break_even_rent(&self, measured: Span) -> Option<Money> {
        self.one_more?.scaled(3_600_000, measured.millis())
    }

    /// The price of a node-hour at which the last node earned nothing; at a higher price it made a loss.
    pub fn last_node_rent(&self, measured: Span) -> Option<Money> {
        self.last_node?.scaled(3_600_000, measured.millis())
    }

    /// Average allocated and needed nodes, in millionths.
    pub fn nodes_ppm(&self, measured: Span) -> Option<(i64, i64)> {
        average(self.allocated_millis, measured).zip(average(self.needed_millis, measured))
    }
}

/// Milliseconds of one node over a span, in millionths of a node.
pub(super) fn average(node_millis: i64, over: Span) -> Option<i64> {
    let over = i128::from(over.millis());
    i64::try_from((i128::from(node_millis) * i128::from(NODE)).checked_div(over)?).ok()
}
