//! The money view: today's hours, and below them by what and why. Every amount is the ledger's, every margin named.

mod bridge;
mod compare;
mod day;
mod hours;
mod rows;

use ratatui::layout::Rect;

use crate::tui::app::Pane;
use crate::tui::human;
use crate::tui::inquiry::MoneyPage;
use crate::tui::layout::{Rows, count, split};
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;

/// Draws it at the largest size that fits.
pub fn money(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    if area.width >= 106 && area.height >= 30 {
        large(canvas, area, scene);
    } else if area.width >= 76 && area.height >= 18 {
        medium(canvas, area, scene);
    } else {
        small(canvas, area, scene);
    }
}

/// Whether a terminal of so many columns and rows shows one lower pane at a time.
pub(super) fn has_one_pane(terminal: Rect) -> bool {
    let large = terminal.width >= 108 && terminal.height >= 32;
    !large && terminal.width >= 78 && terminal.height >= 20
}

/// The profit and the hours: 40x8 and up.
fn small(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rows = Rows(area);
    let head = rows.top((area.height / 3).clamp(2, 3));
    super::profit_brief(canvas, head, scene);
    with_page(canvas, rows.0, scene, hours::hours);
}

/// The hours and one pane below them: 80x24.
fn medium(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rows = Rows(area);
    super::tabs(canvas, Rect { x: area.x - 1, ..rows.top(1) }, scene);
    super::profit_brief(canvas, rows.top(2), scene);
    let basis = rows.bottom(if area.height > 20 { 2 } else { 1 });
    super::basis_in_full(canvas, basis, scene);
    let chart = rows.top((rows.0.height / 2 - 1).max(8));
    with_page(canvas, chart, scene, hours::hours);
    if let Some(page) = &scene.app.money.page {
        lower(canvas, rows.0, scene, page);
    }
}

/// The pane that is chosen.
fn lower(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    match scene.app.money.pane {
        Pane::Models => rows::scrolled(canvas, area, scene, "MODELS", &page.models),
        Pane::Tiers => rows::scrolled(canvas, area, scene, "TIERS", &page.tiers),
        Pane::Bridge => bridge::bridge(canvas, area, scene, page),
        Pane::Compare => compare::scrolled(canvas, area, scene, page),
        Pane::Day => {
            let (left, right) = split(area, 30, 3);
            day::break_even(canvas, left, scene, page);
            day::since_midnight(canvas, right, scene, page);
        }
    }
}

/// Everything at once: 108x32 and up.
fn large(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let mut rows = Rows(area);
    super::tabs(canvas, Rect { x: area.x - 1, ..rows.top(2) }, scene);
    let basis = rows.bottom(if area.width < 150 { 2 } else { 1 });
    super::basis_in_full(canvas, basis, scene);
    rows.bottom(1);
    let huge = area.width >= 160 && area.height >= 44;
    if huge {
        let (left, right) = split(rows.top(8), 58, 3);
        super::profit(canvas, left, scene);
        with_page(canvas, right, scene, day::since_midnight);
    } else {
        super::profit_brief(canvas, rows.top(2), scene);
    }
    rows.top(1);
    let Some(page) = scene.app.money.page.clone() else {
        return nothing_yet(canvas, rows.0, scene);
    };
    let chart = rows.top((rows.0.height * 2 / 5).clamp(9, 18));
    hours::hours(canvas, chart, scene, &page);
    if !huge {
        let line = rows.top(2);
        day::since_midnight_brief(canvas, line, scene, &page);
    }
    rows.top(1);
    if huge {
        three_columns(canvas, rows.0, scene, &page);
    } else {
        two_columns(canvas, rows.0, scene, &page);
    }
}

fn two_columns(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let (left, right) = split(area, 76.min(area.width * 2 / 3), 3);
    tables(canvas, left, scene, page);
    let mut rows = Rows(right);
    bridge::bridge(canvas, rows.top(10), scene, page);
    day::break_even_brief(canvas, rows.0, scene, page);
}

fn three_columns(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let (left, rest) = split(area, 77, 4);
    let (middle, right) = split(rest, rest.width / 2, 4);
    let mut rows = Rows(left);
    let models = (count(page.models.rows.len()) + 1).min(left.height / 2);
    rows::models(canvas, rows.top(models), scene, page);
    rows.top(1);
    let tiers = (count(page.tiers.rows.len()) + 1).min(rows.0.height);
    rows::tiers(canvas, rows.top(tiers), scene, page);
    bridge::bridge(canvas, middle, scene, page);
    let mut rows = Rows(right);
    let facts = rows.bottom(day::ROWS.min(right.height / 2));
    day::break_even(canvas, facts, scene, page);
    rows.bottom(1);
    compare::compare(canvas, rows.0, scene, page);
}

/// Models, tiers and lists, one below the other.
fn tables(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let mut rows = Rows(area);
    let third = area.height / 3;
    let models = (count(page.models.rows.len()) + 1).min(third + 1);
    rows::models(canvas, rows.top(models), scene, page);
    rows.top(1);
    let tiers = (count(page.tiers.rows.len()) + 1).min(third);
    rows::tiers(canvas, rows.top(tiers), scene, page);
    rows.top(1);
    compare::compare(canvas, rows.0, scene, page);
}

/// Draws a part of the page, or why there is none.
fn with_page(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    draw: fn(&mut Canvas<'_>, Rect, &Scene<'_>, &MoneyPage),
) {
    match &scene.app.money.page {
        Some(page) => draw(canvas, area, scene, page),
        None => nothing_yet(canvas, area, scene),
    }
}

fn nothing_yet(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    let row = area.height.min(3).saturating_sub(1);
    let width = usize::from(area.width);
    match (&scene.app.money.trouble, scene.app.has_past) {
        (Some(trouble), _) => {
            let text = format!("the ledger does not tell the past: {trouble}");
            canvas.pen(area, row).put(Role::Critical, &human::cut(&text, width));
        }
        (None, true) => drop(canvas.pen(area, row).put(Role::Dim, "asking the ledger…")),
        (None, false) => drop(canvas.pen(area, row).put(Role::Dim, "no ledger here: the past is not kept")),
    }
}

/// The trouble of the last question, beside the page that stands since before it.
fn old_page(scene: &Scene<'_>, page: &MoneyPage) -> Option<String> {
    let trouble = scene.app.money.trouble.as_ref()?;
    Some(format!("as of {}: {trouble}", human::clock_minute(page.at, scene.zone())))
}
