//! Today's tokens at every list of the book: their revenue, and how many times today's that is.

use ratatui::layout::Rect;

use super::placed::{PlacedPart, key_of, placed};
use crate::statement::AtList;
use crate::tui::app::ListState;
use crate::tui::format;
use crate::tui::ledger_query::MoneyPage;
use crate::tui::scene::Scene;
use crate::tui::view::list::{Col, List, figure};
use crate::tui::view::{Hits, tables};
use crate::tui::widgets::Canvas;
use crate::tui::widgets::table::Cell;
use crate::units::{Money, quotient};

type CompareCol<'s, 'a> = Col<'s, PlacedPart<'a, AtList>>;

/// Draws them, the lists in force first; about the chosen one, in the book's order, where there is a list's state.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    scene: &Scene<'_>,
    page: &MoneyPage,
    state: Option<&ListState>,
) -> Hits {
    let accepted = |at: &&AtList| scene.app.filter.accepts(&[("list", at.list.as_str())]);
    let mut lists: Vec<&AtList> = page.compare.iter().filter(accepted).collect();
    if state.is_none() {
        // They are what the others are compared with.
        lists.sort_by_key(|at| !in_force(page, at));
    }
    let rows = placed(lists);
    let columns = columns(page);
    List { key: &key_of, state, gap: 1, ..List::plain("Same tokens at", &columns, &rows) }.draw(canvas, area)
}

/// Whether any of today's tokens was posted at a list.
fn in_force(page: &MoneyPage, at: &AtList) -> bool {
    page.models.lists.iter().any(|list| list.list == at.list)
}

fn columns<'a>(page: &MoneyPage) -> Vec<CompareCol<'_, 'a>> {
    let ours = page.totals.revenue;
    vec![
        CompareCol::left("Same tokens at", 18, move |(_, at)| {
            Cell::text(format!("{}{}", at.list, if in_force(page, at) { " ●" } else { "" }))
        })
        .stretch(1, 34),
        CompareCol::right("revenue", 9, |(_, at)| figure(&format::bare(Some(at.revenue), 9))),
        CompareCol::right("of ours", 7, move |(_, at)| Cell::dim(times(at.revenue, ours))).rank(1),
        CompareCol::right("profit", 9, |(_, at)| tables::profit(at.profit())).rank(2),
    ]
}

/// `1.61 x`.
fn times(worth: Money, ours: Money) -> String {
    match quotient(worth, ours).map(crate::units::Ratio::get) {
        None => format::UNKNOWN.to_owned(),
        Some(times) if times < 99.95 => format!("{times:.2} x"),
        Some(times) if times < 9999.5 => format!("{times:.0} x"),
        Some(_) => ">9999".to_owned(),
    }
}
