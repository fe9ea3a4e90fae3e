//! The time that a page's growth is a rate of, where the counters of a row move in steps.

use super::row::Row;
use crate::counters::{Outcome, PageVerdict, Reset, Step};
use crate::units::{Moment, Tokens};

impl Row {
    /// Follows whether its counters stand still between two steps. Returns since when they stood still before this page, if
    /// its growth is a step.
    pub(super) fn follow_steps(
        &mut self,
        (step, outcome): (&Step, &Outcome),
        at: Moment,
        is_silent: bool,
    ) -> Option<Moment> {
        let Some(moved) = moved(step, outcome).filter(|_| self.guard.is_none() && !is_silent) else {
            self.steps.clear();
            return None;
        };
        let stood = self.steps.advance(outcome.process, at, moved)?;
        self.window.stood_since(outcome.process, stood);
        Some(stood)
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
        returned,
        regained,
        quarantined,
        present: _,
        took_back,
        decided_back,
        basis: _,
    } = step;
    let is_plain = disputed.is_none()
        && took_back.is_none()
        && decided_back.is_none()
        && from.is_none()
        && was.is_none()
        && late.iter().all(Option::is_none);
    let is_odd = *began
        || *leapt
        || *returned
        || *regained
        || *quarantined
        || *reset != Reset::No
        || !outcome.taken_back.is_empty();
    let grown = grown.as_ref().filter(|grown| grown.corrected == Tokens::ZERO && grown.settled == Tokens::ZERO)?;
    let continues = outcome.verdict == PageVerdict::Continues && is_plain && !is_odd;
    continues.then(|| !grown.all.is_zero() || grown.finished.is_some_and(|finished| !finished.is_zero()))
}
