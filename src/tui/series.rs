//! What charts draw: points of the recent past on the axis of a chart.
//!
//! The history is asked; where it knows nothing of the fleet yet, the quarter hour of the snapshot stands in, and the newest
//! money is the snapshot's own.

use super::app::RefreshPace;
use super::figures_of::number;
use super::frame_input::FrameInput;
use super::widgets::time_axis::TimeAxis;
use crate::history::{Measure, Query, Subject};
use crate::snapshot::{VitalLine, Vitals};
use crate::units::{Span, Timestamp};

/// The time of a point where charts are short, and where they are long.
const FINE: Span = Span::from_secs(5);
const COARSE: Span = Span::from_secs(60);
/// Charts up to this span have fine points.
const SHORT: Span = Span::from_secs(3_600);
/// More than charts are behind the newest snapshot, at any pace: those of a still dashboard stay for a minute.
const BEHIND: Span = Span::from_secs(75);

/// Points of known times, the newest last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Points {
    points: Vec<(Timestamp, Option<f64>)>,
    step: Span,
}

impl Points {
    /// The points of a measure over a span up to now.
    pub(super) fn of(input: &FrameInput<'_>, subject: &Subject, measure: Measure, span: Span) -> Self {
        let now = input.at(RefreshPace::Charts).snap.at;
        let back = (input.app.newest().at - now) + span;
        Self::in_steps(input, subject, measure, span, if back > SHORT + BEHIND { COARSE } else { FINE })
    }

    /// The points of a measure on an axis of a span. A chart of a long span has fine points as long as its cells are
    /// shorter than the coarse ones.
    pub(super) fn over(
        input: &FrameInput<'_>,
        subject: &Subject,
        measure: Measure,
        span: Span,
        axis: &TimeAxis,
    ) -> Self {
        if axis.cell() < COARSE && age(input, axis.start()) <= SHORT + BEHIND {
            let span = Span::from_millis(span.millis().min(SHORT.millis()));
            return Self::in_steps(input, subject, measure, span, FINE);
        }
        Self::of(input, subject, measure, span)
    }

    fn in_steps(input: &FrameInput<'_>, subject: &Subject, measure: Measure, span: Span, step: Span) -> Self {
        let now = input.at(RefreshPace::Charts).snap.at;
        let until = Timestamp::from_millis(floor(now.millis(), step.millis()).saturating_add(step.millis()));
        let count = usize::try_from(span.millis() / step.millis()).unwrap_or(0);
        let query = Query { subject: subject.clone(), measure, until, step, points: count };
        let mut known = Self::ending(input.app.history.series(&query).points, until, step);
        if *subject == Subject::Fleet {
            if known.is_empty()
                && let Some(line) = line_of(&input.snap.vitals, measure)
            {
                let points = line.points.iter().map(|value| value.map(f64::from)).collect();
                known = Self::ending(points, input.snap.vitals.until, input.snap.vitals.step);
            }
            known.end_with(now, newest(input, measure));
        }
        known
    }

    pub(super) fn ending(points: Vec<Option<f64>>, until: Timestamp, step: Span) -> Self {
        let step = Span::from_millis(step.millis().clamp(1, 86_400_000));
        let count = i64::try_from(points.len()).unwrap_or(0);
        let first = until.millis().saturating_sub(step.millis().saturating_mul(count));
        let at = |nth: i64| Timestamp::from_millis(first.saturating_add(step.millis().saturating_mul(nth)));
        Self { points: (0..).map(at).zip(points).collect(), step }
    }

    /// Gives the newest time a value where it has none.
    fn end_with(&mut self, now: Timestamp, value: Option<f64>) {
        let is_known = self.points.last().is_some_and(|(at, value)| value.is_some() && *at + self.step >= now);
        if let Some(value) = value.filter(|_| !is_known) {
            let at = Timestamp::from_millis(floor(now.millis(), self.step.millis()));
            self.points.retain(|(known, _)| *known < at);
            self.points.push((at, Some(value)));
        }
    }

    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.points.iter().all(|(_, value)| value.is_none())
    }

    /// Whether there is a past: more than the newest point.
    fn has_past(&self) -> bool {
        self.points.iter().filter(|(_, value)| value.is_some()).nth(1).is_some()
    }

    /// When the first known point begins.
    pub(super) fn began(&self) -> Option<Timestamp> {
        self.points.iter().find(|(_, value)| value.is_some()).map(|(at, _)| *at)
    }

    /// The same where there is a past behind the newest point.
    pub(super) fn past_began(&self) -> Option<Timestamp> {
        self.began().filter(|_| self.has_past())
    }

    /// A value a dot of an axis.
    pub(super) fn on(&self, axis: &TimeAxis) -> Vec<Option<f64>> {
        axis.means(self.points.iter().copied(), self.step)
    }

    /// A value a cell for a line of `cells` cells over `span`, as for rows of a table.
    pub(super) fn cells(&self, now: Timestamp, span: Span, cells: u16) -> Vec<Option<f64>> {
        let cell = (span.millis() / i64::from(cells.max(1))).max(1);
        // A dot of this axis is a cell of the line.
        let axis = TimeAxis::shifting(now, Span::from_millis(2 * cell), cells.div_ceil(2));
        self.on(&axis)
    }
}

