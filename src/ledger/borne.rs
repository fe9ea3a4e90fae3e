//! Who bears the cost of GPUs at work.

use super::CostAccountId;
use crate::units::Timestamp;

/// How far from its node GPU time found the work that bears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// On the node.
    Node,
    /// In the deployment unit.
    Unit,
    /// Anywhere.
    All,
    /// Nothing was made anywhere.
    Nobody,
}

/// The part of one cost account's GPU time at work and metered energy in one bucket that the tokens of one cell bear. It
/// is told apart in buckets as fine as the ledger keeps them, and summed for a coarser one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BorneTime {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// The cost account.
    pub cost_account: CostAccountId,
    /// How far away the tokens were made.
    pub reach: Reach,
    /// The place of the tokens in the past that this is of; `None` where nothing was made.
    pub bearer: Option<usize>,
    /// GPU time in milliseconds, shifted left by [`BorneTime::BITS`].
    pub time: i128,
    /// Energy in millijoules, likewise.
    pub energy: i128,
}

impl BorneTime {
    /// Binary places of its amounts: parts of a millisecond that a year of minutes does not add up to one.
    pub const BITS: u32 = 24;

    /// Who bears it.
    pub const fn key(&self) -> (Reach, Option<usize>) {
        (self.reach, self.bearer)
    }
}
