//! Allocation of GPU cost: the cost of working GPUs goes to the tokens of the same bucket.

use std::collections::HashMap;

use crate::ledger::{CostAccount, CostScope, RevenueAccount};
use crate::reading::{NodeName, UnitName};
use crate::units::Money;

/// Nodes and units as numbers.
#[derive(Debug)]
pub(super) struct Placement {
    accounts: Vec<SharePlace>,
    cost_accounts: Vec<SharePlace>,
}

/// The place of a token count or a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SharePlace {
    node: Option<u32>,
    unit: Option<u32>,
}

/// Tokens that bear a part of the cost, and their row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RentShare<R> {
    place: SharePlace,
    row: R,
    weight: u64,
}

/// The tokens that a cost is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum CostPool {
    Node(u32),
    Unit(u32),
    All,
}

/// The cost of one bucket while it is allocated to rows.
#[derive(Debug)]
pub(super) struct Shares<R> {
    by_node: Vec<RentShare<R>>,
    by_unit: Vec<RentShare<R>>,
    pools: HashMap<CostPool, Money>,
}

impl Placement {
    pub(super) fn new<'a>(
        accounts: impl IntoIterator<Item = &'a RevenueAccount>,
        cost_accounts: impl IntoIterator<Item = &'a CostAccount>,
    ) -> Self {
        let mut nodes: HashMap<&NodeName, u32> = HashMap::new();
        let mut units: HashMap<&UnitName, u32> = HashMap::new();
        let mut place = |node: Option<_>, unit: Option<_>| {
            let node = node.map(|node| {
                let next = nodes.len() as u32;
                *nodes.entry(node).or_insert(next)
            });
            let unit = unit.map(|unit| {
                let next = units.len() as u32;
                *units.entry(unit).or_insert(next)
            });
            SharePlace { node, unit }
        };
        let accounts = accounts.into_iter().map(|account| place(Some(&account.node), account.unit.as_ref())).collect();
        let cost_accounts =
            cost_accounts.into_iter().map(|account| place(account.node.as_ref(), account.unit.as_ref())).collect();
        Self { accounts, cost_accounts }
    }
}

impl<R> Default for Shares<R> {
    fn default() -> Self {
        Self { by_node: Vec::new(), by_unit: Vec::new(), pools: HashMap::new() }
    }
}

impl<R: Copy> Shares<R> {
    /// Adds the tokens of an account, which are in a row.
    pub(super) fn share(&mut self, placement: &Placement, account: usize, row: R, weight: u64) {
        if weight > 0 {
            self.by_node.push(RentShare { place: placement.accounts[account], row, weight });
        }
    }

    /// Ends the tokens of the bucket.
    pub(super) fn close(&mut self) {
        self.by_unit.clone_from(&self.by_node);
        self.by_unit.retain(|share| share.place.unit.is_some());
        self.by_node.sort_by_key(|share| share.place.node);
        self.by_unit.sort_by_key(|share| share.place.unit);
    }

    /// Adds the cost of a cost account, for the tokens within its reach, if there are any.
    pub(super) fn put(&mut self, placement: &Placement, cost_account: usize, cost: Money) {
        if let Some(pool) = self.pool(placement.cost_accounts[cost_account]) {
            *self.pools.entry(pool).or_default() += cost;
        }
    }

    /// The tokens that bear the cost of a cost account's working GPUs, and how far away they are.
    pub(super) fn bearers(&self, placement: &Placement, cost_account: usize) -> (CostScope, &[RentShare<R>]) {
        let Some(pool) = self.pool(placement.cost_accounts[cost_account]) else { return (CostScope::Nobody, &[]) };
        let reach = match pool {
            CostPool::Node(_) => CostScope::Node,
            CostPool::Unit(_) => CostScope::Unit,
            CostPool::All => CostScope::All,
        };
        (reach, self.shares_of(pool))
    }

    fn pool(&self, place: SharePlace) -> Option<CostPool> {
        let node = place.node.map(CostPool::Node).filter(|pool| !self.shares_of(*pool).is_empty());
        let unit = || place.unit.map(CostPool::Unit).filter(|pool| !self.shares_of(*pool).is_empty());
        node.or_else(unit).or_else(|| Some(CostPool::All).filter(|_| !self.by_node.is_empty()))
    }

    fn shares_of(&self, pool: CostPool) -> &[RentShare<R>] {
        let range = |shares_of: &[RentShare<R>], key: fn(&RentShare<R>) -> Option<u32>, wanted: u32| {
            let from = shares_of.partition_point(|share| key(share) < Some(wanted));
            let to = shares_of.partition_point(|share| key(share) <= Some(wanted));
            from..to
        };
        match pool {
            CostPool::Node(node) => &self.by_node[range(&self.by_node, |share| share.place.node, node)],
            CostPool::Unit(unit) => &self.by_unit[range(&self.by_unit, |share| share.place.unit, unit)],
            CostPool::All => &self.by_node,
        }
    }

    /// Allocates what was added, and returns the cost of each row. Then it is ready for the next bucket.
    pub(super) fn allocate(&mut self, mut each: impl FnMut(R, Money)) {
        for (pool, cost) in &self.pools {
            allocate_pool(&mut each, self.shares_of(*pool), *cost);
        }
        self.clear();
    }

    /// Clears the bucket.
    pub(super) fn clear(&mut self) {
        self.by_node.clear();
        self.pools.clear();
    }
}

impl<R: Copy> RentShare<R> {
    /// The row of the tokens.
    pub(super) const fn row(&self) -> R {
        self.row
    }

    /// Their number.
    pub(super) const fn weight(&self) -> u64 {
        self.weight
    }
}

/// Each gets the difference of two running parts, so that no part is lost.
fn allocate_pool<R: Copy>(each: &mut impl FnMut(R, Money), shares_of: &[RentShare<R>], cost: Money) {
    let whole: u64 = shares_of.iter().map(|share| share.weight).sum();
    let (mut weight, mut paid) = (0, Money::ZERO);
    for share in shares_of {
        weight += share.weight;
        let upto = part(cost, weight, whole);
        each(share.row, upto - paid);
        paid = upto;
    }
}

/// The part of an amount; all of it if the counts are out of range.
fn part(cost: Money, weight: u64, whole: u64) -> Money {
    let counts = i64::try_from(weight).ok().zip(i64::try_from(whole).ok());
    counts.and_then(|(weight, whole)| cost.scaled(weight, whole)).unwrap_or(cost)
}
