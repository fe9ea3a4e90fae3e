//! Quarantined lines: values that continue no process without a start time.

use serde::{Deserialize, Serialize};

use super::fastest_minute::MIN_DISPUTED;
use super::line::Line;
use super::page::{FORGOTTEN, InstancePage};
use super::process::Process;
use super::quarantine_limits::QUARANTINE_PAGES;
use super::rate::millis;
use crate::units::{Moment, Span};

/// The most lines kept; the least recently seen is dropped first.
const LINES: usize = 64;
/// A page continues a line if its growth is at most one part in this many of its distance from the process.
const NEARER: u64 = 8;
/// The same divisor for a line that is known to be another process's.
const NEARER_REFUTED: u64 = 2;
/// The largest ratio between the rates of consecutive pages of one process.
const EVEN: u128 = 4;

/// All quarantined lines of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct QuarantinedLines {
    lines: Vec<QuarantinedLine>,
    /// The latest consecutive quarantined pages, of one line or several.
    run: Option<Run>,
}

/// One line of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QuarantinedLine {
    /// Whether it is above the process that answered before, not below.
    pub(super) above: bool,
    /// Its first values; for a line below, those since it last began to answer.
    pub(super) first: PageValues,
    last: PageValues,
    /// The number of consecutive pages; 0 while another line answers.
    pub(super) pages: u8,
    /// How often it began to answer.
    pub(super) episodes: u8,
    paused: bool,
    /// Whether it was taken for a process's line and turned out not to be.
    #[serde(default)]
    refuted: bool,
    pub(super) since: Moment,
    seen: Moment,
}

/// The values of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageValues {
    /// The values as on the page, which apply if it is another process's.
    #[serde(alias = "told")]
    pub(super) present: Line,
    /// The values raised by evicted series of the process that answered before, which apply if the page is that process's.
    pub(super) own: Line,
}

/// Consecutive quarantined pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    last: Line,
    seen: Moment,
    pub(super) pages: u8,
    /// The slowest and the fastest growth between pages, in tokens per minute; `None` after a page that fell.
    paces: Option<(u64, u64)>,
    /// Whether the first one came too soon to be growth, and is otherwise possible.
    #[serde(default)]
    pub(super) leaps: bool,
}

impl PageValues {
    fn of(page: &InstancePage<'_>, process: Option<&Process>) -> Self {
        let present = Line::of(page.rows);
        Self { own: process.map_or_else(|| present.clone(), |process| process.line_of(page.rows)), present }
    }

    /// The values of a line that answered before.
    pub(super) fn before(line: Line) -> Self {
        Self { present: line.clone(), own: line }
    }
}

impl QuarantinedLine {
    pub(super) fn new(above: bool, values: PageValues, at: Moment, pages: u8) -> Self {
        let (first, paused) = (values.clone(), pages == 0);
        Self { above, first, last: values, pages, episodes: 1, paused, refuted: false, since: at, seen: at }
    }

    /// A line that was taken for a process's after growth or a reset, until the earlier line returned.
    pub(super) fn refuted(self) -> Self {
        Self { refuted: true, ..self }
    }

    /// Whether the line answers again after it was found not to be the process's.
    pub(super) const fn was_refuted(&self) -> bool {
        self.refuted && self.episodes > 1
    }

    /// Whether it is above the process that answered before, and its pages show growth of its own.
    fn has_grown(&self) -> bool {
        self.above && self.last.present != self.first.present
    }

    /// A line with a single page.
    pub(super) fn here(above: bool, page: &InstancePage<'_>, process: Option<&Process>) -> Self {
        Self::new(above, PageValues::of(page, process), page.at, 1)
    }

