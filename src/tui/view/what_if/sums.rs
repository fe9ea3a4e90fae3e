//! Now, what if, and the change: the three totals with their bars, both margins, and the break-even figures.

use ratatui::layout::Rect;

use crate::snapshot::Bound;
use crate::statement::{Totals, break_even_load};
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::WhatIfPage;
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::row_bar::RowBar;
use crate::tui::widgets::rule::{Heading, TitledRule};
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Ratio};

/// The rows with the rule and bars, and without bars.
pub(super) const ROWS: u16 = 11;
pub(super) const ROWS_WITHOUT_BARS: u16 = 8;
/// The cells of a label.
const LABEL: u16 = 15;

/// A total: its name, its bar's role, its actual amount and that of the scenario.
type LoadSum = (&'static str, Role, Option<Money>, Option<Money>);

/// A ratio with one decimal.
pub(super) fn percent(ratio: Option<Ratio>) -> String {
    format::percent1(ratio).trim().to_owned()
}

/// Draws the totals.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: &WhatIfPage, has_bars: bool) {
    let ends = ends(area.width);
    let headings = ["now", "what if", "change"].into_iter().zip(ends);
    let heading = |(text, end): (&'static str, u16)| Heading {
        x: end.saturating_sub(text.len() as u16),
        segment: if text == "what if" { Segment::new(Role::Warning, text) } else { Segment::dim(text) },
    };
    let mut rule = TitledRule::new("Today");
    rule.headings = headings.filter(|(_, end)| *end > 0).map(heading).collect();
    rule.draw(canvas, area);
    let (before, after) = (&page.what_if.before, &page.what_if.after);
    let sums: [LoadSum; 3] = [
        ("revenue", Role::Text, before.known_revenue(), after.known_revenue()),
        ("cost", Role::Cost, before.cost, after.cost),
        ("profit", Role::Gain, before.profit(), after.profit()),
    ];
    let bounds = [before, after].map(bound);
    // Where not all three fit, only the profit is shown.
    let is_short = area.height < 4;
    let sizes = sums.iter().flat_map(|(_, _, now, then)| [number(*now), number(*then)]).flatten();
    let top = sizes.map(f64::abs).fold(0.0, f64::max);
    let cells = usize::from(ends[1] - ends[0]).saturating_sub(1);
    let mut row = 1;
    let order = if is_short { [2, 0, 1] } else { [0, 1, 2] };
    for (name, role, now, then) in order.into_iter().filter_map(|place| sums.get(place).copied()) {
        let change = now.zip(then).map(|(now, then)| then - now);
        // What changes by less than a cent is shown as unchanged.
        let then = if change.is_some_and(|change| change.rounded(2) == 0) { now } else { then };
        figures(
            canvas,
            area,
            row,
            name,
            [
                amount(input, now, (name, cells), bounds[0]),
                amount(input, then, (name, cells), bounds[1]),
                changed(input, change),
            ],
        );
        row += 1;
        if has_bars {
            bars(canvas, Rect { y: area.y + row, height: 1, ..area }.intersection(area), role, [now, then], top);
            row += 1;
        }
    }
    row += u16::from(has_bars);
    for (name, now, then) in ratios(before, after) {
        let change = now.zip(then).map(|(now, then)| (then.get() - now.get()) * 100.0);
        let change = change.map_or_else(|| format::UNKNOWN.to_owned(), points);
        figures(canvas, area, row, name, [percent(now), percent(then), change]);
        row += 1;
    }
    let rate = format::unit_price(page.what_if.break_even.gpu_rate, input.currency());
    let rate = if rate.trim() == format::UNKNOWN { rate } else { format!("{}/h", rate.trim()) };
    figures(canvas, area, row, "or at GPU rate", [String::new(), rate, String::new()]);
}

/// The columns where the three figures end, 0 if it does not fit; the change is left out first.
fn ends(width: u16) -> [u16; 3] {
    let room = width.saturating_sub(LABEL);
    if room >= 36 { [LABEL + room / 3, LABEL + room * 2 / 3, width] } else { [LABEL + room / 2, width, 0] }
}

