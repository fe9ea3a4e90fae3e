//! Capacity in money: the number of nodes that each hour's load needed at the best measured throughput per node, the
//! cost of the others, and the revenue of one more node.
//!
//! If latency objectives were judged, the best throughput is that of quarter hours that were within them in every
//! minute; otherwise it is the best that was measured. Requests that were not served are not in the ledger: the revenue
//! of one more node is an upper bound.

mod figures;
mod folds;
mod index;
mod objectives;
mod pools;
mod sums;
mod throughput;

use jiff::tz::TimeZone;

use super::bucket::{OrderedPast, Pending};
use super::row::RunningSum;
use crate::ledger::{GpuTimeCell, Past, TokenCell};
use crate::units::{Money, Span, Timestamp};
use figures::average;
use folds::Folds;
use pools::Pools;

pub use figures::{Capacity, HourCapacity, PoolCapacity};
pub use objectives::SloQuarters;

/// With less watched time than this, the best throughput is not estimated.
const EARLY: Span = Span::from_secs(4 * 3600);

impl Capacity {
    /// The capacity of a past by quarter hours or minutes; time that is stored by day only is not measured.
    pub fn of(past: &Past, zone: &TimeZone) -> Self {
        let pools = Pools::of(past);
        let mut folds = Folds::new(past, &pools);
        OrderedPast::of(past).iter().for_each(|bucket| folds.note(&bucket));
        folds.done(zone)
    }

    /// The same for buckets that are read one after another, since a long span does not fit in memory: `read` returns
    /// each in order, with its cells. The cells of `past` say which accounts are used in the span, in any grain.
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
        read(&mut |at, tokens, gpu_times| {
            pending.give(past, Some(at), |bucket| folds.note(&bucket));
            pending.take(at, tokens, gpu_times);
        })?;
        pending.give(past, None, |bucket| folds.note(&bucket));
        Ok(folds.done(zone))
    }

    /// Whether too little time was watched to estimate the throughput of a node.
    pub fn is_early(&self) -> bool {
        self.measured < EARLY
    }

    /// The watched time that is needed.
    pub const fn needs() -> Span {
        EARLY
    }

    /// The total cost of nodes beyond those that were needed.
    pub fn spare_cost(&self) -> Option<Money> {
        self.pools.iter().map(|pool| pool.spare_cost).sum()
    }

    /// Average allocated nodes, and needed whole nodes an hour, in millionths; `None` if nothing was measured.
    pub fn nodes_ppm(&self) -> Option<(i64, i64)> {
        let sum = |of: fn(&PoolCapacity) -> i64| self.pools.iter().map(of).sum::<i64>();
        let average = |millis| average(millis, self.measured);
        average(sum(|pool| pool.allocated_millis)).zip(average(sum(|pool| pool.needed_millis)))
    }

    /// The pool with the largest revenue of one more node.
    pub fn best_for_one_more(&self) -> Option<&PoolCapacity> {
        self.pools.iter().filter(|pool| pool.one_more.is_some()).max_by_key(|pool| pool.one_more)
    }

    /// The same with amounts of so many decimals: the spare cost of hours, and of pools, adds up to the same total.
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
