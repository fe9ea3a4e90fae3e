//! The figures of a span's capacity: by pool and by hour.

use super::objectives::SloQuarters;
use super::throughput::NODE;
use crate::reading::Label;
use crate::statement::calendar::Period;
use crate::units::{Money, Span, Timestamp};

/// How a span's nodes were used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// How much of the span was measured: watched, and kept finer than by day.
    pub measured: Span,
    /// Nodes that can do each other's work, by spare cost.
    pub pools: Vec<PoolCapacity>,
    /// The measured hours.
    pub hours: Vec<HourCapacity>,
    /// The objectives for latency that were judged, and the day of UTC from which on; `None` if none were.
    pub slo: Option<(Label, Timestamp)>,
    /// Other objectives that were judged before that day.
    pub slo_before: Option<Label>,
    /// Units of which the number of nodes is not in the ledger: they are leased as a whole.
    pub unmeasured: Vec<Label>,
}

/// Nodes that can do each other's work. Amounts are of the measured span; `None` is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolCapacity {
    /// Its unit and what it serves.
    pub name: Label,
    /// Computed prompt and output tokens an hour at which a node worked in its best whole quarter hour, each on its own.
    pub best: Option<(u64, u64)>,
    /// Quarter hours by the objectives; `None` if none of its engines showed a latency: then the best throughput is the best
    /// that was measured, within them or not.
    pub slo: Option<SloQuarters>,
    /// GPUs of a node, where all have as many.
    pub gpus: Option<u32>,
    /// For how long nodes were held, in milliseconds of one node.
    pub held_millis: i64,
    /// For how long nodes were needed, likewise; whole nodes in each hour.
    pub needed_millis: i64,
    /// The most that were needed in any hour.
    pub needed_peak: i64,
    /// What the nodes cost, without overhead.
    pub cost: Option<Money>,
    /// What nodes beyond those that were needed cost.
    pub spare_cost: Option<Money>,
    /// What the last of the nodes earned: the load that would not have fitted without it.
    pub last_node: Option<Money>,
    /// What one more node would have earned at most: as much as one of the others, while they were full.
    pub one_more: Option<Money>,
}

/// One hour of all pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourCapacity {
    /// The hour.
    pub period: Period,
    /// How much of it was measured.
    pub measured: Span,
    /// For how long nodes were held, in milliseconds of one node.
    pub held_millis: i64,
    /// How many were needed.
    pub needed: i64,
    /// What the rest cost.
    pub spare_cost: Option<Money>,
    /// What one more node would have earned at most, in the pool where it is most.
    pub one_more: Option<Money>,
}

impl PoolCapacity {
    /// What a node cost an hour.
    pub fn rent(&self) -> Option<Money> {
        self.cost?.scaled(3_600_000, self.held_millis)
    }

    /// The rent of a node an hour at which one more would earn nothing; at a lower one it may pay.
    pub fn break_even_rent(&self, measured: Span) -> Option<Money> {
        self.one_more?.scaled(3_600_000, measured.millis())
    }

    /// The rent of a node an hour at which the last one held earned nothing; at a higher one it cost more than it made.
    pub fn last_node_rent(&self, measured: Span) -> Option<Money> {
        self.last_node?.scaled(3_600_000, measured.millis())
    }

    /// Average nodes held, and needed, in millionths.
    pub fn nodes_ppm(&self, measured: Span) -> Option<(i64, i64)> {
        average(self.held_millis, measured).zip(average(self.needed_millis, measured))
    }
}

/// Milliseconds of one node over a span, in millionths of a node.
pub(super) fn average(node_millis: i64, over: Span) -> Option<i64> {
    let over = i128::from(over.millis());
    i64::try_from((i128::from(node_millis) * i128::from(NODE)).checked_div(over)?).ok()
}
