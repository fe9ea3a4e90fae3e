//! Values that a process without a start time left by large steps or a reset. If pages return to them, several processes
//! answer by turns.

use serde::{Deserialize, Serialize};

use super::fastest_minute::MIN_EVIDENCE;
use super::line::Line;
use super::page::InstancePage;
use super::quarantine_limits::QUARANTINE_PAGES;
use super::rate::{a_minute, is_larger, is_near, is_same_pace};
use crate::units::{Moment, Span};

/// The most lines kept, which exceeds the number of processes kept.
const LINES: usize = 128;
/// A page returns to a line if, in every counter, its distance from it is at most one part in this many of the previous
/// page's.
const NEARER: u64 = 16;
/// The most lines kept of those that may have been left.
const MAY_BE_LEFT: usize = 16;

/// The lines that a process left by large steps or a reset, the first one first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct PassedLines {
    #[serde(default)]
    pub(super) left: Vec<LeftLine>,
    /// The line before the last page, if that page may be a large step, which the next page shows; with its growth, in
    /// tokens per minute.
    #[serde(default)]
    last_step: Option<(LeftLine, u64)>,
    /// The lines before large steps after which growth was as fast: a faster process may have answered since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    may_be_left: Vec<LeftLine>,
    /// The growth of the last page that was not a large step, in tokens per minute.
    #[serde(default)]
    pace: u64,
    /// The number of consecutive pages that returned to a line, and the index of the last such line.
    returns: u8,
    pub(super) last: usize,
}

/// A line that a process left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeftLine {
    pub(super) line: Line,
    pub(super) seen: Moment,
    /// Its growth, in tokens per minute.
    pace: u64,
    /// The last page that may be of this line, and the number of such pages, each continuing the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<(Line, Moment)>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pages: u8,
}

impl LeftLine {
    const fn new(line: Line, seen: Moment, pace: u64) -> Self {
        Self { line, seen, pace, latest: None, pages: 0 }
    }

    /// Whether a page that is not above the current values may be of this line: its distance above the line.
    fn may_come_back(&self, now: &Line) -> Option<u64> {
        (self.line.total() > 0 && now.reaches(&self.line)).then(|| self.line.growth_to(now))
    }

    /// Records such a page. Returns whether it continues the earlier ones at one pace.
    fn come_back(&mut self, now: &Line, at: Moment) -> bool {
        let (then, seen) = self.latest.as_ref().map_or((&self.line, self.seen), |(line, seen)| (line, *seen));
        let (grown, within) = (then.growth_to(now), at.since(seen));
        let goes_on = now.reaches(then) && (self.pages == 0 && self.pace == 0 || is_near(grown, self.pace, within));
        if goes_on && self.pages == 0 && self.pace == 0 {
            self.pace = a_minute(grown, within);
        }
        self.pages = if goes_on { self.pages.saturating_add(1) } else { 1 };
        self.latest = Some((now.clone(), at));
        self.pages >= QUARANTINE_PAGES
    }

    /// Whether a page may be of this line: slightly above it, and far closer than the previous page.
    fn may_be(&self, page: &InstancePage<'_>, now: &Line, present: &Line) -> bool {
        now.is_just_above(&self.line, present, NEARER)
            && is_near(self.line.growth_to(now), self.pace, page.at.since(self.seen))
    }
}

impl PassedLines {
    /// Records the last values of a process before a page, and the growth of that page.
    pub(super) fn note(&mut self, line: Line, seen: Moment, (step, within): (u64, Span)) {
        let rate = a_minute(step, within);
        match self.last_step.take() {
            Some((left, large)) if is_larger(large, rate) => self.add(left),
            Some((left, _)) => {
                self.pace = rate;
                if self.may_be_left.len() < MAY_BE_LEFT {
                    self.may_be_left.push(left);
                }
            }
            None => {}
        }
        if self.is_large(step, within) {
            self.last_step = Some((LeftLine::new(line, seen, self.pace), rate));
        } else {
            self.pace = rate;
        }
    }

    /// Records the last values of a process before a reset, or before a disputed jump.
    pub(super) fn leave(&mut self, line: Line, seen: Moment) {
        if let Some((left, _)) = self.last_step.take() {
            self.add(left);
        }
        self.add(LeftLine::new(line, seen, self.pace));
    }

    /// Records lines that were quarantined on the way, in ascending order; the last is the current one.
    pub(super) fn note_all(&mut self, lines: &[(Line, Moment)]) {
        for pair in lines.windows(2) {
            if pair[0].0.growth_to(&pair[1].0) >= MIN_EVIDENCE {
                self.leave(pair[0].0.clone(), pair[0].1);
            }
        }
    }

    fn add(&mut self, left: LeftLine) {
        if self.left.len() < LINES {
            self.left.push(left);
        }
    }

    /// Whether a page is a large step above the last values and lands at a line that was left.
    pub(super) fn lands_above(&mut self, page: &InstancePage<'_>, now: &Line, process: &(Line, Moment)) -> bool {
        let (present, seen) = process;
        let step = present.growth_to(now);
        now.reaches(present)
            && self.is_large(step, page.at.since(*seen))
            && self.lands(page, now, present, |line| line.reaches(present))
    }

