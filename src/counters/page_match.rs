//! The relation of a page to a process: whether it continues the last values, falls below them or jumps above.

use super::fastest_minute::{MIN_DISPUTED, MINUTE};
use super::line::Line;
use super::own_pace::{self, OwnPace};
use super::page::{InstancePage, SLACK};
use super::process::Process;
use super::row::{PageContext, RowCounters};
use super::values::{self, RowKey};
use crate::reading::EngineReading;
use crate::units::{Moment, Span, Timestamp};

/// The fraction that the server's time, in whole seconds, may lack.
const DATE: Span = Span::from_secs(1);
/// If a first page's values and the following growth differ by at most this factor, the first page may have lacked some
/// workers.
const SHORT_PAGE_RATIO: u64 = 20;

/// The relation of a page to a process without a start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageMatch {
    /// Every counter is at or above its last value; with the total growth.
    Continues(u64),
    /// Every counter is at or above its last value, some too far above for growth.
    Jumps,
    /// Some rows fell while others continued.
    Mixed,
    /// The values are below.
    Falls,
    /// There is no common row.
    Other,
}

impl InstancePage<'_> {
    /// The context for the rows of a process whose last page was received at `last_page`.
    pub(super) fn context(&self, last_page: Moment) -> PageContext {
        let identified = self.start.is_some();
        PageContext { at: self.at, last_page, bounds: self.bounds, refused: self.refused, identified }
    }

    /// The earliest instant at which a process can have started whose start is taken to be `began`; `last` is when the
    /// address last answered.
    pub(super) fn earliest_birth(&self, began: Timestamp, last: Option<Moment>) -> Timestamp {
        let last = last.map(|last| self.at.wall - self.at.since(last));
        let seen = last.or(self.watched_since).unwrap_or(began);
        let by_clock = if self.ahead.is_some() { began - DATE } else { seen };
        by_clock.max(seen).min(began)
    }

    /// Whether a process that started at `began` can have produced all tokens on the page.
    pub(super) fn may_be_made_since(&self, began: Timestamp) -> bool {
        let since = self.at + (began - self.at.wall);
        let context = self.context(since);
        let is_beyond =
            |reading: &&EngineReading| RowCounters::zero(since, reading).is_beyond_hardware(&reading.tokens, &context);
        !self.rows.iter().any(is_beyond)
    }

    /// Whether a process started after the last page by the calendar of that time, which was set since.
    pub(super) fn began_before_step(&self, began: Timestamp, last: Moment) -> bool {
        let step = (self.at.wall - self.at.since(last)) - last.wall;
        step.millis().abs() > SLACK.millis() && began > last.wall - SLACK
    }
}

impl Process {
    /// The relation of a page to this process.
    pub(super) fn fit(&self, rows: &[&EngineReading], context: &PageContext) -> PageMatch {
        let (mut distance, mut jumps, mut falls, mut goes_on) = (0_u64, false, false, false);
        for reading in rows {
            let Some(row) = self.row(reading, rows) else { continue };
            let now = row.effective(reading);
            if row.is_below(reading, &now) {
                // Neither a dip nor a reset of a row raises another counter.
                let mixed = row.grew_beyond(&now, context.at.since(context.last_page));
                (falls, jumps) = (falls || !mixed, jumps || mixed);
            } else if let Some(beyond) = row.returned_by(&now, context.at) {
                goes_on = true;
                distance = distance.saturating_add(beyond);
            } else if !row.is_quarantined() {
                jumps |= row.is_jump(&now, context);
                goes_on |= row.has_shown();
                distance = distance.saturating_add(row.distance(&now));
            }
        }
        if !self.shares_row(rows) {
            return PageMatch::Other;
        }
        match (falls, jumps) {
            (false, false) if self.leaps_at_first(distance, context.at) => PageMatch::Jumps,
            (false, false) => PageMatch::Continues(distance),
            (false, true) => PageMatch::Jumps,
            (true, false) if goes_on => PageMatch::Mixed,
            (true, _) => PageMatch::Falls,
        }
    }

    /// Whether a row of a page returns to its values from before a reset, which was then a dip.
    pub(super) fn undoes_reset(&self, rows: &[&EngineReading], at: Moment) -> bool {
        let returns = |row: &RowCounters, reading| row.returned_by(&row.effective(reading), at).is_some();
        rows.iter().any(|reading| self.row(reading, rows).is_some_and(|row| returns(row, reading)))
    }

    /// Whether the page and the process share a row, or either has no rows, or the rows are listed and come and go
    /// individually.
    pub(super) fn shares_row(&self, rows: &[&EngineReading]) -> bool {
        rows.iter().all(|reading| reading.listed.is_some())
            || self.rows.is_empty()
            || rows.iter().any(|reading| self.place(reading, rows).is_some())
    }

    /// Whether the first growth of a process without a start time is so large that its baseline may have lacked some
    /// workers.
    fn leaps_at_first(&self, distance: u64, at: Moment) -> bool {
        let total = self.line().total();
        let is_new = self.starts.is_empty() && !self.has_shown() && at.since(self.last_seen) < MINUTE;
        let may_be_short =
            distance >= total / SHORT_PAGE_RATIO || distance >= MIN_DISPUTED.saturating_mul(SHORT_PAGE_RATIO);
        is_new && distance >= MIN_DISPUTED && may_be_short && distance <= total.saturating_mul(SHORT_PAGE_RATIO)
    }

