//! Sums of one span of time: tokens by account and tariff, GPU time by cost account.

use std::collections::HashMap;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use super::{CostAccountId, GpuTimeCell, RevenueAccountId, TariffId, TokenCell};
use crate::units::{GpuTime, Money, Tokens};

/// Tokens by price class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Classes {
    /// Computed prompt tokens.
    pub miss: Tokens,
    /// Cached prompt tokens.
    pub hit: Tokens,
    /// Output tokens.
    pub output: Tokens,
}

impl Classes {
    /// The sum of all classes.
    pub fn total(self) -> Tokens {
        self.miss + self.hit + self.output
    }

    /// Whether all classes are zero.
    pub fn is_zero(self) -> bool {
        self.total() == Tokens::ZERO
    }

    /// The sum with other tokens; `None` if a class overflows.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match (
            self.miss.checked_add(other.miss),
            self.hit.checked_add(other.hit),
            self.output.checked_add(other.output),
        ) {
            (Some(miss), Some(hit), Some(output)) => Some(Self { miss, hit, output }),
            _ => None,
        }
    }

    /// These minus others, each class at least zero.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self {
            miss: self.miss.saturating_sub(other.miss),
            hit: self.hit.saturating_sub(other.hit),
            output: self.output.saturating_sub(other.output),
        }
    }
}

impl AddAssign for Classes {
    fn add_assign(&mut self, other: Self) {
        self.miss += other.miss;
        self.hit += other.hit;
        self.output += other.output;
    }
}

/// GPU time of one cost account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AllocatedTime {
    /// The allocated time.
    pub held: GpuTime,
    /// The idle part of it.
    pub idle: GpuTime,
    /// Metered energy in millijoules.
    pub energy: i64,
}

impl Add for AllocatedTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let held = GpuTime::from_millis(self.held.millis().saturating_add(other.held.millis()));
        let idle = GpuTime::from_millis(self.idle.millis().saturating_add(other.idle.millis()));
        Self { held, idle, energy: self.energy.saturating_add(other.energy) }
    }
}

/// How far the true total may lie from what was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uncertainty {
    /// Half the width of the bounds of tokens in gaps over price edges.
    pub timing: Money,
    /// What unknown hits could take off.
    pub hits: Money,
    /// Windows in which tokens may be missing: possible restarts, and the time between an engine's last scrape and its
    /// end. Negative if more turned out to lack nothing.
    pub lost_windows: i64,
}

impl AddAssign for Uncertainty {
    fn add_assign(&mut self, other: Self) {
        self.timing += other.timing;
        self.hits += other.hits;
        self.lost_windows = self.lost_windows.saturating_add(other.lost_windows);
    }
}

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

    /// Takes back tokens that were added before.
    pub(super) fn take_back(&mut self, account: RevenueAccountId, tariff: Option<TariffId>, tokens: Classes) {
        if let Some(sum) = self.tokens.get_mut(&(account, tariff)) {
            *sum = sum.less(tokens);
        }
    }

    /// A cost account's sums, for changing.
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
