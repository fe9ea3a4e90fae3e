//! The framed chart of revenue = cost + profit over time.

use ratatui::layout::Rect;

use super::cursor::Reading;
use super::{NOT_YET, ends, framed};
use crate::history::{Measure, Query, Subject};
use crate::snapshot::{Bound, ModelRow};
use crate::tui::app::ChartSpan;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::series::{Points, axis_from, began};
use crate::tui::theme::Role;
use crate::tui::widgets::framed_chart::{FramedChart, ScaleColumn, ScaleLabel};
use crate::tui::widgets::margin::{MarginChart, MarginForm};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::step_above;
use crate::tui::widgets::time_axis::TimeAxis;
use crate::tui::widgets::{Canvas, Segment, cells};
use crate::units::{Money, Span, Timestamp};

/// The margin chart of a subject.
pub(in crate::tui::view) struct Margin {
    pub(in crate::tui::view) subject: Subject,
    /// The current revenue and cost per hour.
    pub(in crate::tui::view) now: [Option<Money>; 2],
    pub(in crate::tui::view) scale_width: u16,
    /// Whether it is the main chart of a view, which covers a day until a span is chosen.
    pub(in crate::tui::view) is_main: bool,
    /// The subject in the title, with its separator; empty if it is named elsewhere.
    pub(in crate::tui::view) of: String,
}

impl Margin {
    fn chart_span(&self, input: &FrameInput<'_>) -> ChartSpan {
        let charts = input.app.charts;
        if self.is_main { charts.main_span() } else { charts.span }
    }

