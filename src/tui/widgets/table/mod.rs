//! Tables: a rule with the headings, rows, tree marks, and a total that does not scroll.

mod cell;
mod columns;

pub use cell::{Cell, MoneyCell, MoneySign};
pub use columns::{Align, Column, columns_of};

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::rule::{Heading, TitledRule};
use super::{Canvas, Segment, cells};
use crate::tui::format;
use crate::tui::theme::Role;

/// The number of children of an unfolded row that are shown before "… n more".
pub const CHILDREN: usize = 5;
/// The least cells of a shortened name in a title.
const LEAST_NAME: usize = 8;

/// The position of a row in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tree {
    /// The table has no tree, and no room for its marks.
    #[default]
    None,
    /// A row without children among rows that have them.
    Leaf,
    /// Its children are hidden: `▸`.
    Folded,
    /// Its children are shown below: `▾`.
    Open,
    /// A child that another one follows: `├`.
    Child,
    /// The last child: `└`.
    LastChild,
}

impl Tree {
    fn mark(self) -> Option<Segment<'static>> {
        Some(match self {
            Self::None => return None,
            Self::Leaf => Segment::dim("  "),
            Self::Folded => Segment::dim("▸ "),
            Self::Open => Segment::new(Role::Accent, "▾ "),
            Self::Child => Segment::new(Role::Rule, "├ "),
            Self::LastChild => Segment::new(Role::Rule, "└ "),
        })
    }
}

/// A row. Missing cells are empty.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct TableRow<'a> {
    pub cells: Vec<Cell<'a>>,
    pub tree: Tree,
    pub is_selected: bool,
}

impl<'a> TableRow<'a> {
    /// A row of cells.
    pub fn new(cells: impl IntoIterator<Item = Cell<'a>>) -> Self {
        Self { cells: cells.into_iter().collect(), ..Self::default() }
    }

    /// The row with a position in a tree.
    #[must_use]
    pub fn tree(self, tree: Tree) -> Self {
        Self { tree, ..self }
    }

    /// The row as selected or not.
    #[must_use]
    pub fn selected(self, is_selected: bool) -> Self {
        Self { is_selected, ..self }
    }
}

/// The column that the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Sorted {
    pub column: usize,
    pub descending: bool,
    /// Whether the user chose the order: if its column is not shown, the title names it, even where that hides headings.
    pub is_asked: bool,
}

/// A table. Only rows that are drawn are created, each before the first is drawn.
pub struct Table<'a, 'r> {
    /// The title in place of the first column's heading; if empty, that heading is shown.
    pub title: Vec<Segment<'a>>,
    /// The text after the title, if it fits.
    pub note: Vec<Segment<'a>>,
    /// The columns from left to right.
    pub columns: &'a [Column<'a>],
    /// The cells between two columns.
    pub gap: u16,
    /// The cells at both sides of the area that only the background of a selected row covers.
    pub margin: u16,
    /// The sort order, marked `▾` or `▴` in its heading.
    pub sorted: Option<Sorted>,
    /// The number of rows.
    pub len: usize,
    /// The number of the first row shown.
    pub first: usize,
    /// Creates a row by its number.
    pub row: &'a dyn Fn(usize) -> TableRow<'r>,
    /// Rows above the total that do not scroll.
    pub beside: &'a [TableRow<'r>],
    /// Creates the last row, given the number of rows that do not fit.
    pub total: Option<&'a dyn Fn(usize) -> TableRow<'r>>,
}

/// Where the parts of a table were drawn, for the mouse.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableAreas {
    /// The headings, by column number.
    pub headings: Vec<(usize, Rect)>,
    /// The rows, by number.
    pub rows: Vec<(usize, Rect)>,
    /// The number of rows that do not fit, above and below.
    pub hidden: usize,
}

