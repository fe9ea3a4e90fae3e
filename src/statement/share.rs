//! Whose work a rent was for: the busy part of it goes to what was made in the same bucket, by tokens.

use std::collections::HashMap;

use crate::ledger::{CostAccount, RevenueAccount};
use crate::reading::{NodeName, UnitName};
use crate::units::Money;

/// Nodes and units as numbers.
#[derive(Debug)]
pub(super) struct Placement {
    accounts: Vec<Place>,
    cost_accounts: Vec<Place>,
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    node: Option<u32>,
    unit: Option<u32>,
}

/// Tokens that take a part of the rent, and the row that they stand in.
#[derive(Debug, Clone, Copy)]
struct Share<R> {
    place: Place,
    row: R,
    weight: u64,
}

/// For whom a rent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum CostPool {
    Node(u32),
    Unit(u32),
    All,
}

/// How far from its node a rent looks for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// On the node; for a lease of a whole unit, in it.
    Node,
    /// On the node, else in its unit.
    Unit,
    /// On the node, else in its unit, else anywhere.
    All,
}

/// The rent of one bucket on its way to rows.
#[derive(Debug)]
pub(super) struct Shares<R> {
    by_node: Vec<Share<R>>,
    by_unit: Vec<Share<R>>,
    pools: HashMap<CostPool, (Money, i64)>,
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
            Place { node, unit }
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
    /// Tokens of an account, which stand in a row.
    pub(super) fn share(&mut self, placement: &Placement, account: usize, row: R, weight: u64) {
        if weight > 0 {
            self.by_node.push(Share { place: placement.accounts[account], row, weight });
        }
    }

    /// All tokens of the bucket are seated.
    pub(super) fn close(&mut self) {
        self.by_unit.clone_from(&self.by_node);
        self.by_unit.retain(|share| share.place.unit.is_some());
        self.by_node.sort_by_key(|share| share.place.node);
        self.by_unit.sort_by_key(|share| share.place.unit);
    }

    /// Puts a cost account's busy rent and its milliseconds to those who worked within reach; `false` if none did.
    pub(super) fn put(
        &mut self,
        placement: &Placement,
        cost_account: usize,
        scope: Scope,
        cost: Money,
        millis: i64,
    ) -> bool {
        let Some(pool) = self.pool(placement.cost_accounts[cost_account], scope) else { return false };
        let sum = self.pools.entry(pool).or_default();
        sum.0 += cost;
        sum.1 += millis;
        true
    }

    fn pool(&self, place: Place, scope: Scope) -> Option<CostPool> {
        let node = place.node.map(CostPool::Node).filter(|pool| !self.shares_of(*pool).is_empty());
        let far = scope >= Scope::Unit || place.node.is_none();
        let unit = || place.unit.filter(|_| far).map(CostPool::Unit).filter(|pool| !self.shares_of(*pool).is_empty());
        let all = || Some(CostPool::All).filter(|_| scope == Scope::All && !self.by_node.is_empty());
        node.or_else(unit).or_else(all)
    }

    fn shares_of(&self, pool: CostPool) -> &[Share<R>] {
        let range = |shares_of: &[Share<R>], key: fn(&Share<R>) -> Option<u32>, wanted: u32| {
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

    /// Shares out what was put: each row's cost and milliseconds. Then it is ready for the next bucket.
    pub(super) fn allocate(&mut self, mut each: impl FnMut(R, Money, i64)) {
        for (pool, (cost, millis)) in &self.pools {
            allocate_pool(&mut each, self.shares_of(*pool), *cost, *millis);
        }
        self.by_node.clear();
        self.pools.clear();
    }
}

/// Each seat gets the difference of two running parts, so that nothing is lost.
fn allocate_pool<R: Copy>(each: &mut impl FnMut(R, Money, i64), shares_of: &[Share<R>], cost: Money, millis: i64) {
    let whole: u64 = shares_of.iter().map(|share| share.weight).sum();
    let (mut weight, mut paid, mut timed) = (0, Money::ZERO, 0);
    for share in shares_of {
        weight += share.weight;
        let upto = part(cost, weight, whole);
        let time = (i128::from(millis) * i128::from(weight) / i128::from(whole)) as i64;
        each(share.row, upto - paid, time - timed);
        (paid, timed) = (upto, time);
    }
}

/// The part of an amount; all of it where the counts leave their range.
fn part(cost: Money, weight: u64, whole: u64) -> Money {
    let counts = i64::try_from(weight).ok().zip(i64::try_from(whole).ok());
    counts.and_then(|(weight, whole)| cost.scaled(weight, whole)).unwrap_or(cost)
}
