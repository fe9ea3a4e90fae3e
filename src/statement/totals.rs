//! A past in a few sums: what a what-if, a break-even and a bridge are made of.

use std::collections::HashMap;

use super::bucket::Buckets;
use super::costed::Costed;
use super::row::gpu_time;
use crate::ledger::{Classes, CostAccount, CostKind, Past};
use crate::reading::{Label, NodeName};
use crate::units::{GpuTime, Money};

/// All that was made, earned and owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Tokens, priced or not.
    pub tokens: Classes,
    /// Those of them without a price.
    pub unpriced: Classes,
    /// GPU time that was paid, with a rate or without.
    pub gpu_time: GpuTime,
    /// What was earned.
    pub revenue: Money,
    /// The part of it whose cost nobody knows.
    pub uncosted_revenue: Money,
    /// What is owed; `None` where no rate is known.
    pub cost: Option<Money>,
    /// The part of it for idle GPUs.
    pub idle_cost: Money,
    /// The part of it that no GPU's rate moves: overhead, and what rounding added.
    pub fixed_cost: Money,
}

impl Totals {
    /// The sums of a past.
    pub fn of(past: &Past) -> Self {
        let costed = Costed::of(past);
        let mut totals = Self { cost: costed.any().then_some(Money::ZERO), ..Self::default() };
        let (mut cost, mut millis) = (Money::ZERO, 0);
        for cell in &past.tokens {
            totals.tokens += cell.tokens;
            let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)) else {
                totals.unpriced += cell.tokens;
                continue;
            };
            let value = tariff.value(cell.tokens);
            totals.revenue += value;
            if costed.knows(cell.account) {
                totals.fixed_cost += tariff.overhead_of(value);
            } else {
                totals.uncosted_revenue += value;
            }
        }
        for cell in &past.rents {
            let cost_account = past.cost_account(cell.cost_account);
            let owed = cost_account.cost(cell).unwrap_or_default();
            if cost_account.kind == CostKind::Gpus {
                cost += owed;
                totals.idle_cost += cost_account.idle_cost(cell).unwrap_or_default();
                millis += cell.held.millis();
            } else {
                totals.fixed_cost += owed;
            }
        }
        totals.gpu_time = gpu_time(millis);
        totals.cost = totals.cost.map(|_| cost + totals.fixed_cost);
        totals
    }

    /// What was earned; `None` where tokens were made and none of them has a price.
    pub fn known_revenue(&self) -> Option<Money> {
        (self.tokens.is_zero() || self.tokens != self.unpriced).then_some(self.revenue)
    }

    /// Revenue whose cost is known.
    pub fn covered_revenue(&self) -> Money {
        self.revenue - self.uncosted_revenue
    }

    /// Covered revenue less cost; `None` where either is unknown.
    pub fn profit(&self) -> Option<Money> {
        self.known_revenue().and(self.cost).map(|cost| self.covered_revenue() - cost)
    }

    /// The same with amounts of so many decimals, each rounded once; its profit is that of what it shows.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        Self {
            revenue: self.revenue.round_to(places),
            uncosted_revenue: self.uncosted_revenue.round_to(places),
            cost: self.cost.map(|cost| cost.round_to(places)),
            idle_cost: self.idle_cost.round_to(places),
            fixed_cost: self.fixed_cost.round_to(places),
            ..self
        }
    }
}

/// For how many milliseconds nodes were held, all nodes together; zero if no node is known by name.
///
/// A cost account says GPU time and not how many GPUs a node has: as many as any node of the same GPUs ever held at once.
pub(super) fn node_millis(past: &Past) -> i64 {
    let mut most: HashMap<&Label, i64> = HashMap::new();
    let mut held: HashMap<&Label, i64> = HashMap::new();
    for bucket in Buckets::of(past).iter() {
        let span = (bucket.end - bucket.at).millis();
        let mut nodes: HashMap<(&NodeName, &Label), i64> = HashMap::new();
        for cell in bucket.rents {
            if let CostAccount { node: Some(node), gpu, kind: CostKind::Gpus, .. } =
                past.cost_account(cell.cost_account)
            {
                *nodes.entry((node, gpu)).or_default() += cell.held.millis();
            }
        }
        for ((_, gpu), millis) in nodes {
            *held.entry(gpu).or_default() += millis;
            let gpus = if span > 0 { (millis + span - 1) / span } else { 1 };
            let most = most.entry(gpu).or_insert(1);
            *most = gpus.max(*most);
        }
    }
    held.into_iter().map(|(gpu, millis)| millis / most.get(gpu).copied().unwrap_or(1).max(1)).sum()
}
