//! Tokens and energy in dispute: growth of a counter that its process or GPU could not have produced.
//!
//! They are neither billed nor dropped. A person accepts or rejects them. Accepted ones are posted as new entries, at
//! the prices in force when they were produced.

use serde::{Deserialize, Serialize};

use super::rent::change_rent;
use super::{CostAccountId, Entry, GpuTimeChange, Ledger};
use crate::reading::{GpuId, InstanceId, ModelName, NodeName, Rank, TargetId, TokenCounters};
use crate::units::{Money, Timestamp, Tokens};

/// The number of a dispute as `margintop ledger disputes` lists it; counts from 1 in each ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DisputeId(pub u64);

/// Why a movement is implausible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The counters before it.
    pub before: TokenCounters,
    /// The counters after it.
    pub after: TokenCounters,
    /// The start time of the process before it, if known.
    pub start_before: Option<Timestamp>,
    /// The start time of the process after it, if known.
    pub start_after: Option<Timestamp>,
    /// When the counter last moved before it.
    pub from: Timestamp,
    /// When the movement was seen.
    pub to: Timestamp,
    /// The exceeded bound, in words: `output 9000000 in 1.0 s is above 400000 a second`.
    pub bound: String,
}

/// An entry for the energy of one minute.
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
    /// The counter before the movement.
    pub before: u64,
    /// The counter after it.
    pub after: u64,
    /// The entries that it would become.
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
    /// The entries that its tokens would become.
    pub entries: Vec<Entry>,
    /// Its energy; then `entries` is empty.
    pub energy: Option<DisputedEnergy>,
    /// Why it is disputed.
    pub evidence: Evidence,
}

/// A person's decision on a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The dispute.
    pub id: DisputeId,
    /// Whether its entries are posted; otherwise they are discarded.
    pub accepted: bool,
    /// The entries of its tokens. Those of its energy are known from the dispute.
    pub entries: Vec<Entry>,
}

impl Dispute {
    /// The decision on a dispute.
    pub fn decided(self, accepted: bool) -> Decision {
        Decision { id: self.id, accepted, entries: self.entries }
    }

    /// The number of disputed tokens.
    pub fn tokens(&self) -> Tokens {
        self.entries.iter().map(|entry| entry.tokens.total()).sum()
    }
}

impl Ledger {
    /// Opens a dispute about tokens, which are not posted; [`Ledger::draft`] gives its entries. A closed ledger opens
    /// none and returns the number that the next one would have.
    pub fn dispute(
        &mut self,
        target: TargetId,
        instance: Option<InstanceId>,
        rank: Option<Rank>,
        model: Option<ModelName>,
        entries: Vec<Entry>,
        evidence: Evidence,
    ) -> DisputeId {
        let entries = entries.into_iter().filter(|entry| !entry.tokens.is_zero()).collect();
        self.open(Dispute { id: DisputeId(0), target, instance, rank, model, entries, energy: None, evidence })
    }

    /// Opens a dispute about energy, which is not posted; [`Ledger::draft_energy`] gives its entries.
    pub fn dispute_energy(&mut self, target: TargetId, energy: DisputedEnergy, evidence: Evidence) -> DisputeId {
        let (id, entries, energy) = (DisputeId(0), Vec::new(), Some(energy));
        self.open(Dispute { id, target, instance: None, rank: None, model: None, entries, energy, evidence })
    }

    fn open(&mut self, dispute: Dispute) -> DisputeId {
        let id = DisputeId(self.last_dispute.saturating_add(1));
        if self.closed {
            return id;
        }
        self.last_dispute = id.0;
        let dispute = Dispute { id, ..dispute };
        if let Some(pending) = &mut self.pending {
            pending.disputes.push(dispute.clone());
        }
        self.disputes.push(dispute);
        id
    }

    /// Open disputes in the order of their numbers.
    pub fn disputes(&self) -> &[Dispute] {
        &self.disputes
    }

    /// Applies a decision if the dispute is open. The store has already written the entries with the decision, so they
    /// are added to the sums here and not to the journal.
    pub fn decide(&mut self, decision: &Decision) {
        let Some(place) = self.disputes.iter().position(|dispute| dispute.id == decision.id) else { return };
        let energy = self.disputes.remove(place).energy;
        let accepted = decision.accepted && !self.closed;
        for entry in decision.entries.iter().filter(|_| accepted) {
            if entry.minute >= self.day_began.minute() {
                self.today.add_tokens(entry.account, entry.tariff, entry.tokens);
            }
            self.minutes.entry(entry.minute).or_default().add_tokens(entry.account, entry.tariff, entry.tokens);
            self.touched.insert(entry.minute);
            self.accept_unknown_hits(entry);
        }
        let energy = energy.filter(|_| decision.accepted && !self.closed);
        for entry in energy.iter().flat_map(|energy| &energy.entries) {
            let change = GpuTimeChange { energy: entry.energy, ..GpuTimeChange::default() };
            if entry.minute >= self.day_began.minute() {
                change_rent(&mut self.today, entry.cost_account, change);
            }
            change_rent(self.minutes.entry(entry.minute).or_default(), entry.cost_account, change);
            self.touched.insert(entry.minute);
        }
    }

    /// The value and the number of tokens of the open disputes, both saturating.
    pub fn disputed(&self) -> (Money, Tokens) {
        let entries = || self.disputes.iter().flat_map(|dispute| &dispute.entries);
        let worth = |entry: &Entry| entry.tariff.map_or(Money::ZERO, |tariff| self.tariff(tariff).value(entry.tokens));
        let tokens: Money = entries().map(worth).sum();
        let power = |entry: &EnergyEntry| {
            let power =
                self.cost_accounts.rows().get(entry.cost_account.index()).and_then(|cost_account| cost_account.power);
            power.map_or(Money::ZERO, |power| power.of(entry.energy.into()))
        };
        let energy = self.disputes.iter().filter_map(|dispute| dispute.energy.as_ref());
        let energy: Money = energy.flat_map(|energy| &energy.entries).map(power).sum();
        (tokens + energy, entries().map(|entry| entry.tokens.total()).sum())
    }
}
