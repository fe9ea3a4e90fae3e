//! A row whose counters jumped, so that the growth was disputed, and which may fall back to the values without it.
//!
//! Except for the growth of the last pages, these values were posted. So the row continues from what was posted.

use super::fallen::Quarantine;
use super::taken::only;
use super::{COUNTERS, PageContext, REASON_TAKEN, RowCounters};
use crate::counters::delta::{Disputed, Growth, GrowthBasis, Reset, Step};
use crate::counters::fastest_minute::MIN_EVIDENCE;
use crate::counters::quarantine_limits::{QUARANTINE_PAGES, QUARANTINE_PAGES_LONG};
use crate::counters::series_sum::SeriesSum;
use crate::counters::trial::NEARER;
use crate::counters::values::{chosen, fallen, fell, growth, lowered};
use crate::reading::{EngineReading, TokenCounters};
use crate::units::{Moment, Timestamp};

/// A value is back where it was if it is beyond that by one part in this many of the disputed growth, however fast the row grew.
const LITTLE: u64 = 1000;

impl RowCounters {
    /// Records disputed growth.
    pub(super) fn note_disputed(&mut self, grown: [u64; COUNTERS], at: Moment) {
        let (since, disputes) = self.disputed_since.unwrap_or((at.wall, 0));
        self.disputed_since = Some((since, disputes.saturating_add(1)));
        for (disputed, grown) in self.disputed.iter_mut().zip(grown) {
            *disputed = disputed.saturating_add(grown);
        }
    }

    /// Disputes the growth of a step that was plausible by itself.
    pub fn dispute_step(&mut self, step: &mut Step, bound: String, at: Moment) {
        let (Some(grown), Some(basis)) = (step.grown.take(), step.basis.take()) else { return };
        self.drop_late(&mut [grown.corrected, grown.settled]);
        self.note_disputed(basis.grown, at);
        let taken = step.disputed.take().map(|disputed| disputed.growth.all);
        let all = taken.map_or(grown.all, |taken| grown.all.plus(taken));
        let growth = Growth { all, finished: grown.finished, ..Growth::default() };
        let GrowthBasis { before, after, since, .. } = basis;
        step.disputed = Some(Disputed { growth, before, after, since, bound });
        // A disputed change has no rate.
        step.present = [false; 3];
    }

    /// Records that growth disputed since a moment was not the row's; the next step reports it.
    pub(in crate::counters) fn take_back_disputes(&mut self, since: Moment) {
        self.took_back = self.disputed_since.take().map(|(disputed, _)| disputed.max(since.wall));
        self.disputed = [0; COUNTERS];
    }

    /// Since when growth is disputed that was never posted, and the number of disputes.
    pub const fn disputed_since(&self) -> Option<(Timestamp, u32)> {
        self.disputed_since
    }

    /// Leaves the disputes to the person who decided some of them: they are no longer withdrawn automatically. Where the
    /// counters were before is still known, so that a fall to there is no reset.
    pub fn leave_to_decisions(&mut self) {
        let since = self.disputed_since.take().map(|(since, _)| since);
        self.decided_since = self.decided_since.or(since);
    }

    /// The last values, with what was posted for the counters that fell and are back there: beyond it by no more than the row
    /// grows in that time, or by little. Without a start time those near zero may be another process's.
    fn before_dispute(&self, quarantine: &Quarantine, context: &PageContext) -> TokenCounters {
        let (low, within) = (&quarantine.first, quarantine.since.since(quarantine.believed));
        let posted = lowered(&self.last, self.disputed);
        let (fell, below, above) = (fallen(low, &self.last), fallen(low, &posted), growth(low, &posted));
        let is_near = |i: usize| {
            let value = posted.numbers()[i].unwrap_or_default();
            let is_above_zero = value >= MIN_EVIDENCE && above[i].saturating_mul(NEARER) <= value;
            let is_little = above[i].saturating_mul(LITTLE) <= self.disputed[i];
            (context.identified || is_above_zero) && (is_little || self.shown.explains(only(i, above[i]), within))
        };
        chosen(std::array::from_fn(|i| fell[i] && !below[i] && is_near(i)), &posted, &self.last)
    }

    /// Continues from what was posted before a dispute, if all counters that fell are back there to stay.
    pub(super) fn leave_dispute(
        &mut self,
        reading: &EngineReading,
        quarantine: &Quarantine,
        (grew, context): (bool, &PageContext),
    ) -> Option<Step> {
        let pages = if grew { QUARANTINE_PAGES } else { QUARANTINE_PAGES_LONG };
        let is_back = || !fell(&quarantine.first, &self.before_dispute(quarantine, context));
        if self.disputed == [0; COUNTERS] || quarantine.pages < pages || !is_back() {
            return None;
        }
        let fell = fallen(&quarantine.first, &self.last);
        for i in (0..COUNTERS).filter(|i| fell[*i]) {
            self.series[i] = SeriesSum::default();
        }
        // The disputed growth of the other counters is applied and checked again.
        self.last = lowered(&self.last, std::mem::take(&mut self.disputed));
        (self.quarantine, self.earlier) = (None, None);
        let took_back = self.disputed_since.take().map(|(since, _)| since);
        let decided_back = self.decided_since.take();
        let step = self.grow(reading, &self.effective(reading), context, ([0; COUNTERS], REASON_TAKEN));
        Some(Step { from: Some(quarantine.believed), reset: Reset::No, took_back, decided_back, ..step })
    }

    /// Takes the disputed growth of the counters that are back where they were without it from the last values.
    pub(super) fn return_before_dispute(&mut self, quarantine: &Quarantine, context: &PageContext) {
        let base = self.before_dispute(quarantine, context);
        let left = fallen(&base, &self.last);
        self.last = base;
        for i in (0..COUNTERS).filter(|i| left[*i]) {
            (self.series[i], self.disputed[i]) = (SeriesSum::default(), 0);
        }
    }
}
