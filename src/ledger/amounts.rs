//! The amounts of postings: tokens by price class, GPU time with its energy, changes of both, and their uncertainty.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

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
    pub allocated: GpuTime,
    /// The idle part of it.
    pub idle: GpuTime,
    /// Metered energy in millijoules.
    pub energy: i64,
}

impl Add for AllocatedTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let allocated = GpuTime::from_millis(self.allocated.millis().saturating_add(other.allocated.millis()));
        let idle = GpuTime::from_millis(self.idle.millis().saturating_add(other.idle.millis()));
        Self { allocated, idle, energy: self.energy.saturating_add(other.energy) }
    }
}

/// The bounds of the difference between the true total and the posted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uncertainty {
    /// Half the width of the bounds of tokens in gaps that span price changes.
    pub timing: Money,
    /// The revenue that unknown hits could reduce, and that of unproven tokens.
    pub excess: Money,
    /// Windows in which tokens may be missing: possible restarts, and the time between an engine's last scrape and its end.
    /// Negative if more windows turned out to be complete than were counted.
    pub lost_windows: i64,
}

impl AddAssign for Uncertainty {
    fn add_assign(&mut self, other: Self) {
        self.timing += other.timing;
        self.excess += other.excess;
        self.lost_windows = self.lost_windows.saturating_add(other.lost_windows);
    }
}

/// Tokens added or reversed, by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenChange {
    /// Computed prompt tokens.
    pub miss: i64,
    /// Cached prompt tokens.
    pub hit: i64,
    /// Output tokens.
    pub output: i64,
}

/// GPU-milliseconds and millijoules added or reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GpuTimeChange {
    /// The allocated time.
    pub allocated: i64,
    /// The idle part of it.
    pub idle: i64,
    /// Metered energy in millijoules.
    pub energy: i64,
}

impl TokenChange {
    /// These tokens, added.
    pub fn added(tokens: Classes) -> Self {
        let signed = |tokens: Tokens| i64::try_from(tokens.count()).unwrap_or(i64::MAX);
        Self { miss: signed(tokens.miss), hit: signed(tokens.hit), output: signed(tokens.output) }
    }

    /// These tokens, reversed.
    pub fn taken_back(tokens: Classes) -> Self {
        // A count of tokens is at most `i64::MAX`, whose negative is in range.
        let Self { miss, hit, output } = Self::added(tokens);
        Self { miss: -miss, hit: -hit, output: -output }
    }
}

impl GpuTimeChange {
    /// This time, added.
    pub fn allocated(time: GpuTime) -> Self {
        Self { allocated: time.millis(), ..Self::default() }
    }
}

/// Saturates, so that a sum never wraps. The ledger refuses postings that would reach the limit.
impl AddAssign for TokenChange {
    fn add_assign(&mut self, other: Self) {
        self.miss = self.miss.saturating_add(other.miss);
        self.hit = self.hit.saturating_add(other.hit);
        self.output = self.output.saturating_add(other.output);
    }
}

/// Saturates, like the sum of tokens.
impl AddAssign for GpuTimeChange {
    fn add_assign(&mut self, other: Self) {
        self.allocated = self.allocated.saturating_add(other.allocated);
        self.idle = self.idle.saturating_add(other.idle);
        self.energy = self.energy.saturating_add(other.energy);
    }
}
