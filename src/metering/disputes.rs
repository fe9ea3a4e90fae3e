//! Disputes about the growth of rows: opened with evidence, and withdrawn if the counters revert it.

use super::revenue::Interval;
use super::{Context, Engine, Metering};
use crate::counters::{Disputed, Processes};
use crate::ledger::{Dispute, Entry, Evidence, Posting, Timing};
use crate::pricing::Bill;
use crate::reading::{EngineReading, InstanceId};
use crate::units::Timestamp;

impl Metering {
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

/// Withdraws the disputes about a row's growth since an instant.
pub(super) fn withdraw(context: &mut Context<'_>, reading: &EngineReading, since: Timestamp) {
    let target = &context.info.target;
    context.ledger.withdraw_since(since, |dispute| {
        dispute.target == *target
            && dispute.instance == reading.instance
            && dispute.rank == reading.rank
            && dispute.model == reading.model
    });
}
