//! Sums of one span of time: tokens by account and tariff, GPU time by cost account.

use std::collections::HashMap;

use super::{AllocatedTime, Classes, CostAccountId, GpuTimeCell, RevenueAccountId, TariffId, TokenCell};

/// The tokens and GPU time of a minute or a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PostingSums {
    tokens: HashMap<(RevenueAccountId, Option<TariffId>), Classes>,
    gpu_times: HashMap<CostAccountId, AllocatedTime>,
}

impl PostingSums {
    /// Adds saved cells.
    pub(super) fn restore(&mut self, tokens: &[TokenCell], gpu_times: &[GpuTimeCell]) {
        for cell in tokens {
            self.add_tokens(cell.account, cell.tariff, cell.tokens);
        }
        for cell in gpu_times {
            let time = self.gpu_times.entry(cell.cost_account).or_default();
            time.allocated += cell.allocated;
            time.idle += cell.idle;
            time.energy = time.energy.saturating_add(cell.energy);
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
    pub(super) fn gpu_times_mut(&mut self, cost_account: CostAccountId) -> &mut AllocatedTime {
        self.gpu_times.entry(cost_account).or_default()
    }

    /// Tokens by account and tariff; a tariff of `None` is "unpriced".
    pub fn tokens(&self) -> impl Iterator<Item = (RevenueAccountId, Option<TariffId>, Classes)> + '_ {
        self.tokens.iter().map(|((account, tariff), tokens)| (*account, *tariff, *tokens))
    }

    /// The GPU time of a cost account.
    pub fn gpu_time(&self, cost_account: CostAccountId) -> Option<AllocatedTime> {
        self.gpu_times.get(&cost_account).copied()
    }

    /// GPU time by cost account.
    pub fn gpu_times(&self) -> impl Iterator<Item = (CostAccountId, AllocatedTime)> + '_ {
        self.gpu_times.iter().map(|(cost_account, allocated)| (*cost_account, *allocated))
    }
}