impl Table<'_, '_> {
    /// Draws headings, rows and total. Returns their areas.
    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) -> TableAreas {
        let inner = inner(area, self.margin).intersection(canvas.buffer.area);
        let places = columns_of(self.columns, inner.width, self.gap);
        let mut areas = TableAreas { headings: self.draw_headings(canvas, inner, &places), ..TableAreas::default() };
        let rows = usize::from(inner.height.saturating_sub(1));
        let room = rows.saturating_sub(usize::from(self.total.is_some()) + self.beside.len());
        let first = self.first.min(self.len.saturating_sub(room));
        let shown = (self.len - first).min(room);
        areas.hidden = self.len - shown;
        let numbers = first..first + shown;
        let mut all: Vec<TableRow<'_>> = numbers.clone().map(|number| (self.row)(number)).collect();
        all.extend(self.beside.iter().take(rows.saturating_sub(shown + usize::from(self.total.is_some()))).cloned());
        // In a column, either all amounts have cents or none; a total of thousands is apart from its rows.
        let is_whole = |column: usize| all.iter().any(|row| row.cells.get(column).is_some_and(Cell::is_whole));
        let whole: Vec<bool> = (0..self.columns.len()).map(is_whole).collect();
        keep_apart(&mut all, self.columns, &places);
        all.extend(self.total.filter(|_| rows > 0).map(|total| total(areas.hidden)));
        for (y, row) in (inner.y.saturating_add(1)..).zip(&all) {
            let line = Rect { y, height: 1, ..area };
            draw_row(canvas, line, self, (&places, &whole), row);
            areas.rows.extend(numbers.clone().nth(areas.rows.len()).map(|number| (number, line)));
        }
        areas
    }

    /// The heading of a column. A column of figures without heading uses that of the gauge or sparkline before it, if that
    /// is left out.
    fn heading(&self, number: usize, places: &[Option<(u16, u16)>]) -> Option<&str> {
        let own = self.columns.get(number)?;
        if !own.title.is_empty() || number < 2 || own.align == Align::Left {
            return Some(&own.title);
        }
        let is_left_out = |column: &&Column<'_>| column.align == Align::Left && places.get(number - 1) == Some(&None);
        let before = self.columns.get(number - 1).filter(is_left_out)?;
        (before.title.chars().count() <= usize::from(own.least)).then_some(&*before.title)
    }

    /// The column whose heading has the sort mark: for figures without heading, the gauge or sparkline before them.
    fn marked(&self, places: &[Option<(u16, u16)>]) -> Option<usize> {
        let own = self.sorted?.column;
        let is_named =
            !self.columns.get(own)?.title.is_empty() || self.heading(own, places).is_some_and(|h| !h.is_empty());
        let before = own.checked_sub(1).filter(|before| matches!(places.get(*before), Some(Some(_))));
        if is_named { Some(own) } else { before.or(Some(own)) }
    }

    fn draw_headings(&self, canvas: &mut Canvas<'_>, inner: Rect, places: &[Option<(u16, u16)>]) -> Vec<(usize, Rect)> {
        let marked = self.marked(places);
        let mark = self.sorted.map_or("", |sorted| if sorted.descending { "▾" } else { "▴" });
        let mut rule = TitledRule { title: self.title.clone(), note: self.note.clone(), ..TitledRule::default() };
        let has_title = !self.title.is_empty();
        if has_title && marked == Some(0) {
            rule.title.push(Segment::text(mark));
        }
        let mut headings = self.headings(places, marked.map(|column| (column, mark)));
        yield_to(&rule.title, &mut headings);
        // If the heading of the sort column is not shown, the title names the sort order.
        let is_said = marked
            .is_none_or(|column| has_title && column == 0 || headings.iter().any(|(number, _, _)| *number == column));
        if let Some(sorted) = self.sorted.filter(|_| has_title && !is_said) {
            let name = self.columns.get(sorted.column).map_or("", |column| column.title.as_ref());
            let name = match sorted.column.checked_sub(1).and_then(|before| self.columns.get(before)) {
                Some(before) if name.is_empty() => before.title.as_ref(),
                _ => name,
            };
            let said = [Segment::dim(" · by "), Segment::text(format!("{name}{mark}"))];
            let title: Vec<Segment<'_>> = rule.title.iter().cloned().chain(said).collect();
            let mut left = headings.clone();
            yield_to(&title, &mut left);
            if sorted.is_asked || left.len() == headings.len() {
                (rule.title, headings) = (title, left);
            }
        }
        let mut areas = Vec::new();
        if let Some((x, width)) = places.first().copied().flatten().filter(|_| has_title) {
            areas.push((0, heading_area(inner, x, width)));
        }
        for (number, heading, width) in headings {
            let area = heading_area(inner, heading.x, width);
            let behind =
                self.columns.get(number + 1).filter(|next| next.title.is_empty() && next.align == Align::Right);
            // A click on the heading of a gauge sorts by its figures.
            let number =
                if behind.is_some() && matches!(places.get(number + 1), Some(Some(_))) { number + 1 } else { number };
            areas.push((number, area));
            rule.headings.push(heading);
        }
        rule.draw(canvas, Rect { height: inner.height.min(1), ..inner });
        areas
    }

    /// The table with a title that names what its rows are of, shortened so that no heading loses its room. Where the title
    /// leaves no room for the name, one of them stands alone: the name if `is_named`. An empty name changes nothing.
    #[must_use]
    pub fn of(mut self, name: &str, is_named: bool, width: u16) -> Self {
        if name.is_empty() {
            return self;
        }
        let room = self.title_room(width);
        let title = cells(&self.title);
        let left = room.saturating_sub(title + format::width(" of "));
        if format::width(name) <= left || left >= LEAST_NAME {
            self.title.push(Segment::text(format!(" of {}", format::shorten(name, left))));
        } else if is_named {
            self.title = vec![Segment::title(format::shorten(name, room.max(LEAST_NAME)))];
        }
        self
    }

    /// The cells that a title may take without covering a heading.
    fn title_room(&self, width: u16) -> usize {
        let places = columns_of(self.columns, width.saturating_sub(2 * self.margin), self.gap);
        let marked = self.marked(&places).map(|column| (column, "▾"));
        let first = self.headings(&places, marked).iter().map(|(_, heading, _)| heading.x).min();
        // The first cell of the rule, and a space before and after the title.
        usize::from(first.unwrap_or(width)).saturating_sub(3)
    }

    /// The headings except the title's, each with its column number and its width in cells.
    fn headings(&self, places: &[Option<(u16, u16)>], marked: Option<(usize, &str)>) -> Vec<Placed<'_>> {
        let mut headings = Vec::new();
        for (number, (column, place)) in self.columns.iter().zip(places).enumerate() {
            let Some((x, width)) = *place else { continue };
            if number == 0 && !self.title.is_empty() {
                continue;
            }
            let Some(title) = self.heading(number, places).filter(|title| !title.is_empty()) else { continue };
            let segment = match marked.filter(|(column, _)| *column == number) {
                Some((_, mark)) => Segment::text(format!("{title}{mark}")),
                None => Segment::dim(title.to_owned()),
            };
            let taken = segment.width() as u16;
            let start = match column.align {
                Align::Left => x,
                Align::Right => (x + width).saturating_sub(taken),
            };
            headings.push((number, Heading { x: start, segment }, taken.max(width)));
        }
        headings
    }
}

