//! Tokens and energy in dispute: a counter moved as its process, or its card, could not have moved it.
//!
//! They are neither billed nor dropped. A person accepts or rejects them; accepted ones are posted as new lines of the
//! ledger, at the prices that were in force when they were made.

use serde::{Deserialize, Serialize};

use super::rent::change_rent;
use super::{Entry, LandlordId, Ledger, RentChange};
use crate::reading::{GpuId, InstanceId, ModelName, NodeName, Rank, TargetId, TokenCounters};
use crate::units::{Money, Timestamp, Tokens};

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

/// Energy of one minute, as a line of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnergyEntry {
    /// What it is paid under.
    pub landlord: LandlordId,
    /// The minute.
    pub minute: Timestamp,
    /// Millijoules.
    pub energy: i64,
}

/// Energy that is not decided yet, in millijoules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputedEnergy {
    /// The node.
    pub node: NodeName,
    /// The GPU.
    pub gpu: GpuId,
    /// Its index.
    pub index: u32,
    /// The counter before the movement.
    pub before: u64,
    /// The counter after it.
    pub after: u64,
    /// What it would be in the ledger.
    pub entries: Vec<EnergyEntry>,
}

impl DisputedEnergy {
    /// How much it is about, in millijoules.
    pub fn total(&self) -> u64 {
        let parts = self.entries.iter().map(|entry| u64::try_from(entry.energy).unwrap_or(0));
        parts.fold(0, u64::saturating_add)
    }
}

/// Tokens or energy that are not decided yet.
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
    /// What its tokens would be in the ledger.
    pub entries: Vec<Entry>,
    /// Its energy, if it is about energy: then there are no tokens.
    pub energy: Option<DisputedEnergy>,
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
    /// Its tokens. Its energy is known from the dispute.
    pub entries: Vec<Entry>,
}

impl Dispute {
    /// A decision of it.
    pub fn decided(self, accepted: bool) -> Decision {
        Decision { id: self.id, accepted, entries: self.entries }
    }

    /// How many tokens it is about.
    pub fn tokens(&self) -> Tokens {
        self.entries.iter().map(|entry| entry.tokens.total()).sum()
    }
}

impl Ledger {
    /// Notes tokens that are in dispute: [`Ledger::draft`] says what they would be. They are not posted. A ledger that
    /// somebody else keeps opens none, and says which number the next one would have.
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

    /// Notes energy that is in dispute: [`Ledger::draft_energy`] says what it would be. It is not posted.
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
        if let Some(journal) = &mut self.journal {
            journal.disputes.push(dispute.clone());
        }
        self.disputes.push(dispute);
        id
    }

    /// Disputes that are not decided yet, in the order of their numbers.
    pub fn disputes(&self) -> &[Dispute] {
        &self.disputes
    }

    /// Takes in what a person decided, if the dispute is open. Whoever noted the decision wrote the entries: here they
    /// are added to the sums, and not handed on.
    pub fn decide(&mut self, decision: &Decision) {
        let Some(place) = self.disputes.iter().position(|dispute| dispute.id == decision.id) else { return };
        let energy = self.disputes.remove(place).energy;
        for entry in decision.entries.iter().filter(|_| decision.accepted && !self.closed) {
            if entry.minute >= self.day_began.minute() {
                self.today.add_tokens(entry.account, entry.tariff, entry.tokens);
            }
            self.minutes.entry(entry.minute).or_default().add_tokens(entry.account, entry.tariff, entry.tokens);
            self.touched.insert(entry.minute);
        }
        let energy = energy.filter(|_| decision.accepted && !self.closed);
        for entry in energy.iter().flat_map(|energy| &energy.entries) {
            let change = RentChange { energy: entry.energy, ..RentChange::default() };
            if entry.minute >= self.day_began.minute() {
                change_rent(&mut self.today, entry.landlord, change);
            }
            change_rent(self.minutes.entry(entry.minute).or_default(), entry.landlord, change);
            self.touched.insert(entry.minute);
        }
    }

    /// What the open disputes would be worth, and how many tokens they are about. Both stay at the end of their range.
    pub fn disputed(&self) -> (Money, Tokens) {
        let entries = || self.disputes.iter().flat_map(|dispute| &dispute.entries);
        let worth = |entry: &Entry| entry.tariff.map_or(Money::ZERO, |tariff| self.tariff(tariff).value(entry.tokens));
        let tokens: Money = entries().map(worth).sum();
        let power = |entry: &EnergyEntry| {
            let power = self.landlords.rows().get(entry.landlord.index()).and_then(|landlord| landlord.power);
            power.map_or(Money::ZERO, |power| power.of(entry.energy.into()))
        };
        let energy = self.disputes.iter().filter_map(|dispute| dispute.energy.as_ref());
        let energy: Money = energy.flat_map(|energy| &energy.entries).map(power).sum();
        (tokens + energy, entries().map(|entry| entry.tokens.total()).sum())
    }
}
