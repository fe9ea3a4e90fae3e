//! Rows and columns: columns that find no room are left out, the least important first.

use ratatui::layout::Rect;

use super::bar;
use crate::tui::human;
use crate::tui::theme::Role;
use crate::tui::widgets::Canvas;
use crate::units::Ratio;

/// To which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Names.
    Left,
    /// Figures.
    Right,
}

/// What one cell of a table shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// A text in a role.
    Text(Role, String),
    /// A bar; `None` is unknown.
    Bar(Option<Ratio>),
}

impl Figure {
    /// A value.
    pub fn value(text: impl Into<String>) -> Self {
        Self::Text(Role::Text, text.into())
    }

    /// Something beside the point.
    pub fn quiet(text: impl Into<String>) -> Self {
        Self::Text(Role::Dim, text.into())
    }
}

/// One column of a table of `R`.
pub struct Column<'s, R> {
    /// Its heading.
    pub title: &'s str,
    /// The width that it needs; a column that may grow needs no more than its longest text.
    pub width: u16,
    /// How much wider it may grow.
    pub grow: u16,
    /// 0 is always shown; the higher, the sooner it is left out.
    pub rank: u8,
    /// Where its text stands.
    pub align: Align,
    /// What it shows of a row.
    pub figure: Box<dyn Fn(&R) -> Figure + 's>,
}

impl<'s, R> Column<'s, R> {
    /// A column of names.
    pub fn name(title: &'s str, width: u16, grow: u16, rank: u8, figure: impl Fn(&R) -> Figure + 's) -> Self {
        Self { title, width, grow, rank, align: Align::Left, figure: Box::new(figure) }
    }

    /// A column of figures.
    pub fn figure(title: &'s str, width: u16, rank: u8, figure: impl Fn(&R) -> Figure + 's) -> Self {
        Self { title, width, grow: 0, rank, align: Align::Right, figure: Box::new(figure) }
    }

    /// A column of bars.
    pub fn bar(title: &'s str, width: u16, grow: u16, rank: u8, figure: impl Fn(&R) -> Figure + 's) -> Self {
        Self { title, width, grow, rank, align: Align::Left, figure: Box::new(figure) }
    }
}

/// The rows of a table.
pub struct Rows<'s, R> {
    /// Those to show, from the first visible one.
    pub rows: &'s [R],
    /// The row that is chosen, counted from the first visible one.
    pub chosen: Option<usize>,
    /// A role that a row's texts take instead of their own: stale and lost rows.
    pub tone: &'s dyn Fn(&R) -> Option<Role>,
    /// A glyph that stands in the margin before a row, in the cell left of the area.
    pub mark: &'s dyn Fn(&R) -> (Role, &'static str),
}

impl<'s, R> Rows<'s, R> {
    /// Rows that are neither chosen nor marked.
    pub fn plain(rows: &'s [R]) -> Self {
        Self { rows, chosen: None, tone: &|_| None, mark: &|_| (Role::Dim, " ") }
    }
}

/// Cells between two columns.
const GAP: u16 = 2;

/// A column with what its rows ask for.
struct Fitted<'c, 's, R> {
    column: &'c Column<'s, R>,
    /// Cells given to it.
    cells: u16,
    /// Cells that its longest text would take; `None` for bars.
    longest: Option<u16>,
}

impl<'c, 's, R> Fitted<'c, 's, R> {
    fn new(column: &'c Column<'s, R>, rows: &[R]) -> Self {
        let title = human::width(column.title) as u16;
        let mut longest = Some(title);
        if column.grow > 0 {
            let texts = rows.iter().map(|row| match (column.figure)(row) {
                Figure::Text(_, text) => Some(human::width(&text) as u16),
                Figure::Bar(_) => None,
            });
            // Where no row has anything to say, the heading is not worth its cells either.
            let most = texts.reduce(|a, b| Some(a?.max(b?)));
            longest = most.map_or(longest, |most| most.map(|most| if most == 0 { 0 } else { most.max(title) }));
        }
        // A column of names takes no more than its names do; figures keep their width whatever they are.
        let cells = if column.grow > 0 { column.width.min(longest.unwrap_or(u16::MAX)) } else { column.width };
        Self { column, cells, longest }
    }

