//! The last hours as bars of cost and profit, which add up to revenue, if the tables leave room.

use ratatui::layout::Rect;

use crate::history::{Measure, Query, Subject};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::widgets::hour_bars::{HourBar, HourBars};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::step_above;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Span, Timestamp};

/// The number of rows with the heading and the hours below.
pub(super) const LEAST: u16 = 7;
const HOURS: usize = 24;
/// Widths in cells: from one bar to the next, of the names before the bars, and of the scale after them.
const PITCH: u16 = 2;
const NAMES: u16 = 4;
const SCALE: u16 = 5;
/// The least number of rows for figures below the bars.
const WITH_FIGURES: u16 = 9;
/// Hours between two labels.
const LABELS: usize = 3;

/// Whether enough hours are known for a chart.
pub(super) fn has_hours(input: &FrameInput<'_>) -> bool {
    sums(input, Measure::Revenue).iter().flatten().count() > 2
}

/// Draws the bars.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
    let symbol = format::symbol(input.currency()).trim_end().to_owned();
    let has_figures = area.height >= WITH_FIGURES && area.width >= NAMES + PITCH * HOURS as u16 + SCALE;
    let note =
        if has_figures { "profit, and break-even in % of the load".to_owned() } else { format!("{symbol} an hour") };
    TitledRule::new("By the hour")
        .note([Segment::dim(format!(" · {note}"))])
        .right([Segment::key(Role::Gain), Segment::dim(" profit  ")])
        .right([Segment::key(Role::Cost), Segment::dim(" cost")])
        .draw(canvas, area);
    let (mut revenues, mut costs) = (sums(input, Measure::Revenue), sums(input, Measure::Cost));
    // A young record fills the chart from the left.
    let unknown = revenues.iter().zip(&costs).take_while(|(a, b)| a.is_none() && b.is_none()).count() % HOURS;
    for sums in [&mut revenues, &mut costs] {
        sums.rotate_left(unknown);
    }
    let most = revenues.iter().chain(&costs).flatten().copied().fold(0.0, f64::max);
    let top = step_above(1.02 * most);
    let begins = (unknown..HOURS + unknown).map(|nth| first(input) + times(nth));
    let bars = begins.zip(revenues.iter().zip(&costs)).enumerate().map(|(nth, (begin, (revenue, cost)))| {
        let clock = format::clock_minute(begin, input.zone());
        let is_labelled = nth % LABELS == 0;
        let label = if is_labelled { clock.get(..2).unwrap_or("--").to_owned() } else { String::new() };
        let figures = if has_figures && is_labelled { figures(*revenue, *cost) } else { Vec::new() };
        let role = if begin > input.snap.at { Role::Rule } else { Role::Dim };
        HourBar { revenue: *revenue, cost: *cost, expected: None, label: Segment::new(role, label), figures }
    });
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let (names, text_rows) = if has_figures { (NAMES, 3) } else { (0, 1) };
    let plot = Rect { x: below.x + names, width: below.width.saturating_sub(names + SCALE), ..below };
    HourBars { bars: bars.collect(), top, width: PITCH - 1, pitch: PITCH, text_rows }.draw(canvas, plot);
    if has_figures {
        for (row, name) in (below.height - text_rows..).zip(["at", &format!("k{symbol}"), "b/e"]) {
            canvas.writer(below, row).put(Role::Dim, name);
        }
    }
    let scale = Rect { x: plot.right(), width: below.right().saturating_sub(plot.right()), ..below };
    let width = canvas.clip(scale).width();
    canvas.clip(scale).line_within(0, 0, width, &[Segment::dim(format!("{symbol}{}", format::axis_figure(top)))], true);
}

/// Thousands of profit, and the break-even load in percent.
fn figures(revenue: Option<f64>, cost: Option<f64>) -> Vec<Segment<'static>> {
    let Some((revenue, cost)) = revenue.zip(cost) else { return Vec::new() };
    let profit = revenue - cost;
    let role = if profit < 0.0 { Role::Loss } else { Role::Gain };
    let even = if revenue > 0.0 { format!("{:.0}", 100.0 * cost / revenue) } else { format::UNKNOWN.to_owned() };
    vec![Segment::new(role, format!("{:.0}", profit / 1_000.0).replace('-', "−")), Segment::dim(even)]
}

/// The beginning of the first hour.
fn first(input: &FrameInput<'_>) -> Timestamp {
    let hour = Span::HOUR.millis();
    // The present hour has no minute yet when it begins.
    let end = (input.snap.at.millis().saturating_sub(1)).div_euclid(hour).saturating_add(1).saturating_mul(hour);
    Timestamp::from_millis(end) - times(HOURS)
}

fn times(hours: usize) -> Span {
    Span::from_secs(Span::HOUR.millis() / 1_000 * i64::try_from(hours).unwrap_or(0))
}

/// Revenue and cost of each hour, over its known minutes.
fn sums(input: &FrameInput<'_>, measure: Measure) -> Vec<Option<f64>> {
    let until = first(input) + times(HOURS);
    let query = Query { subject: Subject::Fleet, measure, until, step: Span::MINUTE, points: 60 * HOURS };
    let points = input.app.history.series(&query).points;
    let sum = |minutes: &[Option<f64>]| {
        let known: Vec<f64> = minutes.iter().flatten().copied().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / 60.0)
    };
    points.chunks(60).map(sum).collect()
}
