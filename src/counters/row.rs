//! One row of counters of one process: what each page adds to what was seen before.
//!
//! Every row is judged on its own. A counter that falls is held: it may be a dip of a file that is being rewritten, and
//! nothing is lost or counted twice when it returns; or it began anew, and counts from zero if the hardware could have
//! produced that since.

use serde::{Deserialize, Serialize};

use super::delta::{Delta, Disputed, Growth, Step};
use super::hits::HitClamp;
use super::series_sum::SeriesSum;
use super::shown::{SMALL, Shown};
use super::values::{COUNTERS, fell, growth, kept, raised, values};
use super::{Bounds, FinishedMeter};
use crate::reading::{EngineReading, PromptCount, TokenCounters};
use crate::units::{Moment, Span, Tokens};

/// Pages for which a fall is held, where the row is likely to have begun anew.
pub(super) const HELD_PAGES: u8 = 3;
/// Pages for which it is held where its values might as well be a dip's.
const HELD_PAGES_IN_DOUBT: u8 = 12;
/// A row that dips keeps more than one part of so many; one that begins anew holds less.
const SMALL_PART: u64 = 10;
/// How long a fall that goes neither up nor back is held.
const HELD_LONGEST: Span = Span::from_secs(600);

/// What is known of a row's counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounters {
    last: TokenCounters,
    /// When each counter last moved; where that was before the first page, when that was.
    moved: [Moment; COUNTERS],
    hits: HitClamp,
    series: [SeriesSum; COUNTERS],
    finished: FinishedMeter,
    shown: Shown,
    quarantine: Option<Quarantine>,
    /// Counters whose value at the baseline was on the page and no count: their first value is a baseline too.
    unread: bool,
}

/// A fall that is not explained yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Quarantine {
    /// The values since the fall: the first and the last.
    first: TokenCounters,
    last: TokenCounters,
    /// When it began, and when the row was last believed.
    since: Moment,
    believed: Moment,
    pages: u8,
}

/// What surrounds a page of a row.
#[derive(Debug, Clone, Copy)]
pub struct PageContext {
    /// When it came.
    pub at: Moment,
    /// When the process's last page came.
    pub last_page: Moment,
    /// The bounds of the process.
    pub bounds: Bounds,
    /// Whether any counter on the page was no count.
    pub refused: bool,
    /// Whether the page says when its process started, so that a fall is no other process.
    pub identified: bool,
}

impl RowCounters {
    /// A row whose values are a baseline: what they hold was produced before it was watched.
    pub fn baseline(reading: &EngineReading, context: &PageContext) -> Self {
        let mut row = Self::empty(context.at);
        row.unread = context.refused;
        row.advance_series(reading);
        row.last = reading.tokens;
        row.finished.baseline(&reading.tokens, &reading.finished);
        row
    }

    /// A row of a process that began at zero, last known to be there at `since`.
    pub fn zero(since: Moment, reading: &EngineReading) -> Self {
        let mut row = Self::empty(since);
        row.finished.begin(&reading.tokens, &reading.finished);
        row.last = zeroed(&reading.tokens);
        row
    }

    /// A row whose baseline was these values.
    pub fn at(values: TokenCounters, seen: Moment) -> Self {
        Self { last: values, ..Self::empty(seen) }
    }

    /// The same with hits that ran ahead of their prompts, which are counted when those come.
    #[must_use]
    pub fn with_hits_ahead(self, hits: u64) -> Self {
        Self { hits: HitClamp::ahead(hits), ..self }
    }

