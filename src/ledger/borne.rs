//! The accounts that bear the cost of busy GPUs.

use super::CostAccountId;
use crate::units::Timestamp;

/// Where the tokens that bear GPU cost were produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostScope {
    /// On the node.
    Node,
    /// In the deployment unit.
    Unit,
    /// Anywhere else.
    All,
    /// Nowhere, since no token was produced.
    Nobody,
}

/// The part of a cost account's busy GPU time and metered energy in a bucket that the tokens of one cell bear. It is
/// computed in the finest stored buckets, and summed for coarser ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BorneTime {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// The cost account.
    pub cost_account: CostAccountId,
    /// Where the tokens were produced.
    pub reach: CostScope,
    /// The index of the cell of tokens in the [`Past`](super::Past); `None` if no tokens were produced.
    pub bearer: Option<usize>,
    /// GPU time in milliseconds, shifted left by [`BorneTime::BITS`].
    pub time: i128,
    /// Energy in millijoules, likewise.
    pub energy: i128,
}

impl BorneTime {
    /// The fractional bits of the amounts, precise enough for the rounding of a year of minutes to stay below a
    /// millisecond.
    pub const BITS: u32 = 24;

    /// The bearer, as a key.
    pub const fn key(&self) -> (CostScope, Option<usize>) {
        (self.reach, self.bearer)
    }
}
