//! Lists: sortable columns, rows identified by their subject, and a total that does not scroll.

use std::borrow::Cow;
use std::cmp::Ordering;

use ratatui::layout::Rect;

use super::{Hit, Hits, ListKey, SortOrder};
use crate::natural_order::Natural;
use crate::snapshot::Bound;
use crate::tui::app::{Filter, ListState};
use crate::tui::figures_of::number;
use crate::tui::format;
use crate::tui::theme::Role;
use crate::tui::widgets::table::{
    Cell, Column, MoneyCell, MoneySign, Sorted, Table, TableAreas, TableRow, Tree, columns_of,
};
use crate::tui::widgets::{Canvas, Segment, Spot};
use crate::units::Money;

/// The sort key of a column. Unknown values come last in both directions.
pub(super) enum OrderedBy {
    /// A figure.
    Number(Option<f64>),
    /// An amount: amounts that differ by less than a cent are shown alike.
    Money(Option<Money>),
    /// Worse than any amount: a cost without a price for what it makes.
    Unpriced,
    /// A name, its numbers compared as numbers.
    Name(String),
}

/// A column of a list of `R`.
pub(super) struct Col<'s, R> {
    pub(super) column: Column<'static>,
    cell: Box<dyn Fn(&R) -> Cell<'static> + 's>,
    by: Option<fn(&R) -> OrderedBy>,
    falls: bool,
    is_first: bool,
}

impl<'s, R> Col<'s, R> {
    /// A column of names, lines or bars.
    pub(super) fn left(
        title: impl Into<Cow<'static, str>>,
        least: u16,
        cell: impl Fn(&R) -> Cell<'static> + 's,
    ) -> Self {
        Self { column: Column::left(title, least), cell: Box::new(cell), by: None, falls: false, is_first: false }
    }

    /// A column of figures.
    pub(super) fn right(
        title: impl Into<Cow<'static, str>>,
        least: u16,
        cell: impl Fn(&R) -> Cell<'static> + 's,
    ) -> Self {
        Self { column: Column::right(title, least), ..Self::left("", least, cell) }
    }

    /// The heading.
    pub(super) fn name(&self) -> &str {
        &self.column.title
    }

    /// Sets the rank: columns with a higher rank are left out first.
    pub(super) fn rank(mut self, rank: u8) -> Self {
        self.column = self.column.rank(rank);
        self
    }

    /// Shows the column only if a row has a value in it.
    pub(super) fn only(mut self, says_something: bool) -> Self {
        self.column.least = if says_something { self.column.least } else { 0 };
        self
    }

    /// Lets the column grow by a weight, up to `most` cells.
    pub(super) fn stretch(mut self, weight: u16, most: u16) -> Self {
        self.column = self.column.stretch(weight).most(most);
        self
    }

    /// Makes the column sortable in ascending order.
    pub(super) fn rising(mut self, by: fn(&R) -> OrderedBy) -> Self {
        self.by = Some(by);
        self
    }

    /// Makes the column sortable in descending order.
    pub(super) fn falling(mut self, by: fn(&R) -> OrderedBy) -> Self {
        (self.by, self.falls) = (Some(by), true);
        self
    }

    /// The key by which the column sorts.
    pub(super) const fn by(&self) -> Option<Key<R>> {
        self.by
    }

    /// Makes the column the default sort order.
    pub(super) fn first(mut self) -> Self {
        self.is_first = true;
        self
    }
}

