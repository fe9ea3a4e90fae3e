//! Revenue and cost of a minute, of the fleet and by unit, node and model. A chart's point and a report's hour are sums
//! of the same postings.

use std::collections::BTreeMap;

use super::bucket::OrderedPast;
use super::present::shared_cost;
use super::totals::{Tables, Totals};
use crate::ledger::{
    AllocatedTime, Classes, CostAccount, CostAccountId, CostKind, Past, PostingSums, RevenueAccount, RevenueAccountId,
    TariffId,
};
use crate::reading::{ModelName, NodeName, UnitName};
use crate::units::{Money, Timestamp};

/// Revenue and cost of a time. `None` is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Earned {
    /// Revenue with a known cost, or all revenue if no cost is known.
    pub revenue: Option<Money>,
    /// Cost.
    pub cost: Option<Money>,
}

/// The money of one minute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MinuteMoney {
    /// The fleet, with all overhead.
    pub fleet: Earned,
    /// Units: the revenue of their accounts and the cost of their GPUs, working or idle.
    pub units: BTreeMap<UnitName, Earned>,
    /// Nodes, likewise.
    pub nodes: BTreeMap<NodeName, Earned>,
    /// Models: the cost of working GPUs follows the tokens, as in a report by model.
    pub models: BTreeMap<ModelName, Earned>,
}

impl Earned {
    fn of(totals: &Totals, cost: Option<Money>) -> Self {
        let revenue = if cost.is_some() { totals.covered_revenue() } else { totals.revenue };
        Self { revenue: totals.known_revenue().map(|_| revenue), cost }
    }

    /// The sum of both; an amount that only one of them knows is taken as it is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Option<Money>, b: Option<Money>| a.zip(b).map(|(a, b)| a + b).or(a).or(b);
        Self { revenue: sum(self.revenue, other.revenue), cost: sum(self.cost, other.cost) }
    }
}

impl MinuteMoney {
    /// The money of a minute's postings.
    pub fn of_sums(tables: Tables<'_>, sums: &PostingSums) -> Self {
        Self::of(tables, &sums.tokens().collect::<Vec<_>>(), &sums.gpu_times().collect::<Vec<_>>())
    }

    /// The money of each bucket of a past, in order; a bucket is as long as the past's grain.
    pub fn each(past: &Past, mut each: impl FnMut(Timestamp, Self)) {
        let tables = Tables { accounts: &past.accounts, cost_accounts: &past.cost_accounts, tariffs: &past.tariffs };
        for bucket in OrderedPast::of(past).iter() {
            let tokens: Vec<_> = bucket.tokens.iter().map(|cell| (cell.account, cell.tariff, cell.tokens)).collect();
            let gpu_times: Vec<_> = bucket.gpu_times.iter().map(|cell| (cell.cost_account, cell.allocated())).collect();
            each(bucket.at, Self::of(tables, &tokens, &gpu_times));
        }
    }

    /// Adds another minute.
    pub fn add(&mut self, other: &Self) {
        fn merge<K: Ord + Clone>(all: &mut BTreeMap<K, Earned>, more: &BTreeMap<K, Earned>) {
            for (key, earned) in more {
                let sum = all.entry(key.clone()).or_default();
                *sum = sum.plus(*earned);
            }
        }
        self.fleet = self.fleet.plus(other.fleet);
        merge(&mut self.units, &other.units);
        merge(&mut self.nodes, &other.nodes);
        merge(&mut self.models, &other.models);
    }

    fn of(
        tables: Tables<'_>,
        tokens: &[(RevenueAccountId, Option<TariffId>, Classes)],
        gpu_times: &[(CostAccountId, AllocatedTime)],
    ) -> Self {
        let (tokens_of, rents_of) = (|| tokens.iter().copied(), || gpu_times.iter().copied());
        let fleet = Totals::of_postings(tables, tokens_of(), rents_of());
        // Overhead by share of revenue belongs to the fleet alone.
        let own = |totals: Totals| {
            let idle = totals.tokens.is_zero();
            let cost = totals.cost.map(|cost| cost - totals.revenue_overhead);
            let earned = Earned::of(&totals, cost);
            // A subject with cost alone has no revenue; one without known cost and without tokens is left out.
            Earned { revenue: earned.revenue.filter(|_| !idle || cost.is_some()), cost }
        };
        let unit = |account: &RevenueAccount| account.unit.clone();
        let units = Totals::by(tables, tokens_of(), rents_of(), unit, |account| account.unit.clone());
        let node = |account: &RevenueAccount| Some(account.node.clone());
        let nodes = Totals::by(tables, tokens_of(), rents_of(), node, |account| account.node.clone());
        Self {
            fleet: Earned::of(&fleet, fleet.cost),
            units: units.into_iter().map(|(unit, totals)| (unit, own(totals))).collect(),
            nodes: nodes.into_iter().map(|(node, totals)| (node, own(totals))).collect(),
            models: models(tables, tokens, gpu_times),
        }
    }
}

/// Revenue by model, and the cost of working GPUs by tokens.
fn models(
    tables: Tables<'_>,
    tokens: &[(RevenueAccountId, Option<TariffId>, Classes)],
    gpu_times: &[(CostAccountId, AllocatedTime)],
) -> BTreeMap<ModelName, Earned> {
    let model = |account: &RevenueAccount| account.model.clone();
    let totals = Totals::by(tables, tokens.iter().copied(), std::iter::empty(), model, |_| None);
    let workers: Vec<_> = tokens
        .iter()
        .filter_map(|(id, _, made)| Some((tables.accounts.get(id.index())?.clone(), made.total().count())))
        .collect();
    let owed: Vec<_> =
        gpu_times.iter().filter_map(|(id, allocated)| busy(&tables.cost_accounts[id.index()], *allocated)).collect();
    let mut costs: BTreeMap<&ModelName, Money> = BTreeMap::new();
    for ((account, _), cost) in workers.iter().zip(shared_cost(&workers, &owed)) {
        if let (Some(model), Some(cost)) = (&account.model, cost) {
            *costs.entry(model).or_default() += cost;
        }
    }
    let earned = |(model, totals): (ModelName, Totals)| {
        let cost = costs.get(&model).copied();
        let earned = Earned::of(&totals, cost);
        (model, earned)
    };
    totals.into_iter().map(earned).collect()
}

/// The cost of GPUs that were working.
fn busy(account: &CostAccount, allocated: AllocatedTime) -> Option<(&CostAccount, Money)> {
    let cost = account.cost_of(allocated).filter(|_| account.kind == CostKind::Gpus)?;
    Some((account, cost - account.idle_cost_of(allocated).unwrap_or_default()))
}