    /// Draws the chart.
    pub(in crate::tui::view) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>) {
        let span = self.chart_span(input).length();
        let cells = FramedChart::chart_width(area.width, self.scale_width);
        let began = began(input, [Measure::Revenue, Measure::Cost].map(|measure| (&self.subject, measure)), span);
        let axis = axis_from(input, &self.subject, began, span, cells);
        let [revenue, cost] = [Measure::Revenue, Measure::Cost]
            .map(|measure| Points::over(input, &self.subject, measure, span, &axis).on(&axis));
        let (bottom, top) = match input.app.charts.form {
            MarginForm::Stack => {
                let largest = revenue.iter().chain(&cost).flatten().copied().fold(0.0, f64::max);
                (0.0, step_above(1.02 * largest))
            }
            MarginForm::Profit => profit_ends(&revenue, &cost),
        };
        let form = input.app.charts.form;
        let chart = MarginChart { revenue: &revenue, cost: &cost, top, bottom, form };
        let dollars = |value: f64| {
            let sign = if value < 0.0 { "−" } else { "" };
            format!("{sign}{}{}", format::symbol(input.currency()).trim_end(), format::axis_figure(value.abs()))
        };
        let labels = self.labels(input, (bottom, top), &dollars);
        let floor = (form == MarginForm::Stack).then_some("0");
        let profit = revenue.iter().zip(&cost).map(|(revenue, cost)| Some((*revenue)? - (*cost)?)).collect::<Vec<_>>();
        let bound = self.bound_at_cursor(input, &axis);
        let marked = |value: f64| {
            let bound = if value < 0.0 { bound.of_negative() } else { bound };
            format!("{}{}", bound.mark(), dollars(value))
        };
        let reading = |role, name, values| -> Reading<'_> {
            Reading { role, name, values, format: if role == Role::Gain { &marked } else { &dollars } }
        };
        framed(
            canvas,
            area,
            input,
            &axis,
            self.rule(input, area.width, &axis),
            &[&chart],
            ScaleColumn::of(labels),
            (floor, self.scale_width),
            (&self.subject, ends(&revenue).is_some() || ends(&cost).is_some(), NOT_YET),
            &[reading(Role::Gain, "profit ", &profit), reading(Role::Cost, "cost ", &cost)],
        );
    }

    /// The labels of the scale: its ends, and the present amounts.
    fn labels(
        &self,
        input: &FrameInput<'_>,
        (bottom, top): (f64, f64),
        dollars: &dyn Fn(f64) -> String,
    ) -> Vec<ScaleLabel<'static>> {
        // The top is round; what moves keeps its digits, so that its width stays.
        let moving = |value: f64| {
            let sign = if value < 0.0 { "−" } else { "" };
            format!("{sign}{}{}", format::symbol(input.currency()).trim_end(), super::precise(value.abs()))
        };
        let [revenue, cost] = self.now.map(number);
        let mut labels = Vec::new();
        match input.app.charts.form {
            MarginForm::Stack => {
                // The axis ends with a label at zero already.
                let is_shown = |value: &f64| dollars(*value) != dollars(0.0);
                labels.extend(revenue.filter(is_shown).map(|value| ScaleLabel::now(value, moving(value))));
                labels.extend(cost.filter(is_shown).map(|value| ScaleLabel::end(value, moving(value))));
                labels.push(ScaleLabel::end(top, dollars(top)));
            }
            MarginForm::Profit => {
                let profit = revenue.zip(cost).map(|(revenue, cost)| revenue - cost);
                labels.extend((top > 0.0).then(|| ScaleLabel::end(top, dollars(top))));
                labels.extend((bottom < 0.0).then(|| ScaleLabel::end(bottom, dollars(bottom))));
                labels.push(ScaleLabel::end(0.0, "0"));
                labels.extend(profit.map(|profit| ScaleLabel::now(profit, moving(profit))));
            }
        }
        labels
    }

    /// On which side of the profit at the cursor the true one may be: a model that made tokens then may have no price.
    fn bound_at_cursor(&self, input: &FrameInput<'_>, axis: &TimeAxis) -> Bound {
        let Some(cell) = input.app.pointed().and_then(|at| axis.cell_of(at)).filter(|_| self.subject == Subject::Fleet)
        else {
            return Bound::None;
        };
        let until = axis.time_of(cell) + axis.cell();
        let made = |row: &ModelRow, measure| {
            let subject = Subject::Model(row.model.clone());
            let query = Query { subject, measure, until, step: axis.cell().max(Span::MINUTE), points: 1 };
            input.app.history.series(&query).points.iter().flatten().any(|rate| *rate > 0.0)
        };
        let serves = |row: &&ModelRow| [Measure::Output, Measure::Prompt].into_iter().any(|measure| made(row, measure));
        let without = input.snap.models.iter().filter(|row| row.money.list.is_none());
        Bound::of(without.filter(serves).count() > 0, false)
    }

    fn rule(&self, input: &FrameInput<'_>, width: u16, axis: &TimeAxis) -> TitledRule<'static> {
        let [revenue, cost] = self.now;
        let profit = revenue.zip(cost).map(|(revenue, cost)| revenue - cost);
        let profit = if self.subject == Subject::Fleet { input.rates().snap.money.profit_per_hour } else { profit };
        let amount = |money: Option<Money>, has_cents: bool| {
            let size = money.map(|m| if m < Money::ZERO { Money::ZERO - m } else { m });
            let needs_cents = size.is_some_and(|size| size < NEEDS_CENTS);
            if has_cents || needs_cents { input.money(size, 7) } else { format::amount(size, input.currency(), 0) }
        };
        let is_loss = profit.is_some_and(|profit| profit < Money::ZERO);
        let (key, name) = if is_loss { (Role::Loss, " missing ") } else { (Role::Gain, " profit ") };
        let cost_name = if width >= 120 { " cost, the break-even " } else { " cost " };
        let (span, span_text) = (self.chart_span(input).length(), self.chart_span(input).name());
        // Whether the history is shorter than the span.
        let is_young = (axis.end() - axis.start()).millis() < span.millis() * 9 / 10;
        let began = begin_of(axis.start(), axis.cell(), input.snap.money.since);
        let since = || format::clock_minute(began, input.zone());
        let span_text = if is_young { format!(", since {}", since()) } else { format!(", {span_text}") };
        let symbol = format::symbol(input.currency());
        let symbol = symbol.trim_end();
        let of = &self.of;
        let unit = if width >= 120 { format!("{of} · {symbol} an hour") } else { format!("{of} · {symbol}/h") };
        let bound = match profit {
            // What is missing is the negated profit.
            Some(_) if self.subject == Subject::Fleet && is_loss => input.snap.rate_bound().of_negative().mark(),
            Some(profit) if self.subject == Subject::Fleet && profit > Money::ZERO => input.snap.rate_bound().mark(),
            _ => "",
        };
        let of_profit = |has_cents: bool| {
            let figure = profit.map(|profit| format!("{bound}{}", amount(Some(profit), has_cents)));
            Self::legend(key, name, figure, "  ")
        };
        if input.app.charts.form == MarginForm::Profit {
            return TitledRule::new("Profit").note([Segment::dim(format!("{unit}{span_text}"))]).right(of_profit(true));
        }
        let of_cost =
            |has_cents: bool| Self::legend(Role::Cost, cost_name, cost.map(|cost| amount(Some(cost), has_cents)), "");
        // The legends have precedence over the span, and the span over their cents.
        let taken = |has_cents: bool| {
            let legends = cells(&of_profit(has_cents)) + cells(&of_cost(has_cents));
            legends + format::width(TITLE) + format::width(&unit) + SPACES
        };
        let room = usize::from(width).saturating_sub(format::width(&span_text));
        let has_cents = taken(true) <= room || taken(false) > room;
        let (of_profit, of_cost, taken) = (of_profit(has_cents), of_cost(has_cents), taken(has_cents));
        let has_span = taken <= room;
        let note = if has_span { format!("{unit}{span_text}") } else { unit };
        // Both legends have precedence over the full title.
        let title = if taken <= usize::from(width) { TITLE } else { SHORT };
        TitledRule::new(title).note([Segment::dim(note)]).right(of_profit).right(of_cost)
    }
}

