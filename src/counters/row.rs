//! One row of one process: what each page adds to its counters.
//!
//! Each row is handled on its own. A counter that falls is quarantined. If it returns, the fall was a dip, for example of a
//! file being rewritten, and no token is lost or counted twice. If it was reset, it counts from zero, if that is plausible.

mod bill;
mod disputed;
mod fall;
mod fallen;
mod late;
mod parts;
mod split;
mod taken;

use serde::{Deserialize, Serialize};

use super::delta::{Disputed, Growth, GrowthBasis, Reset, Step};
use super::fastest_minute::{FastestMinute, MIN_DISPUTED, MIN_EVIDENCE};
use super::hits::HitClamp;
use super::recent_values::RecentValues;
use super::series_sum::SeriesSum;
use super::values::{COUNTERS, fell, growth, kept, raised, zeroed};
use super::{Bounds, FinishedMeter};
use crate::reading::{EngineReading, PromptCount, TokenCounters};
use crate::units::{Moment, Span, Timestamp, Tokens};
use fallen::{BeforeReset, Quarantine};
use parts::{REASON_NEW, REASON_TAKEN, raw_delta, without};

/// The reason that a low value is disputed.
const REASON_LOW: &str = "a counter fell and grows on from a value that is too high for one that began at zero";

/// The state of a row's counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounters {
    last: TokenCounters,
    /// When each counter last changed; before the first page, when that was received.
    moved: [Moment; COUNTERS],
    hits: HitClamp,
    series: [SeriesSum; COUNTERS],
    finished: FinishedMeter,
    shown: FastestMinute,
    #[serde(default)]
    recent: RecentValues,
    /// Boxed, as few rows have one.
    quarantine: Option<Box<Quarantine>>,
    /// The values before a reset, while the reset may turn out to be a dip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    earlier: Option<Box<BeforeReset>>,
    /// The part of the last values that was disputed and never posted: a counter that falls may return to the values
    /// without it.
    #[serde(default)]
    disputed: [u64; COUNTERS],
    /// Since when, and the number of disputes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disputed_since: Option<(Timestamp, u32)>,
    /// Since when growth was disputed that a person has decided on, in part or in whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided_since: Option<Timestamp>,
    /// Whether values of the baseline were invalid: the first valid values of these counters are their baseline.
    unread: bool,
    /// The resets of series and of finished requests that may turn out to be dips.
    #[serde(default)]
    resets: u16,
    /// When the values were last seen, if that was at another address that counted until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen_elsewhere: Option<Moment>,
    /// When each counter that is missing was last on a page.
    #[serde(default)]
    missing: [Option<Moment>; COUNTERS],
    /// When hits were dropped because they were far ahead of all prompts.
    #[serde(default, alias = "doubted", skip_serializing_if = "Option::is_none")]
    hits_dropped: Option<Moment>,
    /// Since when growth was disputed that turned out not to be the row's, until the next step reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    took_back: Option<Timestamp>,
    /// The values of a row that left or fell on the current page, and whose labels this one may have taken.
    #[serde(skip)]
    other: Option<TokenCounters>,
    /// Whether its process was replaced since its last page.
    #[serde(skip)]
    pub(super) replaced: bool,
}

/// The context of a row's page.
#[derive(Debug, Clone, Copy)]
pub struct PageContext {
    /// When the page was received.
    pub at: Moment,
    /// When the process's last page was received.
    pub last_page: Moment,
    /// The bounds on the growth of the process.
    pub bounds: Bounds,
    /// Whether any counter had an invalid value.
    pub refused: bool,
    /// Whether the page has a start time, so that a fall cannot be another process.
    pub identified: bool,
}

impl RowCounters {
    /// A row whose values are a baseline: they were produced before it was observed.
    pub fn baseline(reading: &EngineReading, context: &PageContext) -> Self {
        let mut row = Self::empty(context.at);
        row.unread = context.refused || lacks_part(&reading.tokens);
        row.advance_series(reading, &reading.tokens);
        row.last = reading.tokens;
        row.finished.baseline(&reading.tokens, &reading.finished);
        row
    }

