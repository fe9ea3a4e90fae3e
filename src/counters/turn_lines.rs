//! The lines of values of the latest pages, for processes that may answer by turns.

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::page::ANSWERING;
use super::process::Process;
use super::process_id::ProcessId;
use super::rate::a_minute;
use crate::units::{Moment, Span};

/// The number of consecutive pages of another line than the page before, after which the lines count as processes. A file
/// that is missing on every other page for so long has not been observed.
const TURNS: u8 = 8;
/// The number of pages of each line among them.
const PAGES: u8 = 3;
/// The same number if a line grows by more than one part in `NEARER` of its distance from another: many processes, three of
/// them by turns in ascending order, look like that for a while.
const TURNS_FAR: u8 = 40;
const NEARER: u64 = 4;
/// The most lines kept.
const LINES: usize = 16;
/// A line grows by at most this many times its pace, or this many tokens per minute more.
const FASTER: u64 = 10;
const BEYOND: u64 = 60_000;
/// The same factor for growth from a process's last values, which are older and cover more time.
const FASTER_FROM_EARLIER: u64 = 2;

/// The lines of the latest pages, the lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Turns {
    pub(super) lines: Vec<TurnLine>,
    /// The line of the last page.
    pub(super) last: usize,
    /// The number of consecutive pages of another line than the page before.
    pub(super) in_a_row: u8,
    /// Whether a line grew by a large part of its distance from another.
    #[serde(default)]
    pub(super) is_far: bool,
    pub(super) since: Option<Moment>,
}

/// A line of values of one of the processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TurnLine {
    pub(super) line: Line,
    pub(super) seen: Moment,
    /// Its values when the turns began.
    pub(super) first: Line,
    /// Its fastest growth since, in tokens per minute.
    pub(super) pace: Option<u64>,
    /// The number of its pages since.
    pub(super) pages: u8,
    pub(super) process: Option<ProcessId>,
}

impl TurnLine {
    pub(super) fn new(line: Line, seen: Moment) -> Self {
        Self { first: line.clone(), line, seen, pace: None, pages: 0, process: None }
    }

    /// Whether growth is at most `faster` times as fast as the line's.
    pub(super) fn grows(&self, growth: u64, within: Span, faster: u64) -> bool {
        self.pace.is_none_or(|pace| a_minute(growth, within) <= pace.saturating_mul(faster).saturating_add(BEYOND))
    }

    /// Whether a process's last values are earlier values of the line.
    pub(super) fn begins_with(&self, line: &Line, seen: Moment) -> bool {
        let (growth, within) = (line.growth_to(&self.line), self.seen.since(seen));
        self.line.reaches(line) && self.pace.is_some() && self.grows(growth, within, FASTER_FROM_EARLIER)
    }

    pub(super) fn is_at(&self, process: &Process) -> bool {
        let line = process.line();
        line.reaches(&self.line) && self.line.reaches(&line)
    }
}

impl Turns {
    /// Whether pages were of several lines.
    pub(super) fn are_several(&self) -> bool {
        self.lines.len() > 1
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Forgets the processes of the lines, since a process was split.
    pub(super) fn unsettle(&mut self) {
        self.lines.iter_mut().for_each(|line| line.process = None);
    }

    /// Restarts the count of turns at a page of the same line as the one before.
    pub(super) fn begin(&mut self, at: Moment) {
        (self.in_a_row, self.is_far, self.since) = (0, false, Some(at));
        for line in &mut self.lines {
            (line.first, line.pace, line.pages, line.process) = (line.line.clone(), None, 0, None);
        }
    }

    /// The index of the line that a page continues, the highest one. A page that continues none begins a line.
    pub(super) fn place(&mut self, now: &Line, at: Moment) -> Option<usize> {
        if self.lines.iter().any(|line| at.since(line.seen) >= ANSWERING) || self.lines.len() > LINES {
            *self = Self::default();
        }
        let place = self.lines.iter().rposition(|line| now.has_rows_of(&line.line) && now.reaches(&line.line));
        if place.is_none() {
            self.lines.insert(0, TurnLine::new(now.clone(), at));
            self.last = 0;
            self.begin(at);
        }
        place
    }

    /// Whether a page of a line is another turn.
    pub(super) fn is_turn(&mut self, place: usize, now: &Line, at: Moment) -> bool {
        let is_other = place != self.last;
        self.last = place;
        let own = self.lines[place].line.growth_to(now);
        let away = |line: &TurnLine| now.growth_to(&line.line).saturating_add(line.line.growth_to(now));
        let others = self.lines.iter().enumerate().filter(|(other, _)| *other != place);
        self.is_far |= others.map(|(_, line)| away(line)).any(|away| own.saturating_mul(NEARER) > away);
        let line = &mut self.lines[place];
        let (grown, within) = (line.line.growth_to(now), at.since(line.seen));
        let is_own = line.grows(grown, within, FASTER);
        line.pages = line.pages.saturating_add(1);
        line.pace = Some(line.pace.unwrap_or_default().max(a_minute(grown, within)));
        is_other && is_own
    }

    /// Whether there were enough turns to decide.
    pub(super) fn are_enough(&self) -> bool {
        self.in_a_row >= if self.is_far { TURNS_FAR } else { TURNS }
            && self.lines.iter().all(|line| line.pages >= PAGES)
    }

    pub(super) fn advance(&mut self, place: usize, now: Line, at: Moment, is_turn: bool) {
        (self.lines[place].line, self.lines[place].seen) = (now, at);
        if is_turn { self.in_a_row = self.in_a_row.saturating_add(1) } else { self.begin(at) }
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { lines, last: _, in_a_row: _, is_far: _, since } = self;
        let lines = lines.iter_mut().map(|line| {
            let TurnLine { line: _, seen, first: _, pace: _, pages: _, process: _ } = line;
            seen
        });
        lines.chain(since)
    }
}
