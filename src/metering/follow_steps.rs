//! The time in which a page's growth was made, where the counters of a row move in steps.

use super::revenue::Interval;
use super::row::Row;
use crate::counters::{Outcome, PageVerdict, Reset, Step};
use crate::ledger::Timing;
use crate::units::{Moment, Tokens};

impl Row {
    /// Follows whether its counters stand still between two steps. Growth after that was made since they last moved, at an
    /// instant that is not known: if a price changed in it, the bounds are kept.
    pub(super) fn follow_steps(
        &mut self,
        (step, outcome): (&Step, &Outcome),
        at: Moment,
        interval: Interval,
    ) -> Interval {
        let Some(moved) = moved(step, outcome).filter(|_| self.guard.is_none() && !interval.silent) else {
            self.steps.clear();
            return interval;
        };
        match self.steps.advance(outcome.process, at, moved) {
            Some(last) => {
                self.window.stood_since(outcome.process, last);
                Interval { timing: Timing::Estimated, ..interval.since(last, at) }
            }
            None => interval,
        }
    }
}

/// Whether the counters moved on a page that continues the one before and says nothing of earlier ones.
fn moved(step: &Step, outcome: &Outcome) -> Option<bool> {
    let Step {
        grown,
        disputed,
        from,
        began,
        leapt,
        unproven: _,
        late,
        was,
        reset,
        regained,
        quarantined,
        present: _,
        took_back,
        basis: _,
    } = step;
    let is_plain = disputed.is_none()
        && took_back.is_none()
        && from.is_none()
        && was.is_none()
        && late.iter().all(Option::is_none);
    let is_odd = *began || *leapt || *regained || *quarantined || *reset != Reset::No || !outcome.taken_back.is_empty();
    let grown = grown.as_ref().filter(|grown| grown.corrected == Tokens::ZERO && grown.settled == Tokens::ZERO)?;
    let continues = outcome.verdict == PageVerdict::Continues && is_plain && !is_odd;
    continues.then(|| !grown.all.is_zero() || grown.finished.is_some_and(|finished| !finished.is_zero()))
}
