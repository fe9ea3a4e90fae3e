//! The accounts that bear the cost of busy GPUs.

use super::CostAccountId;
use crate::units::Timestamp;

/// Where the tokens that bear GPU time were produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// On the node.
    Node,
    /// In the deployment unit.
    Unit,
    /// Anywhere else.
    All,
    /// Nowhere: no token was produced.
    Nobody,
}

/// The part of one cost account's busy GPU time and metered energy in one bucket that the tokens of one cell bear. It is
/// computed in the finest buckets that the ledger keeps, and summed for coarser ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BorneTime {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// The cost account.
    pub cost_account: CostAccountId,
    /// Where the tokens were produced.
    pub reach: Reach,
    /// The index of the tokens in their `Past`; `None` if none were produced.
    pub bearer: Option<usize>,
    /// GPU time in milliseconds, shifted left by [`BorneTime::BITS`].
    pub time: i128,
    /// Energy in millijoules, likewise.
    pub energy: i128,
}

impl BorneTime {
    /// Binary places of its amounts: parts of a millisecond that a year of minutes does not add up to one.
    pub const BITS: u32 = 24;

    /// The account that bears it.
    pub const fn key(&self) -> (Reach, Option<usize>) {
        (self.reach, self.bearer)
    }
}
