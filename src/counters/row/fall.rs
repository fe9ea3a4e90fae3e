//! A row whose counters fall: a dip, a reset, or the reset of a part of it.

use super::fallen::{BeforeReset, Quarantine};
use super::{COUNTERS, PageContext, REASON_LOW, REASON_TAKEN, RowCounters};
use crate::counters::delta::{Reset, Step};
use crate::counters::fastest_minute::OUTPUT;
use crate::counters::quarantine_limits::{
    LAG, QUARANTINE_LONGEST, QUARANTINE_PAGES, QUARANTINE_PAGES_LONG, SMALL_PART,
};
use crate::counters::series_sum::SeriesSum;
use crate::counters::values::{fallen, fell, growth, kept, zero_where_fell};
use crate::reading::{EngineReading, TokenCounters};
use crate::units::{Moment, Span};

impl RowCounters {
    /// Whether a series or the finished requests were reset on this page.
    pub(super) fn was_partly_reset(&self) -> bool {
        self.finished.was_reset() || self.series.iter().any(SeriesSum::was_reset)
    }

    /// Whether a reset of a series or of the finished requests was a dip, at most once for each reset.
    pub(super) fn regains(&mut self) -> bool {
        let undone = self.finished.was_undone() || self.series.iter().any(SeriesSum::was_undone);
        let regained = undone && self.resets > 0;
        self.resets =
            self.resets.saturating_sub(u16::from(regained)).saturating_add(u16::from(self.was_partly_reset()));
        regained
    }

    pub(super) fn fall(&mut self, reading: &EngineReading, now: &TokenCounters, context: &PageContext) -> Step {
        let quarantine = match self.quarantine.as_deref().copied() {
            Some(quarantined) if !fell(now, &quarantined.last) => Quarantine {
                last: kept(now, &quarantined.last),
                pages: quarantined.pages.saturating_add(1),
                ..quarantined
            },
            quarantined => {
                let believed = quarantined.map_or(context.last_page, |quarantined| quarantined.believed);
                let first = quarantined.map_or(context.at, |quarantined| quarantined.since);
                let taken = self.taken_below(reading, context);
                Quarantine { first: *now, last: *now, since: first, believed, pages: 1, taken }
            }
        };
        let grew = growth(&quarantine.last, &quarantine.first).into_iter().any(|grown| grown > 0);
        let took = quarantine.since.since(quarantine.believed);
        if let Some(step) = self.leave_dispute(reading, &quarantine, (grew, context)) {
            return step;
        }
        if grew && self.is_reset(&quarantine, took, context) {
            self.return_before_dispute(&quarantine, context);
            return self.reset(reading, &quarantine, context);
        }
        let may_lag = || {
            context.at.since(quarantine.since) < LAG && self.recent.may_show(&quarantine.first, context.at, &self.shown)
        };
        if grew && context.identified && quarantine.pages >= QUARANTINE_PAGES_LONG && !may_lag() {
            // Too much to be what it produced since, and too long for a dip.
            self.return_before_dispute(&quarantine, context);
            let before = self.last;
            self.last = zero_where_fell(&before, now);
            let mut step = self.dispute(reading, context, REASON_LOW);
            step.disputed.iter_mut().for_each(|disputed| disputed.before = before);
            return Step { reset: Reset::Certain, ..step };
        }
        if context.at.since(quarantine.since) >= QUARANTINE_LONGEST {
            *self = Self { shown: self.shown, ..Self::baseline(reading, context) };
            return Step { reset: Reset::Certain, ..Step::default() };
        }
        self.quarantine = Some(Box::new(quarantine));
        Step { quarantined: true, ..Step::default() }
    }

    /// Whether the row was reset, given its first values after a fall and the number of pages since. Likely values are
    /// accepted sooner than merely possible ones.
    pub(in crate::counters) fn began_anew(&self, first: &TokenCounters, within: Span, pages: u8) -> bool {
        self.is_fresh(growth(first, &TokenCounters::default()), [0; COUNTERS], within, pages)
    }

    /// Whether the row, last read at `seen`, was fast enough to produce the output of a page within a time; also if it is
    /// unknown how fast it is.
    pub(in crate::counters) fn may_make_again(&self, now: &TokenCounters, within: Span, seen: Moment) -> bool {
        let anew = growth(now, &TokenCounters::default());
        !(self.shown.any() && self.shown.leaps(OUTPUT, anew, [within; COUNTERS], seen))
    }

    /// As [`Self::began_anew`], for the counters that fell; the others grew from their last values meanwhile.
    fn began_partly_anew(&self, first: &TokenCounters, within: Span, pages: u8) -> bool {
        let (whole, last) = (growth(first, &TokenCounters::default()), growth(&self.last, &TokenCounters::default()));
        let anew = std::array::from_fn(|i| if whole[i] < last[i] { whole[i] } else { 0 });
        self.is_fresh(anew, growth(first, &self.last), within, pages)
    }

