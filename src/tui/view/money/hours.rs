//! Revenue and cost by local hour or day: one bar each, yesterday's height for hours to come, and figures below.

use ratatui::layout::Rect;

use super::age::old_page;
use super::bar_axis;
use super::bars::{MoneyBar, bars};
use super::change::change;
use super::rows;
use crate::history::{Measure, Query, Subject};
use crate::tui::against;
use crate::tui::app::MoneyRange;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::MoneyPage;
use crate::tui::theme::Role;
use crate::tui::view::overview::profit_changed;
use crate::tui::widgets::hour_bars::{HourBar, HourBars};
use crate::tui::widgets::rule::TitledRule;
use crate::tui::widgets::scale::step_above;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Span, Timestamp, quotient};

/// The maximum cells from one bar to the next.
const MOST_CELLS: u16 = 8;
/// The maximum cells of a figure below a bar.
const MOST_FIGURES: u16 = 5;
/// The cells at the right for the scale and the current figures.
const SCALE: u16 = 6;
const NOW: u16 = 16;

/// Draws the rule, the bars, their hours and figures, and the current profit beside them.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage) {
    let shown = bars(input, page);
    rule(canvas, area, input, page, &shown);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let beside = if below.width >= 100 { NOW } else { 0 };
    // A chart without a scale says nothing: bars of one cell leave room for it on the smallest screen.
    let scale = if usize::from(below.width) >= shown.len() + usize::from(SCALE) { SCALE } else { 0 };
    let plot = Rect { width: below.width.saturating_sub(scale + beside), ..below };
    let pitch = (plot.width / (shown.len().max(1) as u16)).clamp(1, MOST_CELLS);
    let unit = HoursUnit::of(
        shown.iter().filter_map(|bar| number(bar.profit)),
        usize::from(pitch.saturating_sub(1).min(MOST_FIGURES)),
    );
    let figures = match pitch {
        _ if below.height < 7 => 0,
        // In two cells only the profits stand, if they do not round to nothing.
        3 => u16::from(shown.iter().any(|bar| number(bar.profit).is_some_and(|profit| unit.is_shown(profit)))),
        0..3 => 0,
        _ if below.height >= 8 => 2,
        _ => 0,
    };
    let text_rows = 1 + figures;
    let expected = yesterday(input, page, &shown);
    let known = shown.iter().flat_map(|bar| [number(bar.revenue), number(bar.cost)]);
    let top = step_above(1.02 * known.chain(expected.iter().copied()).flatten().fold(0.0, f64::max));
    let bars = shown.iter().zip(&expected).enumerate();
    let bars = bars.map(|(nth, (shown, expected))| bar(page.at, (nth, pitch), shown, (*expected, unit)));
    let bars: Vec<HourBar<'_>> = bars.collect();
    let labels: Vec<String> = bars.iter().map(|bar| bar.label.text.to_string()).collect();
    HourBars { bars, top, width: (pitch - u16::from(pitch > 2)).max(1), pitch, text_rows }.draw(canvas, plot);
    let above = Rect { height: plot.height.saturating_sub(text_rows), ..plot };
    bar_axis::draw(canvas, above, input, (&shown, page.at), (pitch, &labels));
    if shown.iter().all(|bar| bar.revenue.is_none() && bar.cost.is_none() && !bar.is_asked) {
        canvas.writer(plot, plot.height / 2).put(Role::Dim, "nothing is known of today yet");
    }
    let right = Rect { x: plot.right(), width: scale, ..below };
    draw_scale(canvas, right, input, (top, text_rows));
    if figures == 1 {
        let symbol = format::symbol(input.currency()).trim_end().to_owned();
        let row = right.height.saturating_sub(1);
        let width = right.width;
        let text = format!("{}{symbol}", unit.letter);
        canvas.clip(right).line_within(0, row, width, &[Segment::dim(text)], true);
    }
    let names = Rect { x: right.right(), width: beside, ..below };
    now(canvas, names, input, (text_rows, unit));
}

