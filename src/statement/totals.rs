//! The sums of a past, from which scenarios, break-even and the profit bridge are computed.

use std::collections::BTreeMap;

use crate::ledger::{
    AllocatedTime, Classes, CostAccount, CostAccountId, CostKind, Past, RevenueAccount, RevenueAccountId, Tariff,
    TariffId,
};
use crate::units::{GpuTime, Money, Ratio, gross_margin, profit_on_cost};

/// All tokens, GPU time, revenue and cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Tokens, priced or not.
    pub tokens: Classes,
    /// The part of them without a price.
    pub unpriced: Classes,
    /// GPU time that was paid, with a rate or without.
    pub gpu_time: GpuTime,
    /// The revenue.
    pub revenue: Money,
    /// The part of it whose cost is unknown.
    pub uncosted_revenue: Money,
    /// The cost; `None` if no rate is known.
    pub cost: Option<Money>,
    /// The part of it for idle GPUs.
    pub idle_cost: Money,
    /// The part of it that is GPU time times a rate, including rounding. The rest is energy and overhead.
    pub rent: Money,
    /// The GPU time that this part is for.
    pub rented_time: GpuTime,
    /// The part of the cost that is overhead by share of revenue.
    pub revenue_overhead: Money,
    /// Revenue with a known cost, and the cost, as they were before they were rounded.
    pub unrounded: Option<(Money, Option<Money>)>,
}

/// The tables that postings refer to by number.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// Revenue accounts.
    pub accounts: &'a [RevenueAccount],
    /// Cost accounts.
    pub cost_accounts: &'a [CostAccount],
    /// Tariffs.
    pub tariffs: &'a [Tariff],
}

impl Totals {
    /// The sums of a past. Without tokens and GPU time, the cost is known to be zero.
    pub fn of(past: &Past) -> Self {
        let tables = Tables { accounts: &past.accounts, cost_accounts: &past.cost_accounts, tariffs: &past.tariffs };
        let tokens = past.tokens.iter().map(|cell| (cell.account, cell.tariff, cell.tokens));
        let gpu_times = past.gpu_times.iter().map(|cell| (cell.cost_account, cell.allocated()));
        let totals = Self::of_postings(tables, tokens, gpu_times);
        let nothing = past.tokens.is_empty() && past.gpu_times.is_empty();
        Self { cost: totals.cost.or(nothing.then_some(Money::ZERO)), ..totals }
    }

    /// The sums of postings from any storage. The cost is known if any cost account has a rate.
    pub fn of_postings(
        tables: Tables<'_>,
        tokens: impl Iterator<Item = (RevenueAccountId, Option<TariffId>, Classes)>,
        gpu_times: impl Iterator<Item = (CostAccountId, AllocatedTime)>,
    ) -> Self {
        let all = |_: &_| Some(());
        let totals = Self::by(tables, tokens, gpu_times, all, |_| Some(())).remove(&()).unwrap_or_default();
        let known = tables.cost_accounts.iter().any(|cost_account| cost_account.rate.is_some());
        Self { cost: known.then(|| totals.cost.unwrap_or(totals.revenue_overhead)), ..totals }
    }

    /// The sums of postings by a key of their accounts; accounts without a key are left out. The cost of a key is known
    /// if it has postings to a cost account with a rate.
    pub fn by<K: Ord>(
        tables: Tables<'_>,
        tokens: impl Iterator<Item = (RevenueAccountId, Option<TariffId>, Classes)>,
        gpu_times: impl Iterator<Item = (CostAccountId, AllocatedTime)>,
        earns: impl Fn(&RevenueAccount) -> Option<K>,
        pays: impl Fn(&CostAccount) -> Option<K>,
    ) -> BTreeMap<K, Self> {
        let mut all: BTreeMap<K, Self> = BTreeMap::new();
        for (account, tariff, tokens) in tokens {
            let Some(account) = tables.accounts.get(account.index()) else { continue };
            if let Some(key) = earns(account) {
                let tariff = tariff.map(|tariff| &tables.tariffs[tariff.index()]);
                all.entry(key).or_default().add_tokens(tariff, account.costed, tokens);
            }
        }
        for (cost_account, allocated) in gpu_times {
            let cost_account = &tables.cost_accounts[cost_account.index()];
            if let Some(key) = pays(cost_account) {
                all.entry(key).or_default().add_gpu_time(cost_account, allocated);
            }
        }
        for totals in all.values_mut() {
            totals.cost = totals.cost.map(|cost| cost + totals.revenue_overhead);
            let time = |time: GpuTime| time.max(GpuTime::ZERO);
            (totals.gpu_time, totals.rented_time) = (time(totals.gpu_time), time(totals.rented_time));
        }
        all
    }

