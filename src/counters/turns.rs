//! Processes without start times that answer strictly in turn.
//!
//! If each page is of another line of values than the one before it, and each line grows on its own, the lines are those of
//! processes, whatever their pace, and whichever of them was seen first.

use serde::{Deserialize, Serialize};

use super::identity::{ANSWERING, InstancePage, Outcome, Processes};
use super::line::Line;
use super::passed::{PassedLines, a_minute};
use super::process::Process;
use super::process_id::ProcessId;
use crate::units::{Moment, Span};

/// The number of pages in a row that are of another line than the one before, after which the lines are processes. A file
/// that is missing on every other page for so long is not known.
const TURNS: u8 = 8;
/// The number of pages of each line among them.
const PAGES: u8 = 3;
/// The same if a line grows by more than one part in `NEARER` of its distance from another: many processes, three in
/// turn in ascending order, look like that for a while.
const TURNS_FAR: u8 = 40;
const NEARER: u64 = 4;
/// The most rows of pages that are compared.
const ROWS: usize = 64;
/// The most lines that are kept.
const LINES: usize = 16;
/// A line grows by at most this many times its pace, or this many tokens a minute beyond it.
const FASTER: u64 = 10;
const BEYOND: u64 = 60_000;
/// The same of the growth from a process's last values, which are older: its fastest page says what it makes in all of that
/// time.
const FASTER_FROM_EARLIER: u64 = 2;

/// The lines of the latest pages, the lowest one first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Turns {
    lines: Vec<TurnLine>,
    /// The line of the last page.
    last: usize,
    /// How many pages in a row were of another line than the one before.
    in_a_row: u8,
    /// Whether a line grew by a large part of its distance from another.
    #[serde(default)]
    is_far: bool,
    since: Option<Moment>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TurnLine {
    line: Line,
    seen: Moment,
    /// Its values when the pages in turn began.
    first: Line,
    /// Its fastest growth since, in tokens a minute.
    pace: Option<u64>,
    /// The number of its pages since.
    pages: u8,
    process: Option<ProcessId>,
}

impl TurnLine {
    fn new(line: Line, seen: Moment) -> Self {
        Self { first: line.clone(), line, seen, pace: None, pages: 0, process: None }
    }

    /// Whether a growth is at most so many times as fast as the line's.
    fn grows(&self, growth: u64, within: Span, faster: u64) -> bool {
        self.pace.is_none_or(|pace| a_minute(growth, within) <= pace.saturating_mul(faster).saturating_add(BEYOND))
    }

    /// Whether a process's last values are an earlier part of the line.
    fn begins_with(&self, line: &Line, seen: Moment) -> bool {
        let (growth, within) = (line.growth_to(&self.line), self.seen.since(seen));
        self.line.reaches(line) && self.pace.is_some() && self.grows(growth, within, FASTER_FROM_EARLIER)
    }

