//! Opening, withdrawing and deciding disputes of a ledger, and their value.

use std::collections::VecDeque;

use super::gpu_time::change_gpu_time;
use super::{Decision, Dispute, DisputeId, DisputedEnergy, EnergyEntry, Entry, Evidence, GpuTimeChange, Ledger};
use crate::reading::{InstanceId, ModelName, Rank, TargetId};
use crate::units::{Money, Timestamp, Tokens};

/// The number of accepted disputes that the counters may still revert.
pub(crate) const ACCEPTED_KEPT: usize = 64;

impl Ledger {
    /// Opens a dispute about tokens, which are not posted; [`Ledger::draft`] returns its entries. A closed ledger opens
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

    /// Opens a dispute about energy, which is not posted; [`Ledger::draft_energy`] returns its entries.
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

    /// Withdraws open disputes about what was observed since an instant: the counters reverted it, so that no decision is
    /// needed. Their numbers and evidence stay in the store.
    pub fn withdraw_since(&mut self, since: Timestamp, is_of: impl Fn(&Dispute) -> bool) {
        if self.closed {
            return;
        }
        let is_back = |dispute: &mut Dispute| dispute.evidence.to >= since && is_of(dispute);
        let withdrawn: Vec<DisputeId> = self.disputes.extract_if(.., is_back).map(|dispute| dispute.id).collect();
        if let Some(pending) = &mut self.pending {
            pending.withdrawn.extend(withdrawn);
        }
    }

    /// The open disputes by number.
    pub fn disputes(&self) -> &[Dispute] {
        &self.disputes
    }

    /// Marks accepted disputes about what was observed since an instant: the counters reverted it, so that what was posted
    /// may be too much. Returns their numbers.
    pub fn mark_accepted_unproven(&mut self, since: Timestamp, is_of: impl Fn(&Dispute) -> bool) -> Vec<DisputeId> {
        if self.closed {
            return Vec::new();
        }
        let (back, kept) = std::mem::take(&mut self.accepted)
            .into_iter()
            .partition::<VecDeque<_>, _>(|dispute| dispute.evidence.to >= since && is_of(dispute));
        self.accepted = kept;
        let mut unproven = Vec::new();
        for mut dispute in back {
            self.mark_unproven(&mut dispute.entries);
            unproven.push(dispute.id);
        }
        unproven
    }

    /// The latest accepted disputes, which the counters may still revert, by the time of their decision.
    pub fn accepted(&self) -> impl Iterator<Item = &Dispute> {
        self.accepted.iter()
    }

    /// Applies a decision if the dispute is open. The store has written the entries with the decision already, so they are
    /// added to the sums but not to the changes to save.
    pub fn decide(&mut self, decision: &Decision) {
        // If it was decided and then withdrawn, the decision applies.
        let place = self.disputes.iter().position(|dispute| dispute.id == decision.id);
        let dispute = place.map(|place| self.disputes.remove(place));
        if let Some(accepted) = dispute.clone().filter(|_| decision.accepted) {
            self.accepted.push_back(accepted);
            if self.accepted.len() > ACCEPTED_KEPT {
                self.accepted.pop_front();
            }
        }
        let energy = dispute.and_then(|dispute| dispute.energy);
        let accepted = decision.accepted && !self.closed;
        for entry in decision.entries.iter().filter(|_| accepted) {
            if entry.minute >= self.day_began.minute() {
                self.today.add_tokens(entry.account, entry.tariff, entry.tokens);
            }
            self.minutes.entry(entry.minute).or_default().add_tokens(entry.account, entry.tariff, entry.tokens);
            self.touched.insert(entry.minute);
            self.accept_excess(entry);
        }
        let energy = energy.filter(|_| decision.accepted && !self.closed);
        for entry in energy.iter().flat_map(|energy| &energy.entries) {
            let change = GpuTimeChange { energy: entry.energy, ..GpuTimeChange::default() };
            if entry.minute >= self.day_began.minute() {
                change_gpu_time(&mut self.today, entry.cost_account, change);
            }
            change_gpu_time(self.minutes.entry(entry.minute).or_default(), entry.cost_account, change);
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
