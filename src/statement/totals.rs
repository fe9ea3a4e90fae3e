//! A past in a few sums: what a what-if, a break-even and a bridge are made of.

use super::costed::Costed;
use super::row::gpu_time;
use crate::ledger::{Classes, CostKind, Past};
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
    /// The part of it that is GPU time times a rate, what rounding added included. The rest is energy and overhead.
    pub rent: Money,
    /// The time that the rent is for.
    pub rented_time: GpuTime,
    /// The part of the cost that is overhead by share of revenue.
    pub revenue_overhead: Money,
}

impl Totals {
    /// The sums of a past.
    pub fn of(past: &Past) -> Self {
        let costed = Costed::of(past);
        let mut totals = Self { cost: costed.any().then_some(Money::ZERO), ..Self::default() };
        let (mut cost, mut millis, mut rented) = (Money::ZERO, 0, 0);
        for cell in &past.tokens {
            totals.tokens += cell.tokens;
            let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)) else {
                totals.unpriced += cell.tokens;
                continue;
            };
            let value = tariff.value(cell.tokens);
            totals.revenue += value;
            if costed.knows(cell.account) {
                totals.revenue_overhead += tariff.overhead_of(value);
            } else {
                totals.uncosted_revenue += value;
            }
        }
        for cell in &past.rents {
            let cost_account = past.cost_account(cell.cost_account);
            cost += cost_account.cost(cell).unwrap_or_default();
            if cost_account.kind == CostKind::Gpus {
                totals.idle_cost += cost_account.idle_cost(cell).unwrap_or_default();
                millis += cell.held.millis();
            }
            if let Some(rate) = cost_account.rate.filter(|_| cost_account.kind != CostKind::Overhead) {
                totals.rent += rate.of(cell.held);
                rented += cell.held.millis();
            }
        }
        totals.rented_time = gpu_time(rented);
        totals.gpu_time = gpu_time(millis);
        totals.cost = totals.cost.map(|_| cost + totals.revenue_overhead);
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

    /// What a GPU with a known rate cost an hour on average, without energy and overhead; `None` if none has one.
    pub fn gpu_rate(&self) -> Option<Money> {
        self.rent.scaled(3_600_000, self.rented_time.millis())
    }

    /// The share of the prompts that a cache served, in parts per million, rounded down; `None` without prompts.
    pub fn hit_rate_ppm(&self) -> Option<u32> {
        let (hit, miss) = (u128::from(self.tokens.hit.count()), u128::from(self.tokens.miss.count()));
        u32::try_from((hit * 1_000_000).checked_div(hit + miss)?).ok()
    }

    /// The same with amounts of so many decimals, each rounded once; its profit is that of what it shows.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        Self {
            revenue: self.revenue.round_to(places),
            uncosted_revenue: self.uncosted_revenue.round_to(places),
            cost: self.cost.map(|cost| cost.round_to(places)),
            idle_cost: self.idle_cost.round_to(places),
            rent: self.rent.round_to(places),
            revenue_overhead: self.revenue_overhead.round_to(places),
            ..self
        }
    }
}
