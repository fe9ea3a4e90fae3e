//! What was written since it was last handed on, merged by key: what must survive the process.
//!
//! Changes are signed, so that a counter-entry is a change like any other. Rows of the tables of names are handed on
//! once, in the order of their numbers.

use std::collections::HashMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::{Account, AccountId, Classes, Dispute, Doubts, Landlord, LandlordId, Marker, Tariff, TariffId};
use crate::reading::NodeName;
use crate::units::{GpuTime, Timestamp, Tokens};

/// Tokens added, or taken back, by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenChange {
    /// Prompt tokens computed.
    pub miss: i64,
    /// Prompt tokens from a cache.
    pub hit: i64,
    /// Output tokens.
    pub output: i64,
}

/// GPU-milliseconds and millijoules added, or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RentChange {
    /// The time that is paid.
    pub held: i64,
    /// The part of it that was idle.
    pub idle: i64,
    /// Metered energy in millijoules.
    pub energy: i64,
}

/// Changes by minute and key.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Accounts that are new.
    pub accounts: Vec<Account>,
    /// Landlords that are new.
    pub landlords: Vec<Landlord>,
    /// Tariffs that are new.
    pub tariffs: Vec<Tariff>,
    /// Tokens; a tariff of `None` is "unpriced".
    pub tokens: HashMap<(Timestamp, AccountId, Option<TariffId>), TokenChange>,
    /// Rent.
    pub rents: HashMap<(Timestamp, LandlordId), RentChange>,
    /// Doubts.
    pub doubts: HashMap<Timestamp, Doubts>,
    /// Moments that got a name.
    pub markers: Vec<Marker>,
    /// Spans that nobody watched.
    pub unwatched: Vec<(Timestamp, Timestamp)>,
    /// Nodes that are called by another name from now on: the name before, and the name now.
    pub renames: Vec<(NodeName, NodeName)>,
    /// Tokens that came into dispute.
    pub disputes: Vec<Dispute>,
}

impl Journal {
    /// Takes a later journal in.
    pub fn merge(&mut self, later: Self) {
        later.renames.iter().for_each(|(from, to)| self.rename_node(from, to));
        self.accounts.extend(later.accounts);
        self.landlords.extend(later.landlords);
        self.tariffs.extend(later.tariffs);
        for (key, change) in later.tokens {
            *self.tokens.entry(key).or_default() += change;
        }
        for (key, change) in later.rents {
            *self.rents.entry(key).or_default() += change;
        }
        for (minute, doubts) in later.doubts {
            *self.doubts.entry(minute).or_default() += doubts;
        }
        self.markers.extend(later.markers);
        self.unwatched.extend(later.unwatched);
        self.renames.extend(later.renames);
        self.disputes.extend(later.disputes);
    }

    /// Rows that are not written yet get the node's later name.
    fn rename_node(&mut self, from: &NodeName, to: &NodeName) {
        for account in self.accounts.iter_mut().filter(|account| account.node == *from) {
            account.node = to.clone();
        }
        for landlord in self.landlords.iter_mut().filter(|landlord| landlord.node.as_ref() == Some(from)) {
            landlord.node = Some(to.clone());
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

impl RentChange {
    /// This time, added.
    pub fn held(time: GpuTime) -> Self {
        Self { held: time.millis(), ..Self::default() }
    }
}

/// At the end of the range a sum stays there: it never wraps. The ledger refuses what would bring it there.
impl AddAssign for TokenChange {
    fn add_assign(&mut self, other: Self) {
        self.miss = self.miss.saturating_add(other.miss);
        self.hit = self.hit.saturating_add(other.hit);
        self.output = self.output.saturating_add(other.output);
    }
}

/// The same for GPU time and energy.
impl AddAssign for RentChange {
    fn add_assign(&mut self, other: Self) {
        self.held = self.held.saturating_add(other.held);
        self.idle = self.idle.saturating_add(other.idle);
        self.energy = self.energy.saturating_add(other.energy);
    }
}