    fn add_gpu_time(&mut self, cost_account: &CostAccount, time: AllocatedTime) {
        let more = |sum: GpuTime| gpu_time_sum(sum, time.allocated);
        if cost_account.kind == CostKind::Gpus {
            self.gpu_time = more(self.gpu_time);
        }
        let Some(rate) = cost_account.rate else { return };
        *self.cost.get_or_insert_default() += cost_account.cost_of(time).unwrap_or_default();
        if cost_account.kind == CostKind::Gpus {
            self.idle_cost += cost_account.idle_cost_of(time).unwrap_or_default();
        }
        if cost_account.kind != CostKind::Overhead {
            self.rent += rate.of(time.allocated);
            self.rented_time = more(self.rented_time);
        }
    }

    fn add_tokens(&mut self, tariff: Option<&Tariff>, costed: bool, tokens: Classes) {
        self.tokens += tokens;
        let Some(tariff) = tariff else {
            self.unpriced += tokens;
            return;
        };
        let value = tariff.value(tokens);
        self.revenue += value;
        if costed {
            self.revenue_overhead += tariff.overhead_of(value);
        } else {
            self.uncosted_revenue += value;
        }
    }

    /// The revenue; `None` if there are tokens and none of them has a price.
    pub fn known_revenue(&self) -> Option<Money> {
        (self.tokens.is_zero() || self.tokens != self.unpriced).then_some(self.revenue)
    }

    /// Revenue whose cost is known.
    pub fn covered_revenue(&self) -> Money {
        self.revenue - self.uncosted_revenue
    }

    /// Revenue with a known cost, less its own overhead.
    pub(super) fn earned(&self) -> Money {
        self.covered_revenue() - self.revenue_overhead
    }

    /// Covered revenue less cost; `None` if either is unknown.
    pub fn profit(&self) -> Option<Money> {
        self.known_revenue().and(self.cost).map(|cost| self.covered_revenue() - cost)
    }

    /// Profit as a share of cost, of exact amounts: a share of rounded ones is off while they are a few cents.
    pub fn profit_on_cost(&self) -> Option<Ratio> {
        self.exact().and_then(|(revenue, cost)| profit_on_cost(revenue, cost))
    }

    /// Profit as a share of the revenue with a known cost, of exact amounts.
    pub fn gross_margin(&self) -> Option<Ratio> {
        self.exact().and_then(|(revenue, cost)| gross_margin(revenue, cost))
    }

    fn exact(&self) -> Option<(Money, Money)> {
        self.profit()?;
        let (revenue, cost) = self.unrounded.unwrap_or((self.covered_revenue(), self.cost));
        Some((revenue, cost?))
    }

    /// The average price of a GPU-hour with a known rate, without energy and overhead; `None` if there is none.
    pub fn gpu_rate(&self) -> Option<Money> {
        self.rent.scaled(3_600_000, self.rented_time.millis())
    }

    /// The share of cached prompt tokens, in parts per million, rounded down; `None` without prompt tokens.
    pub fn hit_rate_ppm(&self) -> Option<u32> {
        let (hit, miss) = (u128::from(self.tokens.hit.count()), u128::from(self.tokens.miss.count()));
        u32::try_from((hit * 1_000_000).checked_div(hit + miss)?).ok()
    }

    /// The same with amounts of so many decimals, each rounded once; its profit is computed from the shown amounts.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        Self {
            revenue: self.revenue.round_to(places),
            // The difference is rounded once, as the profit is computed from it.
            uncosted_revenue: self.revenue.round_to(places) - self.covered_revenue().round_to(places),
            cost: self.cost.map(|cost| cost.round_to(places)),
            idle_cost: self.idle_cost.round_to(places),
            rent: self.rent.round_to(places),
            revenue_overhead: self.revenue_overhead.round_to(places),
            unrounded: self.unrounded.or(Some((self.covered_revenue(), self.cost))),
            ..self
        }
    }
}

/// The sum of two times; corrections may be negative.
fn gpu_time_sum(a: GpuTime, b: GpuTime) -> GpuTime {
    GpuTime::from_millis(a.millis().saturating_add(b.millis()))
}
