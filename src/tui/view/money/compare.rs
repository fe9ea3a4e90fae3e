//! Today's tokens at every price list of the book: the revenue at it, and its ratio to today's revenue.

use ratatui::layout::Rect;

use super::placed::{PlacedPart, key_of, placed};
use crate::reading::Label;
use crate::statement::RevenueAtList;
use crate::tui::app::ListState;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::view::list::{Col, List, amount};
use crate::tui::view::{Hits, tables};
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, quotient};

type CompareCol<'s, 'a> = Col<'s, PlacedPart<'a, RevenueAtList>>;

/// Today's tokens at every price list.
pub(in crate::tui::view) struct SameTokens<'a> {
    /// The revenue at each list, the highest first.
    pub(in crate::tui::view) at: &'a [RevenueAtList],
    /// The lists that any of today's tokens were posted at.
    pub(in crate::tui::view) in_force: Vec<&'a Label>,
    /// Today's revenue.
    pub(in crate::tui::view) ours: Money,
}

impl SameTokens<'_> {
    fn is_in_force(&self, at: &RevenueAtList) -> bool {
        self.in_force.contains(&&at.list)
    }
}

/// Draws the lists, those in force first, then those nearest to them; with a list state, the chosen one is explained.
pub(in crate::tui::view) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    lists: &SameTokens<'_>,
    state: Option<&ListState>,
) -> Hits {
    let accepted = |at: &&RevenueAtList| input.app.filter.accepts(&[("list", at.list.as_str())]);
    let mut rows: Vec<&RevenueAtList> = lists.at.iter().filter(accepted).collect();
    let apart = |at: &RevenueAtList| quotient(at.revenue, lists.ours).map_or(f64::MAX, |times| times.get().ln().abs());
    rows.sort_by(|a, b| {
        let is_other = |at: &RevenueAtList| !lists.is_in_force(at);
        is_other(a).cmp(&is_other(b)).then_with(|| apart(a).total_cmp(&apart(b)))
    });
    let rows = placed(rows);
    let columns = columns(lists);
    let mut list = List { key: &key_of, state, gap: 1, ..List::plain("Same tokens at", &columns, &rows) };
    if rows.iter().any(|(_, at)| lists.is_in_force(at)) && area.width >= 50 {
        list.title.push(Segment::dim(" · ● in force"));
    }
    list.draw(canvas, area)
}

fn columns<'s, 'a>(lists: &'s SameTokens<'_>) -> Vec<CompareCol<'s, 'a>> {
    let ours = lists.ours;
    vec![
        CompareCol::left("Same tokens at", 18, move |(_, at)| {
            Cell::text(format!("{}{}", at.list, if lists.is_in_force(at) { " ●" } else { "" }))
        })
        .stretch(1, 34),
        CompareCol::right("revenue", 9, |(_, at)| amount(Some(at.revenue), 9)),
        CompareCol::right("of ours", 7, move |(_, at)| Cell::dim(times(at.revenue, ours))).rank(1),
        CompareCol::right("profit", 9, |(_, at)| tables::profit(at.profit())).rank(2),
    ]
}

/// The ratio `worth / ours`, as `1.61 x`.
fn times(worth: Money, ours: Money) -> String {
    match quotient(worth, ours).map(crate::units::Ratio::get) {
        None => format::UNKNOWN.to_owned(),
        Some(times) if times < 99.95 => format!("{times:.2} x"),
        Some(times) if times < 9999.5 => format!("{times:.0} x"),
        Some(_) => ">9999".to_owned(),
    }
}