    /// The growth of a page from the line's last values, if the page continues the line: it grew by no more than the
    /// process that answered before grows in that time, or by far less than its distance from that process.
    fn goes_on(&self, now: &PageValues, at: Moment, process: Option<&Process>) -> Option<u64> {
        let either = [(&self.last.present, &now.present), (&self.last.own, &now.own)];
        let goes_on = |(then, now): (&Line, &Line)| {
            let grown = then.growth_to(now);
            let near = |process: &Process| {
                let away = process.line().growth_to(now);
                let parts = if self.refuted { NEARER_REFUTED } else { NEARER };
                self.above && grown < MIN_DISPUTED && grown.saturating_mul(parts) <= away
            };
            // A page closer to the answering process is that process's growth, even if the line was once above it.
            let is_nearer = |process: &Process| {
                let own = process.line();
                !self.above || !now.reaches(&own) || grown <= own.growth_to(now)
            };
            let paced = |process: &Process| is_nearer(process) && process.paces_between(then, now, at.since(self.seen));
            let is_its = now.reaches(then) && process.is_none_or(|process| near(process) || paced(process));
            is_its.then_some(grown)
        };
        either.into_iter().filter_map(goes_on).min()
    }

    /// The line with one more page.
    fn with(self, now: PageValues, at: Moment) -> Self {
        let episodes = self.episodes.saturating_add(u8::from(self.paused));
        if self.paused && !self.above {
            // The growth of a line below another while that one answered is already counted there.
            return Self { episodes, refuted: self.refuted, ..Self::new(false, now, at, 1) };
        }
        Self { last: now, pages: self.pages.saturating_add(1), episodes, paused: false, seen: at, ..self }
    }
}

impl Run {
    fn new(page: &InstancePage<'_>, process: Option<&Process>) -> Self {
        let leaps = process.is_some_and(|process| process.only_leaps_to(page));
        Self { last: Line::of(page.rows), seen: page.at, pages: 1, paces: None, leaps }
    }

    fn with(self, page: &InstancePage<'_>) -> Self {
        let a_minute = self.last.growth(page.rows).saturating_mul(60_000) / millis(page.at.since(self.seen));
        let rises = self.last.goes_on(page.rows) && (self.pages == 1 || self.paces.is_some());
        let (slowest, fastest) = self.paces.unwrap_or((a_minute, a_minute));
        let paces = rises.then(|| (slowest.min(a_minute), fastest.max(a_minute)));
        Self { last: Line::of(page.rows), seen: page.at, pages: self.pages.saturating_add(1), paces, ..self }
    }

    /// Whether its pages grew evenly, as those of one process do.
    pub(super) fn is_even(&self) -> bool {
        let even = |(slowest, fastest): (u64, u64)| u128::from(fastest) <= u128::from(slowest) * EVEN;
        self.paces.is_some_and(even)
    }

    /// Whether its pages grow evenly, and about as fast as a process must have grown to reach the last of them.
    pub(super) fn keeps_pace(&self, (grown, within): (u64, Span)) -> bool {
        let a_minute = u128::from(grown) * 60_000 / u128::from(millis(within));
        let is_as_fast = |(slowest, _): (u64, u64)| a_minute <= u128::from(slowest) * EVEN;
        self.pages >= QUARANTINE_PAGES && self.is_even() && self.paces.is_some_and(is_as_fast)
    }
}

impl QuarantinedLines {
    /// Adds a page. Returns its line and its run.
    pub(super) fn take(
        &mut self,
        page: &InstancePage<'_>,
        above: bool,
        process: Option<&Process>,
    ) -> (QuarantinedLine, Run) {
        let run = self.run.take().map_or_else(|| Run::new(page, process), |run| run.with(page));
        self.run = Some(run.clone());
        let now = PageValues::of(page, process);
        let lines = self.lines.iter().enumerate().filter(|(_, line)| line.above == above);
        let nearest = lines.filter_map(|(place, line)| Some((line.goes_on(&now, page.at, process)?, place))).min();
        let line = match nearest {
            Some((_, place)) => self.lines.swap_remove(place).with(now, page.at),
            None => QuarantinedLine::new(above, now, page.at, 1),
        };
        self.lines.iter_mut().for_each(|other| other.pages = 0);
        self.push(line.clone());
        (line, run)
    }

    /// Adds a line that is not answering now.
    pub(super) fn push(&mut self, line: QuarantinedLine) {
        if self.lines.len() >= LINES
            && let Some((oldest, _)) = self.lines.iter().enumerate().min_by_key(|(_, line)| line.seen.boot)
        {
            self.lines.swap_remove(oldest);
        }
        self.lines.push(line);
    }

