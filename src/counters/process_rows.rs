//! Maps readings to the rows of a process, and decides where new rows begin to count.

use super::delta::{Reset, Step};
use super::dropped::{self, Dropped};
use super::fastest_minute::{FastestMinute, MIN_DISPUTED, MIN_EVIDENCE, MIN_JUDGED, is_beyond_burst};
use super::page::{FORGOTTEN, SLACK};
use super::passed::PassedLines;
use super::process::Process;
use super::process_row::ProcessRow;
use super::row::{PageContext, RowCounters};
use super::values::{COUNTERS, RowKey, live_total};
use crate::reading::{EngineReading, Listed, TokenCounters};
use crate::units::{Moment, Span};

/// Where a new row begins to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CountsFrom {
    Zero,
    Baseline,
}

/// Where a row begins, since when it grew, and whether it existed before, so that some of its growth is missing.
struct RowBeginning {
    begin: CountsFrom,
    since: Moment,
    is_lost: bool,
}

impl Process {
    /// A row by its key.
    pub fn find(&self, key: &RowKey) -> Option<&ProcessRow> {
        self.index.find(&self.rows, key).map(|place| &self.rows[place])
    }

    /// A row, for reverting corrections that could not be made.
    pub fn row_mut(&mut self, key: &RowKey) -> Option<&mut RowCounters> {
        self.index.find(&self.rows, key).map(|place| &mut self.rows[place].counters)
    }

    /// Whether tokens may be missing from a page on, because rows were dropped.
    pub fn lost_rows_at(&self, at: Moment) -> bool {
        let is_known = self.replaced.is_some_and(|replaced| at.since(replaced) < FORGOTTEN);
        !is_known && self.dropped.is_some_and(|dropped| dropped.began_at(at))
    }

    /// Whether tokens may be missing because more rows come and go than can be kept.
    pub fn lacks_rows(&self, now: Moment) -> bool {
        self.dropped.is_some_and(|dropped| dropped.lacks(now))
    }

    /// Restarts at zero the rows whose processes ended and restarted according to their server's list.
    pub(super) fn replace_listed(&mut self, page: &[&EngineReading]) {
        for reading in page {
            let Some(Listed { not_running: Some(since) }) = reading.listed else { continue };
            if let Some(place) = self.place(reading, page) {
                self.rows[place].counters.replace(since, reading);
                // Its earlier values belong to another process.
                (self.trial, self.passed) = (None, PassedLines::default());
            }
        }
    }

    /// Applies a page row by row, and drops rows that left it long ago.
    pub(super) fn each_row(
        &mut self,
        rows: &[&EngineReading],
        context: &PageContext,
        apply: impl Fn(&mut RowCounters, &EngineReading) -> Step,
    ) -> Vec<Step> {
        self.index.fit(&self.rows);
        let begin = self.begin(rows, context);
        // A process that started while observed had nothing before, but a single page does not prove that.
        let first_seen = context.at.wall - context.at.since(self.first_seen);
        let is_born = self.start().is_some_and(|start| start > first_seen - SLACK);
        let is_new = is_born || context.last_page.since(self.first_seen) <= Span::ZERO;
        let mut left: Option<Vec<_>> = None;
        let mut is_counted = false;
        let (mut steps, mut on_page) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for reading in rows {
            let known = self.place(reading, rows);
            if known.is_none() {
                left.get_or_insert_with(|| self.large_left(rows));
            }
            let of_left = left.as_deref().unwrap_or_default();
            let begin = (begin, is_new);
            let RowBeginning { begin, since, is_lost } =
                self.beginning(reading, known, (rows, of_left), (begin, context));
            if let Some(left) = &mut left {
                left.retain(|(place, _)| Some(*place) != known);
            }
            let place = known.filter(|place| reading.model.is_some() && !self.rows[*place].key.is_of(reading));
            let was = place.map(|place| self.rows[place].key.clone());
            let place = self.place_or_add(reading, known, begin, &PageContext { last_page: since, ..*context });
            let leaps = known.is_some() && !is_new && self.rows[place].counters.leaps_from_nothing(reading);
            // A single page does not prove that a row existed before: its tokens are posted as uncertain.
            let was_absent = known.is_none() || self.rows[place].counters.has_no_values();
            let least = if is_new { (MIN_EVIDENCE, 0) } else { (MIN_DISPUTED, MIN_JUDGED) };
            let is_unproven = !is_born && was_absent && has_at_once(reading, context, least);
            let mut step = apply(&mut self.rows[place].counters, reading);
            step.unproven |= is_unproven && step.grown.is_some_and(|grown| !grown.all.is_zero());
            step.leapt = leaps && step.grown.is_some_and(|grown| !grown.all.is_zero());
            step.began |= reading.listed.is_some_and(|listed| listed.not_running.is_some());
            step.was = was;
            // Several rows that existed before count as one occasion, and so do several pages.
            let is_lost = is_lost && !std::mem::replace(&mut is_counted, true);
            let is_lost =
                is_lost && self.replaced.replace(context.at).is_none_or(|at| context.at.since(at) >= FORGOTTEN);
            if is_lost || std::mem::take(&mut self.rows[place].counters.replaced) {
                // The row's growth since the process was first seen is unknown.
                step.reset = Reset::Certain;
            }
            steps.push(step);
            on_page.push(place);
        }
        let kept = self.rows.len();
        dropped::settle(&mut self.rows, &on_page, context.at, &mut self.dropped);
        if self.rows.len() != kept {
            self.index.renew(&self.rows);
        }
        steps
    }

