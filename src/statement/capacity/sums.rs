//! Sums of one pool: of a bucket, and of an hour.

use super::throughput::{Best, NODE};
use crate::ledger::{Classes, CostAccount, GpuTimeCell, Tariff};
use crate::statement::slice::Slice;
use crate::units::{Money, Span};

/// Nodes that do at least this much of their best, in percent, are full.
const FULL: i64 = 95;

/// What a pool made, cost and earned in a bucket.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BucketSums {
    pub(super) tokens: Classes,
    /// Whether any of its cells has tokens.
    pub(super) has_tokens: bool,
    /// Of a pool that works as one: whether it held its objectives for latency.
    pub(super) is_within: bool,
    cost: PartlyKnown,
    revenue: PartlyKnown,
    /// GPU time, and the part of it at work.
    gpu_millis: i64,
    busy_millis: i64,
}

/// The same of an hour, with what the load needed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HourSums {
    pub(super) held_millis: i64,
    pub(super) needed: i64,
    pub(super) cost: PartlyKnown,
    pub(super) revenue: PartlyKnown,
    pub(super) last_node: Money,
    pub(super) one_more: Money,
}

/// A sum of which a part may be unknown.
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
        self.gpu_millis += cell.held.millis();
        self.busy_millis += cell.held.millis() - cell.idle.millis();
    }

    pub(super) fn add_tokens(&mut self, tariff: Option<&Tariff>, tokens: Classes) {
        self.tokens += tokens;
        self.has_tokens |= !tokens.is_zero();
        self.revenue.add(tariff.map(|tariff| {
            let value = tariff.value(tokens);
            value - tariff.overhead_of(value)
        }));
    }

    /// For how long its nodes worked, of the time that they were held.
    pub(super) fn busy(&self, held_millis: i64) -> i64 {
        scaled(held_millis, self.busy_millis.clamp(0, self.gpu_millis.max(0)), self.gpu_millis)
    }
}

impl HourSums {
    /// Adds a bucket in which nodes were held for so long, with what its load needed. No load needs more nodes than did it,
    /// unless they missed their objectives.
    pub(super) fn add(&mut self, bucket: &BucketSums, held_millis: i64, best: &Best, slice: &Slice, missed: bool) {
        self.held_millis += held_millis;
        self.cost.plus(bucket.cost);
        self.revenue.plus(bucket.revenue);
        let held = scaled(held_millis, NODE, slice.millis);
        let need = best.need(bucket.tokens, Span::from_millis(slice.millis)).unwrap_or(held);
        let need = if missed { need } else { need.min(held) };
        self.needed = self.needed.max((need + NODE - 1) / NODE);
        if need == 0 || bucket.revenue.unknown {
            return;
        }
        let part = |of: i64| bucket.revenue.sum.scaled(of, need).unwrap_or_default();
        self.last_node += part((need - (held - NODE).max(0)).clamp(0, need.min(NODE)));
        if i128::from(need) * 100 >= i128::from(held) * i128::from(FULL) {
            self.one_more += part(NODE.min(need));
        }
    }

    /// The part of the cost for nodes beyond those that were needed all through the hour.
    pub(super) fn spare_cost(&self, measured: Span) -> Option<Money> {
        let spare = (self.held_millis - self.needed * measured.millis()).max(0);
        if self.held_millis == 0 { Some(Money::ZERO) } else { self.cost.get()?.scaled(spare, self.held_millis) }
    }
}

/// An amount times a quotient, rounded down; nothing of nothing.
fn scaled(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(amount) * i128::from(numerator);
    product.checked_div(i128::from(denominator)).and_then(|part| i64::try_from(part).ok()).unwrap_or_default()
}
