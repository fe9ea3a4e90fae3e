//! The time axis of a chart: dots of a fixed duration, aligned to the clock, two per cell.
//!
//! A young chart fills from the left. When it is full, pairs of dots are merged into longer ones until the requested span
//! is reached; from then on it shifts by whole cells. A past dot keeps its value until it is merged or leaves the chart.

use jiff::tz::TimeZone;

use crate::tui::theme::Ink;
use crate::units::{Span, Timestamp};

/// The durations of a dot in milliseconds: each divides a day, so that cells begin at round times.
const DOTS: [i64; 22] = [
    1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 45_000, 60_000, 90_000, 120_000, 150_000, 180_000, 300_000, 600_000,
    900_000, 1_200_000, 1_800_000, 2_400_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000,
];
/// The longest duration of a dot in milliseconds, about 35 years, so that the times of all cells fit in an `i64`.
const LONGEST: i64 = 1 << 40;
/// The share of the span that the longest dots must cover: a chart of 23.7 hours counts as one of 24.
const ENOUGH: f64 = 0.9;

/// Dots of these durations in milliseconds appear in pairs, when their cell is full, so that a chart with cells of 10 to 20
/// seconds is redrawn half as often. Shorter dots fill a chart's first minutes; longer ones would appear too late in pairs.
const IN_PAIRS: std::ops::RangeInclusive<i64> = 5_000..=10_000;

/// The intervals between labels, in milliseconds.
const LABELS: [i64; 17] = [
    5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000,
    10_800_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
];
/// The minimum cells between the starts of two labels.
const LABEL_CELLS: i64 = 9;

/// A label at a cell of the chart, such as `┴14:30`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Tick {
    pub cell: u16,
    pub text: String,
}

/// A mark at a cell of the chart: `▲` an alert, `D` a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct AxisMark {
    pub cell: u16,
    pub glyph: char,
    pub ink: Ink,
    /// Whether it is left out where an axis has too few labels.
    pub gives_way: bool,
}

/// The time of each dot of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeAxis {
    start: i64,
    now: i64,
    dot: i64,
    cells: u16,
}

impl TimeAxis {
    /// The axis of a chart of `cells` cells at `now`, with data since `began`. It covers `span` once the data does. The
    /// axis depends on nothing but its arguments.
    pub fn new(began: Timestamp, now: Timestamp, span: Span, cells: u16) -> Self {
        Self::of_cells_from(Span::default(), (began, now), span, cells)
    }

    /// The same with no cell shorter than `least`.
    pub fn of_cells_from(least: Span, (began, now): (Timestamp, Timestamp), span: Span, cells: u16) -> Self {
        let least = least.millis() / 2;
        let longest = longest_dot(span, cells).max(least);
        let (began, now) = (began.millis().min(now.millis()), now.millis());
        for dot in DOTS.into_iter().filter(|dot| (least..=longest).contains(dot)) {
            let start = floor(began, 2 * dot);
            if start.saturating_add(2 * dot * i64::from(cells)) > now {
                return Self { start, now, dot, cells };
            }
        }
        Self::shifting(Timestamp::from_millis(now), Span::from_millis(2 * longest), cells)
    }

    /// The axis of cells of the given duration, whose newest cell contains `now`.
    pub fn shifting(now: Timestamp, cell: Span, cells: u16) -> Self {
        let dot = (cell.millis() / 2).clamp(1, LONGEST);
        let end = floor(now.millis(), 2 * dot).saturating_add(2 * dot);
        Self { start: end.saturating_sub(2 * dot * i64::from(cells)), now: now.millis(), dot, cells }
    }

    /// The axis of `cells` cells between two instants, the later of which may be ahead of `now`.
    pub fn across((start, end): (Timestamp, Timestamp), now: Timestamp, cells: u16) -> Self {
        let dots = 2 * i64::from(cells.max(1));
        let dot = (end - start).millis().div_euclid(dots).clamp(1, LONGEST);
        Self { start: start.millis(), now: now.millis(), dot, cells }
    }

    /// The duration of a dot.
    pub fn dot(&self) -> Span {
        Span::from_millis(self.dot)
    }

    /// The duration of a cell, the interval at which the chart shifts.
    pub fn cell(&self) -> Span {
        Span::from_millis(2 * self.dot)
    }

    /// The start of the first cell.
    pub fn start(&self) -> Timestamp {
        Timestamp::from_millis(self.start)
    }

    /// The end of the last cell.
    pub fn end(&self) -> Timestamp {
        Timestamp::from_millis(self.start.saturating_add(2 * self.dot * i64::from(self.cells)))
    }

    /// The instant that the axis was created for.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    /// The number of cells.
    pub fn cell_count(&self) -> u16 {
        self.cells
    }

    /// The number of dots.
    pub fn dots(&self) -> usize {
        2 * usize::from(self.cells)
    }

    /// The dot of an instant; `None` outside the chart.
    pub fn dot_of(&self, at: Timestamp) -> Option<usize> {
        let dot = at.millis().checked_sub(self.start)?.div_euclid(self.dot);
        usize::try_from(dot).ok().filter(|dot| *dot < self.dots())
    }

