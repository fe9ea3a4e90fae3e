//! A stretch of the past as it was kept: sums by bucket and key, with the tables that their numbers stand for.
//!
//! Whoever keeps a ledger answers questions of the past with one of these. It is immutable, and whoever draws or prints
//! it folds it; nothing here adds up.

use super::{Account, AccountId, Classes, Landlord, LandlordId, Rented, Tariff, TariffId};
use crate::reading::Label;
use crate::units::{GpuTime, Money, Timestamp};

/// How finely the past is asked for. Coarser sums are kept longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// Minutes, kept for 8 days.
    Minute,
    /// Quarter hours, kept for 400 days. Every price edge falls on one.
    Quarter,
    /// Days of the ledger's zone, kept for ever.
    Day,
}

/// Tokens of one account at one tariff in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCell {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// Who earned.
    pub account: AccountId,
    /// The prices under which they were posted; `None` is "unpriced".
    pub tariff: Option<TariffId>,
    /// How many.
    pub tokens: Classes,
}

/// What one landlord let in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RentCell {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// Who is owed.
    pub landlord: LandlordId,
    /// The time that is paid.
    pub held: GpuTime,
    /// The part of it in minutes in which the landlord's node made no billable token.
    pub idle: GpuTime,
    /// Metered energy in millijoules; 0 where none is metered.
    pub energy: i64,
}

impl RentCell {
    /// What was let.
    pub const fn rented(&self) -> Rented {
        Rented { held: self.held, idle: self.idle, energy: self.energy }
    }
}

/// How far the truth may lie from what was posted in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoubtCell {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// Half the width between the bounds of what was made in gaps over price edges.
    pub timing: Money,
    /// What unknown hits could take off.
    pub hits: Money,
    /// Windows of which tokens may be missing.
    pub lost_windows: u64,
}

/// A named moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// When.
    pub at: Timestamp,
    /// What happened: `deploy 1.4`, `restart of http://gpu-01:8000`, `list deepseek-r1-2025`.
    pub text: Label,
}

/// A stretch of the past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Its beginning.
    pub since: Timestamp,
    /// Its end, exclusive.
    pub until: Timestamp,
    /// The ledger's first look: nothing before it is known.
    pub began: Timestamp,
    /// Accounts by number.
    pub accounts: Vec<Account>,
    /// Landlords by number.
    pub landlords: Vec<Landlord>,
    /// Tariffs by number.
    pub tariffs: Vec<Tariff>,
    /// Tokens, in the order of their buckets. No two cells cover the same time.
    pub tokens: Vec<TokenCell>,
    /// Rent, likewise.
    pub rents: Vec<RentCell>,
    /// Doubts, likewise.
    pub doubts: Vec<DoubtCell>,
    /// Named moments, in order.
    pub markers: Vec<Marker>,
    /// Spans that nobody watched, and for which nothing was posted.
    pub unwatched: Vec<(Timestamp, Timestamp)>,
}

impl Past {
    /// An account by its number.
    pub fn account(&self, id: AccountId) -> &Account {
        &self.accounts[id.index()]
    }

    /// A landlord by its number.
    pub fn landlord(&self, id: LandlordId) -> &Landlord {
        &self.landlords[id.index()]
    }

    /// A tariff by its number.
    pub fn tariff(&self, id: TariffId) -> &Tariff {
        &self.tariffs[id.index()]
    }
}