    /// The last values of the lines above the process, in ascending order.
    pub(super) fn ascending(&self) -> Vec<(Line, Moment)> {
        let above = self.lines.iter().filter(|line| line.above);
        let mut lines: Vec<_> = above.map(|line| (line.last.present.clone(), line.seen)).collect();
        lines.sort_by_key(|(line, _)| line.total());
        lines
    }

    /// Removes all lines.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Removes the line that answered last, since it is explained.
    pub(super) fn settle(&mut self) {
        self.lines.pop();
        self.run = None;
    }

    /// Ends the run, since a known process answers.
    pub(super) fn pause(&mut self) {
        self.lines.iter_mut().for_each(|line| (line.pages, line.paused) = (0, true));
        self.run = None;
    }

    /// Whether a page continues a line above a process with growth of less than `distance`.
    pub(super) fn is_nearer(&self, page: &InstancePage<'_>, process: &Process, distance: u64) -> bool {
        let present = process.line();
        let is_above = |line: &&QuarantinedLine| line.above || line.last.present.reaches(&present);
        let above = self.lines.iter().filter(is_above).filter(|line| line.last.present.goes_on(page.rows));
        above.map(|line| line.last.present.growth(page.rows)).min().is_some_and(|grown| grown < distance)
    }

    /// Whether a line is above the values.
    pub(super) fn has_above(&self, values: &Line) -> bool {
        self.lines.iter().any(|line| line.last.present.reaches(values))
    }

    /// Whether a line is above a page, so that the line's growth is not of the page's process.
    pub(super) fn has_beyond(&self, page: &InstancePage<'_>) -> bool {
        let now = Line::of(page.rows);
        let is_beyond = |line: &Line| line.reaches(&now) && !now.reaches(line);
        self.lines.iter().any(|line| is_beyond(&line.last.present))
    }

    /// Whether there is an unexplained line below a process.
    pub(super) fn has_fallen(&self) -> bool {
        self.lines.iter().any(|line| !line.above)
    }

    /// Whether no line is quarantined.
    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether a line answered within a time.
    pub(super) fn answered(&self, now: Moment, within: Span) -> bool {
        self.lines.iter().any(|line| now.since(line.seen) < within)
    }

    /// Whether the last page was quarantined.
    pub(super) const fn is_active(&self) -> bool {
        self.run.is_some()
    }

    /// Whether unexplained lines began to answer too often to be dips. The lines of the current run may all be of one
    /// growing process.
    pub(super) fn is_ambiguous(&self) -> bool {
        let earlier = self.lines.iter().filter(|line| line.paused || line.episodes > 1);
        earlier.map(|line| u32::from(line.episodes)).sum::<u32>() > 2
    }

    /// Whether a line above the process has grown, so that it is of another one, whose growth is not posted.
    pub(super) fn have_grown(&self) -> bool {
        self.lines.iter().any(QuarantinedLine::has_grown)
    }

    /// Drops lines that have not been seen for ten minutes. Returns whether one of them had grown.
    pub(super) fn forget(&mut self, now: Moment) -> bool {
        let is_old = |line: &QuarantinedLine| now.since(line.seen) >= FORGOTTEN;
        let lost = self.lines.iter().any(|line| is_old(line) && line.has_grown());
        self.lines.retain(|line| !is_old(line));
        self.run = self.run.take().filter(|run| now.since(run.seen) < FORGOTTEN);
        lost
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { lines, run } = self;
        let run = run.iter_mut().map(|run| {
            let Run { last: _, seen, pages: _, paces: _, leaps: _ } = run;
            seen
        });
        let lines = lines.iter_mut().flat_map(|line| {
            let QuarantinedLine {
                above: _,
                first: _,
                last: _,
                pages: _,
                episodes: _,
                paused: _,
                refuted: _,
                since,
                seen,
            } = line;
            [since, seen]
        });
        lines.chain(run)
    }
}