    /// The cell of an instant; `None` outside the chart.
    pub fn cell_of(&self, at: Timestamp) -> Option<u16> {
        self.dot_of(at).map(|dot| (dot / 2) as u16)
    }

    /// The start of a cell, the time that a cursor on it points at.
    pub fn time_of(&self, cell: u16) -> Timestamp {
        Timestamp::from_millis(self.start.saturating_add(2 * self.dot * i64::from(cell)))
    }

    /// The mean of the points in each dot. A point is valid from its instant for `every`, but not beyond now; a dot without
    /// a known point is a gap.
    pub fn means(&self, points: impl IntoIterator<Item = (Timestamp, Option<f64>)>, every: Span) -> Vec<Option<f64>> {
        let mut sums = vec![(0.0_f64, 0_u32); self.dots()];
        self.each(points, every, |dot, value| {
            if let Some((sum, count)) = sums.get_mut(dot) {
                *sum += value;
                *count += 1;
            }
        });
        sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))).collect()
    }

    /// The maximum of the points in each dot, otherwise as [`TimeAxis::means`]; for p99.
    pub fn largest(&self, points: impl IntoIterator<Item = (Timestamp, Option<f64>)>, every: Span) -> Vec<Option<f64>> {
        let mut most: Vec<Option<f64>> = vec![None; self.dots()];
        self.each(points, every, |dot, value| {
            if let Some(most) = most.get_mut(dot) {
                *most = Some(most.map_or(value, |most| most.max(value)));
            }
        });
        most
    }

    fn each(
        &self,
        points: impl IntoIterator<Item = (Timestamp, Option<f64>)>,
        every: Span,
        mut put: impl FnMut(usize, f64),
    ) {
        let end = self.end().millis().min(self.filled());
        for (at, value) in points {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            let from = at.millis().max(self.start);
            let to = at.millis().saturating_add(every.millis().max(1)).min(end);
            if from >= to {
                continue;
            }
            let dot = |millis: i64| usize::try_from((millis - self.start).div_euclid(self.dot)).unwrap_or(0);
            for dot in dot(from)..=dot(to - 1) {
                put(dot, value);
            }
        }
    }

    /// The exclusive end of the dots that are drawn: no dot begins after now.
    fn filled(&self) -> i64 {
        let after_now = self.now.saturating_add(1);
        if IN_PAIRS.contains(&self.dot) { floor(after_now, 2 * self.dot) } else { after_now }
    }

    /// Labels at round local times, `every` apart, or as close as is legible.
    pub fn ticks(&self, zone: &TimeZone, every: Option<Span>) -> Vec<Tick> {
        let cell = 2 * self.dot;
        let close = |step: &i64| *step >= LABEL_CELLS * cell && *step >= cell;
        let every = every.map(Span::millis).filter(|every| *every > 0);
        let every = every.or_else(|| LABELS.into_iter().find(close)).unwrap_or(86_400_000);
        let labels = (0..self.cells).filter_map(|number| {
            let begin = self.time_of(number).millis();
            let local = begin.saturating_add(offset(begin, zone));
            // The round time within this cell.
            let round = floor(local.saturating_add(cell - 1), every);
            (round >= local).then(|| Tick { cell: number, text: label(round, every) })
        });
        labels.collect()
    }

    /// A mark at an instant; `None` outside the chart.
    pub fn mark(&self, at: Timestamp, glyph: char, ink: impl Into<Ink>) -> Option<AxisMark> {
        Some(AxisMark { cell: self.cell_of(at)?, glyph, ink: ink.into(), gives_way: false })
    }
}

/// The shortest dot duration at which `cells` cells cover a span.
fn longest_dot(span: Span, cells: u16) -> i64 {
    let needed = span.millis() as f64 * ENOUGH / (2.0 * f64::from(cells.max(1)));
    let last = DOTS.last().copied().unwrap_or(1_000);
    DOTS.into_iter().find(|dot| *dot as f64 >= needed).unwrap_or(last)
}

fn floor(value: i64, step: i64) -> i64 {
    value.div_euclid(step).saturating_mul(step)
}

/// The offset of local time from UTC, in milliseconds.
fn offset(millis: i64, zone: &TimeZone) -> i64 {
    i64::from(zone.to_offset(Timestamp::from_millis(millis).instant()).seconds()) * 1000
}

/// Formats a local time, given as if it were UTC.
fn label(local: i64, every: i64) -> String {
    let Ok(instant) = jiff::Timestamp::from_millisecond(local) else { return String::new() };
    let time = instant.to_zoned_datetime(TimeZone::UTC);
    match every {
        0..60_000 => format!("┴{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()),
        86_400_000.. => format!("┴{:02}-{:02}", time.month(), time.day()),
        _ => format!("┴{:02}:{:02}", time.hour(), time.minute()),
    }
}

#[cfg(test)]
mod tests;
