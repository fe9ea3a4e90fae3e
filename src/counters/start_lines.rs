//! The last values of a process under each of its start times, which tell whether they are those of two processes.
//!
//! The pages of one process go on from each other, whatever start time they have. Those of two go on from the last page
//! with the same start time only: the lower one's are below the other one's page before, again and again.

use serde::{Deserialize, Serialize};

use super::line::Line;
use crate::units::{Moment, Timestamp};

/// The number of pages of a lower process after which there are two. A dip at which the start time moved does not go on
/// from the last page with its start time, and is followed by no other one that does.
const CONTRADICTIONS: u8 = 3;
/// The most start times whose lines are kept.
const LINES: usize = 8;
/// The number of pages of a start time that are below its line, in a row, after which they are no dip.
const DIP_PAGES: u8 = 12;

/// The last values of a process under each of its start times; the latest one last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct StartLines {
    lines: Vec<StartLine>,
    /// How many pages went on from the last one with their start time, and not from the one before them.
    contradictions: u8,
    /// How many pages with another start time than the one before them went on from it, in a row.
    agreements: u8,
}

/// The last values under one start time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StartLine {
    start: Timestamp,
    line: Line,
    seen: Moment,
    /// The number of pages below it since.
    dips: u8,
}

impl StartLine {
    const fn new(start: Timestamp, line: Line, seen: Moment) -> Self {
        Self { start, line, seen, dips: 0 }
    }

    /// The line with one more page: a dip leaves it as it is.
    fn with(self, line: Line, seen: Moment) -> Self {
        if line.reaches(&self.line) || self.dips >= DIP_PAGES {
            return Self { line, seen, dips: 0, ..self };
        }
        Self { dips: self.dips + 1, ..self }
    }

    /// Whether this and another one may be of one line: the later one is nowhere below the earlier one.
    fn joins(&self, other: &Self) -> bool {
        let (earlier, later) = if self.seen.boot < other.seen.boot { (self, other) } else { (other, self) };
        later.line.reaches(&earlier.line)
    }

    fn distance(&self, other: &Self) -> u64 {
        self.line.growth_to(&other.line).saturating_add(other.line.growth_to(&self.line))
    }
}

impl StartLines {
    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Notes a page. Returns whether its start time is that of another process than the page before it.
    pub(super) fn note(&mut self, start: Timestamp, line: Line, seen: Moment) -> bool {
        let (other, falls) = match self.lines.last() {
            Some(before) => (!same_start(before.start, start), !line.reaches(&before.line)),
            None => (false, false),
        };
        let place = self.lines.iter().position(|known| same_start(known.start, start));
        let own = place.map(|place| self.lines.remove(place));
        let goes_on = own.as_ref().is_some_and(|own| line.reaches(&own.line));
        match (other, falls) {
            (true, true) if goes_on => {
                (self.contradictions, self.agreements) = (self.contradictions.saturating_add(1), 0);
            }
            // The highest of several goes on from the others too, but none of the others does.
            (true, false) => {
                self.agreements = self.agreements.saturating_add(1);
                if usize::from(self.agreements) > self.lines.len() {
                    self.contradictions = 0;
                }
            }
            (false, false) => {}
            _ => self.contradictions = 0,
        }
        if self.lines.len() == LINES {
            self.lines.remove(0);
        }
        self.lines.push(match own {
            Some(own) => own.with(line, seen),
            None => StartLine::new(start, line, seen),
        });
        self.contradictions >= CONTRADICTIONS
    }

    /// Notes the values under a start time that came before the latest page.
    pub(super) fn note_earlier(&mut self, start: Timestamp, line: Line, seen: Moment) {
        if self.lines.len() < LINES && !self.has(start) {
            self.lines.push(StartLine::new(start, line, seen));
        }
    }

    /// Whether values are at or above the last ones under their start time, if these are known: those of a dip are not.
    pub(super) fn goes_on(&self, start: Timestamp, line: &Line) -> bool {
        self.lines.iter().filter(|known| same_start(known.start, start)).all(|known| line.reaches(&known.line))
    }

    /// Takes out the lines that go on from the latest one, and not better from the one before it. Leaves the others.
    pub(super) fn take_latest(&mut self) -> Option<(Self, Line, Moment)> {
        (self.contradictions, self.agreements) = (0, 0);
        let latest = self.lines.pop()?;
        let other = self.lines.last()?.clone();
        let is_its = |line: &StartLine| {
            let is_others = line.joins(&other) && line.distance(&other) <= line.distance(&latest);
            line.joins(&latest) && !is_others
        };
        let (mut its, others): (Vec<_>, Vec<_>) = self.lines.drain(..).partition(is_its);
        self.lines = others;
        its.push(latest);
        Some((Self { lines: its, ..Self::default() }, other.line, other.seen))
    }

    pub(super) fn has(&self, start: Timestamp) -> bool {
        self.lines.iter().any(|line| same_start(line.start, start))
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { lines, contradictions: _, agreements: _ } = self;
        lines.iter_mut().map(|line| {
            let StartLine { start: _, line: _, seen, dips: _ } = line;
            seen
        })
    }
}

/// Whether two start times are equal to the centisecond.
pub(super) fn same_start(one: Timestamp, other: Timestamp) -> bool {
    let centis = |at: Timestamp| (at.millis() + 5).div_euclid(10);
    centis(one) == centis(other)
}
