//! The last values of a process under each of its start times, which show whether there are two processes.
//!
//! The pages of one process continue each other, whatever their start time. Those of two only continue the last page with
//! the same start time: the lower process's pages are repeatedly below the other's.

use serde::{Deserialize, Serialize};

use super::line::Line;
use crate::units::{Moment, Timestamp};

/// The number of pages of a lower process after which there are two. A dip that coincides with a changed start time does
/// not continue the last page with that start time, and no further page does so.
const CONTRADICTIONS: u8 = 3;
/// The most start times with lines.
const LINES: usize = 8;
/// The number of consecutive pages below a start time's line after which they are not a dip.
const DIP_PAGES: u8 = 12;

/// The last values of a process under each of its start times; the latest last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct StartLines {
    lines: Vec<StartLine>,
    /// The number of pages that continued the last one with their start time, but not the previous page.
    contradictions: u8,
    /// The number of consecutive pages with another start time than the previous page that continued it.
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

    /// The line with one more page; a dip does not change it.
    fn with(self, line: Line, seen: Moment) -> Self {
        if line.reaches(&self.line) || self.dips >= DIP_PAGES {
            return Self { line, seen, dips: 0, ..self };
        }
        Self { dips: self.dips + 1, ..self }
    }

    /// Whether this and another may be of one line: the later one is nowhere below the earlier one.
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

    /// Records a page. Returns whether its start time is that of another process than the previous page's.
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
            // The highest of several continues the others too, but none of the others does.
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

    /// Records the values under a start time from before the latest page.
    pub(super) fn note_earlier(&mut self, start: Timestamp, line: Line, seen: Moment) {
        if self.lines.len() < LINES && !self.has(start) {
            self.lines.push(StartLine::new(start, line, seen));
        }
    }

    /// Whether values are at or above the last ones under their start time, if known; those of a dip are not.
    pub(super) fn goes_on(&self, start: Timestamp, line: &Line) -> bool {
        self.lines.iter().filter(|known| same_start(known.start, start)).all(|known| line.reaches(&known.line))
    }

    /// Removes and returns the lines that continue the latest one, and not rather the one before it.
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