    /// A row of a process that began at zero; `since` is when it was last known to have nothing.
    pub fn zero(since: Moment, reading: &EngineReading) -> Self {
        let mut row = Self::empty(since);
        row.finished.begin(&reading.tokens, &reading.finished);
        row.last = zeroed(&reading.tokens);
        row
    }

    /// A row with these values as its baseline.
    pub fn at(values: TokenCounters, seen: Moment) -> Self {
        Self { last: values, ..Self::empty(seen) }
    }

    /// The row with hits that precede their prompts, and are counted with those.
    #[must_use]
    pub fn with_hits_ahead(self, hits: u64) -> Self {
        Self { hits: HitClamp::ahead(hits), ..self }
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self {
            last: _,
            moved,
            hits: _,
            series: _,
            finished: _,
            shown,
            recent,
            quarantine,
            earlier,
            disputed: _,
            disputed_since: _,
            decided_since: _,
            unread: _,
            resets: _,
            seen_elsewhere,
            missing,
            hits_dropped,
            took_back: _,
            other: _,
            replaced: _,
        } = self;
        let quarantine = quarantine.iter_mut().flat_map(|quarantine| quarantine.moments_mut());
        let earlier = earlier.iter_mut().flat_map(|earlier| earlier.moments_mut());
        moved
            .iter_mut()
            .chain(shown.since_mut())
            .chain(recent.moments_mut())
            .chain(quarantine)
            .chain(earlier)
            .chain(seen_elsewhere)
            .chain(missing.iter_mut().flatten())
            .chain(hits_dropped)
    }

    fn empty(moved: Moment) -> Self {
        Self {
            last: TokenCounters::default(),
            moved: [moved; COUNTERS],
            hits: HitClamp::default(),
            series: Default::default(),
            finished: FinishedMeter::default(),
            shown: FastestMinute::default(),
            recent: RecentValues::default(),
            quarantine: None,
            earlier: None,
            disputed: [0; COUNTERS],
            disputed_since: None,
            decided_since: None,
            unread: false,
            resets: 0,
            seen_elsewhere: None,
            missing: [None; COUNTERS],
            hits_dropped: None,
            took_back: None,
            other: None,
            replaced: false,
        }
    }

    /// Restarts at zero: its process was replaced by one that began after a moment.
    pub(super) fn replace(&mut self, since: Moment, reading: &EngineReading) {
        *self = Self { replaced: true, ..Self::zero(since, reading) };
    }

    /// Continues from the values of the same row at another address, which was last seen at a moment and no longer counts:
    /// the next growth is what was not counted there.
    ///
    /// A counter that only one of the addresses shows continues from the value there. `shows_finished` is whether this
    /// address shows finished requests.
    pub fn go_on_from(&mut self, other: &Self, seen: Moment, shows_finished: bool) {
        let (ours, theirs) = (self.last, other.last);
        if ours.cached.is_some() == theirs.cached.is_some() {
            self.hits = other.hits;
        }
        self.last = TokenCounters {
            prompt: if theirs.prompt == PromptCount::Unknown { ours.prompt } else { theirs.prompt },
            cached: ours.cached.and(theirs.cached.or(ours.cached)),
            output: theirs.output.or(ours.output),
        };
        self.moved = other.moved;
        self.finished.go_on_from(&other.finished, shows_finished);
        (self.earlier, self.seen_elsewhere) = (None, Some(seen));
    }

    /// The last accepted values, including those of evicted series.
    pub const fn last(&self) -> TokenCounters {
        self.last
    }

    /// Whether a change is quarantined.
    pub const fn is_quarantined(&self) -> bool {
        self.quarantine.is_some()
    }

    /// The counters of a page, raised by the last values of evicted series.
    pub(super) fn effective(&self, reading: &EngineReading) -> TokenCounters {
        let series = &reading.series;
        let pages = [&series.prompt, &series.cached, &series.output];
        let below = self.below(&reading.tokens);
        raised(&reading.tokens, std::array::from_fn(|i| self.series[i].raise(pages[i], below[i])))
    }

