//! Today by model or by tier: revenue, cost, profit, and both margins. The total does not scroll.

use ratatui::layout::Rect;

use super::placed::{PlacedPart, key_of, placed};
use crate::snapshot::Bound;
use crate::statement::{By, RowKind, Statement, StatementRow};
use crate::tui::app::ListState;
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::ledger_query::MoneyPage;
use crate::tui::theme::Role;
use crate::tui::view::list::{self, Col, List, figure};
use crate::tui::view::{Hits, tables};
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::{Canvas, Segment};
use crate::units::{Money, Ratio, Tokens};

type MoneyCol<'s, 'a> = Col<'s, PlacedPart<'a, StatementRow>>;

/// The rows that the statement takes, with heading and total.
pub(super) fn count(statement: &Statement) -> u16 {
    let rows = statement.rows.iter().filter(|row| says_something(row)).count();
    u16::try_from(rows + 2).unwrap_or(u16::MAX)
}

/// The chosen grouping and its rows, in their order.
pub(super) fn grouping<'a>(input: &FrameInput<'_>, page: &'a MoneyPage) -> (By, Vec<&'a StatementRow>) {
    let (by, statement) = page.table(input.app.money.by.of());
    (by, shown(input, statement))
}

/// Draws today by the chosen grouping.
pub(super) fn grouped(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    page: &MoneyPage,
    state: Option<&ListState>,
) -> Hits {
    let (by, statement) = page.table(input.app.money.by.of());
    let title = match by {
        By::Node => "By node",
        By::Unit => "By unit",
        By::Role => "By role",
        By::Tier => "By tier",
        _ => "By model",
    };
    draw(canvas, area, input, title, statement, state)
}

/// On which side of the totals the true ones may be.
pub(super) fn bound(statement: &Statement) -> Bound {
    Bound::of(statement.total.lower_bound || statement.lost_windows > 0, statement.upper_bound)
}

/// Draws the rows; with a list state, the chosen row can be selected.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &FrameInput<'_>,
    title: &'static str,
    statement: &Statement,
    state: Option<&ListState>,
) -> Hits {
    let rows = placed(yielding(shown(input, statement), usize::from(area.height.saturating_sub(2))));
    let columns = columns(title);
    let total = |hidden: usize| {
        let name = if hidden > 0 { format!("total, {hidden} more") } else { "total".to_owned() };
        let total = &statement.total;
        let bound = bound(statement);
        let cells = columns.iter().enumerate().map(|(nth, _)| match nth {
            0 => Cell::Text(vec![Segment::title(name.clone())]),
            1 => list::bounded_amount(total.revenue, 9, bound),
            2 => amount(total.cost),
            3 => tables::bounded_profit(total.profit, bound),
            4 => margin(total.profit_on_cost()),
            _ => margin(total.gross_margin()),
        });
        crate::tui::widgets::table::TableRow::new(cells)
    };
    let has_total = input.app.filter.text().is_empty() && any(statement);
    let total: Option<&dyn Fn(usize) -> crate::tui::widgets::table::TableRow<'static>> =
        if has_total { Some(&total) } else { None };
    let hits = List { key: &key_of, state, total, gap: 1, ..List::plain(title, &columns, &rows) }.draw(canvas, area);
    if rows.is_empty() {
        let is_filtered = !input.app.filter.text().is_empty();
        let why = if is_filtered { "nothing matches the filter" } else { "nothing is known of today yet" };
        canvas.writer(area, 1).put(Role::Dim, why);
    }
    hits
}

/// Whether any row has something to show.
pub(super) fn any(statement: &Statement) -> bool {
    statement.rows.iter().any(says_something)
}

fn says_something(row: &StatementRow) -> bool {
    row.kind == RowKind::Key || !row.is_empty() && !is_shown_as_zero(row)
}

/// Whether all its amounts are below a cent, as what is rounded is, and it has no tokens.
fn is_shown_as_zero(row: &StatementRow) -> bool {
    let is_zero = |amount: Option<Money>| amount.is_some_and(|amount| amount.rounded(2) == 0);
    [row.revenue, row.cost, row.profit].into_iter().all(is_zero)
        && row.unpriced_tokens.is_none_or(|tokens| tokens == Tokens::ZERO)
}