/// Draws a row; the scenario's figures have the warning role.
fn figures(canvas: &mut Canvas<'_>, area: Rect, row: u16, name: &str, texts: [String; 3]) {
    if row >= area.height {
        return;
    }
    canvas.writer(area, row).name(Role::Dim, name, usize::from(LABEL));
    let roles = [Role::Text, Role::Warning, Role::Warning];
    for ((text, role), end) in texts.into_iter().zip(roles).zip(ends(area.width)).filter(|(_, end)| *end > 0) {
        canvas.clip(area).line_to(end, row, &[Segment::new(role, text)]);
    }
}

/// A bar under each figure, from zero, on a common scale up to `top`.
fn bars(canvas: &mut Canvas<'_>, area: Rect, role: Role, values: [Option<Money>; 2], top: f64) {
    let [now, then, _] = ends(area.width);
    let starts = [(LABEL, now, role), (now, then, Role::Warning)];
    for ((start, end, role), value) in starts.into_iter().zip(values) {
        let value = number(value);
        let is_loss = value.is_some_and(|value| value < 0.0);
        let role = if is_loss { Role::Loss } else { role };
        let bar = Rect { x: area.x + start + 2, width: end.saturating_sub(start + 2), ..area }.intersection(area);
        RowBar { value: value.map(f64::abs), top, ink: Ink::Mixed(role, 75) }.draw(canvas, bar);
    }
}

/// On which side of the revenue the true one may be: tokens without a price are in none.
pub(super) fn bound(totals: &Totals) -> Bound {
    Bound::of(!totals.unpriced.is_zero(), false)
}

/// An amount in at most `cells` cells with the mark of its bound; a profit has its glyph.
fn amount(input: &FrameInput<'_>, money: Option<Money>, (name, cells): (&str, usize), bound: Bound) -> String {
    let bound = if name == "cost" || money.is_none() { "" } else { bound.mark() };
    let cells = cells.saturating_sub(format::width(bound));
    let text = input.money(money, cells.saturating_sub(3).min(13)).trim().replace('-', "−");
    let glyph = match money.map(|money| money.rounded(2).signum()) {
        Some(1) => "▲ ",
        Some(-1) => "▼ ",
        _ => "",
    };
    if name == "profit" { format!("{bound}{glyph}{text}") } else { format!("{bound}{text}") }
}

fn changed(input: &FrameInput<'_>, change: Option<Money>) -> String {
    let Some(change) = change else { return format::UNKNOWN.to_owned() };
    let size = if change < Money::ZERO { Money::ZERO - change } else { change };
    let text = input.money(Some(size), 11);
    match change.rounded(2).signum() {
        0 => text.trim().to_owned(),
        1 => format!("+{}", text.trim()),
        _ => format!("−{}", text.trim()),
    }
}

fn points(points: f64) -> String {
    let text = format!("{:.1}", points.abs().min(99_999.0));
    match text.as_str() {
        "0.0" => "0.0 pt".to_owned(),
        _ if points < 0.0 => format!("−{text} pt"),
        _ => format!("+{text} pt"),
    }
}

fn ratios(before: &Totals, after: &Totals) -> [(&'static str, Option<Ratio>, Option<Ratio>); 3] {
    let even = |totals: &Totals| break_even_load(totals).and_then(|ppm| Ratio::of(ppm as f64, 1e6));
    [
        ("profit on cost", before.profit_on_cost(), after.profit_on_cost()),
        ("gross margin", before.gross_margin(), after.gross_margin()),
        ("breaks even at", even(before), even(after)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_in_points_has_its_sign_and_nothing_has_none() {
        assert_eq!([points(25.54), points(-0.63), points(0.04)], ["+25.5 pt", "−0.6 pt", "0.0 pt"]);
    }

    #[test]
    fn the_change_goes_first_where_cells_are_few() {
        assert_eq!(ends(38)[2], 0);
        assert_eq!(ends(58)[2], 58);
    }
}