    /// How far each counter is below its last accepted value.
    fn below(&self, tokens: &TokenCounters) -> [u64; COUNTERS] {
        growth(&self.last, tokens)
    }

    /// Whether any counter of a page is below its last accepted value, or below that of a quarantined fall; or any of its
    /// series is, even if the sum is not.
    pub(super) fn is_below(&self, reading: &EngineReading, effective: &TokenCounters) -> bool {
        match &self.quarantine {
            Some(quarantined) => fell(effective, &quarantined.last),
            None => fell(effective, &self.last) || self.series_fell(reading),
        }
    }

    fn series_fell(&self, reading: &EngineReading) -> bool {
        let series = &reading.series;
        let pages = [&series.prompt, &series.cached, &series.output];
        self.series.iter().zip(pages).any(|(sum, page)| sum.fell(page))
    }

    /// Whether a series of the last page is missing on this one.
    pub(super) fn misses_series(&self, reading: &EngineReading) -> bool {
        let series = &reading.series;
        let pages = [&series.prompt, &series.cached, &series.output];
        self.series.iter().zip(pages).any(|(sum, page)| sum.misses(page))
    }

    /// Whether a series is or was missing, or is below its last value.
    pub(super) fn has_lost_series(&self, reading: &EngineReading) -> bool {
        self.misses_series(reading) || self.series_fell(reading) || self.series.iter().any(SeriesSum::has_gone)
    }

    /// The distance of a page's counters above the last accepted ones.
    pub(super) fn distance(&self, effective: &TokenCounters) -> u64 {
        growth(effective, &self.last).into_iter().fold(0, u64::saturating_add)
    }

    /// Whether a page's counters are too far above the last ones for this row's growth, given its fastest minute or its
    /// bounds.
    pub(super) fn is_jump(&self, effective: &TokenCounters, context: &PageContext) -> bool {
        self.is_beyond(effective, context) || self.leaps_to(effective, context.at)
    }

    /// As [`Self::is_jump`], whatever the time in which they grew.
    pub(super) fn is_beyond(&self, effective: &TokenCounters, context: &PageContext) -> bool {
        let grown = growth(effective, &self.last);
        self.shown.is_far_beyond(grown, self.since_moved(context.at))
            || self.is_beyond_hardware(effective, context)
            || self.hits_exceed(grown, effective)
    }

    /// Whether values came too soon after the last ones for the row's growth rate.
    pub(super) fn leaps_to(&self, effective: &TokenCounters, at: Moment) -> bool {
        self.shown.is_leap(growth(effective, &self.last), self.since_moved(at), at)
    }

    /// Whether far more hits came than prompts that they can belong to, so that the page is another process's.
    fn hits_exceed(&self, [prompts, hits, _]: [u64; COUNTERS], now: &TokenCounters) -> bool {
        matches!(now.prompt, PromptCount::Whole(_))
            && self.last.cached.is_some()
            && hits >= MIN_DISPUTED
            && hits / 2 > prompts
    }

    /// Whether any counter of a page grew by far more than the row grows in such a time.
    pub(super) fn grew_beyond(&self, effective: &TokenCounters, since: Span) -> bool {
        let grown = growth(effective, &self.last);
        grown.iter().any(|grown| *grown >= MIN_DISPUTED) && !self.shown.explains(grown, since)
    }

    /// Whether a page's counters are too far above the last ones for the hardware.
    pub(super) fn is_beyond_hardware(&self, effective: &TokenCounters, context: &PageContext) -> bool {
        let grown = growth(effective, &self.last);
        let since = self.since_moved(context.at);
        context.bounds.exceeded_by(&raw_delta(effective, grown), since, self.last.cached.is_some()).is_some()
    }

    /// Whether values are above others by no more than this row grows in that time.
    pub(super) fn paces(&self, now: &TokenCounters, then: &TokenCounters, within: Span) -> bool {
        self.shown.explains(growth(now, then), within)
    }

    /// Whether the row has shown any growth.
    pub(super) fn has_shown(&self) -> bool {
        self.shown.any()
    }