/// Shortens the names of each column so that rows whose names differ look different.
fn keep_apart(rows: &mut [TableRow<'_>], columns: &[Column<'_>], places: &[ColumnPlace]) {
    for (number, (column, place)) in columns.iter().zip(places).enumerate() {
        let Some((_, width)) = place.filter(|_| column.align == Align::Left) else { continue };
        let mut by_room: BTreeMap<usize, Vec<&mut Vec<Segment<'_>>>> = BTreeMap::new();
        for row in rows.iter_mut() {
            let mark = if number == 0 { row.tree.mark() } else { None };
            let room = usize::from(width).saturating_sub(mark.map_or(0, |mark| mark.width()));
            if let Some(Cell::Text(segments)) = row.cells.get_mut(number) {
                by_room.entry(room).or_default().push(segments);
            }
        }
        for (room, names) in by_room {
            let before = |segments: &[Segment<'_>]| cells(segments) - segments.last().map_or(0, Segment::width);
            let whole: Vec<String> =
                names.iter().map(|name| name.iter().map(|part| part.text.as_ref()).collect()).collect();
            let short = format::shorten_apart(&whole.iter().map(String::as_str).collect::<Vec<_>>(), room);
            for ((segments, short), whole) in names.into_iter().zip(short).zip(&whole) {
                if short != format::shorten(whole, room) && before(segments) <= room {
                    let last = segments.last().cloned();
                    segments.clear();
                    segments.extend(last.map(|last| Segment { text: short.into(), ..last }));
                }
            }
        }
    }
}

/// Where a column begins and how wide it is; `None` if it is left out.
type ColumnPlace = Option<(u16, u16)>;

/// A heading with its column number and its width in cells.
type Placed<'a> = (usize, Heading<'a>, u16);