/// The time from an instant to the newest snapshot.
fn age(input: &FrameInput<'_>, at: Timestamp) -> Span {
    Span::from_millis(input.app.newest().at.millis().saturating_sub(at.millis()))
}

/// When the first known of the given measures begins over a span up to now; `None` if nothing but the newest point is
/// known.
pub(super) fn began<'m>(
    input: &FrameInput<'_>,
    wanted: impl IntoIterator<Item = (&'m Subject, Measure)>,
    span: Span,
) -> Option<Timestamp> {
    let points = |(subject, measure): (&Subject, Measure), span| Points::of(input, subject, measure, span);
    let wanted: Vec<_> = wanted.into_iter().collect();
    let of = |span: Span| wanted.iter().filter_map(|of| points(*of, span).past_began()).min();
    let is_short = |began: &Timestamp| age(input, *began) <= SHORT;
    match of(span).filter(is_short) {
        // The minute is known; fine points tell the second.
        Some(began) if span > SHORT => of(SHORT).or(Some(began)),
        _ if span > SHORT => of(span).or_else(|| of(SHORT)),
        _ => of(span),
    }
}

/// The axis of a chart of `cells` cells in which all of `points` are shown.
pub(super) fn axis(input: &FrameInput<'_>, points: &[&Points], span: Span, cells: u16) -> TimeAxis {
    let began = points.iter().filter_map(|points| points.past_began()).min();
    axis_from(input, &Subject::Fleet, began, span, cells)
}

/// The axis of a chart of `cells` cells of a subject of which something is known since `began`.
pub(super) fn axis_from(
    input: &FrameInput<'_>,
    subject: &Subject,
    began: Option<Timestamp>,
    span: Span,
    cells: u16,
) -> TimeAxis {
    let now = input.at(RefreshPace::Charts).snap.at;
    let watched = input.snap.money.since;
    // Where nothing is known of the past, what is watched since the first poll is to come.
    let began = began.or(watched).unwrap_or(now);
    // The watch begins within a point, or in the one before: a rate is known from the second poll on.
    let is_near = |watched: &Timestamp| watched.millis().abs_diff(began.millis()) < FINE.millis().unsigned_abs();
    let began = watched.filter(is_near).unwrap_or(began);
    // Fine points are kept for an hour, and not of every subject: otherwise a cell of a longer chart is a coarse point.
    let is_coarse = span > SHORT && (age(input, began) > SHORT || !input.app.history.is_fine(subject));
    let least = if is_coarse { COARSE } else { Span::ZERO };
    TimeAxis::of_cells_from(least, (began, now), span, cells)
}

fn line_of(vitals: &Vitals, measure: Measure) -> Option<&VitalLine> {
    Some(match measure {
        Measure::Output => &vitals.output,
        Measure::Prompt => &vitals.prompt,
        Measure::PromptComputed => &vitals.prompt_miss,
        Measure::PromptCached => &vitals.prompt_hit,
        Measure::HitRate => &vitals.hit_rate,
        Measure::Load => &vitals.load,
        _ => return None,
    })
}

/// The fleet's money at present.
fn newest(input: &FrameInput<'_>, measure: Measure) -> Option<f64> {
    let money = &input.at(RefreshPace::FiveSeconds).snap.money;
    match measure {
        Measure::Revenue => number(money.revenue_per_hour),
        Measure::Cost => number(money.cost_per_hour),
        Measure::Profit => number(money.profit_per_hour),
        _ => None,
    }
}

fn floor(value: i64, step: i64) -> i64 {
    value.div_euclid(step.max(1)).saturating_mul(step.max(1))
}
