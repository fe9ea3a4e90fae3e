//! Today by model and by tier: revenue, cost, profit, and both margins under their names.

use ratatui::layout::Rect;

use super::scrolled::{self, profit};
use crate::statement::{Row, RowKind, Statement};
use crate::tui::human;
use crate::tui::inquiry::MoneyPage;
use crate::tui::layout::count;
use crate::tui::scene::Scene;
use crate::tui::theme::Role;
use crate::tui::widgets::{Canvas, Column, Figure, Rows, table};
use crate::units::{Money, quotient};

/// Draws as many models as fit.
pub(super) fn models(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    plain(canvas, area, scene, "MODELS", &shown(scene, &page.models));
}

/// Draws as many tiers as fit.
pub(super) fn tiers(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let mut rows = shown(scene, &page.tiers);
    // What is no tier's stands among the models.
    rows.retain(|row| row.kind == RowKind::Key);
    plain(canvas, area, scene, "TIERS", &rows);
}

/// Rows that all models take, with their heading.
pub(super) fn model_rows(page: &MoneyPage) -> u16 {
    count(page.models.rows.iter().filter(|row| says_something(row)).count()) + 1
}

/// Rows that all tiers take, with their heading.
pub(super) fn tier_rows(page: &MoneyPage) -> u16 {
    count(page.tiers.rows.iter().filter(|row| row.kind == RowKind::Key).count()) + 1
}

fn says_something(row: &Row) -> bool {
    row.kind == RowKind::Key || !row.is_empty()
}

fn plain(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, title: &str, rows: &[&Row]) {
    let hidden = table(canvas, area, &columns(scene, title), &Rows::plain(rows));
    more(canvas, area, hidden);
}

/// Draws them about the chosen one.
pub(super) fn scrolled(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, title: &str, statement: &Statement) {
    let rows = shown(scene, statement);
    scrolled::scrolled(canvas, area, scene, &columns(scene, title), &rows);
}

/// Says in the last row how many rows found no room.
pub(super) fn more(canvas: &mut Canvas<'_>, area: Rect, hidden: usize) {
    if hidden > 0 && area.height > 2 {
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        canvas.clear(last);
        canvas.pen(last, 0).put(Role::Dim, &format!("… {} more", hidden + 1));
    }
}

fn shown<'a>(scene: &Scene<'_>, statement: &'a Statement) -> Vec<&'a Row> {
    let rows = statement.rows.iter().filter(|row| says_something(row));
    rows.filter(|row| scene.app.filter.accepts(&[("model", row.key.as_str())])).collect()
}

fn columns<'a>(scene: &'a Scene<'a>, title: &'a str) -> Vec<Column<'a, &'a Row>> {
    type Col<'a> = Column<'a, &'a Row>;
    vec![
        Col::name(title, 13, 20, 0, |row| match row.kind {
            RowKind::Key => Figure::value(row.key.as_str()),
            _ => Figure::quiet(row.key.as_str()),
        }),
        Col::figure("revenue", 9, 0, |row| match row.revenue {
            None => Figure::quiet("unpriced"),
            revenue => Figure::value(scene.money(revenue, 9)),
        }),
        Col::figure("cost", 9, 1, |row| Figure::value(scene.money(row.cost, 9))),
        Col::figure("profit", 9, 0, |row| profit(row.profit, scene)),
        Col::figure("profit on cost", 14, 2, |row| margin(row, row.cost)),
        Col::figure("gross margin", 12, 3, |row| margin(row, row.revenue)),
    ]
}

/// The profit of a row as a part of a whole; rows that are no key's have no margin.
fn margin(row: &Row, whole: Option<Money>) -> Figure {
    if row.kind != RowKind::Key {
        return Figure::quiet("");
    }
    let ratio = row.profit.zip(whole).and_then(|(profit, whole)| quotient(profit, whole));
    Figure::value(human::percent1(ratio).trim())
}
