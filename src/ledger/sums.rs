//! Sums of one span of time: tokens by account and tariff, GPU time by cost account.

use std::collections::HashMap;

use super::{AllocatedTime, Classes, CostAccountId, GpuTimeCell, RevenueAccountId, TariffId, TokenCell};

/// The tokens and GPU time of a minute or a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PostingSums {
    tokens: HashMap<(RevenueAccountId, Option<TariffId>), Classes>,
    rents: HashMap<CostAccountId, AllocatedTime>,
}

impl PostingSums {
    /// Adds saved cells.
    pub(super) fn restore(&mut self, tokens: &[TokenCell], rents: &[GpuTimeCell]) {
        for cell in tokens {
            self.add_tokens(cell.account, cell.tariff, cell.tokens);
        }
        for cell in rents {
            let rented = self.rents.entry(cell.cost_account).or_default();
            rented.held += cell.held;
            rented.idle += cell.idle;
            rented.energy = rented.energy.saturating_add(cell.energy);
        }
    }

    /// Adds tokens; `None` is "unpriced".
    pub(super) fn add_tokens(&mut self, account: RevenueAccountId, tariff: Option<TariffId>, tokens: Classes) {
        *self.tokens.entry((account, tariff)).or_default() += tokens;
    }

    /// Subtracts tokens that were added before.
    pub(super) fn take_back(&mut self, account: RevenueAccountId, tariff: Option<TariffId>, tokens: Classes) {
        if let Some(sum) = self.tokens.get_mut(&(account, tariff)) {
            *sum = sum.less(tokens);
        }
    }

    /// The mutable sums of a cost account.
    pub(super) fn rented_mut(&mut self, cost_account: CostAccountId) -> &mut AllocatedTime {
        self.rents.entry(cost_account).or_default()
    }

    /// Tokens by account and tariff; a tariff of `None` is "unpriced".
    pub fn tokens(&self) -> impl Iterator<Item = (RevenueAccountId, Option<TariffId>, Classes)> + '_ {
        self.tokens.iter().map(|((account, tariff), tokens)| (*account, *tariff, *tokens))
    }

    /// The GPU time of a cost account.
    pub fn rent(&self, cost_account: CostAccountId) -> Option<AllocatedTime> {
        self.rents.get(&cost_account).copied()
    }

    /// GPU time by cost account.
    pub fn rents(&self) -> impl Iterator<Item = (CostAccountId, AllocatedTime)> + '_ {
        self.rents.iter().map(|(cost_account, rented)| (*cost_account, *rented))
    }
}
