//! Today and the month in a few figures: profit since midnight, what it takes to break even, the budget.

use ratatui::layout::Rect;

use super::hours::{SCALE, figure, pitch};
use crate::tui::human;
use crate::tui::inquiry::MoneyPage;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::{Bars, Canvas, nice_ceiling};
use crate::units::{Money, Ratio};

/// Rows of [`break_even`].
pub(super) const ROWS: u16 = 10;
/// Columns of [`break_even_narrow`].
pub(super) const NARROW: u16 = 15;
/// Cells of a label.
const LABEL: usize = 15;

/// Draws the profit since midnight hour by hour, with its scale.
pub(super) fn since_midnight(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let sums = sums(page);
    heading(canvas, area, scene, sums.iter().rev().find_map(|sum| *sum));
    let plot = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    let (top, bottom) = edges(&sums);
    let symbol = Some(human::symbol(scene.currency())).filter(|symbol| human::width(symbol) == 1).unwrap_or_default();
    let cells = usize::from(SCALE) - 1;
    if top > 0.0 {
        canvas.pen(plot, 0).right(Role::Dim, &format!("{symbol}{}", human::round_figure(top)), cells);
    }
    if bottom < 0.0 {
        let last = plot.height.saturating_sub(1);
        canvas.pen(plot, last).right(Role::Dim, &format!("-{}", human::round_figure(-bottom)), cells);
    }
    bars(canvas, plot, &sums);
}

/// The same in two rows under the hours, in their columns.
pub(super) fn since_midnight_brief(canvas: &mut Canvas<'_>, area: Rect, page: &MoneyPage) {
    let sums = sums(page);
    bars(canvas, area, &sums);
    canvas.pen(area, 0).put(Role::Dim, "since");
    canvas.pen(area, 1).put(Role::Dim, "00:00");
}

fn heading(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, last: Option<Money>) {
    let mut pen = canvas.pen(area, 0);
    pen.put(Role::Accent, "PROFIT SINCE MIDNIGHT").skip(2);
    match last {
        Some(last) => {
            let (role, glyph) = sign(last);
            pen.put(role, glyph).skip(1).put(role, &scene.money(Some(last), 14));
        }
        None => drop(pen.put(Role::Dim, human::UNKNOWN)),
    }
}

fn sign(amount: Money) -> (Role, &'static str) {
    match amount.rounded(2).signum() {
        0 => (Role::Text, "▬"),
        1 => (Role::Gain, "▲"),
        _ => (Role::Loss, "▼"),
    }
}

/// The profit from midnight to the end of each hour; `None` where an hour's is unknown.
fn sums(page: &MoneyPage) -> Vec<Option<Money>> {
    let mut sum = Money::ZERO;
    let upto = page.hours.iter().map(|hour| {
        // Beyond all money there is, a line on a screen may end at its edge.
        sum = Money::from_grains(sum.grains().saturating_add(hour.profit?.grains()));
        Some(sum)
    });
    upto.collect()
}

fn edges(sums: &[Option<Money>]) -> (f64, f64) {
    let known = sums.iter().filter_map(|sum| figure(*sum));
    let (low, high) = known.fold((0.0_f64, 0.0_f64), |(low, high), sum| (low.min(sum), high.max(sum)));
    let nice = |value: f64| if value > 0.0 { f64::from(nice_ceiling(value as f32)) } else { 0.0 };
    (nice(high), -nice(-low))
}

fn bars(canvas: &mut Canvas<'_>, area: Rect, sums: &[Option<Money>]) {
    let (top, bottom) = edges(sums);
    let values: Vec<_> = sums.iter().map(|sum| figure(*sum)).collect();
    let pitch = pitch(area.width, sums.len());
    let plot = Rect { x: area.x + SCALE, width: area.width.saturating_sub(SCALE), ..area }.intersection(area);
    let roles = [Role::Gain, Role::Loss];
    Bars { values: &values, top, bottom, pitch, skip: 0, width: pitch, roles, fill: "█" }.draw(canvas, plot);
}

