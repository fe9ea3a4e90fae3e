//! The accounts with a known cost.

use crate::ledger::Past;

/// Which accounts' revenue has a known cost, and whether any cost is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Costed {
    accounts: Vec<bool>,
    any: bool,
}

impl Costed {
    /// Those of a past. If it has neither tokens nor GPU time, the cost is zero, and known.
    pub(super) fn of(past: &Past) -> Self {
        Self {
            accounts: past.accounts.iter().map(|account| account.costed).collect(),
            any: past.cost_accounts.iter().any(|account| account.rate.is_some())
                || past.tokens.is_empty() && past.gpu_times.is_empty(),
        }
    }

    /// Whether the cost of an account's revenue is known.
    pub(super) fn knows(&self, account: crate::ledger::RevenueAccountId) -> bool {
        self.accounts.get(account.index()).copied().unwrap_or_default()
    }

    /// Whether any cost is.
    pub(super) const fn any(&self) -> bool {
        self.any
    }
}
