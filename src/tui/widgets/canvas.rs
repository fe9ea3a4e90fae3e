//! A buffer with a theme, and a pen that writes one row from left to right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::time_axis::TimeAxis;
use crate::tui::format;
use crate::tui::theme::{Role, Theme};
use crate::units::{Span as Time, Timestamp};

/// Where a frame is drawn.
pub struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// What roles look like.
    pub theme: &'a Theme,
    /// The charts that were drawn on it.
    pub plots: Vec<PlotArea>,
    /// The cells of maps that were drawn on it.
    pub spots: Vec<Spot>,
}

/// Where a part of a map stands, and what it is of, by its place in the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// A cell for all of it, or a cell for each of its parts.
    pub area: Rect,
    /// The node.
    pub of: usize,
    /// Whether its GPUs have a cell each.
    pub has_parts: bool,
}

/// Where a chart stands, and which time each of its cells is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlotArea {
    /// Where it stands.
    pub area: Rect,
    /// Its times.
    pub axis: TimeAxis,
    /// Whether a column is a dot of the axis, and not a cell: a line of eighths.
    pub is_line: bool,
}

impl PlotArea {
    /// The time of a column.
    pub fn step(&self) -> Time {
        if self.is_line { self.axis.dot() } else { self.axis.cell() }
    }

    /// The instant at which a column of the screen begins; `None` beside the chart.
    pub fn time_at(&self, x: u16) -> Option<Timestamp> {
        let column = x.checked_sub(self.area.x).filter(|column| *column < self.area.width)?;
        Some(self.axis.start() + Time::from_millis(self.step().millis().saturating_mul(i64::from(column))))
    }
}

impl<'a> Canvas<'a> {
    /// A buffer that nothing was drawn on.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme, plots: Vec::new(), spots: Vec::new() }
    }
}

impl Canvas<'_> {
    /// A pen at the start of row `row` of `area`; one that writes nothing if there is no such row.
    pub fn pen(&mut self, area: Rect, row: u16) -> Pen<'_> {
        let area = area.intersection(self.buffer.area);
        let end = if row < area.height { area.right() } else { area.left() };
        Pen { x: area.left(), y: area.top().saturating_add(row), end, buffer: self.buffer, theme: self.theme }
    }

    /// One cell.
    pub fn cell(&mut self, x: u16, y: u16, glyph: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(glyph).set_style(style);
        }
    }

    /// Takes back what was written in `area`.
    pub fn clear(&mut self, area: Rect) {
        let style = self.theme.style(Role::Ground);
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }

    /// Paints the ground of `area` with a role.
    pub fn ground(&mut self, area: Rect, role: Role) {
        let style = if role == Role::Panel { self.theme.panel() } else { self.theme.style(role) };
        self.buffer.set_style(area, style);
    }
}

/// Writes one row, and never beyond its end.
pub struct Pen<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    x: u16,
    y: u16,
    end: u16,
}

impl Pen<'_> {
    /// How many cells are left.
    pub fn left(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Where it stands.
    pub fn x(&self) -> u16 {
        self.x
    }

    /// Leaves cells as they are.
    pub fn skip(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.end);
        self
    }

    /// Goes on at column `x`, unless it is past it.
    pub fn to(&mut self, x: u16) -> &mut Self {
        self.x = x.clamp(self.x.min(self.end), self.end);
        self
    }

    /// Writes `text`.
    pub fn put(&mut self, role: Role, text: &str) -> &mut Self {
        let style = self.theme.style(role);
        self.styled(text, style)
    }

    /// Writes `text` in bold.
    pub fn strong(&mut self, role: Role, text: &str) -> &mut Self {
        let style = self.theme.style(role).add_modifier(Modifier::BOLD);
        self.styled(text, style)
    }

    /// Writes `text`, shortened in its middle, and goes on `cells` cells further.
    pub fn name(&mut self, role: Role, text: &str, cells: usize) -> &mut Self {
        let end = self.x.saturating_add(cells as u16).min(self.end);
        let room = usize::from(end - self.x);
        self.put(role, &format::shorten(text, room)).to(end)
    }

    /// Writes `text` so that it ends `cells` cells further.
    pub fn right(&mut self, role: Role, text: &str, cells: usize) -> &mut Self {
        let cells = cells.min(self.left());
        let text = format::shorten(text, cells);
        self.skip((cells - format::width(&text)) as u16).put(role, &text)
    }

    fn styled(&mut self, text: &str, style: Style) -> &mut Self {
        if self.left() > 0 {
            self.x = self.buffer.set_stringn(self.x, self.y, text, self.left(), style).0;
        }
        self
    }
}

/// A piece of text with a role.
pub type TextSpan = (Role, String);

/// Lays facts side by side, `gap` cells apart, and in further rows where one is full. A fact is never broken; one that
/// finds no room is left out. Returns the rows used.
pub fn flow(canvas: &mut Canvas<'_>, area: Rect, facts: &[Vec<TextSpan>], gap: u16) -> u16 {
    let (mut row, mut used) = (0, 0_u16);
    for fact in facts {
        let cells = fact.iter().map(|(_, text)| format::width(text)).sum::<usize>() as u16;
        let start = if used == 0 { 0 } else { used + gap };
        let start = if start + cells > area.width && used > 0 {
            row += 1;
            0
        } else {
            start
        };
        if row >= area.height {
            return area.height;
        }
        let mut pen = canvas.pen(area, row);
        pen.skip(start);
        for (role, text) in fact {
            // A fact that is wider than the area ends between words.
            pen.put(*role, &format::cut(text, pen.left()));
        }
        used = start + cells;
    }
    row + u16::from(used > 0)
}