    /// Where a reading's row begins to count, if the row is new.
    fn beginning(
        &self,
        reading: &EngineReading,
        known: Option<usize>,
        (page, left): (&[&EngineReading], &[(usize, TokenCounters)]),
        ((begin, is_new), context): ((CountsFrom, bool), &PageContext),
    ) -> RowBeginning {
        let since = context.last_page;
        match reading.listed {
            Some(Listed { not_running: Some(since) }) => {
                RowBeginning { begin: CountsFrom::Zero, since, is_lost: false }
            }
            Some(Listed { not_running: None }) => RowBeginning { begin: CountsFrom::Baseline, since, is_lost: false },
            None if known.is_some() => RowBeginning { begin, since, is_lost: false },
            None => {
                let was_there = begin == CountsFrom::Zero
                    && (self.may_be_of(reading, left)
                        || self.was_there(reading, page, context)
                        || context.identified && !is_new && has_earlier(reading, context));
                let is_lost = was_there || begin == CountsFrom::Baseline && self.dropped.is_none();
                RowBeginning { begin: if was_there { CountsFrom::Baseline } else { begin }, since, is_lost }
            }
        }
    }

    /// Where new rows of a page begin to count. On a page with new rows only, they begin at zero only if the process may
    /// have produced as much since its last page; otherwise they existed before.
    fn begin(&self, page: &[&EngineReading], context: &PageContext) -> CountsFrom {
        if self.dropped.is_some() && !self.rows.is_empty() {
            // A new row may be one that was dropped.
            CountsFrom::Baseline
        } else if self.shares_row(page) || self.may_have_made(page, context) {
            CountsFrom::Zero
        } else {
            CountsFrom::Baseline
        }
    }

    /// Whether an unknown row shows far more than the process can have produced since it was first seen, given its live
    /// counters; or, without a start time, than any of its rows shows.
    fn was_there(&self, reading: &EngineReading, page: &[&EngineReading], context: &PageContext) -> bool {
        let [prompt, cached, output] = reading.tokens.numbers().map(Option::unwrap_or_default);
        let live = self.live_at_first.zip(live_total(page)).and_then(|(first, now)| now.checked_sub(first));
        if live.is_some_and(|live| prompt.saturating_add(output) > live.saturating_mul(2).saturating_add(MIN_JUDGED)) {
            return true;
        }
        let since = [context.at.since(context.last_page); COUNTERS];
        let grown = [prompt, cached, output];
        let mut shown = self.rows.iter().map(|row| row.counters.shown()).filter(FastestMinute::any).peekable();
        !context.identified
            && grown.iter().any(|grown| *grown >= MIN_DISPUTED)
            && shown.peek().is_some()
            && shown.all(|shown| shown.is_unusual(grown, since))
    }

    /// The index of a reading's row, adding a new row if it is unknown.
    fn place_or_add(
        &mut self,
        reading: &EngineReading,
        known: Option<usize>,
        begin: CountsFrom,
        context: &PageContext,
    ) -> usize {
        let Some(at) = known else {
            let counters = match begin {
                CountsFrom::Zero => RowCounters::zero(context.last_page, reading),
                CountsFrom::Baseline => RowCounters::baseline(reading, context),
            };
            self.rows.push(ProcessRow::new(RowKey::of(reading), counters));
            self.index.push(&self.rows);
            if self.dropped.is_some() {
                Dropped::note(&mut self.dropped, context.at, begin == CountsFrom::Baseline);
            }
            return self.rows.len() - 1;
        };
        if reading.model.is_some() && !self.rows[at].key.is_of(reading) {
            self.rows[at].key = RowKey::of(reading);
            self.index.renew(&self.rows);
        }
        at
    }

    /// Whether the rows of a page have no more than this process's rows produce in that time.
    fn may_have_made(&self, page: &[&EngineReading], context: &PageContext) -> bool {
        let since = context.at.since(context.last_page);
        page.iter().all(|reading| {
            self.rows.iter().any(|row| row.counters.paces(&reading.tokens, &TokenCounters::default(), since))
        })
    }

    /// The index of a reading's row. A row that left the page is taken for a new one on it if it is the only candidate, and
    /// either the model's name is unknown on one side or spelt differently, or the counters continue at the row's pace.
    pub(super) fn place(&self, reading: &EngineReading, page: &[&EngineReading]) -> Option<usize> {
        let exact = self.index.find_reading(&self.rows, reading);
        // Listed rows have their names from the server.
        if exact.is_some() || reading.listed.is_some() {
            return exact;
        }
        let left = |place: &usize| !page.iter().any(|other| self.rows[*place].key.is_of(other));
        only(self.index.of_name(&self.rows, reading.rank.as_ref(), reading.model.as_ref()).filter(left))
            .or_else(|| self.renamed(reading, page))
    }
}

/// Whether an unknown row has more output than a burst since the last page, or far more prompts.
fn has_earlier(reading: &EngineReading, context: &PageContext) -> bool {
    let output = reading.tokens.output.unwrap_or_default().count();
    is_beyond_burst(output, context.at.since(context.last_page))
        || has_at_once(reading, context, (MIN_DISPUTED, MIN_DISPUTED))
}

/// Whether an unknown row has at least so many tokens, and so many more for each second since the last page.
fn has_at_once(reading: &EngineReading, context: &PageContext, (least, a_second): (u64, u64)) -> bool {
    let most = reading.tokens.numbers().into_iter().flatten().max().unwrap_or_default();
    let millis = u128::from(context.at.since(context.last_page).millis().max(0).unsigned_abs());
    u128::from(most) >= u128::from(least) + u128::from(a_second) * millis / 1000
}

/// The item, if there is exactly one.
fn only(mut places: impl Iterator<Item = usize>) -> Option<usize> {
    places.next().filter(|_| places.next().is_none())
}
