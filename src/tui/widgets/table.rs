//! Rows and columns: columns that find no room are left out, the least important first.

use ratatui::layout::Rect;

use super::{Canvas, bar};
use crate::tui::human;
use crate::tui::theme::Role;
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
    /// Its least width.
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

/// The columns that fit `width`, with their widths. Names grow as far as the rows need it, then bars.
fn fit<'c, 's, R>(columns: &'c [Column<'s, R>], width: u16, rows: &[R]) -> Vec<(&'c Column<'s, R>, u16)> {
    let total = |rank: u8| -> u16 {
        let shown = columns.iter().filter(|c| c.rank <= rank);
        shown.map(|c| c.width + GAP).sum::<u16>().saturating_sub(GAP)
    };
    let highest = columns.iter().map(|c| c.rank).max().unwrap_or(0);
    let rank = (0..=highest).rev().find(|rank| total(*rank) <= width).unwrap_or(0);
    let mut spare = width.saturating_sub(total(rank));
    let mut fitted: Vec<_> = columns.iter().filter(|c| c.rank <= rank).map(|c| (c, c.width)).collect();
    let needs: Vec<Need> = fitted.iter().map(|(column, _)| need(column, rows)).collect();
    for pass in [Need::text, Need::bar] {
        let mut moved = true;
        while spare > 0 && moved {
            moved = false;
            for ((_, cells), need) in fitted.iter_mut().zip(&needs) {
                if spare > 0 && *cells < pass(*need) {
                    *cells += 1;
                    spare -= 1;
                    moved = true;
                }
            }
        }
    }
    fitted
}

/// How wide a column would like to be.
#[derive(Clone, Copy)]
enum Need {
    Text(u16),
    Bar(u16),
}

impl Need {
    fn text(self) -> u16 {
        if let Self::Text(cells) = self { cells } else { 0 }
    }

    fn bar(self) -> u16 {
        if let Self::Bar(cells) = self { cells } else { 0 }
    }
}

fn need<R>(column: &Column<'_, R>, rows: &[R]) -> Need {
    let most = column.width + column.grow;
    if column.grow == 0 {
        return Need::Text(column.width);
    }
    let mut widest = 0;
    for row in rows {
        match (column.figure)(row) {
            Figure::Bar(_) => return Need::Bar(most),
            Figure::Text(_, text) => widest = widest.max(human::width(&text) as u16),
        }
    }
    Need::Text(widest.min(most))
}

fn heading<R>(canvas: &mut Canvas<'_>, area: Rect, fitted: &[(&Column<'_, R>, u16)]) {
    let mut pen = canvas.pen(area, 0);
    for (i, (column, cells)) in fitted.iter().enumerate() {
        let cells = usize::from(*cells);
        let role = if i == 0 { Role::Accent } else { Role::Dim };
        match column.align {
            Align::Left => pen.name(role, column.title, cells),
            Align::Right => pen.right(role, column.title, cells),
        };
        pen.skip(GAP);
    }
}

/// Writes the headings, of which the first is the table's own name, and as many rows as fit. Returns how many rows found no room.
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
            canvas.ground(line, Role::Selection);
        }
    }
    rows.rows.len().saturating_sub(room)
}

fn write_row<R>(canvas: &mut Canvas<'_>, line: Rect, fitted: &[(&Column<'_, R>, u16)], row: &R, tone: Option<Role>) {
    let mut x = line.x;
    for (column, cells) in fitted {
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
