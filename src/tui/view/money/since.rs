//! The cumulative profit since midnight, hour by hour.

use ratatui::layout::Rect;

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
use crate::units::Money;

const SCALE: u16 = 7;

/// Draws the chart. A negative sum hangs below a zero line in the loss role.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    let sums = sums(page);
    let last = sums.iter().rev().find_map(|sum| *sum);
    let dots = 2 * usize::from(FramedChart::chart_width(area.width, SCALE));
    let values = spread(&sums, dots);
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
        rule = rule.right([Segment::key(key), Segment::text(format!(" {}", format::signed(last, 12)))]);
    }
    let cells = FramedChart::chart_width(area.width, SCALE);
    let day = page.hours.first().zip(page.hours.last());
    let day = day.map(|(first, last)| (first.begin, Period::of(By::Hour, input.zone(), last.begin).end));
    let axis = TimeAxis::across(day.unwrap_or((page.at, page.at)), page.at, cells);
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

/// Interpolates the sums over the dots of a chart, linearly between the ends of hours; the current hour ends now.
fn spread(sums: &[Option<Money>], dots: usize) -> Vec<Option<f64>> {
    let hours = sums.len().max(1);
    let at = |dot: usize| {
        let place = (dot as f64 + 1.0) * hours as f64 / dots.max(1) as f64;
        let hour = (place.ceil() as usize).saturating_sub(1);
        let to = number(sums.get(hour).copied().flatten())?;
        let from = hour.checked_sub(1).and_then(|before| number(sums.get(before).copied().flatten())).unwrap_or(0.0);
        Some(from + (to - from) * (place - hour as f64))
    };
    (0..dots).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_grows_straight_through_its_hour_and_ends_with_what_is_known() {
        let sums = [Some(Money::from_micros(8_000_000)), Some(Money::from_micros(4_000_000)), None];
        let values = spread(&sums, 12);
        assert_eq!(values[..8], [2.0, 4.0, 6.0, 8.0, 7.0, 6.0, 5.0, 4.0].map(Some));
        assert_eq!(values[8..], [None; 4]);
    }
}