/// Draws what it takes to break even, and the month to date.
pub(super) fn break_even(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    canvas.pen(area, 0).put(Role::Accent, "TODAY BREAKS EVEN AT");
    let mut row = 1;
    for (label, value) in break_even_facts(scene, page) {
        line(canvas, area, row, label, Role::Text, &value);
        row += 1;
    }
    canvas.pen(area, row).put(Role::Accent, "MONTH TO DATE");
    if page.month.is_none() {
        canvas.pen(area, row + 1).put(Role::Dim, "nothing is known of it yet");
    }
    for ([label, _], role, amount) in month_facts(page) {
        row += 1;
        line(canvas, area, row, label, role, &monthly(scene, page, amount, 12));
    }
}

/// The same in few columns.
pub(super) fn break_even_narrow(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let mut put = |row: u16, label: &str, role: Role, value: &str| {
        let cells = usize::from(NARROW).saturating_sub(human::width(label) + 1);
        canvas.pen(area, row).put(Role::Dim, label).skip(1).right(role, value, cells);
    };
    put(0, "BREAKS EVEN AT", Role::Dim, "");
    let facts = break_even_facts(scene, page);
    for (row, (label, (_, value))) in (1..).zip(["load", "hits", "GPU"].into_iter().zip(&facts)) {
        put(row, label, Role::Text, value);
    }
    put(5, "MONTH TO DATE", Role::Dim, "");
    if page.month.is_none() {
        put(6, "nothing known", Role::Dim, "");
    }
    for (row, ([_, label], role, amount)) in (6..).zip(month_facts(page)) {
        put(row, label, role, &monthly(scene, page, amount, usize::from(NARROW) - label.len() - 1));
    }
}

fn line(canvas: &mut Canvas<'_>, area: Rect, row: u16, label: &str, role: Role, value: &str) {
    let cells = usize::from(area.width).saturating_sub(LABEL).min(16);
    canvas.pen(area, row).name(Role::Dim, label, LABEL).right(role, value, cells);
}

fn break_even_facts(scene: &Scene<'_>, page: &MoneyPage) -> [(&'static str, String); 3] {
    let ppm = |ppm: Option<i64>| Ratio::of(ppm.unwrap_or_default() as f64, 1e6).filter(|_| ppm.is_some());
    let percent = |value| human::percent1(ppm(value)).trim().to_owned();
    let even = &page.break_even;
    let price = human::unit_price(even.gpu_rate, scene.currency());
    let price = if human::width(&price) > 12 { scene.money(even.gpu_rate, 12) } else { price };
    [
        ("this load", percent(even.load_ppm)),
        ("hit rate", percent(even.hit_rate_ppm)),
        ("GPU price", if even.gpu_rate.is_some() { format!("{price}/h") } else { price }),
    ]
}

/// A figure of the month: its label, the same where cells are few, and the amount.
type Monthly = ([&'static str; 2], Role, Option<Money>);

/// An amount of the month; what it will be is not known early in it.
fn monthly(scene: &Scene<'_>, page: &MoneyPage, amount: Option<Money>, cells: usize) -> String {
    match (amount, page.month.is_some_and(|month| month.is_early() && month.cost.is_some())) {
        (None, true) if cells >= 9 => "too early".to_owned(),
        (None, true) => "early".to_owned(),
        (amount, _) => scene.money(amount, cells),
    }
}

/// Cost against what it may be.
fn month_facts(page: &MoneyPage) -> Vec<Monthly> {
    let Some(month) = &page.month else { return Vec::new() };
    let mut facts = vec![
        (["revenue"; 2], Role::Text, month.revenue),
        (["cost"; 2], Role::Text, month.cost),
        (["cost by its end", "by end"], Role::Text, month.projected_cost),
    ];
    if month.budget.is_some() {
        facts.push((["budget"; 2], Role::Text, month.budget));
    }
    match month.over_budget() {
        None => {}
        Some(over) if over > Money::ZERO => facts.push((["over budget by", "over"], Role::Warning, Some(over))),
        Some(under) => facts.push((["under budget by", "under"], Role::Text, Some(-under))),
    }
    facts
}