/// The amount below which cents are shown in any case.
const NEEDS_CENTS: Money = Money::from_micros(100_000_000);

/// The title in full and short, and the cells of the rule between its texts.
const TITLE: &str = "Revenue = cost + profit";
const SHORT: &str = "Revenue";
const SPACES: usize = 7;

impl Margin {
    /// A legend entry: the meaning of a colour, and its figure if known.
    fn legend(role: Role, name: &'static str, figure: Option<String>, behind: &'static str) -> Vec<Segment<'static>> {
        let name = if figure.is_none() { name.trim_end() } else { name };
        let mut group = vec![Segment::key(role), Segment::dim(name)];
        group.extend(figure.map(Segment::text));
        group.push(Segment::dim(behind));
        group
    }
}

/// Round ends of the scale that include zero and all profits.
fn profit_ends(revenue: &[Option<f64>], cost: &[Option<f64>]) -> (f64, f64) {
    let profit = revenue.iter().zip(cost).filter_map(|(revenue, cost)| Some((*revenue)? - (*cost)?));
    let (low, top) = profit.fold((0.0_f64, 0.0_f64), |(low, top), value| (low.min(value), top.max(value)));
    let bottom = if low < 0.0 { -step_above(-low) } else { 0.0 };
    (bottom, if top > 0.0 || bottom >= 0.0 { step_above(top) } else { 0.0 })
}

/// When a chart begins whose first cell starts at `start`: where the watch `began` less than a cell from there, then.
fn begin_of(start: Timestamp, cell: Span, began: Option<Timestamp>) -> Timestamp {
    began.filter(|began| (*began - start).millis().abs() < cell.millis()).unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: a chart begins with a whole cell, and its title names a minute beside the one in which the watch began.
    #[test]
    fn a_chart_begins_when_the_watch_did_if_that_is_less_than_a_cell_away() {
        let (start, cell) = (Timestamp::from_millis(600_000), Span::from_secs(120));
        let at = |millis| Some(Timestamp::from_millis(millis));
        for near in [480_001, 590_000, 660_000, 719_999] {
            assert_eq!(begin_of(start, cell, at(near)), Timestamp::from_millis(near));
        }
        for other in [None, at(480_000), at(720_000)] {
            assert_eq!(begin_of(start, cell, other), start);
        }
    }
}
