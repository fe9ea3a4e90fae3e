//! Values that a process without a start time passed in large steps. If pages return to them, the steps were those of
//! several processes in ascending order.

use serde::{Deserialize, Serialize};

use super::identity::{InstancePage, Outcome, Processes};
use super::line::Line;
use super::row::HELD_PAGES;
use super::shown::SMALL;
use crate::units::Moment;

/// The most lines that are kept: more than the processes that are.
const LINES: usize = 128;
/// A page returns to a line if it is at most one part in this many of the step after it above it, in every counter.
const NEARER: u64 = 16;

/// The lines that were passed in large steps, the first one first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct PassedLines {
    lines: Vec<(Line, Moment)>,
    /// The number of pages in a row that returned to one of them, and the last of these.
    returns: u8,
    last: usize,
}

impl PassedLines {
    /// Notes the last values of a process before a page, if the page is a large step above them.
    pub(super) fn note(&mut self, line: Line, seen: Moment, step: u64) {
        if step < SMALL || self.lines.len() >= LINES {
            return;
        }
        self.lines.push((line, seen));
    }

    /// Notes lines that were quarantined on the way, in ascending order; the last one is the present one.
    pub(super) fn note_all(&mut self, lines: &[(Line, Moment)]) {
        for pair in lines.windows(2) {
            let step = pair[0].0.growth_to(&pair[1].0);
            self.note(pair[0].0.clone(), pair[0].1, step);
        }
    }

    /// Notes a page. Returns whether several pages in a row returned to lines, in the order in which those were passed.
    fn returned(&mut self, now: &Line, present: &Line) -> bool {
        let after = |place: usize| self.lines.get(place + 1).map_or(present, |(line, _)| line);
        let is_at = |place: &usize| now.is_just_above(&self.lines[*place].0, after(*place), NEARER);
        let found = if now.reaches(present) { None } else { (0..self.lines.len()).find(is_at) };
        let goes_on = found.is_some_and(|place| self.returns == 0 || place == self.last + 1);
        self.returns = if goes_on { self.returns.saturating_add(1) } else { u8::from(found.is_some()) };
        self.last = found.unwrap_or_default();
        self.returns >= HELD_PAGES
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        self.lines.iter_mut().map(|(_, seen)| seen)
    }
}

impl Processes {
    /// Makes a process of each line that the present one passed in large steps, if pages return to them: what was
    /// posted for the steps is taken back.
    pub(super) fn split_passed(&mut self, page: &InstancePage<'_>) -> Option<Outcome> {
        let id = self.current?;
        let process = self.get_mut(id).filter(|process| process.starts.is_empty())?;
        let (now, present, seen) = (process.line_of(page.rows), process.line(), process.last_seen);
        if !process.passed.returned(&now, &present) {
            return None;
        }
        let passed = std::mem::take(&mut process.passed);
        (process.trial, process.shadow) = (None, false);
        self.held.clear();
        let nearest = passed.last;
        let lines = passed.lines.into_iter().chain([(present, seen)]);
        let mut own = id;
        for (nth, (line, seen)) in lines.enumerate() {
            let added = self.add(None, seen);
            if let Some(process) = self.get_mut(added) {
                process.adopt_line(&line, seen);
            }
            if nth == nearest {
                own = added;
            }
        }
        self.all.retain(|process| process.id != id);
        let outcome = self.go_on(page, own);
        Some(Outcome { taken_back: vec![id], lost: true, on_trial: false, ..outcome })
    }
}
