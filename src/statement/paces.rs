//! Money an hour at present, summed by a common property of accounts: the fleet, a unit or a node.

use std::collections::BTreeMap;

use super::Tables;
use crate::ledger::{CostAccount, CostKind, RevenueAccount};
use crate::units::Money;

/// Revenue and cost of some accounts an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaceSums {
    /// Revenue; `None` without an account that has revenue.
    pub earned: Option<Money>,
    /// The part of it with a known cost.
    pub covered: Money,
    /// Cost, without overhead by share of revenue; `None` without an account with a rate.
    pub owed: Option<Money>,
    /// The part of it that is overhead by the hour.
    pub overhead: Money,
}

/// Sums by a key of accounts; accounts without a key are left out. `earned` and `owed` are by account number.
pub fn paces<K: Ord>(
    tables: Tables<'_>,
    earned: impl Fn(usize) -> Option<Money>,
    owed: impl Fn(usize) -> Option<Money>,
    earns: impl Fn(&RevenueAccount) -> Option<K>,
    pays: impl Fn(&CostAccount) -> Option<K>,
) -> BTreeMap<K, PaceSums> {
    let mut all: BTreeMap<K, PaceSums> = BTreeMap::new();
    for (number, account) in tables.accounts.iter().enumerate() {
        let Some(key) = earns(account) else { continue };
        let amount = earned(number).unwrap_or_default();
        let sums = all.entry(key).or_default();
        *sums.earned.get_or_insert_default() += amount;
        if account.costed {
            sums.covered += amount;
        }
    }
    let rated = tables.cost_accounts.iter().enumerate().filter(|(_, account)| account.rate.is_some());
    for (number, account) in rated {
        let Some(key) = pays(account) else { continue };
        let amount = owed(number).unwrap_or_default();
        let sums = all.entry(key).or_default();
        *sums.owed.get_or_insert_default() += amount;
        if account.kind == CostKind::Overhead {
            sums.overhead += amount;
        }
    }
    all
}
