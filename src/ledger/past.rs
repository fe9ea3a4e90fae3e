//! A time range of the stored past: sums by bucket and key, with the tables that their numbers refer to.
//!
//! The store answers queries with one of these. It is immutable; the caller folds it, and nothing here adds up.

use super::{
    BorneTime, CostAccount, CostAccountId, GpuTimeCell, Marker, RevenueAccount, RevenueAccountId, SloPast, Tariff,
    TariffId, TokenCell, UncertaintyCell,
};
use crate::units::Timestamp;

/// The resolution of a query. Coarser sums are kept longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// Minutes, kept for 8 days.
    Minute,
    /// Quarter hours, kept for 400 days. A price edge inside one is kept by the tariffs of its cells.
    Quarter,
    /// Days of the ledger's zone, never deleted.
    Day,
}

/// Which accounts a query keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detail {
    /// All of them.
    Accounts,
    /// All of them, and the accounts that bear the cost of busy GPUs, from the finest buckets that the ledger keeps.
    Borne,
    /// Only those whose postings have different values: in each bucket, tokens of one model, tenant, tariff and
    /// knowledge of cost are one cell, and so is GPU time of one rate, price of energy and kind.
    Alike,
}

/// What a query asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Which accounts are kept apart.
    pub detail: Detail,
    /// Whether to return how long nodes were held, by quarter hours whatever the cells are.
    pub nodes: bool,
}

impl From<Detail> for Wanted {
    fn from(detail: Detail) -> Self {
        Self { detail, nodes: false }
    }
}

/// For how long nodes were held, and how long was watched, both in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeTime {
    /// All nodes together; 0 if none is known by name.
    pub held: i64,
    /// The watched time that the average is over.
    pub watched: i64,
}

impl NodeTime {
    /// How many nodes were held on average, in thousandths; `None` if none is known by name, or nothing was watched.
    pub fn milli(self) -> Option<i64> {
        let (held, watched) = (i128::from(self.held), i128::from(self.watched));
        let rounded = (held * 1_000 + watched / 2).checked_div(watched)?;
        i64::try_from(rounded).ok().filter(|_| held > 0 && watched > 0)
    }
}

/// A time range of the past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Its beginning.
    pub since: Timestamp,
    /// Its end, exclusive.
    pub until: Timestamp,
    /// When the ledger's first poll was: nothing before it is known.
    pub began: Timestamp,
    /// Accounts by number.
    pub accounts: Vec<RevenueAccount>,
    /// Cost accounts by number.
    pub cost_accounts: Vec<CostAccount>,
    /// Tariffs by number.
    pub tariffs: Vec<Tariff>,
    /// Tokens in the order of their buckets. No two cells cover the same time.
    pub tokens: Vec<TokenCell>,
    /// GPU time in the order of its buckets.
    pub rents: Vec<GpuTimeCell>,
    /// The accounts that bear it, in the order of buckets and cost accounts, for buckets of which the ledger keeps finer ones;
    /// empty if not asked for. In a bucket without an entry, its own tokens bear its GPU time.
    pub borne: Vec<BorneTime>,
    /// How long nodes were held, if asked for and the cells are too coarse to compute it from; otherwise `None`.
    pub node_time: Option<NodeTime>,
    /// Uncertainty in the order of its buckets.
    pub uncertainty: Vec<UncertaintyCell>,
    /// Markers in order of time.
    pub markers: Vec<Marker>,
    /// Spans in which nothing was watched and for which nothing was posted.
    pub unwatched: Vec<(Timestamp, Timestamp)>,
    /// When each revision of the price book was first used, by revision; empty if that is not known.
    pub books: Vec<(u64, Timestamp)>,
    /// From which instant on cells have which grain, in order of time; empty if that is not known.
    pub grains: Vec<(Timestamp, Grain)>,
    /// Whether objectives for latency were held; `None` if none was ever judged.
    pub slo: Option<SloPast>,
}

impl Past {
    /// The grain of the cells of an instant; `None` if it is not known.
    pub fn grain_of(&self, at: Timestamp) -> Option<Grain> {
        let after = self.grains.partition_point(|(from, _)| *from <= at);
        self.grains.get(after.checked_sub(1)?).map(|(_, grain)| *grain)
    }

    /// An account by its number.
    pub fn account(&self, id: RevenueAccountId) -> &RevenueAccount {
        &self.accounts[id.index()]
    }

    /// A cost account by its number.
    pub fn cost_account(&self, id: CostAccountId) -> &CostAccount {
        &self.cost_accounts[id.index()]
    }

    /// A tariff by its number.
    pub fn tariff(&self, id: TariffId) -> &Tariff {
        &self.tariffs[id.index()]
    }
}
