//! Counters that stand still and then move by the growth of several pages: an exporter or a recording rule that is renewed
//! less often than the page is read. What they grow by was made since they last moved, and they stand still in between
//! although the engine works.

use crate::counters::ProcessId;
use crate::units::{Moment, Span};

/// The longest step. An engine that rests for longer between bursts is idle.
const LONGEST: Span = Span::from_secs(90);

/// When a row's counters moved.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StepPace {
    /// The process, and when its counters last moved.
    last: Option<(ProcessId, Moment)>,
    /// The page before the one on which they last moved; their values are of this time at the earliest.
    moved_after: Option<Moment>,
    /// The last page.
    page: Option<Moment>,
    /// Whether they have stood still on a page since.
    still: bool,
    /// The lengths of the last two steps, each with a page on which they stood still.
    steps: [Option<Span>; 2],
    /// Whether the next step is waited for.
    awaits: bool,
}

impl StepPace {
    /// Forgets the steps.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether the counters stand still between two steps.
    pub(super) const fn awaits(&self) -> bool {
        self.awaits
    }

    /// Of when the values on the pages before this one are at the earliest, if the counters stand still and that may be a step.
    pub(super) fn still_since(&self, process: ProcessId, at: Moment) -> Option<Moment> {
        let (_, last) = self.last.filter(|(known, _)| *known == process && self.still)?;
        (at.since(last) <= LONGEST).then_some(self.moved_after.unwrap_or(last))
    }

    /// Takes a page on which the counters moved, or stood still. Returns since when it tells what was made, if that is
    /// earlier than since the page before.
    pub(super) fn advance(&mut self, process: ProcessId, at: Moment, moved: bool) -> Option<Moment> {
        let page = self.page.replace(at);
        let Some((_, last)) = self.last.filter(|(known, _)| *known == process) else {
            *self = Self { last: moved.then_some((process, at)), page: Some(at), ..Self::default() };
            return None;
        };
        if moved {
            self.moved_after = page;
        }
        let since = at.since(last);
        // A step may be late by half of its length.
        let in_time = self.length().is_some_and(|length| since <= length + Span::from_millis(length.millis() / 2));
        if !moved {
            let is_over = self.awaits && !in_time;
            (self.still, self.awaits) = (true, in_time);
            if !in_time && self.length().is_some() {
                self.steps = [None; 2];
            }
            return is_over.then_some(last);
        }
        let has_stood = std::mem::replace(&mut self.still, false);
        let step = Some(since).filter(|since| has_stood && *since <= LONGEST);
        self.steps = [step, self.steps[0]];
        (self.last, self.awaits) = (Some((process, at)), false);
        let is_step = in_time || self.length().is_some();
        (has_stood && is_step).then_some(last)
    }

    /// The length of its steps, if the last two are about as long.
    fn length(&self) -> Option<Span> {
        let [Some(one), Some(other)] = self.steps else { return None };
        let apart = (one.millis() - other.millis()).abs();
        (apart * 4 <= one.millis().max(other.millis())).then_some(one.max(other))
    }
}