    /// The moments that it holds.
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let quarantine = self.quarantine.iter_mut().flat_map(|held| [&mut held.since, &mut held.believed]);
        self.moved.iter_mut().chain(self.shown.since_mut()).chain(quarantine)
    }

    fn empty(moved: Moment) -> Self {
        Self {
            last: TokenCounters::default(),
            moved: [moved; COUNTERS],
            hits: HitClamp::default(),
            series: Default::default(),
            finished: FinishedMeter::default(),
            shown: Shown::default(),
            quarantine: None,
            unread: false,
        }
    }

    /// The last values that were believed, those of evicted series included.
    pub const fn last(&self) -> TokenCounters {
        self.last
    }

    /// Whether finished requests are counted apart.
    pub const fn counts_finished(&self) -> bool {
        self.finished.counts()
    }

    /// Whether a movement waits to be explained.
    pub const fn is_quarantined(&self) -> bool {
        self.quarantine.is_some()
    }

    /// Takes corrections back that the ledger could not make.
    pub fn give_back(&mut self, corrected: Tokens) {
        self.hits.give_back(corrected.count());
    }

    /// The counters of a page with what its evicted series had reached.
    pub(super) fn effective(&self, reading: &EngineReading) -> TokenCounters {
        let series = &reading.series;
        let pages = [&series.prompt, &series.cached, &series.output];
        raised(&reading.tokens, std::array::from_fn(|i| self.series[i].raise(pages[i])))
    }

    /// Whether any counter of a page is below the last one that was believed, or below that of a fall that is held; or any
    /// of its series is even where the sum is not.
    pub(super) fn is_below(&self, reading: &EngineReading, effective: &TokenCounters) -> bool {
        match &self.quarantine {
            Some(held) => fell(effective, &held.last),
            None => fell(effective, &self.last) || self.series_fell(reading),
        }
    }

    fn series_fell(&self, reading: &EngineReading) -> bool {
        let series = &reading.series;
        let pages = [&series.prompt, &series.cached, &series.output];
        self.series.iter().zip(pages).any(|(sum, page)| sum.fell(page))
    }

    /// Whether a series of the last page is not on this one.
    pub(super) fn misses_series(&self, reading: &EngineReading) -> bool {
        let series = &reading.series;
        let pages = [&series.prompt, &series.cached, &series.output];
        self.series.iter().zip(pages).any(|(sum, page)| sum.misses(page))
    }

    /// How far a page's counters are beyond the last ones that were believed.
    pub(super) fn distance(&self, effective: &TokenCounters) -> u64 {
        growth(effective, &self.last).into_iter().fold(0, u64::saturating_add)
    }

    /// Whether a page's counters are too far beyond the last ones to be this row's growth, judged by what it has shown and
    /// by what the hardware can produce.
    pub(super) fn is_jump(&self, effective: &TokenCounters, context: &PageContext) -> bool {
        let grown = growth(effective, &self.last);
        self.shown.is_far_beyond(grown, self.since_moved(context.at)) || self.is_beyond_hardware(effective, context)
    }

    /// Whether counters of a page grew by far more than the row does since a page, whatever others did.
    pub(super) fn grew_beyond(&self, effective: &TokenCounters, since: Span) -> bool {
        let grown = growth(effective, &self.last);
        grown.iter().any(|grown| *grown >= SMALL) && !self.shown.explains(grown, since)
    }

    /// Whether a page's counters are too far beyond the last ones for the hardware.
    pub(super) fn is_beyond_hardware(&self, effective: &TokenCounters, context: &PageContext) -> bool {
        let grown = growth(effective, &self.last);
        context.bounds.exceeded_by(&raw_delta(effective, grown), self.since_moved(context.at)).is_some()
    }

    /// Whether values lie as far beyond others as this row grows in such a time.
    pub(super) fn paces(&self, now: &TokenCounters, then: &TokenCounters, within: Span) -> bool {
        self.shown.explains(growth(now, then), within)
    }

    /// Whether the row has shown any growth.
    pub(super) fn has_shown(&self) -> bool {
        self.shown.any()
    }

    /// Whether, by its first values after a fall and the pages since, the row began anew since it was last believed: at
    /// once if they are what it produces in such a time, later if they are what it may have produced.
    pub(super) fn began_anew(&self, first: &TokenCounters, within: Span, pages: u8) -> bool {
        let grown = growth(first, &TokenCounters::default());
        pages >= HELD_PAGES && self.shown.suggests(grown, within)
            || pages >= HELD_PAGES_IN_DOUBT && self.shown.explains(grown, within)
    }

    /// Goes on from values that were seen before, and from what it had shown then: a movement away from them was another
    /// process's.
    pub(super) fn return_to(&mut self, values: TokenCounters, shown: Option<Shown>) {
        self.last = values;
        self.shown = shown.unwrap_or(self.shown);
        self.quarantine = None;
    }

    /// What it has shown.
    pub(super) const fn shown(&self) -> Shown {
        self.shown
    }

    /// Takes a page of the same process in.
    pub fn advance(&mut self, reading: &EngineReading, context: &PageContext) -> Step {
        let now = self.effective(reading);
        let told = std::array::from_fn(|i| values(&reading.tokens)[i].is_some());
        let mut step =
            if fell(&now, &self.last) { self.fall(reading, &now, context) } else { self.grow(reading, &now, context) };
        // Nothing is known of the rate of what is disputed.
        step.told = told.map(|told| told && step.disputed.is_none());
        step
    }

    /// Takes the page's values as the last ones; what lies between is disputed.
    pub(super) fn dispute(&mut self, reading: &EngineReading, context: &PageContext, why: &str) -> Step {
        let now = self.effective(reading);
        let (before, since) = (self.last, self.moved.into_iter().min_by_key(|at| at.boot).unwrap_or(context.at));
        let grown = growth(&now, &self.last);
        let (all, corrected) = self.split(reading, grown, &now);
        self.hits.give_back(corrected.count());
        self.accept(reading, now, grown, context.at);
        let finished = self.finished.grow(&reading.tokens, &reading.finished);
        let growth = Growth { all, finished, corrected: Tokens::ZERO };
        let disputed = Disputed { growth, before, after: now, since, bound: why.to_owned() };
        Step { disputed: Some(disputed), ..Step::default() }
    }

    fn grow(&mut self, reading: &EngineReading, now: &TokenCounters, context: &PageContext) -> Step {
        let from = self.quarantine.take().map(|held| held.believed);
        if self.unread {
            self.adopt_unread(now, context);
        }
        let (before, since) = (self.last, self.since_moved(context.at));
        let first_moved = self.moved.into_iter().min_by_key(|at| at.boot).unwrap_or(context.at);
        let grown = growth(now, &self.last);
        let (all, corrected) = self.split(reading, grown, now);
        self.shown.note(context.at, grown);
        self.accept(reading, *now, grown, context.at);
        let finished = self.finished.grow(&reading.tokens, &reading.finished);
        match context.bounds.exceeded_by(&all, since) {
            None => Step { grown: Some(Growth { all, corrected, finished }), from, ..Step::default() },
            Some(bound) => {
                self.hits.give_back(corrected.count());
                let growth = Growth { all, finished, corrected: Tokens::ZERO };
                let disputed = Disputed { growth, before, after: *now, since: first_moved, bound };
                Step { disputed: Some(disputed), ..Step::default() }
            }
        }
    }

    fn fall(&mut self, reading: &EngineReading, now: &TokenCounters, context: &PageContext) -> Step {
        let quarantine = match self.quarantine {
            Some(held) if !fell(now, &held.last) => {
                Quarantine { last: kept(now, &held.last), pages: held.pages.saturating_add(1), ..held }
            }
            held => {
                let believed = held.map_or(context.last_page, |held| held.believed);
                let first = held.map_or(context.at, |held| held.since);
                Quarantine { first: *now, last: *now, since: first, believed, pages: 1 }
            }
        };
        let grew = growth(&quarantine.last, &quarantine.first).into_iter().any(|grown| grown > 0);
        let took = quarantine.since.since(quarantine.believed);
        let anew = self.began_anew(&quarantine.first, took, quarantine.pages)
            || context.identified && self.is_far_below(&quarantine.first, quarantine.pages);
        if grew && anew {
            return self.reset(reading, &quarantine, context);
        }
        if context.at.since(quarantine.since) >= HELD_LONGEST {
            *self = Self { shown: self.shown, ..Self::baseline(reading, context) };
            return Step { reset: true, ..Step::default() };
        }
        self.quarantine = Some(quarantine);
        Step { quarantined: true, ..Step::default() }
    }

    /// Whether values that stay below the row's are no dip's, in a process that is known to be the same.
    fn is_far_below(&self, first: &TokenCounters, pages: u8) -> bool {
        let small_part = |(first, last): (Option<u64>, Option<u64>)| match (first, last) {
            (Some(first), Some(last)) => first >= last || first <= last / SMALL_PART,
            _ => true,
        };
        pages >= HELD_PAGES_IN_DOUBT
            || pages >= HELD_PAGES && values(first).into_iter().zip(values(&self.last)).all(small_part)
    }

    /// The row began anew: it counts from zero.
    fn reset(&mut self, reading: &EngineReading, held: &Quarantine, context: &PageContext) -> Step {
        let (shown, before) = (self.shown, self.last);
        *self = Self { shown, ..Self::zero(held.believed, reading) };
        let mut step = self.grow(reading, &reading.tokens, context);
        step.from = Some(held.believed);
        if let Some(disputed) = &mut step.disputed {
            disputed.before = before;
        }
        Step { reset: true, ..step }
    }

    /// Splits a growth into the classes of prices; and the misses that it corrects.
    fn split(&mut self, reading: &EngineReading, grown: [u64; COUNTERS], now: &TokenCounters) -> (Delta, Tokens) {
        let [prompts, hits, output] = grown;
        let output = Tokens::new(output);
        match (now.prompt, reading.tokens.cached) {
            // Hits that are not told beside computed prompts can only add to them.
            (counted, None) => {
                let hits_known = matches!(counted, PromptCount::ComputedOnly(_));
                (Delta { miss: Tokens::new(prompts), output, hits_known, ..Delta::default() }, Tokens::ZERO)
            }
            (PromptCount::ComputedOnly(_), Some(_)) => {
                let delta = Delta { miss: Tokens::new(prompts), hit: Tokens::new(hits), output, hits_known: true };
                (delta, Tokens::ZERO)
            }
            (_, Some(_)) => {
                let split = self.hits.take(prompts, hits);
                let (miss, hit) = (Tokens::new(split.miss), Tokens::new(split.hit));
                (Delta { miss, hit, output, hits_known: true }, Tokens::new(split.corrected))
            }
        }
    }

    fn accept(&mut self, reading: &EngineReading, now: TokenCounters, grown: [u64; COUNTERS], at: Moment) {
        for (moved, grown) in self.moved.iter_mut().zip(grown) {
            if grown > 0 {
                *moved = at;
            }
        }
        self.advance_series(reading);
        self.last = kept(&now, &self.last);
    }

    fn advance_series(&mut self, reading: &EngineReading) {
        let series = &reading.series;
        for (sum, page) in self.series.iter_mut().zip([&series.prompt, &series.cached, &series.output]) {
            sum.advance(page);
        }
    }

    /// Counters that could not be read at the baseline begin where they are first read.
    fn adopt_unread(&mut self, now: &TokenCounters, context: &PageContext) {
        self.last = kept(&self.last, now);
        self.unread = context.refused;
    }

    fn since_moved(&self, at: Moment) -> [Span; COUNTERS] {
        self.moved.map(|moved| at.since(moved))
    }
}

/// Counters of the same kinds at zero.
fn zeroed(tokens: &TokenCounters) -> TokenCounters {
    let zero = |tokens: Option<Tokens>| tokens.map(|_| Tokens::ZERO);
    TokenCounters {
        prompt: match tokens.prompt {
            PromptCount::Whole(_) => PromptCount::Whole(Tokens::ZERO),
            PromptCount::ComputedOnly(_) => PromptCount::ComputedOnly(Tokens::ZERO),
            PromptCount::Unknown => PromptCount::Unknown,
        },
        cached: zero(tokens.cached),
        output: zero(tokens.output),
    }
}

/// A growth as classes, with no memory of hits and prompts that came apart.
fn raw_delta(now: &TokenCounters, [prompts, hits, output]: [u64; COUNTERS]) -> Delta {
    let whole = matches!(now.prompt, PromptCount::Whole(_));
    let miss = if whole { prompts.saturating_sub(hits) } else { prompts };
    let (miss, hit, output) = (Tokens::new(miss), Tokens::new(hits), Tokens::new(output));
    let hits_known = now.cached.is_some() || matches!(now.prompt, PromptCount::ComputedOnly(_));
    Delta { miss, hit, output, hits_known }
}
