//! The money view: today's hours, and below them by what and why. Every amount is the ledger's, every margin named.

mod bridge;
mod capacity;
mod compare;
mod day;
mod hours;
mod rows;
mod scrolled;

use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Widget, Wrap};

use crate::tui::app::Pane;
use crate::tui::human;
use crate::tui::inquiry::MoneyPage;
use crate::tui::layout::{Rows, split};
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
pub(in crate::tui) use scrolled::key as row_key;

use crate::units::Span;

/// A page that is older than this says so.
const OLD: Span = Span::from_secs(60);

/// Draws it at the largest size that fits.
pub fn money(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>) {
    if area.width >= 106 && area.height >= 29 {
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
    super::profit_brief(canvas, rows.top(2), scene);
    let basis = rows.bottom(super::basis_rows(scene, area.width).min(if area.height > 20 { 3 } else { 1 }));
    super::basis(canvas, basis, scene);
    let chart = rows.top(8.max(rows.0.height / 2));
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
    rows.top(1);
    let basis = rows.bottom(super::basis_rows(scene, area.width).min(3));
    super::basis(canvas, basis, scene);
    let last = rows.bottom(1);
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
    capacity::line(canvas, last, scene, &page);
    let chart = (rows.0.height * 3 / 8).clamp(9, 18);
    if huge {
        hours::hours(canvas, rows.top(chart), scene, &page);
        rows.top(1);
        three_columns(canvas, rows.0, scene, &page);
    } else {
        chart_with_facts(canvas, rows.top(chart + 2), scene, &page);
        rows.top(1);
        two_columns(canvas, rows.0, scene, &page);
    }
}

/// The hours, the profit since midnight in their columns, and beside both what it takes to break even.
fn chart_with_facts(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let (left, right) = split(area, area.width.saturating_sub(day::NARROW + 1), 1);
    let mut rows = Rows(left);
    day::since_midnight_brief(canvas, rows.bottom(2), page);
    hours::hours(canvas, rows.0, scene, page);
    day::break_even_narrow(canvas, right, scene, page);
}

fn two_columns(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let (left, right) = split(area, 76.min(area.width * 2 / 3), 3);
    let mut rows = Rows(left);
    let third = area.height / 3;
    let models = rows::model_rows(page).min(third + 1);
    rows::models(canvas, rows.top(models), scene, page);
    rows.top(1);
    let tiers = rows::tier_rows(page).min(third);
    rows::tiers(canvas, rows.top(tiers), scene, page);
    rows.top(1);
    compare::compare(canvas, rows.0, scene, page);
    bridge::bridge(canvas, right, scene, page);
}

fn three_columns(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let (left, rest) = split(area, 77, 4);
    let (middle, right) = split(rest, rest.width / 2, 4);
    let mut rows = Rows(left);
    let models = rows::model_rows(page).min(left.height / 2);
    rows::models(canvas, rows.top(models), scene, page);
    rows.top(1);
    let tiers = rows::tier_rows(page).min(rows.0.height);
    rows::tiers(canvas, rows.top(tiers), scene, page);
    bridge::bridge(canvas, middle, scene, page);
    let mut rows = Rows(right);
    let facts = rows.bottom(day::ROWS.min(right.height / 2));
    day::break_even(canvas, facts, scene, page);
    rows.bottom(1);
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
    let (role, text) = match (&scene.app.money.trouble, scene.app.has_past) {
        (Some(trouble), _) => (Role::Critical, format!("the ledger does not tell the past: {trouble}")),
        (None, true) => (Role::Dim, "asking the ledger…".to_owned()),
        (None, false) => (Role::Dim, "no ledger here: the past is not kept".to_owned()),
    };
    let row = area.height.min(3).saturating_sub(1);
    let below = Rect { y: area.y + row, height: area.height - row, ..area };
    let style = canvas.theme.style(role);
    Paragraph::new(text).wrap(Wrap { trim: true }).style(style).render(below, canvas.buffer);
}

/// Since when the page stands, where that is not now, and why.
fn old_page(scene: &Scene<'_>, page: &MoneyPage) -> Option<String> {
    let clock = human::clock_minute(page.at, scene.zone());
    match &scene.app.money.trouble {
        Some(trouble) => Some(format!("as of {clock}: {trouble}")),
        None => (scene.ago(page.at) > OLD).then(|| format!("as of {clock}, asking the ledger…")),
    }
}