    /// Returns to earlier values and the fastest minute of that time, since the change away from them was another
    /// process's.
    pub(super) fn return_to(&mut self, values: TokenCounters, shown: Option<FastestMinute>) {
        self.last = values;
        self.shown = shown.unwrap_or(self.shown);
        // Its hits and prompts were another process's too.
        self.hits = HitClamp::default();
        self.quarantine = None;
        self.finished.begin_anew();
    }

    /// Sets the fastest minute to an earlier one.
    pub(super) const fn set_shown(&mut self, shown: FastestMinute) {
        self.shown = shown;
    }

    /// The fastest minute.
    pub(super) const fn shown(&self) -> FastestMinute {
        self.shown
    }

    /// Applies a page of the same process.
    pub fn advance(&mut self, reading: &EngineReading, context: &PageContext) -> Step {
        let now = self.effective(reading);
        let present = std::array::from_fn(|i| reading.tokens.numbers()[i].is_some());
        let is_first = self.last.numbers().map(|value| value.is_none());
        let mut step = if fell(&now, &self.last) {
            self.fall(reading, &now, context)
        } else {
            let (taken, why) = self.taken(reading, context);
            self.grow(reading, &now, context, (taken, why))
        };
        step.late = self.late(present, context);
        step.took_back = step.took_back.or(self.took_back.take());
        step.began = (0..COUNTERS).any(|i| is_first[i] && present[i] && step.late[i].is_none());
        // A disputed change has no rate.
        step.present = present.map(|present| present && step.disputed.is_none());
        step
    }

    /// Accepts the page's values as the last ones and disputes the growth.
    pub(super) fn dispute(&mut self, reading: &EngineReading, context: &PageContext, why: &str) -> Step {
        let now = self.effective(reading);
        let grown = growth(&now, &self.last);
        let (before, since) = (self.last, self.first_moved(grown, context.at));
        (self.quarantine, self.earlier) = (None, None);
        let hits = self.hits;
        let (all, _) = self.split(reading, grown, (&now, context.at));
        // None of it waits for later prompts, or corrects earlier ones.
        self.hits = hits;
        self.accept(reading, now, grown, context.at);
        self.note_disputed(grown, context.at);
        let finished = self.finished.grow(&reading.tokens, &reading.finished);
        let growth = Growth { all, finished, ..Growth::default() };
        let disputed = Disputed { growth, before, after: now, since, bound: why.to_owned() };
        Step { disputed: Some(disputed), ..Step::default() }
    }

