//! A time range of the stored past: cells by bucket and key, with the tables that their numbers refer to.
//!
//! The store answers queries with a `Past`. It is immutable, and summed by the caller.

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
    /// Quarters of an hour, kept for 400 days. Price changes within one are preserved by the tariffs of its cells.
    Quarter,
    /// Days in the ledger's time zone, never deleted.
    Day,
}

/// Which accounts the cells of a query distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detail {
    /// All accounts.
    Accounts,
    /// All accounts, and the accounts that bear the cost of busy GPUs, computed from the finest stored buckets.
    Borne,
    /// Only those whose postings have different values: in each bucket, tokens of one model, tenant, tariff and `costed`
    /// flag are one cell, and so is GPU time of one rate, energy price and kind.
    Alike,
}

/// What a query returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The level of detail.
    pub detail: Detail,
    /// Whether to return how long nodes were allocated, computed from quarter hours.
    pub nodes: bool,
}

impl From<Detail> for Wanted {
    fn from(detail: Detail) -> Self {
        Self { detail, nodes: false }
    }
}

/// How long nodes were allocated and observed, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeTime {
    /// The sum over all nodes; 0 if no node has a name.
    pub allocated: i64,
    /// The observed time, over which the average is taken.
    pub watched: i64,
}

impl NodeTime {
    /// The average number of allocated nodes, in thousandths; `None` if no node has a name, or the observed time is zero.
    pub fn milli(self) -> Option<i64> {
        let (allocated, watched) = (i128::from(self.allocated), i128::from(self.watched));
        let rounded = (allocated * 1_000 + watched / 2).checked_div(watched)?;
        i64::try_from(rounded).ok().filter(|_| allocated > 0 && watched > 0)
    }
}

/// A time range of the past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// The start.
    pub since: Timestamp,
    /// The end, exclusive.
    pub until: Timestamp,
    /// When the ledger's first poll was; there is no data before it.
    pub began: Timestamp,
    /// Accounts by number.
    pub accounts: Vec<RevenueAccount>,
    /// Cost accounts by number.
    pub cost_accounts: Vec<CostAccount>,
    /// Tariffs by number.
    pub tariffs: Vec<Tariff>,
    /// Tokens by bucket. No two cells cover the same time.
    pub tokens: Vec<TokenCell>,
    /// GPU time by bucket.
    pub gpu_times: Vec<GpuTimeCell>,
    /// The bearers of GPU cost by bucket and cost account, for buckets with finer ones in the ledger; empty if not
    /// requested. In a bucket without an entry, its own tokens bear its GPU time.
    pub borne: Vec<BorneTime>,
    /// How long nodes were allocated, if requested and the cells are too coarse to compute it; otherwise `None`.
    pub node_time: Option<NodeTime>,
    /// Uncertainty by bucket.
    pub uncertainty: Vec<UncertaintyCell>,
    /// Markers by time.
    pub markers: Vec<Marker>,
    /// Spans in which nothing was observed and for which nothing was posted.
    pub unwatched: Vec<(Timestamp, Timestamp)>,
    /// When each revision of the price book was first used; empty if unknown.
    pub books: Vec<(u64, Timestamp)>,
    /// The instants from which cells have each grain, in order; empty if unknown.
    pub grains: Vec<(Timestamp, Grain)>,
    /// Whether latency objectives were met; `None` if none was ever set.
    pub slo: Option<SloPast>,
}

impl Past {
    /// The grain of the cells at an instant; `None` if unknown.
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
