//! Tokens that are in dispute: a counter moved as its process could not have moved it.
//!
//! They are neither billed nor dropped. A person accepts or rejects them; accepted ones are posted as new lines of the
//! ledger, at the prices that were in force when they were made.

use serde::{Deserialize, Serialize};

use super::{Entry, Ledger};
use crate::reading::{InstanceId, ModelName, Rank, TargetId, TokenCounters};
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

/// Tokens that are not decided yet yet.
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

impl Dispute {
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
        let id = DisputeId(self.last_dispute.saturating_add(1));
        if self.closed {
            return id;
        }
        self.last_dispute = id.0;
        let entries = entries.into_iter().filter(|entry| !entry.tokens.is_zero()).collect();
        let dispute = Dispute { id, target, instance, rank, model, entries, evidence };
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
        self.disputes.remove(place);
        for entry in decision.entries.iter().filter(|_| decision.accepted && !self.closed) {
            if entry.minute >= self.day_began.minute() {
                self.today.add_tokens(entry.account, entry.tariff, entry.tokens);
            }
            self.minutes.entry(entry.minute).or_default().add_tokens(entry.account, entry.tariff, entry.tokens);
            self.touched.insert(entry.minute);
        }
    }

    /// What the open disputes would be worth, and how many tokens they are about. Both stay at the end of their range.
    pub fn disputed(&self) -> (Money, Tokens) {
        let entries = || self.disputes.iter().flat_map(|dispute| &dispute.entries);
        let worth = |entry: &Entry| entry.tariff.map_or(Money::ZERO, |tariff| self.tariff(tariff).value(entry.tokens));
        (entries().map(worth).sum(), entries().map(|entry| entry.tokens.total()).sum())
    }
}
