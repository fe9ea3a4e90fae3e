//! The present cost, allocated like that of a past bucket.

use super::share::{Placement, Shares};
use crate::ledger::{CostAccount, RevenueAccount};
use crate::units::Money;

/// The share of each account in a cost: an amount goes to the accounts working on its node by their weights, else to
/// those in its unit, else to all. `None` for an account without a known cost, and for all accounts if there is no
/// cost.
pub fn shared_cost(workers: &[(RevenueAccount, u64)], owed: &[(&CostAccount, Money)]) -> Vec<Option<Money>> {
    let accounts = workers.iter().map(|(account, _)| account);
    let placement = Placement::new(accounts, owed.iter().map(|(cost_account, _)| *cost_account));
    let mut shares = Shares::default();
    for (number, (_, weight)) in workers.iter().enumerate().filter(|(_, (account, _))| account.costed) {
        shares.share(&placement, number, number, *weight);
    }
    shares.close();
    for (number, (_, amount)) in owed.iter().enumerate() {
        // The share of GPUs without work is idle and belongs to no account.
        shares.put(&placement, number, *amount);
    }
    let is_known = |account: &RevenueAccount| account.costed && !owed.is_empty();
    let mut costs: Vec<_> = workers.iter().map(|(account, _)| is_known(account).then_some(Money::ZERO)).collect();
    shares.allocate(|number, cost| *costs[number].get_or_insert_default() += cost);
    costs
}