    fn is_fresh(&self, anew: [u64; COUNTERS], others: [u64; COUNTERS], within: Span, pages: u8) -> bool {
        let is_likely = pages >= QUARANTINE_PAGES && self.shown.suggests(anew, within)
            || pages >= QUARANTINE_PAGES_LONG && self.shown.explains(anew, within);
        is_likely && self.shown.explains(others, within)
    }

    /// Whether a lasting fall is a reset: its value is what the row produces in such a time or, in a process known to be
    /// the same, too low for a dip.
    fn is_reset(&self, quarantined: &Quarantine, took: Span, context: &PageContext) -> bool {
        let small_part = |(first, last): (Option<u64>, Option<u64>)| match (first, last) {
            (Some(first), Some(last)) => first >= last || first <= last / SMALL_PART,
            _ => true,
        };
        let is_far_below = || quarantined.first.numbers().into_iter().zip(self.last.numbers()).all(small_part);
        self.began_partly_anew(&quarantined.first, took, quarantined.pages)
            || context.identified && quarantined.pages >= QUARANTINE_PAGES && is_far_below()
    }

    /// Resets the counters that fell, which then count from zero. The others continue.
    fn reset(&mut self, reading: &EngineReading, quarantined: &Quarantine, context: &PageContext) -> Step {
        let (shown, before) = (self.shown, self.last);
        let believed = Some(quarantined.believed);
        let earlier = BeforeReset {
            before,
            believed,
            at: context.at,
            low: quarantined.first,
            hits: self.hits,
            disputed: self.disputed,
        };
        let fell = fallen(&reading.tokens, &self.last);
        if fell.iter().all(|fell| *fell) {
            *self = Self { shown, ..Self::zero(quarantined.believed, reading) };
        } else {
            self.reset_some(fell, reading, quarantined.believed);
        }
        let taken = std::array::from_fn(|i| if fell[i] { quarantined.taken[i] } else { 0 });
        self.earlier = Some(Box::new(earlier));
        let mut step = self.grow(reading, &self.effective(reading), context, (taken, REASON_TAKEN));
        step.from = Some(quarantined.believed);
        if let Some(disputed) = &mut step.disputed {
            disputed.before = before;
        }
        // When it began is unknown.
        Step { reset: Reset::Begins, began: true, ..step }
    }

    fn reset_some(&mut self, fell: [bool; COUNTERS], reading: &EngineReading, believed: Moment) {
        self.quarantine = None;
        self.last = zero_where_fell(&self.last, &reading.tokens);
        if fell[0] && fell[2] {
            self.finished.begin(&reading.tokens, &reading.finished);
        }
        for i in (0..COUNTERS).filter(|i| fell[*i]) {
            (self.series[i], self.moved[i], self.disputed[i]) = (SeriesSum::default(), believed, 0);
        }
    }

    /// Whether the values before a reset return at once, so that it was a dip and counting continues from them.
    ///
    /// They return by a jump, or to as much above the old value as the row grew while it was low, since the tokens of that
    /// time are then in both. A counter that was reset only passes its old value by ordinary growth.
    pub(super) fn undoes_reset(&mut self, now: &TokenCounters, context: &PageContext) -> bool {
        self.earlier.take_if(|earlier| context.at.since(earlier.at) >= QUARANTINE_LONGEST);
        let Some(earlier) = self.earlier.as_deref().copied() else { return false };
        let jumps = !self.shown.explains(growth(now, &self.last), context.at.since(context.last_page));
        let undone = !fell(now, &earlier.before) && (jumps || self.regrew(&earlier, now));
        if undone {
            (self.last, self.hits, self.earlier) = (earlier.before, earlier.hits, None);
            self.disputed = earlier.disputed;
        }
        undone
    }

    /// The distance of values above those before a reset, if they continue those at the row's pace, so that it was a dip.
    pub(in crate::counters) fn returned_by(&self, now: &TokenCounters, at: Moment) -> Option<u64> {
        let earlier = self.earlier.as_deref().filter(|earlier| at.since(earlier.at) < QUARANTINE_LONGEST)?;
        let (grown, since) = (growth(now, &earlier.before), at.since(earlier.believed.unwrap_or(earlier.at)));
        let goes_on = !fell(now, &earlier.before) && self.shown.explains(grown, since);
        goes_on.then(|| grown.into_iter().fold(0, u64::saturating_add))
    }

    /// Whether every counter that fell is as far above its old value as it grew while it was low.
    fn regrew(&self, earlier: &BeforeReset, now: &TokenCounters) -> bool {
        let fell = fallen(&earlier.low, &earlier.before);
        let (meanwhile, beyond) = (growth(&self.last, &earlier.low), growth(now, &earlier.before));
        fell.contains(&true) && (0..COUNTERS).all(|i| !fell[i] || beyond[i] >= meanwhile[i])
    }

    /// Whether a reset may turn out to be a dip, or a series or the finished requests fell for an unknown reason.
    pub(in crate::counters) fn may_have_dipped(&self) -> bool {
        let fell = || self.series.iter().any(SeriesSum::is_quarantined);
        self.earlier.is_some() || self.finished.is_quarantined() || fell()
    }
}
