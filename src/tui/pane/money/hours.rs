//! Revenue and cost by the local hour: a pair of bars each, hours ahead empty, what was earned of each cost below.

use ratatui::layout::Rect;

use super::old_page;
use crate::tui::human;
use crate::tui::inquiry::{Hour, MoneyPage};
use crate::tui::scene::Scene;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{Bars, Canvas, nice_ceiling};
use crate::units::{Money, quotient};

/// Cells of the scale on the left.
pub(super) const SCALE: u16 = 6;
/// The widest slot of an hour.
const WIDEST: u16 = 8;

/// Draws heading, bars, hours and, where slots are wide enough for it, revenue over cost.
pub(super) fn hours(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    heading(canvas, area, scene, page);
    let pitch = pitch(area.width, page.hours.len());
    let ratios = u16::from(pitch >= 4 && area.height >= 6);
    let bars = Rect { y: area.y + 1, height: area.height.saturating_sub(2 + ratios), ..area }.intersection(area);
    let top = top(&page.hours);
    scale(canvas, bars, scene, top);
    let plot = Rect { x: bars.x + SCALE, width: bars.width.saturating_sub(SCALE), ..bars }.intersection(bars);
    draw_bars(canvas, plot, page, pitch, top);
    if page.hours.iter().all(|hour| hour.revenue.is_none() && hour.cost.is_none()) {
        canvas.pen(plot, plot.height / 2).put(Role::Dim, "nothing is known of today yet");
    }
    let below = Rect { y: bars.bottom(), height: area.bottom().saturating_sub(bars.bottom()), ..area };
    axis(canvas, below.intersection(area), scene, page, pitch);
    if ratios > 0 {
        let line = Rect { y: below.y + 1, height: 1, ..below }.intersection(area);
        over_cost(canvas, line, page, pitch);
    }
}

/// Cells of an hour's slot.
pub(super) fn pitch(width: u16, hours: usize) -> u16 {
    (width.saturating_sub(SCALE) / (hours.max(1) as u16)).clamp(1, WIDEST)
}

/// Costs differ from revenues by their colour, or by their shade where there is none.
fn cost_fill(theme: &Theme) -> &'static str {
    if theme.style(Role::Cost).fg.is_some() { "█" } else { "▒" }
}

/// An amount for drawing.
pub(super) fn figure(amount: Option<Money>) -> Option<f64> {
    amount.map(|amount| amount.rounded(6) as f64 / 1e6)
}

fn top(hours: &[Hour]) -> f64 {
    let known = hours.iter().flat_map(|hour| [figure(hour.revenue), figure(hour.cost)]).flatten();
    f64::from(nice_ceiling(known.fold(0.0, f64::max) as f32))
}

fn heading(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let old = old_page(scene, page);
    let cost_fill = cost_fill(canvas.theme);
    let mut pen = canvas.pen(area, 0);
    pen.put(Role::Accent, if area.width < 60 { "BY THE HOUR" } else { "TODAY BY THE HOUR" }).skip(2);
    let theoretical = page.models.theoretical && !page.models.lists.is_empty();
    let revenue = if theoretical && area.width >= 60 { "theoretical revenue" } else { "revenue" };
    pen.put(Role::Heat3, "█")
        .skip(1)
        .put(Role::Dim, revenue)
        .skip(2)
        .put(Role::Cost, cost_fill)
        .skip(1)
        .put(Role::Dim, "cost");
    if let Some(old) = old {
        pen.skip(2);
        let room = pen.left();
        pen.put(Role::Warning, &human::cut(&old, room));
    }
}

/// The money at the top and the middle of the bars.
fn scale(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, top: f64) {
    let symbol = human::symbol(scene.currency());
    // A code of three letters finds no room beside a figure; the profit above says it.
    let symbol = if human::width(&symbol) == 1 { symbol } else { String::new() };
    let cells = usize::from(SCALE) - 1;
    let mut label = |row: u16, value: f64| {
        let text = format!("{symbol}{}", human::round_figure(value));
        let text = if human::width(&text) > cells { human::round_figure(value) } else { text };
        canvas.pen(area, row).right(Role::Dim, &text, cells);
    };
    label(0, top);
    // Only where the middle is the edge of a row.
    if area.height >= 4 && area.height.is_multiple_of(2) {
        label(area.height / 2, top / 2.0);
    }
}

fn draw_bars(canvas: &mut Canvas<'_>, area: Rect, page: &MoneyPage, pitch: u16, top: f64) {
    let revenue: Vec<_> = page.hours.iter().map(|hour| figure(hour.revenue).map(|value| value.max(0.0))).collect();
    let cost: Vec<_> = page.hours.iter().map(|hour| figure(hour.cost).map(|value| value.max(0.0))).collect();
    // A gap of a cell where there is room for one; where there is none for two bars, the cost stands before the revenue.
    let width = (pitch.saturating_sub(u16::from(pitch > 2)) / 2).max(1);
    let skip = if pitch > 1 { width } else { 0 };
    let bars = Bars { values: &revenue, top, bottom: 0.0, pitch, skip: 0, width, roles: [Role::Heat3; 2], fill: "█" };
    bars.draw(canvas, area);
    Bars { values: &cost, skip, roles: [Role::Cost; 2], fill: cost_fill(canvas.theme), ..bars }.draw(canvas, area);
}

/// The hours under their bars, as many as are legible.
fn axis(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage, pitch: u16) {
    let every = if pitch >= 3 { 1 } else { 6 / usize::from(pitch.max(1)) };
    canvas.pen(area, 0).right(Role::Dim, "0", usize::from(SCALE) - 1);
    for (i, hour) in page.hours.iter().enumerate().step_by(every) {
        let clock = human::clock_minute(hour.begin, scene.zone());
        let role = if hour.begin <= page.at { Role::Dim } else { Role::Rule };
        canvas.pen(area, 0).skip(SCALE + i as u16 * pitch).put(role, clock.get(..2).unwrap_or("--"));
    }
}

/// How many times its cost an hour earned: the band that an operator watches.
fn over_cost(canvas: &mut Canvas<'_>, area: Rect, page: &MoneyPage, pitch: u16) {
    canvas.pen(area, 0).right(Role::Dim, "/cost", usize::from(SCALE) - 1);
    for (i, hour) in (0..).zip(&page.hours) {
        let ratio = hour.revenue.zip(hour.cost).and_then(|(revenue, cost)| quotient(revenue, cost));
        let text = match ratio.map(crate::units::Ratio::get) {
            None if hour.begin < page.at => human::UNKNOWN.to_owned(),
            None => continue,
            Some(ratio) if ratio < 9.95 => format!("{ratio:.1}"),
            Some(ratio) if ratio < 999.5 => format!("{ratio:.0}"),
            Some(_) => ">1k".to_owned(),
        };
        let role = if ratio.is_some_and(|ratio| ratio.get() < 1.0) { Role::Warning } else { Role::Text };
        canvas.pen(area, 0).skip(SCALE + i * pitch).put(role, &text);
    }
}
