//! Start times that jitter: a clock that is corrected moves them by less than two seconds.
//!
//! So do two workers of one server, started within a second of each other. They are told apart as soon as one of them
//! shows less than the other did.

use serde::{Deserialize, Serialize};

use super::identity::{InstancePage, Outcome, Processes};
use super::process::{Line, Process, ProcessId};
use super::row::HELD_PAGES;
use super::unidentified::Trial;
use crate::units::{Span, Timestamp};

/// Start times that move by less may be one process's.
const JITTER: Span = Span::from_secs(2);

/// A start time close to that of a known process, that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Jitter {
    of: ProcessId,
    start: Timestamp,
    line: Line,
    pages: u8,
}

impl Processes {
    /// The process whose start time this may be, seen through a clock that jitters: the only one that is close to it, watched
    /// after that start already, and no counter fell or grew beyond what it does.
    pub(super) fn may_jitter(&self, page: &InstancePage<'_>, start: Timestamp) -> Option<ProcessId> {
        let close = |process: &&Process| {
            process.starts.iter().any(|known| Span::from_millis((start - *known).millis().abs()) < JITTER)
        };
        let goes_on = |process: &&Process| process.paces(&process.line(), page.rows, page.at.since(process.last_seen));
        let ours = start - page.ahead.unwrap_or_default();
        let watched = |process: &&Process| ours <= page.at.wall - page.at.since(process.last_seen);
        let lines_up = self.jitter.as_ref().is_none_or(|held| held.line.goes_on(page.rows));
        let mut all = self.all.iter().filter(close);
        let only = all.next().filter(|_| all.next().is_none() && lines_up)?;
        Some(only).filter(watched).filter(goes_on).map(|process| process.id)
    }

    /// Takes a page with a start time close to a known one for the same process, on trial, where that one's moved before.
    /// Else the page is held.
    pub(super) fn take_jitter(&mut self, page: &InstancePage<'_>, start: Timestamp, of: ProcessId) -> Outcome {
        let moves = |process: &&mut Process| process.starts.len() > 1 && !process.is_unusual(page.rows, page.at);
        let Some(process) = self.get_mut(of).filter(moves) else { return self.hold_jitter(page, start, of) };
        if process.trial.is_none() {
            process.trial = Some(Trial::of_start(start, page.at, process));
        }
        process.add_start(start);
        self.go_on(page, of)
    }

    /// A start time from before a trial returns with less than was believed since: the other start time is another
    /// process's, which was there before.
    pub(super) fn undo_jitter(&mut self, page: &InstancePage<'_>, start: Timestamp, id: ProcessId) -> Option<Outcome> {
        let process = self.get_mut(id)?;
        let other = process.trial.as_ref()?.other_start().filter(|other| *other != start)?;
        let line = process.line();
        if process.line_of(page.rows).reaches(&line) {
            return None;
        }
        let (trial, seen) = (process.trial.take()?, process.last_seen);
        process.starts.retain(|known| *known == start);
        trial.undo(process);
        let second = self.add(Some(other), seen);
        if let Some(process) = self.get_mut(second) {
            process.adopt_line(&line, seen);
        }
        let mut outcome = self.go_on(page, id);
        outcome.taken_back.push(id);
        outcome.on_trial = false;
        Some(outcome)
    }

    /// Holds a page with a start time close to a known one: if the known one returns with less, they are two processes.
    fn hold_jitter(&mut self, page: &InstancePage<'_>, start: Timestamp, of: ProcessId) -> Outcome {
        let pages = self.jitter.as_ref().filter(|held| held.of == of).map_or(0, |held| held.pages) + 1;
        if pages >= HELD_PAGES {
            self.jitter = None;
            if let Some(process) = self.get_mut(of) {
                process.add_start(start);
            }
            return self.go_on(page, of);
        }
        self.jitter = Some(Jitter { of, start, line: Line::of(page.rows), pages });
        self.hold(page, of)
    }

    /// The known start time returned: what was held is the same process if this page goes on from it, else another one
    /// that was there before.
    pub(super) fn settle_jitter(&mut self, page: &InstancePage<'_>, id: ProcessId) {
        let Some(held) = self.jitter.take().filter(|held| held.of == id) else { return };
        if held.line.goes_on(page.rows) {
            if let Some(process) = self.get_mut(id) {
                process.add_start(held.start);
            }
            return;
        }
        let other = self.add(Some(held.start), page.at);
        if let Some(process) = self.get_mut(other) {
            process.adopt_line(&held.line, page.at);
        }
    }
}