    /// Accepts growth. The part that other rows or series may have had is disputed.
    fn grow(
        &mut self,
        reading: &EngineReading,
        now: &TokenCounters,
        context: &PageContext,
        (taken, why): ([u64; COUNTERS], &str),
    ) -> Step {
        let elsewhere = self.seen_elsewhere.take();
        let fallen = self.quarantine.take();
        let is_smaller = fallen.as_ref().is_some_and(|fallen| fallen.grew_back(&self.last, now));
        let from = fallen.map(|fallen| fallen.believed).or(elsewhere);
        let is_missing = self.unread && self.adopt_unread(now, context.refused || lacks_part(&reading.tokens));
        let before_reset = self.earlier.as_ref().and_then(|earlier| earlier.believed);
        let undone = self.undoes_reset(now, context);
        let from = if undone { before_reset } else { from };
        let on_trial = if self.earlier.is_some() { Reset::OnTrial } else { Reset::No };
        let reset = if undone { Reset::Undone } else { on_trial };
        let (before, since) = (self.last, self.since_moved(context.at));
        let grown = growth(now, &self.last);
        let shows_hits = before.cached.is_some();
        let first_moved = self.first_moved(grown, context.at);
        let grown = self.without_earlier_hits(grown, now);
        let (grown, taken) = without(grown, taken, now);
        let (all, mut late) = self.split(reading, grown, (now, context.at));
        if self.earlier.is_some() {
            // What was posted before a reset is not corrected by growth that may be reversed.
            self.drop_late(&mut late);
        }
        self.accept(reading, *now, grown, context.at);
        let finished = self.finished.grow(&reading.tokens, &reading.finished);
        let regained = self.regains();
        let reset = if self.was_partly_reset() || is_missing || is_smaller { Reset::Certain } else { reset };
        let bound =
            context.bounds.exceeded_by(&all, since, shows_hits).or_else(|| self.finished.exceeds(&all, finished));
        match bound {
            None => {
                let leaps = self.shown.is_prompt_leap(grown, since, context.at)
                    || self.shown.is_double_leap(grown, since, context.at);
                let unproven = !context.identified && leaps;
                let returned = self.was_partly_reset() || self.returned(grown);
                // Implausible growth does not count for the fastest minute, by which a dip could then look like a reset.
                self.shown.note(context.at, grown);
                let disputed = taken.map(|growth| Disputed {
                    growth,
                    before,
                    after: *now,
                    since: first_moved,
                    bound: why.to_owned(),
                });
                let [corrected, settled] = late;
                let basis = GrowthBasis { before, after: *now, grown, since: first_moved, within: since, shows_hits };
                let (grown, basis) = (Some(Growth { all, corrected, settled, finished }), Some(basis));
                Step { grown, basis, disputed, from, unproven, reset, returned, regained, ..Step::default() }
            }
            Some(bound) => {
                self.drop_late(&mut late);
                self.note_disputed(grown, context.at);
                let all = taken.map_or(all, |taken| all.plus(taken.all));
                let growth = Growth { all, finished, ..Growth::default() };
                let disputed = Disputed { growth, before, after: *now, since: first_moved, bound };
                Step { disputed: Some(disputed), reset, regained, ..Step::default() }
            }
        }
    }

    /// Whether a quarter of a counter's growth or more is of series that were missing on earlier pages.
    fn returned(&self, grown: [u64; COUNTERS]) -> bool {
        let mut regrown = self.series.iter().map(SeriesSum::regrown).zip(grown);
        regrown.any(|(regrown, grown)| regrown > 0 && regrown >= grown / 4)
    }

    /// Keeps earlier prompts as they were posted: their late hits go to later prompts.
    fn drop_late(&mut self, late: &mut [Tokens; 2]) {
        let [corrected, settled] = std::mem::take(late);
        self.hits.give_back(corrected.count());
        self.hits.unsettle(settled.count());
    }

    fn accept(&mut self, reading: &EngineReading, now: TokenCounters, grown: [u64; COUNTERS], at: Moment) {
        for (moved, grown) in self.moved.iter_mut().zip(grown) {
            if grown > 0 {
                *moved = at;
            }
        }
        self.advance_series(reading, &now);
        self.recent.note(&self.last, at);
        self.last = kept(&now, &self.last);
    }

    /// Accepts the series of a page, whose counters were raised to `now`.
    fn advance_series(&mut self, reading: &EngineReading, now: &TokenCounters) {
        let series = &reading.series;
        let raised = growth(now, &reading.tokens);
        for ((sum, page), raised) in
            self.series.iter_mut().zip([&series.prompt, &series.cached, &series.output]).zip(raised)
        {
            sum.advance(page, raised);
        }
    }

    /// When the counters that grew last changed before; the earliest of several.
    fn first_moved(&self, grown: [u64; COUNTERS], at: Moment) -> Moment {
        let moved = (0..COUNTERS).filter(|i| grown[*i] > 0).map(|i| self.moved[i]);
        moved.min_by_key(|at| at.boot).unwrap_or(at)
    }

    fn since_moved(&self, at: Moment) -> [Span; COUNTERS] {
        self.moved.map(|moved| at.since(moved))
    }
}

/// Whether prompt or output tokens are missing although the other is present: an engine that has read prompts has written
/// output.
fn lacks_part(tokens: &TokenCounters) -> bool {
    let [prompt, _, output] = tokens.numbers();
    let is_much = |value: Option<u64>| value.is_some_and(|value| value >= MIN_EVIDENCE);
    prompt.is_none() && is_much(output) || output.is_none() && is_much(prompt)
}
