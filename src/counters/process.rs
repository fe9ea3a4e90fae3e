//! One process behind an address: its start times and its rows.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::delta::Step;
use super::dropped::Dropped;
use super::fastest_minute::FastestMinute;
use super::line::Line;
use super::own_pace::OwnPace;
use super::passed::PassedLines;
use super::process_id::ProcessId;
use super::process_row::ProcessRow;
use super::row::{PageContext, RowCounters};
use super::row_index::RowIndex;
use super::start_lines::{StartLines, same_start};
use super::trial::Trial;
use super::uncertain_line::UncertainLine;
use super::values::{RowKey, live_total};
use crate::reading::{EngineReading, TokenCounters};
use crate::units::{Moment, Timestamp};

/// The most start times kept of one process; a clock that jitters gives several.
const STARTS: usize = 8;
/// The number of start times from which on a process's clock counts as jittering.
const MOVING: usize = 4;
/// The number of pages without a known counter after which the counter counts as removed.
const CUT_PAGES: u8 = 3;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is another thing that may be known of it")]
pub struct Process {
    pub(super) id: ProcessId,
    /// Its start times on its pages: several if the clock jitters, none if pages have none.
    pub(super) starts: Vec<Timestamp>,
    /// The number of start times that may be those of later processes.
    #[serde(default, alias = "doubtful", skip_serializing_if = "is_zero")]
    uncertain_starts: u8,
    /// The last values under each start time, if there are several.
    #[serde(default, skip_serializing_if = "StartLines::is_empty")]
    pub(super) by_start: StartLines,
    pub(super) first_seen: Moment,
    pub(super) last_seen: Moment,
    /// Whether another process replaced it.
    pub(super) ended: bool,
    /// Whether the growth of its first page is not posted yet.
    #[serde(default)]
    pub(super) unposted: bool,
    /// Whether only its values distinguish it from another process with its start time.
    #[serde(default)]
    pub(super) apart: bool,
    /// The process that replaced it.
    #[serde(default)]
    pub(super) ended_by: Option<ProcessId>,
    /// Whether it may have replaced the others although its first page was a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) succession: Option<Succession>,
    /// Whether its growth may be part of another's, so that none is posted.
    pub(super) shadow: bool,
    /// The state until it is known whether it is another process than one with its start time.
    #[serde(default, alias = "doubted", skip_serializing_if = "Option::is_none")]
    pub(super) uncertain: Option<UncertainLine>,
    /// When its pages were last found to come from several views, one of which lags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) has_views: Option<Moment>,
    pub(super) rows: Vec<ProcessRow>,
    /// The counters on its last pages.
    #[serde(alias = "told")]
    present: [bool; 3],
    /// The number of pages since one of them was missing.
    cut_pages: u8,
    /// The counters that count as removed.
    gone: [bool; 3],
    /// The assumption on trial, which may be reverted.
    pub(super) trial: Option<Trial>,
    /// The values that it passed by large steps while its growth was on trial.
    #[serde(default)]
    pub(super) passed: PassedLines,
    /// When its growth was last found to be another process's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refuted: Option<Moment>,
    /// Its growth rate, if it has no start time.
    #[serde(default, skip_serializing_if = "OwnPace::is_empty")]
    pub(super) pace: OwnPace,
    /// Whether rows of it were dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dropped: Option<Dropped>,
    /// When rows were last replaced by rows that existed before, so that their growth is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) replaced: Option<Moment>,
    /// The sum of the live counters on its first page, if that was a baseline with any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) live_at_first: Option<u64>,
    /// The index of its rows; recomputed on the next page.
    #[serde(skip)]
    pub(super) index: RowIndex,
}

/// Whether an older process, by its start time, replaced the others, which implies a wrong clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Succession {
    /// None of the others has answered since.
    Open,
    /// None of the others answered for a minute: tokens before its first page are missing.
    Believed,
}

impl Process {
    pub(super) fn new(id: ProcessId, start: Option<Timestamp>, at: Moment) -> Self {
        Self {
            id,
            starts: start.into_iter().collect(),
            uncertain_starts: 0,
            by_start: StartLines::default(),
            first_seen: at,
            last_seen: at,
            ended: false,
            unposted: false,
            apart: false,
            ended_by: None,
            succession: None,
            shadow: false,
            uncertain: None,
            has_views: None,
            rows: Vec::new(),
            present: [false; 3],
            cut_pages: 0,
            gone: [false; 3],
            trial: None,
            passed: PassedLines::default(),
            refuted: None,
            pace: OwnPace::default(),
            dropped: None,
            replaced: None,
            live_at_first: None,
            index: RowIndex::default(),
        }
    }

    /// A process whose first page is a baseline, without a number.
    pub(super) fn first_seen(start: Timestamp, rows: &[&EngineReading], context: &PageContext) -> Self {
        let mut process = Self::new(ProcessId(0), Some(start), context.at);
        process.baseline(rows, context);
        process
    }

    /// The same process with a number.
    pub(super) fn numbered(self, id: ProcessId) -> Self {
        Self { id, ..self }
    }

    /// The number.
    pub const fn id(&self) -> ProcessId {
        self.id
    }

