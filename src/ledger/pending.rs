//! The changes since they were last taken, merged by key: what must survive the process.
//!
//! Changes are signed, so that a counter-entry is a change like any other. Each new row of the tables of names is taken
//! once, in the order of their numbers.

use std::collections::HashMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::{
    Classes, CostAccount, CostAccountId, Dispute, Marker, RevenueAccount, RevenueAccountId, SloMinutes, Tariff,
    TariffId, Uncertainty,
};
use crate::reading::{Label, NodeName};
use crate::units::{GpuTime, Timestamp, Tokens};

/// Tokens added or taken back, by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenChange {
    /// Computed prompt tokens.
    pub miss: i64,
    /// Cached prompt tokens.
    pub hit: i64,
    /// Output tokens.
    pub output: i64,
}

/// GPU-milliseconds and millijoules added or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GpuTimeChange {
    /// The allocated time.
    pub held: i64,
    /// The idle part of it.
    pub idle: i64,
    /// Metered energy in millijoules.
    pub energy: i64,
}

/// Changes by minute and key.
#[derive(Debug, Clone, Default)]
pub struct PendingPostings {
    /// New accounts.
    pub accounts: Vec<RevenueAccount>,
    /// New cost accounts.
    pub cost_accounts: Vec<CostAccount>,
    /// New tariffs.
    pub tariffs: Vec<Tariff>,
    /// Tokens; a tariff of `None` is "unpriced".
    pub tokens: HashMap<(Timestamp, RevenueAccountId, Option<TariffId>), TokenChange>,
    /// GPU time.
    pub rents: HashMap<(Timestamp, CostAccountId), GpuTimeChange>,
    /// Uncertainty.
    pub uncertainty: HashMap<Timestamp, Uncertainty>,
    /// Markers.
    pub markers: Vec<Marker>,
    /// Spans in which nothing was watched.
    pub unwatched: Vec<(Timestamp, Timestamp)>,
    /// Renamed nodes: the old name and the new one.
    pub renames: Vec<(NodeName, NodeName)>,
    /// New disputes.
    pub disputes: Vec<Dispute>,
    /// Minutes in which objectives for latency were held or not, by the objectives, node and quarter hour.
    pub slo_minutes: HashMap<(Label, NodeName, Timestamp), SloMinutes>,
}

impl PendingPostings {
    /// Merges a later journal into this one.
    pub fn merge(&mut self, later: Self) {
        later.renames.iter().for_each(|(from, to)| self.rename_node(from, to));
        self.accounts.extend(later.accounts);
        self.cost_accounts.extend(later.cost_accounts);
        self.tariffs.extend(later.tariffs);
        for (key, change) in later.tokens {
            *self.tokens.entry(key).or_default() += change;
        }
        for (key, change) in later.rents {
            *self.rents.entry(key).or_default() += change;
        }
        for (minute, uncertainty) in later.uncertainty {
            *self.uncertainty.entry(minute).or_default() += uncertainty;
        }
        self.markers.extend(later.markers);
        self.unwatched.extend(later.unwatched);
        self.renames.extend(later.renames);
        self.disputes.extend(later.disputes);
        for (key, minutes) in later.slo_minutes {
            let sum = self.slo_minutes.entry(key).or_default();
            *sum = sum.plus(minutes);
        }
    }

    /// Gives rows that are not written yet the node's later name.
    fn rename_node(&mut self, from: &NodeName, to: &NodeName) {
        for account in self.accounts.iter_mut().filter(|account| account.node == *from) {
            account.node = to.clone();
        }
        for cost_account in
            self.cost_accounts.iter_mut().filter(|cost_account| cost_account.node.as_ref() == Some(from))
        {
            cost_account.node = Some(to.clone());
        }
    }
}

impl TokenChange {
    /// These tokens, added.
    pub fn added(tokens: Classes) -> Self {
        let signed = |tokens: Tokens| i64::try_from(tokens.count()).unwrap_or(i64::MAX);
        Self { miss: signed(tokens.miss), hit: signed(tokens.hit), output: signed(tokens.output) }
    }

    /// These tokens, taken back.
    pub fn taken_back(tokens: Classes) -> Self {
        // A count of tokens is at most `i64::MAX`, whose negative is in range.
        let Self { miss, hit, output } = Self::added(tokens);
        Self { miss: -miss, hit: -hit, output: -output }
    }
}

impl GpuTimeChange {
    /// This time, added.
    pub fn held(time: GpuTime) -> Self {
        Self { held: time.millis(), ..Self::default() }
    }
}

/// Adds with saturation, so that a sum never wraps. The ledger refuses postings that would reach the limit.
impl AddAssign for TokenChange {
    fn add_assign(&mut self, other: Self) {
        self.miss = self.miss.saturating_add(other.miss);
        self.hit = self.hit.saturating_add(other.hit);
        self.output = self.output.saturating_add(other.output);
    }
}

/// The sum of GPU time and energy, also saturating.
impl AddAssign for GpuTimeChange {
    fn add_assign(&mut self, other: Self) {
        self.held = self.held.saturating_add(other.held);
        self.idle = self.idle.saturating_add(other.idle);
        self.energy = self.energy.saturating_add(other.energy);
    }
}