fn shown<'a>(input: &FrameInput<'_>, statement: &'a Statement) -> Vec<&'a StatementRow> {
    let rows = statement.rows.iter().filter(|row| says_something(row));
    let mut rows: Vec<&StatementRow> =
        rows.filter(|row| input.app.filter.accepts(&[("model", row.key.as_str())])).collect();
    if matches!(statement.by, By::Node | By::Unit) {
        // The rows with the lowest profit come first.
        rows.sort_by_key(|row| (row.kind != RowKind::Key, row.profit.is_none(), row.profit));
    }
    rows
}

/// The same rows; where not all fit in so many, those beside the keys stand by the size of their profit, so that the largest
/// is not hidden behind nothing.
fn yielding(mut rows: Vec<&StatementRow>, room: usize) -> Vec<&StatementRow> {
    if rows.len() > room {
        let size = |row: &StatementRow| row.profit.map_or(0, |profit| profit.grains().unsigned_abs());
        rows.sort_by_key(|row| {
            (row.kind != RowKind::Key, std::cmp::Reverse(if row.kind == RowKind::Key { 0 } else { size(row) }))
        });
    }
    rows
}

fn columns<'s, 'a>(title: &'static str) -> Vec<MoneyCol<'s, 'a>> {
    vec![
        MoneyCol::left(title, 13, |(_, row)| match row.kind {
            RowKind::Key => Cell::text(row.key.as_str().to_owned()),
            _ => Cell::dim(row.key.as_str().to_owned()),
        })
        .stretch(1, 30),
        MoneyCol::right("revenue", 9, |(_, row)| match (row.revenue, row.kind) {
            (None, RowKind::Key) => Cell::dim("unpriced"),
            _ if is_unpriced(row) => Cell::dim("unpriced"),
            (revenue, _) => amount(revenue),
        }),
        MoneyCol::right("cost", 8, |(_, row)| amount(row.cost.filter(|_| !is_unpriced(row)))).rank(1),
        MoneyCol::right("profit", 9, |(_, row)| tables::profit(row.profit.filter(|_| !is_unpriced(row)))),
        MoneyCol::right("on cost", 7, |(_, row)| of_key(row, StatementRow::profit_on_cost)).rank(2),
        MoneyCol::right("gross", 7, |(_, row)| of_key(row, StatementRow::gross_margin)).rank(3),
    ]
}

/// Whether none of a key's tokens has a price; its cost is then in the row of unpriced tokens.
fn is_unpriced(row: &StatementRow) -> bool {
    let has_unpriced = row.unpriced_tokens.is_some_and(|tokens| tokens > Tokens::ZERO);
    row.kind == RowKind::Key && has_unpriced && row.revenue.is_none_or(Money::is_zero)
}

fn amount(money: Option<Money>) -> Cell<'static> {
    list::amount(money, 9)
}

/// The margin, for rows of a key; other rows have none.
fn of_key(row: &StatementRow, share: fn(&StatementRow) -> Option<Ratio>) -> Cell<'static> {
    if row.kind == RowKind::Key { margin(row.profit.and_then(|_| share(row))) } else { Cell::Empty }
}

/// A profit as a share of cost or revenue.
fn margin(ratio: Option<Ratio>) -> Cell<'static> {
    match ratio.map(Ratio::get) {
        Some(ratio) if ratio <= -9.995 => Cell::text("<−999 %"),
        Some(ratio) if ratio >= 99.995 => Cell::text(">9999 %"),
        _ => figure(&format::percent1(ratio).replace('-', "−")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Label;

    /// Class: the largest part of a total is the row that does not fit.
    #[test]
    fn the_largest_row_beside_the_keys_is_not_hidden() {
        let row = |kind: RowKind, key: &str, cents: i64| {
            let mut row = StatementRow::new(kind, Label::new(key));
            row.profit = Some(Money::from_micros(cents * 10_000));
            row
        };
        let (a, b) = (row(RowKind::Key, "a", 1), row(RowKind::Key, "b", 500));
        let (unpriced, overhead) = (row(RowKind::Unpriced, "u", 0), row(RowKind::Overhead, "o", -44));
        let rounding = row(RowKind::Rounding, "r", -2_877);
        let names = |room: usize| {
            let rows = yielding(vec![&a, &b, &unpriced, &overhead, &rounding], room);
            rows.iter().map(|row| row.key.to_string()).collect::<Vec<_>>().concat()
        };
        assert_eq!((names(5).as_str(), names(4).as_str()), ("abuor", "abrou"));
    }
}