    fn is_at(&self, process: &Process) -> bool {
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

    /// Forgets whose the lines are, as a process was split.
    pub(super) fn unsettle(&mut self) {
        self.lines.iter_mut().for_each(|line| line.process = None);
    }

    /// Notes that a page was not of another line than the one before.
    fn begin(&mut self, at: Moment) {
        (self.in_a_row, self.is_far, self.since) = (0, false, Some(at));
        for line in &mut self.lines {
            (line.first, line.pace, line.pages, line.process) = (line.line.clone(), None, 0, None);
        }
    }

    /// The line that a page goes on from, the highest one. A page that goes on from none begins one.
    fn place(&mut self, now: &Line, at: Moment) -> Option<usize> {
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
    fn is_turn(&mut self, place: usize, now: &Line, at: Moment) -> bool {
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

    /// Whether there were enough turns to tell.
    fn are_enough(&self) -> bool {
        self.in_a_row >= if self.is_far { TURNS_FAR } else { TURNS }
            && self.lines.iter().all(|line| line.pages >= PAGES)
    }

    fn advance(&mut self, place: usize, now: Line, at: Moment, is_turn: bool) {
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

impl Processes {
    /// Applies a page of processes that answer in turn, if they are not known apart yet.
    pub(super) fn take_turn(&mut self, page: &InstancePage<'_>) -> Option<Outcome> {
        if page.rows.len() > ROWS || self.all.iter().any(|process| !process.starts.is_empty()) {
            self.turns = Turns::default();
            return None;
        }
        let now = Line::of(page.rows);
        let place = self.turns.place(&now, page.at)?;
        let is_turn = self.turns.is_turn(place, &now, page.at);
        let outcome = if is_turn && self.turns.are_enough() { self.tell_apart(page, place) } else { None };
        self.turns.advance(place, now, page.at, is_turn);
        outcome
    }

    /// Gives each line its process, and applies a page of one of them. Nothing if that is known already.
    fn tell_apart(&mut self, page: &InstancePage<'_>, place: usize) -> Option<Outcome> {
        if let Some(id) = self.turns.lines[place].process {
            // Its first growth is its own, however fast it is.
            let is_new = self.get(id).is_some_and(|process| !process.has_shown() && process.may_go_on_from(page));
            return is_new.then(|| self.go_on(page, id));
        }
        let mut told = Told::default();
        self.find_lines(&mut told);
        self.find_earlier(&mut told);
        self.add_others(&mut told);
        let id = self.turns.lines[place].process?;
        if !told.is_news && !self.quarantined.is_active() {
            return None;
        }
        self.quarantined.clear();
        let outcome = self.go_on(page, id);
        let lost = outcome.lost || told.is_news;
        let taken_back = outcome.taken_back.into_iter().chain(told.taken_back).collect();
        Some(Outcome { taken_back, believed: told.believed, lost, ..outcome })
    }

    /// Finds the processes whose last values are those of a line. What they have on trial is believed, if it is not the
    /// step from a lower line.
    fn find_lines(&mut self, told: &mut Told) {
        for place in 0..self.turns.lines.len() {
            let line = self.turns.lines[place].clone();
            let Some(process) = self.all.iter_mut().find(|process| line.is_at(process)) else { continue };
            let id = process.id;
            told.is_news |= std::mem::take(&mut process.shadow);
            process.passed = PassedLines::default();
            let trial = process.trial.take();
            let stepped = |lower: &TurnLine| {
                lower.process.is_none() && trial.as_ref().is_some_and(|trial| trial.stepped_from(&lower.first))
            };
            let from = self.turns.lines[..place].iter().rposition(stepped);
            match (from, trial) {
                (Some(from), Some(trial)) => {
                    if let Some(process) = self.get_mut(id) {
                        trial.undo(process);
                    }
                    told.taken_back.push(id);
                    told.is_news = true;
                    self.turns.lines[from].process = Some(id);
                }
                (_, trial) => {
                    told.believed.extend(trial.map(|_| id));
                    self.turns.lines[place].process = Some(id);
                }
            }
        }
    }

    /// Finds the processes whose last values are earlier ones of a line.
    fn find_earlier(&mut self, told: &mut Told) {
        for place in 0..self.turns.lines.len() {
            if self.turns.lines[place].process.is_some() {
                continue;
            }
            let known: Vec<_> = self.turns.lines.iter().filter_map(|line| line.process).collect();
            let (line, lower) = (&self.turns.lines[place], self.turns.lines[..place].last());
            let is_its = |process: &&Process| {
                let values = process.line();
                !known.contains(&process.id)
                    && line.begins_with(&values, process.last_seen)
                    && lower.is_none_or(|lower| !lower.line.reaches(&values))
            };
            let nearest = self.all.iter().filter(is_its).max_by_key(|process| process.line().total());
            let Some(id) = nearest.map(|process| process.id) else { continue };
            self.turns.lines[place].process = Some(id);
            told.is_news = true;
            if let Some(process) = self.get_mut(id) {
                process.passed = PassedLines::default();
                process.shadow = false;
                told.believed.extend(process.trial.take().map(|_| id));
            }
        }
    }

    /// Makes processes of the other lines, and drops those that were made of pages in turn.
    fn add_others(&mut self, told: &mut Told) {
        let known: Vec<_> = self.turns.lines.iter().filter_map(|line| line.process).collect();
        let since = self.turns.since;
        let is_of_turns = |process: &Process| since.is_some_and(|since| process.first_seen.boot >= since.boot);
        let dropped = |process: &Process| !known.contains(&process.id) && is_of_turns(process);
        told.taken_back.extend(self.all.iter().filter(|it| dropped(it) && it.trial.is_some()).map(|it| it.id));
        self.all.retain(|process| !dropped(process));
        for place in 0..self.turns.lines.len() {
            if self.turns.lines[place].process.is_none() {
                let (line, seen) = (self.turns.lines[place].line.clone(), self.turns.lines[place].seen);
                let id = self.add(None, seen);
                if let Some(process) = self.get_mut(id) {
                    process.adopt_line(&line, seen);
                }
                self.turns.lines[place].process = Some(id);
                told.is_news = true;
            }
        }
    }
}

/// What came out as processes were told apart.
#[derive(Debug, Default)]
struct Told {
    taken_back: Vec<ProcessId>,
    believed: Vec<ProcessId>,
    /// Whether any of them was not counted until then.
    is_news: bool,
}
