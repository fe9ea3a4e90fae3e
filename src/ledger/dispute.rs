//! Tokens that are in dispute: a counter moved as its process could not have moved it.
//!
//! They are neither billed nor dropped. A person accepts or rejects them; accepted ones are posted as new lines of the
//! ledger, at the prices that were in force when they were made.

use serde::{Deserialize, Serialize};

use super::Entry;
use crate::reading::{InstanceId, ModelName, Rank, TargetId, TokenCounters};
use crate::units::Timestamp;

/// The number of a dispute, as `margintop ledger disputes` lists it; counted from 1 in each ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DisputeId(pub u64);

/// Why a movement is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The counters before it.
    pub before: TokenCounters,
    /// The counters after it.
    pub after: TokenCounters,
    /// The start time of the process before, where it is known.
    pub start_before: Option<Timestamp>,
    /// The start time of the process after, where it is known.
    pub start_after: Option<Timestamp>,
    /// When the counter last moved before it.
    pub from: Timestamp,
    /// When it was seen.
    pub to: Timestamp,
    /// The bound that it exceeds, in words: `output 9000000 in 1.0 s is above 400000 a second`.
    pub bound: String,
}

/// Tokens that nobody has decided on yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Its number.
    pub id: DisputeId,
    /// The target whose page said it.
    pub target: TargetId,
    /// The process on the page.
    pub instance: Option<InstanceId>,
    /// The rank.
    pub rank: Option<Rank>,
    /// The model.
    pub model: Option<ModelName>,
    /// What it would be in the ledger.
    pub entries: Vec<Entry>,
    /// Why it is not there.
    pub evidence: Evidence,
}

/// What a person decided of a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The dispute.
    pub id: DisputeId,
    /// Whether its entries are posted; else they are discarded.
    pub accepted: bool,
    /// Its entries.
    pub entries: Vec<Entry>,
}
