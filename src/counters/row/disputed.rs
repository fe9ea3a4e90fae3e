//! A row whose counters jumped, so that the growth is disputed, and which may fall back to where they were.
//!
//! What they have then was posted or is in the dispute. So they go on from their first values after the fall.

use super::fallen::{BeforeReset, Quarantine};
use super::{COUNTERS, PageContext, RowCounters};
use crate::counters::delta::{Reset, Step};
use crate::counters::quarantine_limits::QUARANTINE_PAGES;
use crate::counters::series_sum::SeriesSum;
use crate::counters::values::{chosen, fallen, fell, lowered};
use crate::reading::{EngineReading, TokenCounters};
use crate::units::Moment;

impl RowCounters {
    /// Notes growth that is disputed.
    pub(super) fn note_disputed(&mut self, grown: [u64; COUNTERS]) {
        for (disputed, grown) in self.disputed.iter_mut().zip(grown) {
            *disputed = disputed.saturating_add(grown);
        }
        // What is disputed now is not taken back if an earlier jump returns: that is another one.
        self.earlier = self.earlier.filter(|earlier| earlier.disputed == [0; COUNTERS]);
    }

    /// The last values without what was disputed.
    pub(super) fn undisputed(&self) -> TokenCounters {
        lowered(&self.last, self.disputed)
    }

    /// Whether values below the last ones are not below what was posted: the disputed growth may never have been.
    pub(super) fn leaves_dispute(&self, now: &TokenCounters) -> bool {
        self.disputed != [0; COUNTERS] && fell(now, &self.last) && !fell(now, &self.undisputed())
    }

    /// Whether values that had fallen below what was posted are back there, and not at the disputed ones.
    pub(super) fn rises_back(&self, low: &TokenCounters, now: &TokenCounters) -> bool {
        !self.leaves_dispute(low) && self.leaves_dispute(now)
    }

    /// The last values, with those after a fall of the counters that are not below what was posted.
    pub(super) fn after_dispute(&self, low: &TokenCounters) -> TokenCounters {
        chosen(self.left(low), low, &self.last)
    }

    /// Which counters fell, and not below what was posted.
    fn left(&self, low: &TokenCounters) -> [bool; COUNTERS] {
        let (fell, below) = (fallen(low, &self.last), fallen(low, &self.undisputed()));
        std::array::from_fn(|i| fell[i] && !below[i] && self.disputed[i] > 0)
    }

    /// Goes on from the values after a fall with the counters that are not below what was posted, though others are.
    pub(super) fn leave_in_part(&mut self, base: &TokenCounters) {
        let left = fallen(base, &self.last);
        self.last = *base;
        for i in (0..COUNTERS).filter(|i| left[*i]) {
            (self.series[i], self.disputed[i]) = (SeriesSum::default(), 0);
        }
    }

    /// Whether a page is one of so many in a row that are back where a row was before a dispute.
    pub(in crate::counters) fn stays_before_dispute(&self, reading: &EngineReading) -> bool {
        let is_last = |quarantined: &Quarantine| quarantined.pages.saturating_add(1) >= QUARANTINE_PAGES;
        self.quarantine.as_ref().is_some_and(is_last) && self.leaves_dispute(&self.effective(reading))
    }

    /// Whether a page showed that disputed growth was none.
    pub(in crate::counters) fn left_dispute_at(&self, at: Moment) -> bool {
        self.earlier.is_some_and(|earlier| earlier.disputed != [0; COUNTERS] && earlier.at == at)
    }

    /// Goes on from the first values after a fall, as the growth before it was none. What the counters that fell made on the
    /// page of the fall is missing.
    pub(super) fn leave_dispute(
        &mut self,
        reading: &EngineReading,
        quarantined: &Quarantine,
        context: &PageContext,
    ) -> Step {
        let (before, hits, disputed) = (self.last, self.hits, self.disputed);
        let believed = Some(quarantined.believed);
        let (at, low) = (context.at, quarantined.first);
        let fell = fallen(&low, &before);
        self.last = chosen(fell, &low, &before);
        for i in (0..COUNTERS).filter(|i| fell[*i]) {
            (self.series[i], self.moved[i], self.disputed[i]) = (SeriesSum::default(), quarantined.since, 0);
        }
        self.quarantine = None;
        self.earlier = None;
        let now = self.effective(reading);
        let mut step = self.grow(reading, &now, context, [0; COUNTERS]);
        self.earlier = Some(BeforeReset { before, believed, at, low, hits, disputed });
        step.from = believed;
        // How much of it is of the page of the fall is not known.
        Step { reset: Reset::Begins, began: true, ..step }
    }

    /// Whether values that were reset return to what was posted before a dispute, and not to the disputed ones: both the
    /// disputed growth and the reset were none.
    pub(super) fn undoes_below_dispute(&mut self, earlier: &BeforeReset, now: &TokenCounters, jumps: bool) -> bool {
        let before = lowered(&earlier.before, earlier.disputed);
        let below = BeforeReset { before, ..*earlier };
        let undone = earlier.disputed != [0; COUNTERS]
            && fell(now, &earlier.before)
            && fell(&self.last, &before)
            && !fell(now, &before)
            && (jumps || self.regrew(&below, now));
        if undone {
            // What they made until now was posted, or is in the dispute.
            self.last = chosen(earlier.disputed.map(|disputed| disputed > 0), now, &earlier.before);
            (self.hits, self.earlier) = (earlier.hits, None);
        }
        undone
    }
}
