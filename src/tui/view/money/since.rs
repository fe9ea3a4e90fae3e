//! The cumulative profit since midnight, hour by hour.

use ratatui::layout::Rect;

use super::rows;
use crate::history::Subject;
use crate::statement::{By, Period};
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::MoneyPage;
use crate::tui::theme::Role;
use crate::tui::view::charts::{Reading, framed};
use crate::tui::widgets::area::{AreaChart, Layer};
use crate::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel};
use crate::tui::widgets::margin::{MarginChart, MarginForm};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::step_above;
use crate::tui::widgets::time_axis::TimeAxis;
use crate::tui::widgets::{Canvas, Plot, Segment};
use crate::units::{Money, Span, Timestamp};

const SCALE: u16 = 7;

/// Draws the chart. A negative sum hangs below a zero line in the loss role.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    let sums = sums(page);
    let last = sums.iter().rev().find_map(|sum| *sum);
    let cells = FramedChart::chart_width(area.width, SCALE);
    let day = page.hours.first().zip(page.hours.last());
    let day = day.map(|(first, last)| (first.begin, Period::of(By::Hour, input.zone(), last.begin).end));
    let axis = TimeAxis::across(day.unwrap_or((page.at, page.at)), page.at, cells);
    let values = spread(&summed_hours(input, page, &sums, axis.end()), &axis);
    let is_loss = last.is_some_and(|last| last < Money::ZERO);
    // The last dot of an hour is a little before its end.
    let ends = values.iter().flatten().copied().chain(number(last));
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let bottom = if low < 0.0 { -step_above(-1.02 * low) } else { 0.0 };
    let top = if high > 0.0 || bottom >= 0.0 { step_above(1.02 * high) } else { 0.0 };
    // A sum is a profit with no cost of its own.
    let cost: Vec<Option<f64>> = values.iter().map(|value| value.map(|_| 0.0)).collect();
    let about_zero = MarginChart { revenue: &values, cost: &cost, top, bottom, form: MarginForm::Profit };
    let layers = vec![Layer { values: &values, role: Role::Gain }];
    let from_zero = AreaChart { layers, low: 0.0, top, even: None, is_heat: false };
    let chart: &dyn Plot = if bottom < 0.0 { &about_zero } else { &from_zero };
    let symbol = format::symbol(input.currency()).trim_end().to_owned();
    let amount = |value: f64| {
        let sign = if value < 0.0 { "−" } else { "" };
        format!("{sign}{symbol}{}", format::axis_figure(value.abs()))
    };
    let mut labels = Vec::new();
    labels.extend((top > 0.0).then(|| ScaleLabel::end(top, amount(top))));
    labels.extend((bottom < 0.0).then(|| ScaleLabel::end(bottom, amount(bottom))));
    labels.extend((bottom < 0.0).then(|| ScaleLabel::end(0.0, "0")));
    let key = if is_loss { Role::Loss } else { Role::Gain };
    let begin = page.hours.first().map(|hour| format::clock_minute(hour.begin, input.zone()));
    let begin = begin.filter(|clock| clock != "00:00");
    let mut rule =
        TitledRule::new(begin.map_or("Profit since midnight".to_owned(), |clock| format!("Profit since {clock}")));
    if let Some(last) = last {
        let now = number(Some(last)).unwrap_or(0.0);
        labels.insert(0, ScaleLabel::now(now, amount(now)));
        let bound = rows::bound(&page.models).mark();
        rule = rule.right([Segment::key(key), Segment::text(format!(" {bound}{}", format::signed(last, 12).trim()))]);
    }
    let read = |value: f64| format::signed(Money::from_micros((value * 1e6) as i64), 12).trim().to_owned();
    let reading = Reading { role: key, name: "", values: &values, format: &read };
    framed(
        canvas,
        area,
        input,
        &axis,
        rule,
        &[chart],
        ScaleColumn::of(labels),
        ((bottom >= 0.0).then_some("0"), SCALE),
        (&Subject::Fleet, last.is_some(), "nothing is known of today yet"),
        &[reading],
    );
}

/// The profit from midnight to the end of each hour; `None` if an hour's profit is unknown.
fn sums(page: &MoneyPage) -> Vec<Option<Money>> {
    let mut sum = Money::ZERO;
    let upto = page.hours.iter().map(|hour| {
        // Saturates: a line on a screen may end at its edge.
        sum = Money::from_grains(sum.grains().saturating_add(hour.profit?.grains()));
        Some(sum)
    });
    upto.collect()
}

/// The watched part of an hour, and the sum at its end.
#[derive(Debug, Clone, Copy)]
struct SummedHour {
    from: Timestamp,
    to: Timestamp,
    sum: Option<f64>,
}

/// The watched parts of the page's hours, the last of which ends at `end`. The watch may begin within the first known hour.
fn summed_hours(input: &FrameInput<'_>, page: &MoneyPage, sums: &[Option<Money>], end: Timestamp) -> Vec<SummedHour> {
    let first = page.hours.iter().find(|hour| hour.profit.is_some()).map(|hour| hour.begin);
    let ends = page.hours.iter().skip(1).map(|hour| hour.begin).chain([end]);
    let hours = page.hours.iter().zip(ends).zip(sums).map(|((hour, end), sum)| {
        let watched = input.snap.money.since.filter(|since| first == Some(hour.begin) && *since < end);
        let from = watched.map_or(hour.begin, |since| since.max(hour.begin));
        SummedHour { from, to: end.min(page.at), sum: number(*sum) }
    });
    hours.collect()
}

/// Interpolates the sums over the dots of an axis, linearly over the watched part of each hour: before the watch and in the
/// time to come there is none.
fn spread(hours: &[SummedHour], axis: &TimeAxis) -> Vec<Option<f64>> {
    let at = |dot: usize| {
        let half = if dot.is_multiple_of(2) { Span::ZERO } else { axis.dot() };
        let begin = axis.time_of((dot / 2) as u16) + half;
        let nth = hours.iter().rposition(|hour| hour.from < begin + axis.dot())?;
        let SummedHour { from, to, sum } = hours.get(nth).filter(|hour| begin < hour.to).copied()?;
        let before = hours[..nth].iter().rev().find_map(|hour| hour.sum).unwrap_or(0.0);
        let share = ((begin + axis.dot()).min(to) - from).millis() as f64 / (to - from).millis().max(1) as f64;
        Some(before + (sum? - before) * share)
    };
    (0..axis.dots()).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    /// Class: the sum of an hour is spread over all of it, also over time that was not watched and time to come.
    #[test]
    fn a_sum_grows_straight_through_the_watched_part_of_its_hour() {
        let hour = |from, to, sum| SummedHour { from: at(from), to: at(to), sum };
        let hours = [hour(30, 60, Some(8.0)), hour(60, 75, Some(4.0)), hour(120, 75, None)];
        let axis = TimeAxis::across((at(0), at(180)), at(75), 6);
        let values = spread(&hours, &axis);
        assert_eq!(values[..2], [None; 2], "before the watch");
        assert_eq!(values[2..5], [4.0, 8.0, 4.0].map(Some));
        assert_eq!(values[5..], [None; 7], "to come");
    }
}
