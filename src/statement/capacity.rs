//! Capacity in money: how many nodes the load needed hour by hour at the best throughput per node that was measured,
//! what the rest cost, and what one more node would earn.
//!
//! Where objectives for latency were judged, the best throughput is that of quarter hours in which they were held in every
//! minute; elsewhere it is the best that was measured, within them or not. What was asked for and not served is not in the
//! ledger: what one more node would earn is an upper bound.

mod folds;
mod index;
mod objectives;
mod pools;
mod sums;
mod throughput;

use jiff::tz::TimeZone;

use super::bucket::{Buckets, Pending};
use super::calendar::Period;
use super::row::RunningSum;
use crate::ledger::{GpuTimeCell, Past, TokenCell};
use crate::reading::Label;
use crate::units::{Money, Span, Timestamp};
use folds::Folds;
use pools::Pools;
use throughput::NODE;

/// With less than this watched it is too early to say what is the best throughput.
const EARLY: Span = Span::from_secs(4 * 3600);
/// Nodes that do at least this much of their best, in percent, are full.
const FULL: i64 = 95;

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

/// Quarter hours in which a node made tokens (or in which a pool did that works as one), by the objectives for latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SloQuarters {
    /// They were held in every minute that has a latency.
    pub held: u32,
    /// They were not, in a minute or more.
    pub missed: u32,
    /// No minute has a latency.
    pub unknown: u32,
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

impl Capacity {
    /// Of a past by quarter hours or minutes; what is kept by day alone is not measured.
    pub fn of(past: &Past, zone: &TimeZone) -> Self {
        let pools = Pools::of(past);
        let mut folds = Folds::new(past, &pools);
        Buckets::of(past).iter().for_each(|bucket| folds.note(&bucket));
        folds.done(zone)
    }

    /// The same of buckets that are read one after another, as a long span has more than fit in memory: `read` gives each in
    /// order, with its cells. The cells of `past` say which accounts are used in the span, in any grain.
    ///
    /// # Errors
    /// Those of reading.
    pub fn of_read<E>(
        past: &Past,
        zone: &TimeZone,
        read: impl FnOnce(&mut dyn FnMut(Timestamp, &[TokenCell], &[GpuTimeCell])) -> Result<(), E>,
    ) -> Result<Self, E> {
        let pools = Pools::of(past);
        let mut folds = Folds::new(past, &pools);
        let mut pending = Pending::default();
        read(&mut |at, tokens, rents| {
            pending.give(past, Some(at), |bucket| folds.note(&bucket));
            pending.take(at, tokens, rents);
        })?;
        pending.give(past, None, |bucket| folds.note(&bucket));
        Ok(folds.done(zone))
    }

    /// Whether too little was watched to say what a node can do.
    pub fn is_early(&self) -> bool {
        self.measured < EARLY
    }

    /// How long must be watched.
    pub const fn needs() -> Span {
        EARLY
    }

    /// What nodes beyond those that were needed cost in all.
    pub fn spare_cost(&self) -> Option<Money> {
        self.pools.iter().map(|pool| pool.spare_cost).sum()
    }

    /// Average nodes held, and needed in whole nodes an hour, in millionths; `None` where nothing was measured.
    pub fn nodes_ppm(&self) -> Option<(i64, i64)> {
        let sum = |of: fn(&PoolCapacity) -> i64| self.pools.iter().map(of).sum::<i64>();
        let average = |millis| average(millis, self.measured);
        average(sum(|pool| pool.held_millis)).zip(average(sum(|pool| pool.needed_millis)))
    }

    /// The pool in which one more node would earn most.
    pub fn best_for_one_more(&self) -> Option<&PoolCapacity> {
        self.pools.iter().filter(|pool| pool.one_more.is_some()).max_by_key(|pool| pool.one_more)
    }

    /// The same with amounts of so many decimals: spare cost of hours, and of pools, adds up to the same total.
    #[must_use]
    pub fn rounded(mut self, places: u32) -> Self {
        let (mut hours, mut pools) = (RunningSum::new(places), RunningSum::new(places));
        for hour in &mut self.hours {
            hour.spare_cost = hour.spare_cost.map(|cost| hours.add(cost));
            hour.one_more = hour.one_more.map(|amount| amount.round_to(places));
        }
        for pool in &mut self.pools {
            pool.spare_cost = pool.spare_cost.map(|cost| pools.add(cost));
        }
        self
    }
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
fn average(node_millis: i64, over: Span) -> Option<i64> {
    let over = i128::from(over.millis());
    i64::try_from((i128::from(node_millis) * i128::from(NODE)).checked_div(over)?).ok()
}