    /// Whether a page continues the last values, within the bounds.
    pub(super) fn may_go_on(&self, rows: &[&EngineReading], context: &PageContext) -> bool {
        rows.iter().all(|reading| {
            self.row(reading, rows).is_none_or(|row| {
                let now = row.effective(reading);
                !row.is_below(reading, &now) && !row.is_beyond_hardware(&now, context)
            })
        })
    }

    /// Whether a page without a start time continues the last values, within the bounds.
    pub(super) fn may_go_on_from(&self, page: &InstancePage<'_>) -> bool {
        self.may_go_on(page.rows, &page.context(self.last_seen))
    }

    /// Whether a series of the last page is missing on this one.
    pub(super) fn misses_series(&self, rows: &[&EngineReading]) -> bool {
        rows.iter().any(|reading| self.row(reading, rows).is_some_and(|row| row.misses_series(reading)))
    }

    /// The line of a page, raised by the last values of this process's evicted series.
    pub(super) fn line_of(&self, rows: &[&EngineReading]) -> Line {
        let value = |reading: &&EngineReading| {
            let values = self.row(reading, rows).map_or(reading.tokens, |row| row.effective(reading));
            (RowKey::of(reading), values)
        };
        Line(rows.iter().map(value).collect())
    }

    /// Whether a page continues a line by no more than this process grows in that time.
    pub(super) fn paces(&self, line: &Line, rows: &[&EngineReading], since: Span) -> bool {
        let known = line.finder();
        line.goes_on(rows)
            && rows.iter().enumerate().all(|(nth, reading)| match (self.row(reading, rows), known.of(nth, reading)) {
                (Some(row), Some(then)) => row.paces(&reading.tokens, then, since),
                _ => true,
            })
    }

    /// Whether a line is above another by no more than this process grows in that time.
    pub(super) fn paces_between(&self, then: &Line, now: &Line, since: Span) -> bool {
        let known = then.finder();
        now.0.iter().enumerate().all(|(nth, (key, now))| {
            let row = self.find(key);
            let then = known.at(nth, key);
            row.zip(then).is_none_or(|(row, then)| row.counters.paces(now, then, since))
        })
    }

    /// Whether a row's values came too soon after its last ones to be its growth.
    pub(super) fn leaps_to(&self, line: &Line, at: Moment) -> bool {
        let leaps = |(key, now): &(RowKey, _)| self.find(key).is_some_and(|row| row.counters.leaps_to(now, at));
        line.0.iter().any(leaps)
    }

    /// Whether a page's values came too soon to be growth, and are otherwise possible for its rows and the hardware.
    pub(super) fn only_leaps_to(&self, page: &InstancePage<'_>) -> bool {
        let context = page.context(self.last_seen);
        let rows = || page.rows.iter().filter_map(|reading| Some((self.row(reading, page.rows)?, reading)));
        rows().any(|(row, reading)| row.leaps_to(&row.effective(reading), page.at))
            && !rows().any(|(row, reading)| row.is_beyond(&row.effective(reading), &context))
    }

    /// Records the last values, read at a moment, for the pace.
    pub(super) fn note_pace(&mut self, at: Moment) {
        if self.rows.len() > own_pace::ROWS {
            self.pace = OwnPace::default();
        } else {
            let line = self.line();
            self.pace.note(&line, at);
        }
    }

    /// Whether a page has the values expected from this process's pace.
    pub(super) fn fits_pace(&self, page: &InstancePage<'_>) -> bool {
        !self.pace.is_empty() && self.pace.fits(&self.line(), self.last_seen, &self.line_of(page.rows), page.at)
    }

    /// Whether a counter of a page is far beyond the value expected from this process's pace.
    pub(super) fn leaps_beyond_pace(&self, page: &InstancePage<'_>) -> bool {
        !self.pace.is_empty() && self.pace.leaps(&self.line(), self.last_seen, &self.line_of(page.rows), page.at)
    }

    /// Whether a line may be this process's with some counters below their true values: the others grew at its pace.
    pub(super) fn may_dip_to(&self, line: &Line, at: Moment) -> bool {
        let last = self.line();
        !line.reaches(&last) && self.paces_between(&last, line, at.since(self.last_seen))
    }

    /// Whether a page grew by no more than this process grows in that time.
    pub(super) fn paces_to(&self, rows: &[&EngineReading], since: Span) -> bool {
        rows.iter().all(|reading| {
            self.row(reading, rows).is_none_or(|row| row.paces(&row.effective(reading), &row.last(), since))
        })
    }

    /// Whether a counter of a page is below its last value.
    pub(super) fn falls(&self, rows: &[&EngineReading]) -> bool {
        let falls = |row: &RowCounters, reading: &EngineReading| {
            values::fell(&reading.tokens, &row.last()) && values::fell(&row.effective(reading), &row.last())
        };
        rows.iter().any(|reading| self.row(reading, rows).is_some_and(|row| falls(row, reading)))
    }

    /// Whether any row has shown growth.
    pub(super) fn has_shown(&self) -> bool {
        self.rows.iter().any(|row| row.counters.has_shown())
    }

    /// Whether the first values after a fall are those of rows that were reset after the last page.
    pub(super) fn began_anew(&self, first: &Line, at: Moment, pages: u8) -> bool {
        let since = at.since(self.last_seen);
        first.0.iter().all(|(key, values)| {
            let row = self.find(key);
            row.is_none_or(|row| row.counters.began_anew(values, since, pages))
        })
    }
}