/// Leaves out headings that overlap the title.
fn yield_to(title: &[Segment<'_>], headings: &mut Vec<Placed<'_>>) {
    let taken: usize = title.iter().map(Segment::width).sum();
    if taken > 0 {
        headings.retain(|(_, heading, _)| usize::from(heading.x) >= taken + 3);
    }
}

/// The first row to show such that row `chosen` is visible and `first` changes as little as possible.
pub fn scrolled(first: usize, chosen: usize, room: usize, len: usize) -> usize {
    let least = (chosen + 1).saturating_sub(room);
    first.clamp(least.min(chosen), chosen).min(len.saturating_sub(room))
}

fn inner(area: Rect, margin: u16) -> Rect {
    let margin = margin.min(area.width / 2);
    Rect { x: area.x + margin, width: area.width - 2 * margin, ..area }
}

fn heading_area(inner: Rect, x: u16, width: u16) -> Rect {
    Rect { x: inner.x.saturating_add(x), y: inner.y, width, height: 1 }.intersection(inner)
}

fn draw_row(
    canvas: &mut Canvas<'_>,
    line: Rect,
    table: &Table<'_, '_>,
    (places, whole): (&[ColumnPlace], &[bool]),
    row: &TableRow<'_>,
) {
    let inner = inner(line, table.margin);
    for (number, (cell, place)) in row.cells.iter().zip(places).enumerate() {
        let (Some((x, width)), Some(column)) = (*place, table.columns.get(number)) else { continue };
        let mut area = Rect { x: inner.x.saturating_add(x), width, ..inner }.intersection(inner);
        let mark = if number == 0 { row.tree.mark() } else { None };
        if let Some(mark) = mark {
            let mut clip = canvas.clip(area);
            let taken = clip.line_within(0, 0, area.width.min(2), &[mark], false);
            area = Rect { x: area.x + taken, width: area.width - taken, ..area };
        }
        cell.draw(canvas, area, column.align, whole.get(number).copied().unwrap_or(false));
    }
    if row.is_selected {
        canvas.clip(line).panel(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_row_is_seen_and_the_list_moves_little() {
        assert_eq!(scrolled(0, 3, 10, 100), 0);
        assert_eq!(scrolled(0, 10, 10, 100), 1);
        assert_eq!(scrolled(50, 20, 10, 100), 20);
        assert_eq!(scrolled(95, 99, 10, 100), 90);
        assert_eq!(scrolled(5, 0, 10, 3), 0);
        assert_eq!(scrolled(5, 7, 0, 10), 7);
    }
}
