//! Tokens and energy in dispute: growth of a counter that its process or GPU could not have produced.
//!
//! They are neither billed nor dropped until a person accepts or rejects them. Accepted ones are posted as new entries, at
//! the prices in force when they were produced.

use serde::{Deserialize, Serialize};

use super::{CostAccountId, Entry};
use crate::reading::{GpuId, InstanceId, ModelName, NodeName, Rank, TargetId, TokenCounters};
use crate::units::{Timestamp, Tokens};

/// The number of a dispute as `margintop ledger disputes` lists it; counts from 1 in each ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DisputeId(pub u64);

/// Why a change of counters is implausible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The counters before the change.
    pub before: TokenCounters,
    /// The counters after the change.
    pub after: TokenCounters,
    /// The start time of the process before the change, if known.
    pub start_before: Option<Timestamp>,
    /// The start time of the process after the change, if known.
    pub start_after: Option<Timestamp>,
    /// When the counter last changed before.
    pub from: Timestamp,
    /// When the change was observed.
    pub to: Timestamp,
    /// The exceeded bound, as text: `output 9000000 in 1.0 s is above 400000 a second`.
    pub bound: String,
}

/// An entry of energy in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnergyEntry {
    /// The cost account.
    pub cost_account: CostAccountId,
    /// The minute.
    pub minute: Timestamp,
    /// The energy in millijoules.
    pub energy: i64,
}

/// Disputed energy, in millijoules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputedEnergy {
    /// The node.
    pub node: NodeName,
    /// The GPU.
    pub gpu: GpuId,
    /// The GPU's index.
    pub index: u32,
    /// The counter before the change, in millijoules.
    pub before: u64,
    /// The counter after the change, in millijoules.
    pub after: u64,
    /// The entries that it would create.
    pub entries: Vec<EnergyEntry>,
}

impl DisputedEnergy {
    /// The disputed energy in millijoules.
    pub fn total(&self) -> u64 {
        let parts = self.entries.iter().map(|entry| u64::try_from(entry.energy).unwrap_or(0));
        parts.fold(0, u64::saturating_add)
    }
}

/// Tokens or energy in dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Its number.
    pub id: DisputeId,
    /// The target whose page had the counter.
    pub target: TargetId,
    /// The instance on the page.
    pub instance: Option<InstanceId>,
    /// The rank.
    pub rank: Option<Rank>,
    /// The model.
    pub model: Option<ModelName>,
    /// The entries that its tokens would create.
    pub entries: Vec<Entry>,
    /// The disputed energy; `entries` is empty then.
    pub energy: Option<DisputedEnergy>,
    /// The evidence.
    pub evidence: Evidence,
}

/// A person's decision on a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The dispute.
    pub id: DisputeId,
    /// Whether its entries are posted; otherwise they are discarded.
    pub accepted: bool,
    /// The entries of its tokens. Those of its energy are in the dispute.
    pub entries: Vec<Entry>,
}

impl Dispute {
    /// Decides the dispute.
    pub fn decided(self, accepted: bool) -> Decision {
        Decision { id: self.id, accepted, entries: self.entries }
    }

    /// The number of disputed tokens.
    pub fn tokens(&self) -> Tokens {
        self.entries.iter().map(|entry| entry.tokens.total()).sum()
    }
}
