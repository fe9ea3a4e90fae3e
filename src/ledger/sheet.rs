//! One span of time on paper: tokens by account and tariff, GPU time by landlord.

use std::collections::HashMap;
use std::ops::AddAssign;

use super::{AccountId, LandlordId, TariffId};
use crate::units::{GpuTime, Tokens};

/// Tokens by price class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Classes {
    /// Prompt tokens computed.
    pub miss: Tokens,
    /// Prompt tokens from a cache.
    pub hit: Tokens,
    /// Output tokens.
    pub output: Tokens,
}

impl Classes {
    /// All of them.
    pub fn total(self) -> Tokens {
        self.miss + self.hit + self.output
    }

    /// Whether there are none.
    pub fn is_zero(self) -> bool {
        self.total() == Tokens::ZERO
    }
}

impl AddAssign for Classes {
    fn add_assign(&mut self, other: Self) {
        self.miss += other.miss;
        self.hit += other.hit;
        self.output += other.output;
    }
}

/// Tokens and GPU time of a minute or a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    tokens: HashMap<(AccountId, Option<TariffId>), Classes>,
    rent: HashMap<LandlordId, GpuTime>,
}

impl Sheet {
    /// Adds tokens; `None` is "unpriced".
    pub(super) fn add_tokens(&mut self, account: AccountId, tariff: Option<TariffId>, tokens: Classes) {
        *self.tokens.entry((account, tariff)).or_default() += tokens;
    }

    /// Takes tokens back that were added before.
    pub(super) fn take_back(&mut self, account: AccountId, tariff: Option<TariffId>, tokens: Classes) {
        if let Some(sum) = self.tokens.get_mut(&(account, tariff)) {
            sum.miss = sum.miss.saturating_sub(tokens.miss);
            sum.hit = sum.hit.saturating_sub(tokens.hit);
            sum.output = sum.output.saturating_sub(tokens.output);
        }
    }

    /// Adds GPU time.
    pub(super) fn add_rent(&mut self, landlord: LandlordId, time: GpuTime) {
        *self.rent.entry(landlord).or_default() += time;
    }

    /// Takes GPU time back that was added before.
    pub(super) fn take_back_rent(&mut self, landlord: LandlordId, time: GpuTime) {
        if let Some(sum) = self.rent.get_mut(&landlord) {
            *sum = sum.less(time);
        }
    }

    /// Tokens by account and tariff; a tariff of `None` is "unpriced".
    pub fn tokens(&self) -> impl Iterator<Item = (AccountId, Option<TariffId>, Classes)> + '_ {
        self.tokens.iter().map(|((account, tariff), tokens)| (*account, *tariff, *tokens))
    }

    /// GPU time by landlord.
    pub fn rent(&self) -> impl Iterator<Item = (LandlordId, GpuTime)> + '_ {
        self.rent.iter().map(|(landlord, time)| (*landlord, *time))
    }
}