    /// Whether a page lands at a line that was left, below the last values.
    pub(super) fn lands_below(&mut self, page: &InstancePage<'_>, now: &Line, (present, _): &(Line, Moment)) -> bool {
        self.lands(page, now, present, |line| present.reaches(line))
    }

    fn lands(&mut self, page: &InstancePage<'_>, now: &Line, present: &Line, is_there: impl Fn(&Line) -> bool) -> bool {
        let lines = self.left.iter().enumerate();
        let near = lines.filter(|(_, left)| is_there(&left.line) && left.may_be(page, now, present));
        let nearest = near.min_by_key(|(_, left)| left.line.growth_to(now)).map(|(place, _)| place);
        self.last = nearest.unwrap_or_default();
        nearest.is_some()
    }

    /// Whether pages after a lasting fall continue, at its pace, a line that may have been left. Keeps that line as one
    /// that was left. `within` is the pages' growth and their time.
    pub(super) fn goes_on_below(&mut self, now: &Line, at: Moment, present: &Line, within: (u64, Span)) -> bool {
        let of_line = |left: &&LeftLine| {
            let since = (left.line.growth_to(now), at.since(left.seen));
            present.reaches(&left.line)
                && now.reaches(&left.line)
                && [since, within].into_iter().all(|(grown, span)| is_same_pace(a_minute(grown, span), left.pace))
        };
        if let Some(place) = self.left.iter().position(|left| of_line(&left)) {
            self.last = place;
            return true;
        }
        let Some(place) = self.may_be_left.iter().position(|left| of_line(&left)) else { return false };
        let left = self.may_be_left.swap_remove(place);
        self.left.push(left);
        self.last = self.left.len() - 1;
        true
    }

    /// Records a page with a counter below the current values. Returns whether several such pages continued a line that was
    /// left, and each other, at one pace: then the step away from that line was not growth of its process. The line
    /// continues from the last of these pages.
    pub(super) fn came_back(&mut self, now: &Line, at: Moment, present: &Line) -> bool {
        if self.left.is_empty() && self.may_be_left.is_empty() || now.reaches(present) {
            return false;
        }
        let all = self.left.iter().chain(&self.may_be_left).enumerate();
        let above = all.filter_map(|(place, left)| Some((left.may_come_back(now)?, place)));
        let Some((_, place)) = above.min() else { return false };
        let known = self.left.len();
        let left = if place < known { &mut self.left[place] } else { &mut self.may_be_left[place - known] };
        if !left.come_back(now, at) {
            return false;
        }
        (left.line, left.seen) = (now.clone(), at);
        self.last = place;
        if place >= known {
            let left = self.may_be_left.swap_remove(place - known);
            self.left.push(left);
            self.last = known;
        }
        true
    }

    /// Whether growth is a large step.
    pub(super) fn is_large(&self, step: u64, within: Span) -> bool {
        step >= MIN_EVIDENCE && is_larger(a_minute(step, within), self.pace)
    }

    /// The growth of the latest page that was not a large step, in tokens per minute.
    pub(super) const fn pace(&self) -> u64 {
        self.pace
    }

    /// Whether growth is no faster than that of the latest pages, if known.
    pub(super) fn explains(&self, growth: u64, within: Span) -> bool {
        self.pace == 0 || is_near(growth, self.pace, within)
    }

    /// Whether several lines were left, so that a return is not the end of a dip.
    pub(super) const fn are_several(&self) -> bool {
        self.left.len() > 1
    }

    /// Whether there was no large step and no reset.
    pub(super) const fn is_empty(&self) -> bool {
        self.left.is_empty() && self.last_step.is_none()
    }

    /// Records a page. Returns whether several consecutive pages returned to lines, in the order in which those were
    /// passed.
    pub(super) fn returned(&mut self, now: &Line, present: &Line) -> bool {
        let after = |place: usize| self.left.get(place + 1).map_or(present, |left| &left.line);
        let is_at = |place: &usize| now.is_just_above(&self.left[*place].line, after(*place), NEARER);
        let found = if now.reaches(present) { None } else { (0..self.left.len()).find(is_at) };
        let goes_on = found.is_some_and(|place| self.returns == 0 || place == self.last + 1);
        self.returns = if goes_on { self.returns.saturating_add(1) } else { u8::from(found.is_some()) };
        self.last = found.unwrap_or_default();
        self.returns >= QUARANTINE_PAGES
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { left, last_step, may_be_left, pace: _, returns: _, last: _ } = self;
        left.iter_mut().chain(may_be_left).chain(last_step.iter_mut().map(|(left, _)| left)).flat_map(|left| {
            let LeftLine { line: _, seen, pace: _, latest, pages: _ } = left;
            [seen].into_iter().chain(latest.iter_mut().map(|(_, seen)| seen))
        })
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(value: &u8) -> bool {
    *value == 0
}