    /// The rows.
    pub fn rows(&self) -> &[ProcessRow] {
        &self.rows
    }

    /// When its last page was received.
    pub const fn last_seen(&self) -> Moment {
        self.last_seen
    }

    /// Records that its tokens before its first page are counted as missing, whether it replaced the others or not.
    pub const fn close_succession(&mut self) {
        self.succession = None;
    }

    /// The latest start time on its pages.
    pub fn start(&self) -> Option<Timestamp> {
        self.starts.last().copied()
    }

    /// Whether another process replaced it.
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether it has this start time, to the centisecond.
    pub fn has_start(&self, start: Timestamp) -> bool {
        self.starts.iter().any(|known| same_start(*known, start))
    }

    /// Whether its start time keeps changing.
    pub(super) fn moves(&self) -> bool {
        self.starts.len() >= MOVING + usize::from(self.uncertain_starts)
    }

    /// Adds another start time of the same process; `is_uncertain` if it may be a later process's.
    pub(super) fn add_start(&mut self, start: Timestamp, is_uncertain: bool) {
        if let [first] = self.starts[..] {
            self.by_start.note_earlier(first, self.line(), self.last_seen);
        }
        if self.starts.len() == STARTS {
            // The first start time stays: no process started after a page has a start time as close to it.
            self.starts.remove(1);
            self.uncertain_starts = self.uncertain_starts.saturating_sub(1);
        }
        self.starts.push(start);
        self.uncertain_starts = self.uncertain_starts.saturating_add(u8::from(is_uncertain));
    }

    /// Keeps these start times; the others belong to another process.
    pub(super) fn keep_starts(&mut self, starts: Vec<Timestamp>) {
        self.starts = starts;
        self.uncertain_starts =
            self.uncertain_starts.min(u8::try_from(self.starts.len().saturating_sub(1)).unwrap_or(u8::MAX));
    }

    /// Whether a start time is late enough for a process that started after a page, relative to this process's start.
    pub(super) fn may_end_before(&self, start: Timestamp, page: Moment) -> bool {
        self.starts.iter().min().is_some_and(|first| start - *first >= page.since(self.first_seen))
    }

    /// Its counters on a page that is not applied yet. Rows missing on the page have their last values.
    pub fn counters_on(&self, page: &[&EngineReading]) -> Vec<(RowKey, TokenCounters)> {
        let mut all: Vec<_> = self.rows.iter().map(|row| (row.key.clone(), row.counters.last())).collect();
        for reading in page {
            match self.place(reading, page) {
                Some(place) => all[place].1 = self.rows[place].counters.effective(reading),
                None => all.push((RowKey::of(reading), reading.tokens)),
            }
        }
        all
    }

    /// The row of a reading.
    pub(super) fn row(&self, reading: &EngineReading, page: &[&EngineReading]) -> Option<&RowCounters> {
        self.place(reading, page).map(|place| &self.rows[place].counters)
    }

    /// Takes a page's rows as a baseline.
    pub(super) fn baseline(&mut self, rows: &[&EngineReading], context: &PageContext) -> Vec<Step> {
        self.note_present(rows);
        self.live_at_first = live_total(rows);
        let row =
            |reading: &&EngineReading| ProcessRow::new(RowKey::of(reading), RowCounters::baseline(reading, context));
        self.rows = rows.iter().map(row).collect();
        self.dropped = None;
        self.index.renew(&self.rows);
        rows.iter().map(|reading| Step { present: present(reading), ..Step::default() }).collect()
    }

    /// Applies a page of this process. New rows count from zero since its last page.
    pub(super) fn advance(&mut self, rows: &[&EngineReading], context: &PageContext) -> Vec<Step> {
        self.note_present(rows);
        self.each_row(rows, context, |row, reading| row.advance(reading, context))
    }

    /// Applies a page whose growth is all disputed.
    pub(super) fn dispute(&mut self, rows: &[&EngineReading], context: &PageContext, why: &str) -> Vec<Step> {
        self.each_row(rows, context, |row, reading| {
            let step = row.dispute(reading, context, why);
            Step { present: [false; 3], ..step }
        })
    }

    /// Whether a counter of the last pages is on no row of this one, so that the page was truncated after a line. After
    /// three such pages the counter counts as removed.
    pub(super) fn is_cut(&mut self, rows: &[&EngineReading]) -> bool {
        let gone = self.lacks(rows);
        self.cut_pages = if gone { self.cut_pages.saturating_add(1) } else { 0 };
        gone && self.cut_pages <= CUT_PAGES
    }

    /// Whether a counter of its last pages is on no row of a page.
    pub(super) fn lacks(&self, rows: &[&EngineReading]) -> bool {
        self.present.iter().zip(all_present(rows)).any(|(was, is)| *was && !is)
    }

    fn note_present(&mut self, rows: &[&EngineReading]) {
        let now = all_present(rows);
        self.gone = std::array::from_fn(|i| (self.gone[i] || self.present[i]) && !now[i]);
        self.present = now;
    }