/// The sort orders of columns, the default first.
pub(super) fn orders<R>(columns: &[Col<'_, R>]) -> Vec<SortOrder> {
    let sorting = columns.iter().enumerate().filter(|(_, col)| col.by.is_some());
    let mut orders: Vec<(bool, SortOrder)> = sorting
        .map(|(column, col)| {
            (
                !col.is_first,
                SortOrder {
                    title: heading(columns, column),
                    column,
                    falls: col.falls,
                    says_something: col.column.least > 0,
                },
            )
        })
        .collect();
    orders.sort_by_key(|(later, _)| *later);
    orders.into_iter().map(|(_, order)| order).collect()
}

/// The heading of a column; a column of figures after a sparkline or bar uses that column's heading.
fn heading<R>(columns: &[Col<'_, R>], column: usize) -> Cow<'static, str> {
    let title = |at: usize| columns.get(at).map(|col| col.column.title.clone()).unwrap_or_default();
    let own = title(column);
    if own.is_empty() { title(column.saturating_sub(1)) } else { own }
}

/// Sorts rows in the order of the list. The sort is stable.
pub(super) fn sort<R>(rows: &mut [R], columns: &[Col<'_, R>], state: &ListState) {
    let Some((by, falls)) = order_of(columns, state) else { return };
    rows.sort_by_cached_key(|row| Ranked::new(by(row), falls));
}

/// Returns the sort key of a row.
pub(super) type Key<R> = fn(&R) -> OrderedBy;

/// The sort order of a list, and whether it is descending.
pub(super) fn order_of<R>(columns: &[Col<'_, R>], state: &ListState) -> Option<(Key<R>, bool)> {
    let orders = orders(columns);
    let order = orders.get(state.order()).or_else(|| orders.first())?;
    let by = columns.get(order.column).and_then(|col| col.by)?;
    Some((by, order.falls != state.is_reversed()))
}

/// A key that sorts in a direction, unknown values last.
#[derive(PartialEq)]
struct Ranked {
    is_unpriced: bool,
    number: Option<f64>,
    name: Option<Natural<String>>,
    falls: bool,
}

impl Ranked {
    fn new(by: OrderedBy, falls: bool) -> Self {
        let unknown = Self { is_unpriced: false, number: None, name: None, falls };
        match by {
            OrderedBy::Number(number) => Self { number: number.filter(|n| n.is_finite()), ..unknown },
            OrderedBy::Money(money) => Self { number: number(money), ..unknown },
            OrderedBy::Unpriced => Self { is_unpriced: true, number: Some(0.0), ..unknown },
            OrderedBy::Name(name) => Self { name: Some(Natural(name)), ..unknown },
        }
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let turned = |order: Ordering| if self.falls { order.reverse() } else { order };
        match (self.number, other.number) {
            (Some(a), Some(b)) => turned(other.is_unpriced.cmp(&self.is_unpriced).then(a.total_cmp(&b))),
            (None, None) => turned(self.name.cmp(&other.name)),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
    }
}

/// The sum of the known values; `None` if there are none.
pub(super) fn known_sum<T: std::iter::Sum<T>>(values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let mut known = values.flatten().peekable();
    known.peek()?;
    Some(known.sum())
}

/// The order of a profit: where only the cost is known, because what is made has no price, nothing is worse.
pub(super) const fn by_profit(profit: Option<Money>, is_unpriced: bool) -> OrderedBy {
    if is_unpriced && profit.is_none() { OrderedBy::Unpriced } else { OrderedBy::Money(profit) }
}

/// Returns the node of a row, as its index in the snapshot, and how many GPUs it has.
type SpotOf<'a, R> = &'a dyn Fn(&R) -> Option<(usize, usize)>;

/// Creates the row in place of the rows that do not fit.
type HiddenRow<'a, R> = &'a dyn Fn(&[&R]) -> TableRow<'static>;

/// A list to draw.
pub(super) struct List<'a, 's, R> {
    /// The name in the rule.
    pub(super) title: Vec<Segment<'static>>,
    /// What its rows are of: a name that is shortened where the headings need its room.
    pub(super) of: Option<String>,
    /// A hint after the name, where no heading needs its room.
    pub(super) hint: Vec<Segment<'static>>,
    pub(super) columns: &'a [Col<'s, R>],
    pub(super) rows: &'a [R],
    pub(super) key: &'a dyn Fn(&R) -> ListKey,
    /// The position of a row in a tree.
    pub(super) tree: &'a dyn Fn(&R) -> Tree,
    /// The state of a list with a chosen row and sort orders; `None` for a list without them.
    pub(super) state: Option<&'a ListState>,
    /// The heading of the column by which a list without a sort order is ordered, the largest value first.
    pub(super) falls_by: Option<Cow<'static, str>>,
    /// Whether the chosen row of `state` is in another list.
    pub(super) is_chosen_elsewhere: bool,
    /// Creates the last row, given the number of rows that do not fit.
    pub(super) total: Option<&'a dyn Fn(usize) -> TableRow<'static>>,
    /// Rows above the total that do not scroll: amounts in the total that belong to no row.
    pub(super) beside: Vec<TableRow<'static>>,
    /// The heading of the column with a cell for each GPU; and for a row the index of its node and its number of GPUs.
    pub(super) spots: Option<(&'a str, SpotOf<'a, R>)>,
    pub(super) gap: u16,
    /// The text below the last row about rows that the filter could not evaluate; in place of the rows if there are none.
    pub(super) note: Option<String>,
    /// Creates the cells after the count of rows that do not fit.
    pub(super) hidden: Option<HiddenRow<'a, R>>,
}

/// The note about the filter: below `passes` matching rows, the number of rows that could not be evaluated for lack of a
/// figure (`unknown`); if no row matches, the text in place of the rows.
///
/// `figures` are the names of the figures that the rows have.
pub(super) fn filter_note(filter: &Filter, figures: &[&str], passes: usize, unknown: usize) -> Option<String> {
    let grouped = format::grouped(unknown as u128);
    if let Some(key) = filter.unknown_figure(figures).filter(|_| passes == 0) {
        let known = if figures.is_empty() { "none has a bound".to_owned() } else { figures.join(", ") };
        return Some(format!("no figure {key} here ({known}): Esc clears the filter"));
    }
    match (filter.text(), passes, unknown) {
        ("", ..) => None,
        (text, 0, 0) => Some(format!("nothing matches {text}: Esc clears the filter")),
        (text, 0, _) => Some(format!("nothing matches {text}, {grouped} unknown: Esc clears the filter")),
        (_, _, 0) => None,
        (text, ..) => Some(format!("{grouped} more of which {text} is unknown")),
    }
}

impl<'a, 's, R> List<'a, 's, R> {
    /// A list without a chosen row, for a table beside another list.
    pub(super) fn plain(title: impl Into<Cow<'static, str>>, columns: &'a [Col<'s, R>], rows: &'a [R]) -> Self {
        let key: &dyn Fn(&R) -> ListKey = &|_| ListKey::of(0);
        let tree: &dyn Fn(&R) -> Tree = &|_| Tree::None;
        let title = vec![Segment::title(title)];
        let beside = Vec::new();
        Self {
            title,
            of: None,
            hint: Vec::new(),
            columns,
            rows,
            key,
            tree,
            state: None,
            falls_by: None,
            is_chosen_elsewhere: false,
            total: None,
            beside,
            spots: None,
            gap: 2,
            note: None,
            hidden: None,
        }
    }

    /// Draws the list. The last row says how many rows are hidden.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> Hits {
        let Some(note) = self.note.as_deref().filter(|_| area.height > 1) else { return self.draw_table(canvas, area) };
        let text = format::cut(note, usize::from(area.width));
        if self.rows.is_empty() {
            let bare = Self {
                total: None,
                beside: Vec::new(),
                note: None,
                title: self.title.clone(),
                of: self.of.clone(),
                hint: self.hint.clone(),
                falls_by: None,
                ..*self
            };
            let hits = bare.draw_table(canvas, area);
            canvas.writer(area, 1).put(Role::Dim, &text);
            return hits;
        }
        if area.height < 4 {
            return self.draw_table(canvas, area);
        }
        let table = Rect { height: area.height - 1, ..area };
        let hits = self.draw_table(canvas, table);
        let used = self.rows.len() + usize::from(self.total.is_some()) + self.beside.len() + 1;
        canvas.writer(area, used.min(usize::from(table.height)) as u16).put(Role::Dim, &text);
        hits
    }

    fn draw_table(&self, canvas: &mut Canvas<'_>, area: Rect) -> Hits {
        let columns: Vec<Column<'_>> = self.columns.iter().map(|col| col.column.clone()).collect();
        let orders = orders(self.columns);
        let keys: Vec<ListKey> = self.rows.iter().map(|row| (self.key)(row)).collect();
        let chosen = self.state.filter(|_| !self.is_chosen_elsewhere).map(|state| state.place(&keys));
        let room = usize::from(area.height.saturating_sub(1));
        // Rows beside the list are shown above the total where at least half of the room is left.
        let beside = if self.total.is_some() && 2 * self.beside.len() < room { self.beside.as_slice() } else { &[] };
        let is_cut = keys.len() + usize::from(self.total.is_some()) > room;
        let first = self.state.filter(|_| !self.is_chosen_elsewhere);
        let first = |page: usize| first.map_or(0, |state| state.first(page, &keys));
        let blank = |_: usize| self.hidden_row(first(room - 1), room - 1);
        let total: Option<&dyn Fn(usize) -> TableRow<'static>> = match self.total {
            Some(total) => Some(total),
            None if is_cut && room > 1 => Some(&blank),
            None => None,
        };
        let page = room.saturating_sub(usize::from(total.is_some()) + beside.len());
        let row = |number: usize| self.row(number, chosen == Some(number));
        let table = Table {
            title: self.title.clone(),
            note: self.hint.clone(),
            columns: &columns,
            gap: self.gap,
            margin: 0,
            sorted: self.sorted(&orders),
            len: keys.len(),
            first: first(page),
            row: &row,
            beside,
            total,
        };
        let of = self.of.as_deref().unwrap_or_default();
        let areas = table.of(of, self.state.is_some(), area.width).draw(canvas, area);
        if self.total.is_none()
            && let Some(behind) = total
        {
            let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
            // Leaves a space before the next cell.
            let cell = behind(0).cells.iter().position(|cell| *cell != Cell::Empty);
            let place = cell.and_then(|cell| columns_of(&columns, area.width, self.gap).get(cell).copied().flatten());
            let room = place.map_or(area.width, |(x, _)| x.saturating_sub(1));
            let said = [chosen, None].map(|chosen| rest(areas.hidden, chosen, keys.len()));
            let fits = said.iter().find(|said| format::width(said) <= usize::from(room)).or(said.last());
            canvas.writer(last, 0).put(Role::Dim, fits.map_or("", String::as_str));
        }
        self.tell_spots(canvas, &areas);
        let mut hits = Hits::of_page(page);
        if self.state.is_some() {
            for (column, area) in areas.headings {
                if let Some(place) = orders.iter().position(|order| order.column == column) {
                    hits.push(area, Hit::Order(place));
                }
            }
            for (number, area) in areas.rows {
                keys.get(number).iter().for_each(|key| hits.push(area, Hit::Row(**key)));
            }
        }
        hits
    }

    /// The heading and direction of the sort mark; an empty list has no order.
    fn sorted(&self, orders: &[SortOrder]) -> Option<Sorted> {
        self.rows.first()?;
        let Some(state) = self.state else {
            let column = self.columns.iter().position(|col| Some(col.name()) == self.falls_by.as_deref())?;
            return Some(Sorted { column, descending: true, is_asked: false });
        };
        let (order, turned) = (orders.get(state.order())?, state.is_reversed());
        let is_asked = turned || state.order() > 0;
        Some(Sorted { column: order.column, descending: order.falls != turned, is_asked })
    }

    /// The row in place of all rows except the `page` rows from `first` on.
    fn hidden_row(&self, first: usize, page: usize) -> TableRow<'static> {
        let Some(hidden) = self.hidden else { return TableRow::default() };
        let rows = self.rows.iter().enumerate().filter(|(number, _)| !(first..first + page).contains(number));
        hidden(&rows.map(|(_, row)| row).collect::<Vec<_>>())
    }

    /// Registers for the mouse which cells belong to which GPUs.
    fn tell_spots(&self, canvas: &mut Canvas<'_>, areas: &TableAreas) {
        let Some((heading, spot)) = self.spots else { return };
        let is_named = |place: &usize| self.columns.get(*place).is_some_and(|col| col.name() == heading);
        let column = areas.headings.iter().find(|(place, _)| is_named(place)).map(|(_, area)| *area);
        for (number, row) in areas.rows.iter().filter(|_| column.is_some()) {
            let of = self.rows.get(*number).and_then(spot);
            let Some(((of, gpus), column)) = of.zip(column) else { continue };
            let width = column.width.min(u16::try_from(gpus).unwrap_or(u16::MAX));
            canvas.spots.push(Spot { area: Rect { x: column.x, width, ..*row }, of, has_parts: true });
        }
    }

    fn row(&self, number: usize, is_chosen: bool) -> TableRow<'static> {
        let Some(row) = self.rows.get(number) else { return TableRow::default() };
        let cells = self.columns.iter().map(|col| (col.cell)(row));
        TableRow::new(cells).tree((self.tree)(row)).selected(is_chosen)
    }
}

/// The text about rows that do not fit.
fn rest(hidden: usize, chosen: Option<usize>, rows: usize) -> String {
    let grouped = |count: usize| format::grouped(count as u128);
    match chosen {
        Some(chosen) => format!("… {} more; {} of {}", grouped(hidden), grouped(chosen + 1), grouped(rows)),
        None => format!("… {} more", grouped(hidden)),
    }
}

/// A formatted value, or a dash if unknown.
pub(super) fn figure(text: &str) -> Cell<'static> {
    let text = text.trim().to_owned();
    if text == format::UNKNOWN { Cell::dim(text) } else { Cell::text(text) }
}

/// An amount of money, or a dash if unknown.
pub(super) fn amount(money: Option<Money>, cells: u16) -> Cell<'static> {
    bounded_amount(money, cells, Bound::None)
}

