//! Which row of a process a reading is of, and where new rows begin to count.

use super::delta::Step;
use super::dropped::{self, Dropped};
use super::fastest_minute::MINUTE;
use super::process::{Process, ProcessRow};
use super::row::{PageContext, RowCounters};
use super::values::{self, RowKey};
use crate::reading::{EngineReading, TokenCounters};
use crate::units::Moment;

/// Where a new row begins to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    Zero,
    Baseline,
}

impl Process {
    /// A row by its key.
    pub fn find(&self, key: &RowKey) -> Option<&ProcessRow> {
        self.index.find(&self.rows, key).map(|place| &self.rows[place])
    }

    /// A row, to take back corrections that could not be made.
    pub fn row_mut(&mut self, key: &RowKey) -> Option<&mut RowCounters> {
        self.index.find(&self.rows, key).map(|place| &mut self.rows[place].counters)
    }

    /// Whether tokens may be missing from a page on, because rows were dropped.
    pub fn lost_rows_at(&self, at: Moment) -> bool {
        self.dropped.is_some_and(|dropped| dropped.began_at(at))
    }

    /// Whether tokens may be missing because more rows come and go than are kept.
    pub fn lacks_rows(&self, now: Moment) -> bool {
        self.dropped.is_some_and(|dropped| dropped.lacks(now))
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
        let (mut steps, mut on_page) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for reading in rows {
            let place = self.place_or_add(reading, rows, begin, context);
            steps.push(apply(&mut self.rows[place].counters, reading));
            on_page.push(place);
        }
        let kept = self.rows.len();
        dropped::settle(&mut self.rows, &on_page, context.at, &mut self.dropped);
        if self.rows.len() != kept {
            self.index.renew(&self.rows);
        }
        steps
    }

    /// Where new rows of a page begin to count: at zero. If the page has new rows only, they begin at zero only if the
    /// process may have produced as much since its last page; otherwise they were there before.
    fn begin(&self, page: &[&EngineReading], context: &PageContext) -> Begin {
        if self.dropped.is_some() && !self.rows.is_empty() {
            // A new row may be one that was dropped.
            Begin::Baseline
        } else if self.shares_row(page) || self.may_have_made(page, context) {
            Begin::Zero
        } else {
            Begin::Baseline
        }
    }

    /// The place of a reading's row; a new row is added.
    fn place_or_add(
        &mut self,
        reading: &EngineReading,
        page: &[&EngineReading],
        begin: Begin,
        context: &PageContext,
    ) -> usize {
        let Some(at) = self.place(reading, page) else {
            let counters = match begin {
                Begin::Zero => RowCounters::zero(context.last_page, reading),
                Begin::Baseline => RowCounters::baseline(reading, context),
            };
            self.rows.push(ProcessRow::new(RowKey::of(reading), counters));
            self.index.push(&self.rows);
            if self.dropped.is_some() {
                Dropped::note(&mut self.dropped, context.at, begin == Begin::Baseline);
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

    /// The index of a reading's row. A row that left the page is taken for a new one on it if it is the only candidate,
    /// and if the model's name is unknown on either side, is spelt differently, or the counters continue at the row's
    /// pace.
    pub(super) fn place(&self, reading: &EngineReading, page: &[&EngineReading]) -> Option<usize> {
        let exact = self.index.find_reading(&self.rows, reading);
        if exact.is_some() {
            return exact;
        }
        let left = |place: &usize| !page.iter().any(|other| self.rows[*place].key.is_of(other));
        only(self.index.of_name(&self.rows, reading.rank.as_ref(), reading.model.as_ref()).filter(left)).or_else(|| {
            let is_new = |other: &&&EngineReading| self.index.find_reading(&self.rows, other).is_none();
            if page.iter().filter(is_new).take(2).count() != 1 {
                return None;
            }
            let goes_on = |place: &usize| {
                let row = &self.rows[*place];
                (row.key.rank == reading.rank || row.key.model == reading.model)
                    && !values::fell(&reading.tokens, &row.counters.last())
                    && row.counters.paces(&reading.tokens, &row.counters.last(), MINUTE)
            };
            only((0..self.rows.len()).filter(goes_on).filter(left))
        })
    }
}

/// The only one of several, if it is.
fn only(mut places: impl Iterator<Item = usize>) -> Option<usize> {
    places.next().filter(|_| places.next().is_none())
}