    /// Whether a change of its rows is quarantined, or a counter of its last page is missing.
    pub(super) fn is_quarantined(&self) -> bool {
        self.cut_pages > 0 && self.gone == [false; 3] || self.rows.iter().any(|row| row.counters.is_quarantined())
    }

    /// Whether prompt and output tokens were counted on earlier pages and are not on the current ones.
    pub const fn gone(&self) -> [bool; 2] {
        [self.gone[0], self.gone[2]]
    }

    /// Whether any series of its rows is or was missing, or is below its last value.
    pub(super) fn has_lost_series(&self, page: &[&EngineReading]) -> bool {
        page.iter().any(|reading| self.row(reading, page).is_some_and(|row| row.has_lost_series(reading)))
    }

    /// The key of a reading's row.
    pub fn key_of(&self, reading: &EngineReading, page: &[&EngineReading]) -> Option<&RowKey> {
        self.place(reading, page).map(|place| &self.rows[place].key)
    }

    /// Whether its first page may have to be posted later.
    pub(super) fn holds_back(&self) -> bool {
        self.unposted || self.succession == Some(Succession::Open)
    }

    /// Whether one of its resets may turn out to be a dip.
    pub(super) fn may_have_dipped(&self) -> bool {
        self.trial.as_ref().is_some_and(Trial::is_reset) || self.rows.iter().any(|row| row.counters.may_have_dipped())
    }

    /// The line of its last values.
    pub(super) fn line(&self) -> Line {
        Line(self.rows.iter().map(|row| (row.key.clone(), row.counters.last())).collect())
    }

    /// Continues from a line whose page was a baseline.
    pub(super) fn adopt_line(&mut self, line: &Line, at: Moment) {
        let row = |(key, values): &(RowKey, TokenCounters)| ProcessRow::new(key.clone(), RowCounters::at(*values, at));
        self.rows = line.0.iter().map(row).collect();
        self.index.renew(&self.rows);
        (self.first_seen, self.last_seen) = (at, at);
        self.pace = OwnPace::default();
        self.note_pace(at);
    }

    /// All moments in the state, to move them to another boot's clock.
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self {
            id: _,
            starts: _,
            uncertain_starts: _,
            by_start,
            first_seen,
            last_seen,
            ended: _,
            unposted: _,
            apart: _,
            ended_by: _,
            succession: _,
            shadow: _,
            uncertain,
            has_views,
            rows,
            present: _,
            cut_pages: _,
            gone: _,
            trial,
            passed,
            refuted,
            pace,
            dropped,
            replaced,
            live_at_first: _,
            index: _,
        } = self;
        let trial = trial.iter_mut().flat_map(Trial::moments_mut);
        let rows = rows.iter_mut().flat_map(ProcessRow::moments_mut);
        let dropped = dropped.iter_mut().flat_map(Dropped::moments_mut);
        [first_seen, last_seen]
            .into_iter()
            .chain(trial)
            .chain(rows)
            .chain(dropped)
            .chain(passed.moments_mut())
            .chain(pace.moments_mut())
            .chain(refuted)
            .chain(replaced)
            .chain(has_views)
            .chain(by_start.moments_mut())
            .chain(uncertain.iter_mut().flat_map(UncertainLine::moments_mut))
    }

    /// Returns to an earlier line, and to the fastest minutes of its rows at that time.
    pub(super) fn return_to(&mut self, line: &Line, shown: &[(RowKey, FastestMinute)]) {
        self.pace = OwnPace::default();
        self.index.fit(&self.rows);
        let shown: HashMap<&RowKey, FastestMinute> = shown.iter().map(|(key, shown)| (key, *shown)).collect();
        for (key, values) in &line.0 {
            if let Some(row) = self.row_mut(key) {
                row.return_to(*values, shown.get(key).copied());
            }
        }
    }

    /// Records that growth disputed since a moment was not of its rows.
    pub(super) fn take_back_disputes(&mut self, since: Moment) {
        self.rows.iter_mut().for_each(|row| row.counters.take_back_disputes(since));
    }

    /// Applies the first page after a reset. Growth since the reset does not count for the fastest minute.
    pub(super) fn begin_anew(&mut self, rows: &[&EngineReading], context: &PageContext) -> Vec<Step> {
        let shown = self.shown();
        self.rows.clear();
        self.pace = OwnPace::default();
        let steps = self.advance(rows, context);
        for (key, shown) in shown {
            if let Some(row) = self.row_mut(&key) {
                row.set_shown(shown);
            }
        }
        steps
    }

    /// The fastest minutes of its rows.
    pub(super) fn shown(&self) -> Vec<(RowKey, FastestMinute)> {
        self.rows.iter().map(|row| (row.key.clone(), row.counters.shown())).collect()
    }
}

/// The counters that a reading has.
fn present(reading: &EngineReading) -> [bool; 3] {
    reading.tokens.numbers().map(|value| value.is_some())
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(value: &u8) -> bool {
    *value == 0
}

fn all_present(rows: &[&EngineReading]) -> [bool; 3] {
    rows.iter().fold([false; 3], |all, reading| {
        let one = present(reading);
        std::array::from_fn(|i| all[i] || one[i])
    })
}