/// Draws both totals, and the page's age if it is old.
fn rule(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &MoneyPage, shown: &[MoneyBar]) {
    let theoretical = if page.models.theoretical && !page.models.lists.is_empty() { ", theoretical" } else { "" };
    let (short, each) = match input.app.money.range {
        MoneyRange::Day => ("By the hour", "an hour".to_owned()),
        MoneyRange::Week => ("By the day", "7 days".to_owned()),
        MoneyRange::Month => ("By the day", "this month".to_owned()),
    };
    let mut rule = TitledRule::new("Revenue = cost + profit").note([Segment::dim(format!(" · {each}{theoretical}"))]);
    if area.width < 60 {
        rule = TitledRule::new(short);
    }
    if let Some(rule) = bar_axis::at_cursor(input, shown) {
        return rule.draw(canvas, area);
    }
    if let Some(old) = old_page(input, page) {
        let room = usize::from(area.width).saturating_sub(30);
        rule = TitledRule::new(short).right([Segment::new(Role::Warning, format::cut(&old, room))]);
        return rule.draw(canvas, area);
    }
    let asked = shown.iter().filter(|bar| bar.is_asked).count();
    if asked > 0 {
        rule = rule.right([Segment::dim(format!("asking the ledger for {asked} more days…"))]);
        return rule.draw(canvas, area);
    }
    let BarSums { revenue, cost, profit, lower_bound } = sums(input, page, shown);
    let amount = |money: Option<Money>| format::rounded_amount(money, input.currency(), 12);
    let bound = if lower_bound { "≥ " } else { "" };
    let is_loss = profit.is_some_and(|profit| profit < Money::ZERO);
    let of_profit = if is_loss && lower_bound { "≤ " } else { bound };
    let (key, name) = if is_loss { (Role::Loss, " loss ") } else { (Role::Gain, " profit ") };
    let unsigned = profit.map(|profit| if is_loss { Money::ZERO - profit } else { profit });
    rule.right([Segment::dim("revenue "), Segment::text(format!("{bound}{}   ", amount(revenue)))])
        .right([Segment::key(Role::Cost), Segment::dim(" cost "), Segment::text(format!("{}   ", amount(cost)))])
        .right([Segment::key(key), Segment::dim(name), Segment::text(format!("{of_profit}{}", amount(unsigned)))])
        .draw(canvas, area);
}

/// The totals of all bars.
struct BarSums {
    revenue: Option<Money>,
    cost: Option<Money>,
    profit: Option<Money>,
    lower_bound: bool,
}

fn sums(input: &FrameInput<'_>, page: &MoneyPage, shown: &[MoneyBar]) -> BarSums {
    if input.app.money.range == MoneyRange::Day {
        let total = &page.models.total;
        let is_known = rows::any(&page.models);
        let [revenue, cost, profit] = [total.revenue, total.cost, total.profit].map(|money| money.filter(|_| is_known));
        let lower_bound = page.models.lost_windows > 0 || total.lower_bound;
        return BarSums { revenue, cost, profit, lower_bound };
    }
    let sum = |of: fn(&MoneyBar) -> Option<Money>| shown.iter().filter_map(of).reduce(|a, b| a + b);
    BarSums {
        revenue: sum(|bar| bar.revenue),
        cost: sum(|bar| bar.cost),
        profit: sum(|bar| bar.profit),
        lower_bound: shown.iter().any(|bar| bar.lower_bound),
    }
}

fn bar(
    now: Timestamp,
    (nth, pitch): (usize, u16),
    shown: &MoneyBar,
    (expected, unit): (Option<f64>, HoursUnit),
) -> HourBar<'static> {
    let every = if pitch >= 3 { 1 } else { 6 / usize::from(pitch.max(1)) };
    let label = if nth % every == 0 { shown.label.clone() } else { String::new() };
    let has_begun = shown.begin <= now;
    // Of the revenue with a known cost: the others are in no profit.
    let share = shown.cost.zip(shown.profit).and_then(|(cost, profit)| quotient(cost, profit + cost));
    let share = share.map(|share| share.get() * 100.0).filter(|share| *share >= 0.0);
    let role = if shown.profit.is_some_and(|profit| profit < Money::ZERO) { Role::Loss } else { Role::Gain };
    let unknown = || {
        Segment::dim(if shown.is_asked {
            "…"
        } else if has_begun {
            format::UNKNOWN
        } else {
            ""
        })
    };
    let figures = vec![
        shown
            .profit
            .map_or_else(unknown, |profit| Segment::new(role, unit.written(number(Some(profit)).unwrap_or(0.0)))),
        share.map_or_else(unknown, |share| match share {
            share if share < 999.5 => Segment::dim(format!("{share:.0}")),
            _ => Segment::dim(">1k"),
        }),
    ];
    HourBar {
        revenue: number(shown.revenue),
        cost: number(shown.cost),
        expected,
        label: match has_begun {
            true if now < shown.end => Segment::text(label).bold(),
            true => Segment::dim(label),
            false => Segment::new(Role::Rule, label),
        },
        figures,
    }
}

/// The unit in which all figures of a row fit, and their decimals.
#[derive(Clone, Copy, PartialEq, Debug)]
struct HoursUnit {
    scale: f64,
    letter: &'static str,
    places: usize,
}

