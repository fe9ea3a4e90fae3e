//! Sums of one pool, by bucket and by hour.

use super::throughput::{Best, NODE};
use crate::ledger::{Classes, CostAccount, GpuTimeCell, Tariff};
use crate::statement::slice::Slice;
use crate::units::{Money, Span};

/// Nodes at this percentage of their best throughput or more are full.
const FULL: i64 = 95;

/// Tokens, cost and revenue of a pool in a bucket.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BucketSums {
    pub(super) tokens: Classes,
    /// Whether any of its cells has tokens.
    pub(super) has_tokens: bool,
    /// For a pool that works as one: whether it was within its latency objectives.
    pub(super) is_within: bool,
    cost: PartlyKnown,
    revenue: PartlyKnown,
    /// GPU time, and the working part of it.
    gpu_millis: i64,
    busy_millis: i64,
}

/// The same for an hour, with the nodes that the load needed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HourSums {
    pub(super) allocated_millis: i64,
    pub(super) needed: i64,
    pub(super) cost: PartlyKnown,
    pub(super) revenue: PartlyKnown,
    pub(super) last_node: Money,
    pub(super) one_more: Money,
}

/// A sum with a part that may be unknown.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PartlyKnown {
    sum: Money,
    pub(super) unknown: bool,
}

impl PartlyKnown {
    fn add(&mut self, amount: Option<Money>) {
        self.sum += amount.unwrap_or_default();
        self.unknown |= amount.is_none();
    }

    fn plus(&mut self, other: Self) {
        self.sum += other.sum;
        self.unknown |= other.unknown;
    }

    pub(super) fn get(self) -> Option<Money> {
        (!self.unknown).then_some(self.sum)
    }
}

impl BucketSums {
    pub(super) fn add_rent(&mut self, account: &CostAccount, cell: &GpuTimeCell) {
        self.cost.add(account.cost(cell));
        self.gpu_millis += cell.allocated.millis();
        self.busy_millis += cell.allocated.millis() - cell.idle.millis();
    }

    pub(super) fn add_tokens(&mut self, tariff: Option<&Tariff>, tokens: Classes) {
        self.tokens += tokens;
        self.has_tokens |= !tokens.is_zero();
        self.revenue.add(tariff.map(|tariff| {
            let value = tariff.value(tokens);
            value - tariff.overhead_of(value)
        }));
    }

    /// The working part of its nodes' allocated time.
    pub(super) fn busy(&self, allocated_millis: i64) -> i64 {
        scaled(allocated_millis, self.busy_millis.clamp(0, self.gpu_millis.max(0)), self.gpu_millis)
    }
}

impl HourSums {
    /// Adds a bucket with the allocated time of nodes and the need of its load. The need is at most the number of nodes
    /// that did the work, unless they were outside of their objectives.
    pub(super) fn add(&mut self, bucket: &BucketSums, allocated_millis: i64, best: &Best, slice: &Slice, missed: bool) {
        self.allocated_millis += allocated_millis;
        self.cost.plus(bucket.cost);
        self.revenue.plus(bucket.revenue);
        let allocated = scaled(allocated_millis, NODE, slice.millis);
        let need = best.need(bucket.tokens, Span::from_millis(slice.millis)).unwrap_or(allocated);
        let need = if missed { need } else { need.min(allocated) };
        self.needed = self.needed.max((need + NODE - 1) / NODE);
        if need == 0 || bucket.revenue.unknown {
            return;
        }
        let part = |of: i64| bucket.revenue.sum.scaled(of, need).unwrap_or_default();
        self.last_node += part((need - (allocated - NODE).max(0)).clamp(0, need.min(NODE)));
        if i128::from(need) * 100 >= i128::from(allocated) * i128::from(FULL) {
            self.one_more += part(NODE.min(need));
        }
    }

    /// The part of the cost for nodes that were not needed during the hour.
    pub(super) fn spare_cost(&self, measured: Span) -> Option<Money> {
        let spare = (self.allocated_millis - self.needed * measured.millis()).max(0);
        if self.allocated_millis == 0 {
            Some(Money::ZERO)
        } else {
            self.cost.get()?.scaled(spare, self.allocated_millis)
        }
    }
}

/// An amount times a quotient, rounded down; zero if the denominator is zero.
fn scaled(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(amount) * i128::from(numerator);
    product.checked_div(i128::from(denominator)).and_then(|part| i64::try_from(part).ok()).unwrap_or_default()
}
