//! Disputes about the growth of rows: opened with evidence, and withdrawn if the counters revert it.

use super::interval::Interval;
use super::{Context, Engine, Metering, Row};
use crate::counters::{Disputed, Processes, Step};
use crate::ledger::{Dispute, Entry, Evidence, Ledger, Marker, Posting, Timing, TokenChange};
use crate::pricing::Bill;
use crate::reading::{EngineReading, InstanceId, Label, TargetId};
use crate::units::Timestamp;

impl Metering {
    /// Adds what was accepted of a row's growth to what the row earned today.
    pub(crate) fn earn_accepted(&mut self, ledger: &Ledger, dispute: &Dispute) {
        let Some(mut engine) = self.engines.lend(&dispute.target) else { return };
        let day = ledger.day_began();
        let is_of = |row: &&mut Row| {
            (&row.instance, &row.key.rank, &row.key.model) == (&dispute.instance, &dispute.rank, &dispute.model)
        };
        if let Some(row) = engine.rows.iter_mut().find(is_of) {
            for entry in dispute.entries.iter().filter(|entry| entry.minute >= day.minute()) {
                row.earned.add(day, entry.tariff, TokenChange::added(entry.tokens));
            }
        }
        self.engines.insert(dispute.target.clone(), engine);
    }

    /// Opens a dispute about implausible growth.
    pub(super) fn dispute(
        &mut self,
        context: &mut Context<'_>,
        engine: &mut Engine,
        place: usize,
        reading: &EngineReading,
        disputed: &Disputed,
        interval: Interval,
    ) {
        let growth = &disputed.growth;
        let billed = growth.finished.filter(|_| context.config.bill == Bill::Finished).unwrap_or(growth.all);
        let Some(posting) = self.posting(context, engine, place, reading, billed, interval) else { return };
        let entries: Vec<Entry> = context.ledger.draft(&Posting { timing: Timing::Seen, ..posting });
        let at = context.at;
        let evidence = Evidence {
            before: disputed.before,
            after: disputed.after,
            start_before: interval.starts[0],
            start_after: interval.starts[1],
            from: at.wall - at.since(disputed.since),
            to: at.wall,
            bound: disputed.bound.clone(),
        };
        context.ledger.dispute(
            context.info.target.clone(),
            reading.instance.clone(),
            reading.rank.clone(),
            reading.model.clone(),
            entries,
            evidence,
        );
    }
}

/// Keeps the disputes of rows of an instance from being withdrawn automatically, once a person has decided some of them.
pub(super) fn leave_decided(context: &Context<'_>, id: Option<&InstanceId>, processes: &mut Processes) {
    for (key, row) in processes.disputed_rows() {
        let Some((since, disputes)) = row.disputed_since() else { continue };
        let is_of_row = |dispute: &&Dispute| {
            dispute.evidence.to >= since
                && dispute.target == context.info.target
                && dispute.instance.as_ref() == id
                && (&dispute.rank, &dispute.model) == (&key.rank, &key.model)
        };
        if context.ledger.disputes().iter().filter(is_of_row).count() != disputes as usize {
            row.leave_to_decisions();
        }
    }
}

/// Follows counters that fell back to where they were before a dispute.
pub(super) fn follow_returns(context: &mut Context<'_>, reading: &EngineReading, step: &Step) {
    if let Some(since) = step.took_back {
        withdraw(context, reading, since);
    }
    if let Some(since) = step.decided_back {
        mark_accepted_unproven(context, reading, since);
    }
}

/// Withdraws the disputes about a row's growth since an instant.
fn withdraw(context: &mut Context<'_>, reading: &EngineReading, since: Timestamp) {
    let target = context.info.target.clone();
    context.ledger.withdraw_since(since, |dispute| is_about(dispute, &target, reading));
}

/// Marks what was accepted of a row's growth since an instant, which the counters reverted.
fn mark_accepted_unproven(context: &mut Context<'_>, reading: &EngineReading, since: Timestamp) {
    let target = context.info.target.clone();
    for id in context.ledger.mark_accepted_unproven(since, |dispute| is_about(dispute, &target, reading)) {
        let text = Label::new(&format!("dispute {} was accepted, and its counter fell back: {target}", id.0));
        context.ledger.mark(Marker { at: context.at.wall, text });
    }
}

fn is_about(dispute: &Dispute, target: &TargetId, reading: &EngineReading) -> bool {
    dispute.target == *target
        && dispute.instance == reading.instance
        && dispute.rank == reading.rank
        && dispute.model == reading.model
}