impl HoursUnit {
    /// The finest unit in which every value takes at most `cells` cells.
    fn of(values: impl Iterator<Item = f64>, cells: usize) -> Self {
        const LETTERS: [(f64, &str); 5] = [(1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "B"), (1e12, "T")];
        let values: Vec<f64> = values.collect();
        let units = LETTERS.into_iter().flat_map(|(scale, letter)| {
            [2, 1, 0].map(|places| Self { scale, letter, places: if scale > 1.0 { places.min(1) } else { places } })
        });
        let fits = |unit: &Self| values.iter().all(|value| format::width(&unit.written(*value)) <= cells);
        units.into_iter().find(fits).unwrap_or(Self { scale: 1e12, letter: "T", places: 0 })
    }

    /// Whether a value has two digits of it or at least two units.
    fn is_shown(self, value: f64) -> bool {
        value.abs() >= 2.0 * self.scale
    }

    fn written(self, value: f64) -> String {
        let text = format!("{:.*}", self.places, value.abs() / self.scale);
        let is_nothing = text.chars().all(|c| matches!(c, '0' | '.'));
        if value < 0.0 && !is_nothing { format!("−{text}") } else { text }
    }
}

/// Yesterday's revenue for the hours still to come, where the history has it. Days have no such value.
fn yesterday(input: &FrameInput<'_>, page: &MoneyPage, shown: &[MoneyBar]) -> Vec<Option<f64>> {
    let of = |bar: &MoneyBar| {
        let until = bar.end - Span::DAY;
        let query =
            Query { subject: Subject::Fleet, measure: Measure::Revenue, until, step: Span::from_secs(60), points: 60 };
        let points = input.app.history.series(&query).points;
        let known: Vec<f64> = points.into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / 60.0)
    };
    let is_of_hours = input.app.money.range == MoneyRange::Day;
    shown.iter().map(|bar| (is_of_hours && bar.end > page.at).then(|| of(bar)).flatten()).collect()
}

/// Draws the maximum, half of it, and the labels of the figures.
fn draw_scale(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, (top, text_rows): (f64, u16)) {
    let symbol = format::symbol(input.currency()).trim_end().to_owned();
    let height = area.height.saturating_sub(text_rows);
    let mut label = |row: u16, text: String| {
        let width = canvas.clip(area).width();
        canvas.clip(area).line_within(0, row, width, &[Segment::dim(text)], true);
    };
    if height > 0 {
        label(0, format!("{symbol}{}", format::axis_figure(top)));
    }
    if height >= 4 && height.is_multiple_of(2) {
        label(height / 2, format!("{symbol}{}", format::axis_figure(top / 2.0)));
    }
}

/// Draws the current profit per hour and its change, and the labels beside the figures.
fn now(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, (text_rows, unit): (u16, HoursUnit)) {
    if area.is_empty() {
        return;
    }
    let rows = area.height.saturating_sub(text_rows);
    let area = Rect { x: area.x + 2, width: area.width - 2, ..area };
    // The figure of the overview: the bridge ends with the last whole minute, which is earlier.
    if let Some(profit) = input.rates().snap.money.profit_per_hour.filter(|_| rows >= 4) {
        let role = if profit < Money::ZERO { Role::Loss } else { Role::Gain };
        canvas.writer(area, 1).put(Role::Dim, "now, an hour");
        let bound = input.snap.rate_bound().mark();
        let amount = format::signed_amount(profit, input.currency(), 12);
        canvas.writer(area, 2).put(Role::Dim, bound).strong(role, &amount);
        if let Some(by) = profit_changed(input).filter(|by| by.rounded(2) != 0) {
            let (role, text) = change(by, 9);
            canvas.writer(area, 3).put(role, &text);
            let [against, _] = against::reference(input);
            canvas.writer(area, 4).put(Role::Dim, if rows > 4 { against.trim() } else { "" });
        }
    }
    if text_rows > 1 {
        let symbol = format::symbol(input.currency()).trim_end().to_owned();
        canvas.writer(area, rows + 1).put(Role::Dim, &format!("profit, {}{symbol}", unit.letter));
        canvas.writer(area, rows + 2).put(Role::Dim, "break-even, %");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_figures_has_one_unit_in_which_all_of_them_fit() {
        let unit = |values: &[f64], cells| {
            let unit = HoursUnit::of(values.iter().copied(), cells);
            (unit.letter, values.iter().map(|value| unit.written(*value)).collect::<Vec<_>>())
        };
        assert_eq!(unit(&[22_578.0, 6_648.0], 3), ("k", vec!["23".to_owned(), "7".to_owned()]));
        assert_eq!(unit(&[22_578.0, 6_648.0], 6).0, "");
        assert_eq!(unit(&[2.86, -0.004], 4), ("", vec!["2.86".to_owned(), "0.00".to_owned()]));
        assert_eq!(unit(&[-3_914.0], 3), ("k", vec!["−4".to_owned()]));
    }
}
