//! Whose cost is known.

use std::collections::HashSet;

use crate::ledger::{CostAccount, CostKind, Past};

/// Which accounts' GPUs have a rate.
#[derive(Debug, Clone, Default)]
pub(super) struct Costed {
    accounts: Vec<bool>,
    any: bool,
}

impl Costed {
    /// By the cost accounts of the past: one with a rate for the account's node, or for its unit as a whole.
    pub(super) fn of(past: &Past) -> Self {
        let rated = |cost_account: &&CostAccount| cost_account.kind == CostKind::Gpus && cost_account.rate.is_some();
        let (mut nodes, mut units) = (HashSet::new(), HashSet::new());
        for cost_account in past.cost_accounts.iter().filter(rated) {
            match (&cost_account.node, &cost_account.unit) {
                (Some(node), _) => drop(nodes.insert(node)),
                (None, Some(unit)) => drop(units.insert(unit)),
                (None, None) => {}
            }
        }
        let known = |node, unit: Option<_>| nodes.contains(node) || unit.is_some_and(|unit| units.contains(unit));
        Self {
            accounts: past.accounts.iter().map(|account| known(&account.node, account.unit.as_ref())).collect(),
            // Where there is neither work nor rent, nothing is owed.
            any: past.cost_accounts.iter().any(|cost_account| cost_account.rate.is_some())
                || past.tokens.is_empty() && past.rents.is_empty(),
        }
    }

    /// Whether an account's cost is known.
    pub(super) fn knows(&self, account: crate::ledger::RevenueAccountId) -> bool {
        self.accounts.get(account.index()).copied().unwrap_or_default()
    }

    /// Whether any cost is.
    pub(super) const fn any(&self) -> bool {
        self.any
    }
}