/// An amount of money on one side of the true one.
pub(super) fn bounded_amount(money: Option<Money>, cells: u16, bound: Bound) -> Cell<'static> {
    money.map_or_else(Cell::unknown, |money| Cell::Amount(MoneyCell { money, sign: MoneySign::Plain, cells, bound }))
}

/// A formatted count, or a dash if unknown.
pub(super) fn count(value: Option<u64>) -> Cell<'static> {
    value.map_or_else(Cell::unknown, |value| Cell::text(format::compact(value)))
}

/// A piece of text in a role.
pub(super) fn said(role: Role, text: impl Into<String>) -> Cell<'static> {
    Cell::Text(vec![Segment::new(role, text.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(falls: bool, values: &[Option<f64>]) -> Vec<Option<f64>> {
        let mut values = values.to_vec();
        values.sort_by_cached_key(|value| Ranked::new(OrderedBy::Number(*value), falls));
        values
    }

    #[test]
    fn what_is_unknown_stands_last_whichever_way() {
        let values = [Some(2.0), None, Some(-1.0), Some(f64::NAN)];
        assert_eq!(sorted(false, &values)[..2], [Some(-1.0), Some(2.0)]);
        assert_eq!(sorted(true, &values)[..2], [Some(2.0), Some(-1.0)]);
    }

    #[test]
    fn what_has_a_cost_and_no_price_is_worse_than_any_loss() {
        let micros = |profit: &OrderedBy| match profit {
            OrderedBy::Money(profit) => profit.map(|profit| profit.rounded(0)),
            _ => Some(i128::MIN),
        };
        for (falls, expected) in [(false, [Some(i128::MIN), Some(-5), None]), (true, [Some(-5), Some(i128::MIN), None])]
        {
            let loss = Money::from_micros(-5_000_000);
            let mut rows = vec![(None, false), (Some(loss), true), (None, true)];
            rows.sort_by_cached_key(|(profit, is_unpriced)| Ranked::new(by_profit(*profit, *is_unpriced), falls));
            let rows: Vec<_> = rows.into_iter().map(|(profit, is)| micros(&by_profit(profit, is))).collect();
            assert_eq!(rows, expected);
        }
    }

    #[test]
    fn names_are_in_their_natural_order() {
        let mut names = ["127.0.1.10", "127.0.1.2", "node-9", "node-10", "node-1"];
        names.sort_by_cached_key(|name| Ranked::new(OrderedBy::Name((*name).to_owned()), false));
        assert_eq!(names, ["127.0.1.2", "127.0.1.10", "node-1", "node-9", "node-10"]);
    }
}
