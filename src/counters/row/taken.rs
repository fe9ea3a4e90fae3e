//! Growth that may be none: series and rows that take the labels of others.
//!
//! When a worker ends and the others are renumbered, one of them has another one's label from then on. Under that label,
//! its values seem to jump to those that it had before. If a missing series or row had that value, and the jump is faster
//! than the row grows, both explanations are possible: the growth since that value is posted, and the rest is disputed.

use super::{COUNTERS, PageContext, REASON_NEW, REASON_TAKEN, RowCounters, fell, growth};
use crate::counters::fastest_minute::{MIN_EVIDENCE, MIN_JUDGED, is_beyond_burst};
use crate::counters::series_sum::ComparedSeries;
use crate::reading::{EngineReading, SeriesValue, TokenCounters};
use crate::units::Span;

/// A row may have taken another one's labels if its values are this many times closer to that one's than to its own.
const NEAR: u64 = 2;
/// The same factor for a row that left earlier.
const NEARER: u64 = 16;

impl RowCounters {
    /// Sets the values of a row whose labels this one may have taken on the next page.
    pub(in crate::counters) const fn may_be_of(&mut self, other: Option<TokenCounters>) {
        self.other = other;
    }

    /// Whether a page's counters grew faster than the row does.
    pub(in crate::counters) fn outpaces(&self, now: &TokenCounters, within: Span) -> bool {
        let grown = growth(now, &self.last);
        grown.iter().any(|grown| *grown >= MIN_EVIDENCE) && !self.shown.suggests(grown, within)
    }

    /// Whether values that are not `own`, another row's, continue this row's and are far closer to them.
    pub(in crate::counters) fn is_continued_by(&self, now: &TokenCounters, own: &TokenCounters, within: Span) -> bool {
        let sum = |each: [u64; COUNTERS]| each.into_iter().fold(0, u64::saturating_add);
        let away = sum(growth(&self.last, own)).saturating_add(sum(growth(own, &self.last)));
        let has = |tokens: &TokenCounters| tokens.numbers().map(|value| value.is_some());
        has(now) == has(&self.last)
            && !fell(now, &self.last)
            && away >= MIN_JUDGED
            && sum(growth(now, &self.last)).saturating_mul(NEAR) <= away
            && self.paces(now, &self.last, within)
    }

    /// How much of each counter's growth others may have had, and why.
    pub(super) fn taken(&mut self, reading: &EngineReading, context: &PageContext) -> ([u64; COUNTERS], &'static str) {
        let of_row = self.other.take().map_or([0; COUNTERS], |other| growth(&other, &self.last));
        let within = context.at.since(context.last_page);
        let jumped = |i: usize, page: &[SeriesValue]| {
            self.series[i].jumped(page, |grown| !self.shown.suggests(only(i, grown), within))
        };
        let of_missing = self.of_missing(reading, jumped, |beside, left, i| self.rises_to(beside, left, (i, within)));
        let (of_others, of_new) = (largest(of_row, of_missing), self.of_new(reading, within));
        let is_new = (0..COUNTERS).any(|i| of_new[i] > of_others[i]);
        (largest(of_others, of_new), if is_new { REASON_NEW } else { REASON_TAKEN })
    }

    /// The values of new series, if they exceed a burst, so that the series had them before.
    fn of_new(&self, reading: &EngineReading, within: Span) -> [u64; COUNTERS] {
        let pages = [&reading.series.prompt, &reading.series.cached, &reading.series.output];
        let output = self.series[2].came(pages[2]);
        if !is_beyond_burst(output, within) {
            return [0; COUNTERS];
        }
        [self.series[0].came(pages[0]), self.series[1].came(pages[1]), output]
    }

    /// The part of each counter's values after a fall that others may have had.
    pub(super) fn taken_below(&mut self, reading: &EngineReading, context: &PageContext) -> [u64; COUNTERS] {
        let of_row = self.other.take().map_or([0; COUNTERS], |other| other.numbers().map(Option::unwrap_or_default));
        let within = context.at.since(context.last_page);
        let falls_to = |beside: ComparedSeries, left: bool, i: usize| {
            let grown = beside.value.checked_sub(beside.old)?;
            (left && self.shown.explains(only(i, grown), within)).then_some(beside.old)
        };
        largest(of_row, self.of_missing(reading, |i, page| self.series[i].fallen(page), falls_to))
    }

    /// What a series may have had of a missing one whose labels it took: possible if its value exceeds that one's
    /// plausibly, or slightly. `left` is whether the missing one left on this page; of one that left earlier, the growth
    /// since is unknown.
    fn rises_to(&self, beside: ComparedSeries, left: bool, (i, within): (usize, Span)) -> Option<u64> {
        let ComparedSeries { then, value, old } = beside;
        let (grown, had) = (value.checked_sub(old)?, old.saturating_sub(then));
        let near = if left {
            self.shown.explains(only(i, grown), within) && (had < MIN_JUDGED || grown.saturating_mul(NEAR) <= had)
        } else {
            grown.saturating_mul(NEARER) <= had || grown == 0
        };
        near.then_some(had)
    }

    /// What series of a page may have had of missing ones: `moved` returns the candidates of a counter, and `had` what one
    /// had in a counter, or `None` if that is impossible. It must be possible in all counters that show both.
    fn of_missing(
        &self,
        reading: &EngineReading,
        moved: impl Fn(usize, &[SeriesValue]) -> Vec<u64>,
        had: impl Fn(ComparedSeries, bool, usize) -> Option<u64>,
    ) -> [u64; COUNTERS] {
        let series = &reading.series;
        let pages: [&[SeriesValue]; COUNTERS] = [&series.prompt, &series.cached, &series.output];
        let mut taken = [0_u64; COUNTERS];
        let (mut settled, mut used) = (Vec::new(), Vec::new());
        for i in (0..COUNTERS).filter(|i| *i != 1 && !pages[*i].is_empty()) {
            let moved = moved(i, pages[i]);
            let missing = if moved.is_empty() { Vec::new() } else { self.series[i].missing(pages[i]) };
            for series in moved {
                let of = |(other, left): &(u64, bool)| {
                    let beside = (0..COUNTERS).map(|i| self.series[i].beside(pages[i], series, *other));
                    let all =
                        beside.enumerate().map(|(i, beside)| beside.map_or(Some(0), |beside| had(beside, *left, i)));
                    let all: [u64; COUNTERS] = all.collect::<Option<Vec<_>>>()?.try_into().ok()?;
                    all.iter().any(|had| *had >= MIN_JUDGED).then_some((all, *other))
                };
                let is_free = |(other, _): &&(u64, bool)| !used.contains(other);
                let found = missing.iter().filter(is_free).filter_map(of).max_by_key(|(all, _)| all[i]);
                if let Some((all, other)) = found.filter(|_| !settled.contains(&series)) {
                    taken = std::array::from_fn(|i| taken[i].saturating_add(all[i]));
                    settled.push(series);
                    used.push(other);
                }
            }
        }
        taken
    }
}

/// The growth of one counter alone.
pub(super) fn only(counter: usize, grown: u64) -> [u64; COUNTERS] {
    std::array::from_fn(|i| if i == counter { grown } else { 0 })
}

/// The larger of two explanations, if it is large enough to matter.
fn largest(one: [u64; COUNTERS], other: [u64; COUNTERS]) -> [u64; COUNTERS] {
    let taken: [u64; COUNTERS] = std::array::from_fn(|i| one[i].max(other[i]));
    if taken.iter().any(|taken| *taken >= MIN_JUDGED) { taken } else { [0; COUNTERS] }
}
