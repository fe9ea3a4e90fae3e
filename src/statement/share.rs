//! Whose work a rent was for: the busy part of it goes to what was made in the same bucket, by tokens.

use std::collections::HashMap;

use super::desk::{Desk, RowId};
use crate::ledger::{Account, Landlord, Past};
use crate::reading::{NodeName, UnitName};
use crate::units::Money;

/// Nodes and units as numbers.
#[derive(Debug)]
pub(super) struct Grounds {
    accounts: Vec<Place>,
    landlords: Vec<Place>,
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    node: Option<u32>,
    unit: Option<u32>,
}

/// Tokens that take a part of the rent.
#[derive(Debug, Clone, Copy)]
struct Seat {
    place: Place,
    row: RowId,
    weight: u64,
}

/// For whom a rent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Pool {
    Node(u32),
    Unit(u32),
    All,
}

/// How far from its node a rent looks for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// On the node; for a lease of a whole unit, in it.
    Node,
    /// On the node, else in its unit.
    Unit,
    /// On the node, else in its unit, else anywhere.
    All,
}

/// The rent of one bucket on its way to rows.
#[derive(Debug, Default)]
pub(super) struct Shares {
    by_node: Vec<Seat>,
    by_unit: Vec<Seat>,
    pools: HashMap<Pool, (Money, i64)>,
}

impl Grounds {
    pub(super) fn of(past: &Past) -> Self {
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
        let accounts =
            past.accounts.iter().map(|Account { node, unit, .. }| place(Some(node), unit.as_ref())).collect();
        let landlords =
            past.landlords.iter().map(|Landlord { node, unit, .. }| place(node.as_ref(), unit.as_ref())).collect();
        Self { accounts, landlords }
    }
}

impl Shares {
    /// Tokens of an account, which stand in a row.
    pub(super) fn seat(&mut self, grounds: &Grounds, account: usize, row: RowId, weight: u64) {
        if weight > 0 {
            self.by_node.push(Seat { place: grounds.accounts[account], row, weight });
        }
    }

    /// All tokens of the bucket are seated.
    pub(super) fn close(&mut self) {
        self.by_unit.clone_from(&self.by_node);
        self.by_unit.retain(|seat| seat.place.unit.is_some());
        self.by_node.sort_by_key(|seat| seat.place.node);
        self.by_unit.sort_by_key(|seat| seat.place.unit);
    }

    /// Puts a landlord's busy rent and its milliseconds to those who worked within reach; `false` if nobody did.
    pub(super) fn put(&mut self, grounds: &Grounds, landlord: usize, reach: Reach, cost: Money, millis: i64) -> bool {
        let Some(pool) = self.pool(grounds.landlords[landlord], reach) else { return false };
        let sum = self.pools.entry(pool).or_default();
        sum.0 += cost;
        sum.1 += millis;
        true
    }

    fn pool(&self, place: Place, reach: Reach) -> Option<Pool> {
        let node = place.node.map(Pool::Node).filter(|pool| !self.seats(*pool).is_empty());
        let far = reach >= Reach::Unit || place.node.is_none();
        let unit = || place.unit.filter(|_| far).map(Pool::Unit).filter(|pool| !self.seats(*pool).is_empty());
        let all = || Some(Pool::All).filter(|_| reach == Reach::All && !self.by_node.is_empty());
        node.or_else(unit).or_else(all)
    }

    fn seats(&self, pool: Pool) -> &[Seat] {
        let range = |seats: &[Seat], key: fn(&Seat) -> Option<u32>, wanted: u32| {
            let from = seats.partition_point(|seat| key(seat) < Some(wanted));
            let to = seats.partition_point(|seat| key(seat) <= Some(wanted));
            from..to
        };
        match pool {
            Pool::Node(node) => &self.by_node[range(&self.by_node, |seat| seat.place.node, node)],
            Pool::Unit(unit) => &self.by_unit[range(&self.by_unit, |seat| seat.place.unit, unit)],
            Pool::All => &self.by_node,
        }
    }

    /// Shares out what was put, and is ready for the next bucket.
    pub(super) fn deal(&mut self, desk: &mut Desk) {
        for (pool, (cost, millis)) in &self.pools {
            deal_out(desk, self.seats(*pool), *cost, *millis);
        }
        self.by_node.clear();
        self.pools.clear();
    }
}

/// Each seat gets the difference of two running parts, so that nothing is lost.
fn deal_out(desk: &mut Desk, seats: &[Seat], cost: Money, millis: i64) {
    let whole: u64 = seats.iter().map(|seat| seat.weight).sum();
    let (mut weight, mut paid, mut timed) = (0, Money::ZERO, 0);
    for seat in seats {
        weight += seat.weight;
        let upto = part(cost, weight, whole);
        let time = (i128::from(millis) * i128::from(weight) / i128::from(whole)) as i64;
        desk.add_cost(seat.row, upto - paid);
        desk.add_time(seat.row, time - timed);
        (paid, timed) = (upto, time);
    }
}

/// The part of an amount; all of it where the counts leave their range.
fn part(cost: Money, weight: u64, whole: u64) -> Money {
    let counts = i64::try_from(weight).ok().zip(i64::try_from(whole).ok());
    counts.and_then(|(weight, whole)| cost.scaled(weight, whole)).unwrap_or(cost)
}
