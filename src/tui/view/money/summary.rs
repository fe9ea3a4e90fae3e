//! Today's profit in large digits, its margins, the month, and what a GPU-hour earns.

use ratatui::layout::Rect;

use super::month::bounds;
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::MoneyPage;
use crate::tui::theme::{Ink, Role};
use crate::tui::view::overview;
use crate::tui::widgets::gauge::Gauge;
use crate::tui::widgets::{Canvas, TextSpan, flow};
use crate::units::{Money, Span};

/// The rows of the digits with their rule and facts.
const DIGITS: u16 = 9;

/// The cells at the right of the area that only decimals of the digits use.
pub(super) const GUTTER: u16 = 1;

/// Draws the summary.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, input: &FrameInput<'_>, page: Option<&MoneyPage>) {
    let area = Rect { width: area.width.saturating_sub(GUTTER), ..area };
    overview::digits(canvas, Rect { height: area.height.min(DIGITS), ..area }, input, GUTTER);
    let Some(page) = page else { return };
    let rest = Rect { y: area.y + DIGITS, height: area.height.saturating_sub(DIGITS), ..area }.intersection(area);
    let mut row = 0;
    let mut line = |canvas: &mut Canvas<'_>, facts: Vec<Vec<TextSpan>>| {
        if row < rest.height && !facts.is_empty() {
            flow(canvas, Rect { y: rest.y + row, height: 1, ..rest }, &facts, 2);
            row += 1;
        }
    };
    line(canvas, month(input, page));
    line(canvas, gpu_hour(input, page));
    let budget = page.month.and_then(|month| Some((number(month.cost)?, month.budget?)));
    if let Some((cost, budget)) = budget
        && row < rest.height
    {
        let text = format!("of a budget of {}  ", input.money(Some(budget), 10).trim());
        canvas.writer(rest, row).put(Role::Dim, &text);
        let x = format::width(&text) as u16;
        let room = Rect { x: rest.x + x, y: rest.y + row, width: rest.width.saturating_sub(x), height: 1 };
        let share = number(Some(budget)).filter(|budget| *budget > 0.0).map(|budget| (cost / budget).min(1.0));
        Gauge::of(share, Ink::Mixed(Role::Cost, 80)).draw(canvas, room.intersection(rest));
    }
}

/// The profit of the month, and its projected cost.
fn month(input: &FrameInput<'_>, page: &MoneyPage) -> Vec<Vec<TextSpan>> {
    let Some(month) = page.month else { return Vec::new() };
    let amount = |money: Option<Money>| input.money(money, 9).trim().to_owned();
    let (role, sign) = match month.profit {
        Some(profit) if profit < Money::ZERO => (Role::Loss, "▼ −"),
        Some(_) => (Role::Gain, "+"),
        None => (Role::Text, ""),
    };
    let [_, bound] = bounds(&month);
    let size = month.profit.map(|profit| if profit < Money::ZERO { Money::ZERO - profit } else { profit });
    let mut facts = vec![vec![(Role::Dim, "the month ".to_owned()), (role, format!("{bound}{sign}{}", amount(size)))]];
    facts.extend(
        month
            .projected_cost
            .map(|cost| vec![(Role::Dim, "cost by its end ≈ ".to_owned()), (Role::Text, amount(Some(cost)))]),
    );
    facts
}

/// The revenue and cost per GPU-hour, as `made $10.50 a GPU-hour on $2.00 of rent`.
fn gpu_hour(input: &FrameInput<'_>, page: &MoneyPage) -> Vec<Vec<TextSpan>> {
    const HOUR: i64 = Span::HOUR.millis();
    let totals = &page.totals;
    let an_hour = |money: Money| money.scaled(HOUR, totals.gpu_time.millis());
    let Some((profit, cost)) = totals.profit().zip(totals.cost).filter(|_| totals.gpu_time.millis() > 0) else {
        return Vec::new();
    };
    let price = |money: Option<Money>| format::unit_price(money.map(|money| money.round_to(2)), input.currency());
    let (verb, size) = if profit < Money::ZERO { ("lost ", Money::ZERO - profit) } else { ("made ", profit) };
    vec![vec![
        (Role::Dim, verb.to_owned()),
        (Role::Text, price(an_hour(size)).trim().to_owned()),
        (Role::Dim, " a GPU-hour on ".to_owned()),
        (Role::Text, price(an_hour(cost)).trim().to_owned()),
        (Role::Dim, " of cost".to_owned()),
    ]]
}
