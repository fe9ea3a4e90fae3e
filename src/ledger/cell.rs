//! The stored data of one bucket of time: tokens, GPU time, uncertainty; and markers.

use super::{AllocatedTime, Classes, CostAccountId, RevenueAccountId, TariffId};
use crate::units::{GpuTime, Money, Timestamp};

/// Tokens of one account at one tariff in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCell {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// The revenue account.
    pub account: RevenueAccountId,
    /// The prices that they were posted at; `None` is "unpriced".
    pub tariff: Option<TariffId>,
    /// The tokens.
    pub tokens: Classes,
}

/// GPU time of one cost account in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuTimeCell {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// The cost account.
    pub cost_account: CostAccountId,
    /// The allocated time.
    pub allocated: GpuTime,
    /// The idle part of it: minutes in which the node produced no billable token.
    pub idle: GpuTime,
    /// Metered energy in millijoules; 0 if none is metered.
    pub energy: i64,
}

impl GpuTimeCell {
    /// The cell's GPU time and energy.
    pub const fn allocated(&self) -> AllocatedTime {
        AllocatedTime { allocated: self.allocated, idle: self.idle, energy: self.energy }
    }
}

/// The bounds of the difference between the true total and the posted one, in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UncertaintyCell {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// Half the width of the bounds of tokens in gaps that span price changes.
    pub timing: Money,
    /// The revenue that unknown hits could reduce, and that of unproven tokens.
    pub excess: Money,
    /// Windows in which tokens may be missing.
    pub lost_windows: i64,
}
