//! Today's tokens at every list of the book, side by side: what they would be worth, and how many times ours.

use ratatui::layout::Rect;

use super::rows::more;
use super::scrolled::{self, profit};
use crate::statement::AtList;
use crate::tui::human;
use crate::tui::inquiry::MoneyPage;
use crate::tui::scene::Scene;
use crate::tui::widgets::{Canvas, Column, Figure, Rows, table};
use crate::units::quotient;

/// Draws as many as fit, those in force first: they are what the others are compared with.
pub(super) fn compare(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let mut rows: Vec<&AtList> = page.compare.iter().collect();
    rows.sort_by_key(|at| !in_force(page, at));
    let hidden = table(canvas, area, &columns(scene, page), &Rows::plain(&rows));
    more(canvas, area, hidden);
}

/// Draws them about the chosen one.
pub(super) fn scrolled(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, page: &MoneyPage) {
    let rows: Vec<&AtList> = page.compare.iter().collect();
    scrolled::scrolled(canvas, area, scene, &columns(scene, page), &rows);
}

/// Whether any of today's tokens was posted at a list.
fn in_force(page: &MoneyPage, at: &AtList) -> bool {
    page.models.lists.iter().any(|list| list.list == at.list)
}

fn columns<'a>(scene: &'a Scene<'a>, page: &'a MoneyPage) -> Vec<Column<'a, &'a AtList>> {
    type Col<'a> = Column<'a, &'a AtList>;
    let ours = page.totals.revenue;
    vec![
        Col::name("SAME TOKENS AT", 22, 12, 0, move |at| {
            Figure::value(format!("{}{}", at.list, if in_force(page, at) { " ●" } else { "" }))
        }),
        Col::figure("worth", 9, 0, |at| Figure::value(scene.money(Some(at.revenue), 9))),
        Col::figure("of ours", 7, 1, move |at| {
            let times = quotient(at.revenue, ours).map_or(human::UNKNOWN.to_owned(), |times| match times.get() {
                times if times < 99.95 => format!("{times:.2} x"),
                times if times < 9999.5 => format!("{times:.0} x"),
                _ => ">9999 x".to_owned(),
            });
            Figure::value(times)
        }),
        Col::figure("profit", 9, 2, |at| profit(at.profit, scene)),
    ]
}