    /// The cells up to which it would grow.
    fn wish(&self) -> u16 {
        let most = self.column.width + self.column.grow;
        self.longest.map_or(most, |longest| longest.min(most))
    }
}

/// The columns that fit `width`. Names grow first, as far as the rows need it, then bars.
fn fit<'c, 's, R>(columns: &'c [Column<'s, R>], width: u16, rows: &[R]) -> Vec<Fitted<'c, 's, R>> {
    let mut fitted: Vec<_> = columns.iter().map(|column| Fitted::new(column, rows)).collect();
    fitted.retain(|f| f.cells > 0);
    let mut order: Vec<usize> = (0..fitted.len()).collect();
    order.sort_by_key(|i| fitted.get(*i).map(|f| f.column.rank));
    let mut spare = width;
    let mut kept = vec![false; fitted.len()];
    for (nth, i) in order.into_iter().enumerate() {
        let Some(f) = fitted.get(i) else { continue };
        let cells = f.cells + if nth > 0 { GAP } else { 0 };
        // What must be shown is shown, if need be cut; the rest ends at the first that finds no room.
        if cells > spare && f.column.rank > 0 {
            break;
        }
        spare = spare.saturating_sub(cells);
        kept[i] = true;
    }
    let mut kept = kept.into_iter();
    fitted.retain(|_| kept.next() == Some(true));
    for bars in [false, true] {
        let mut moved = true;
        while spare > 0 && moved {
            moved = false;
            for f in fitted.iter_mut().filter(|f| f.column.grow > 0 && f.longest.is_none() == bars) {
                if spare > 0 && f.cells < f.wish() {
                    f.cells += 1;
                    spare -= 1;
                    moved = true;
                }
            }
        }
    }
    fitted
}

fn heading<R>(canvas: &mut Canvas<'_>, area: Rect, fitted: &[Fitted<'_, '_, R>]) {
    let mut pen = canvas.pen(area, 0);
    for (i, f) in fitted.iter().enumerate() {
        let cells = usize::from(f.cells);
        let role = if i == 0 { Role::Accent } else { Role::Dim };
        match f.column.align {
            Align::Left => pen.name(role, f.column.title, cells),
            Align::Right => pen.right(role, f.column.title, cells),
        };
        pen.skip(GAP);
    }
}

/// Writes the headings, of which the first is the table's own name, and as many rows as fit. Returns how many rows found
/// no room.
pub fn table<R>(canvas: &mut Canvas<'_>, area: Rect, columns: &[Column<'_, R>], rows: &Rows<'_, R>) -> usize {
    if area.height == 0 {
        return rows.rows.len();
    }
    let room = usize::from(area.height - 1);
    let shown = rows.rows.get(..room).unwrap_or(rows.rows);
    let fitted = fit(columns, area.width, shown);
    heading(canvas, area, &fitted);
    for (i, row) in shown.iter().enumerate() {
        let line = Rect { y: area.y + 1 + i as u16, height: 1, ..area };
        write_row(canvas, line, &fitted, row, (rows.tone)(row));
        if let (Some(x), (role, glyph)) = (area.x.checked_sub(1), (rows.mark)(row)) {
            canvas.cell(x, line.y, glyph, canvas.theme.style(role));
        }
        if rows.chosen == Some(i) {
            canvas.ground(line, Role::Panel);
        }
    }
    rows.rows.len().saturating_sub(room)
}

fn write_row<R>(canvas: &mut Canvas<'_>, line: Rect, fitted: &[Fitted<'_, '_, R>], row: &R, tone: Option<Role>) {
    let mut x = line.x;
    for Fitted { column, cells, .. } in fitted {
        let area = Rect { x, width: *cells, ..line }.intersection(line);
        match (column.figure)(row) {
            Figure::Text(role, text) => {
                let mut pen = canvas.pen(area, 0);
                let role = tone.unwrap_or(role);
                match column.align {
                    Align::Left => pen.name(role, &text, usize::from(*cells)),
                    Align::Right => pen.right(role, &text, usize::from(*cells)),
                };
            }
            Figure::Bar(value) => bar(canvas, area, value),
        }
        x = x.saturating_add(cells + GAP);
    }
}
