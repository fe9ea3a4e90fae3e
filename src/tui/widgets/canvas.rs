//! A buffer with a theme, and a writer that writes a row from left to right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::time_axis::TimeAxis;
use crate::tui::format;
use crate::tui::theme::{Role, Theme};
use crate::units::{Span as Time, Timestamp};

/// The surface that a frame is drawn on.
pub struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// The styles of roles.
    pub theme: &'a Theme,
    /// The charts drawn on it.
    pub plots: Vec<PlotArea>,
    /// The map cells drawn on it.
    pub spots: Vec<Spot>,
}

/// A part of a map: its area and the node that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// One cell for the node, or one for each of its GPUs.
    pub area: Rect,
    /// The index of the node in the snapshot.
    pub of: usize,
    /// Whether its GPUs have a cell each.
    pub has_parts: bool,
}

/// The area of a chart and its time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlotArea {
    /// The area.
    pub area: Rect,
    /// The time axis.
    pub axis: TimeAxis,
    /// Whether a column is a dot of the axis instead of a cell, as in sparklines.
    pub is_line: bool,
}

impl PlotArea {
    /// The duration of a column.
    pub fn step(&self) -> Time {
        if self.is_line { self.axis.dot() } else { self.axis.cell() }
    }

    /// The time at which a screen column begins; `None` outside the chart.
    pub fn time_at(&self, x: u16) -> Option<Timestamp> {
        let column = x.checked_sub(self.area.x).filter(|column| *column < self.area.width)?;
        Some(self.axis.start() + Time::from_millis(self.step().millis().saturating_mul(i64::from(column))))
    }
}

impl<'a> Canvas<'a> {
    /// A canvas on which nothing has been drawn.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme, plots: Vec::new(), spots: Vec::new() }
    }
}

impl Canvas<'_> {
    /// A writer at the start of row `row` of `area`. Without such a row, the writer writes nothing.
    pub fn writer(&mut self, area: Rect, row: u16) -> RowWriter<'_> {
        let area = area.intersection(self.buffer.area);
        let end = if row < area.height { area.right() } else { area.left() };
        RowWriter { x: area.left(), y: area.top().saturating_add(row), end, buffer: self.buffer, theme: self.theme }
    }

    /// Sets one cell.
    pub fn cell(&mut self, x: u16, y: u16, glyph: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(glyph).set_style(style);
        }
    }

    /// Erases `area`.
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

    /// Sets the background of `area` to a role.
    pub fn ground(&mut self, area: Rect, role: Role) {
        let style = if role == Role::Panel { self.theme.panel() } else { self.theme.style(role) };
        self.buffer.set_style(area, style);
    }
}

/// Writes text in a row, and never beyond its end.
pub struct RowWriter<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    x: u16,
    y: u16,
    end: u16,
}

impl RowWriter<'_> {
    /// The number of cells left.
    pub fn left(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// The column of the next cell.
    pub fn x(&self) -> u16 {
        self.x
    }

    /// Skips cells, which keep their content.
    pub fn skip(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.end);
        self
    }

    /// Moves to column `x`, unless the writer is past it.
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

    /// Writes `text`, shortened in the middle to `cells` cells, and moves `cells` cells on.
    pub fn name(&mut self, role: Role, text: &str, cells: usize) -> &mut Self {
        let end = self.x.saturating_add(cells as u16).min(self.end);
        let room = usize::from(end - self.x);
        self.put(role, &format::shorten(text, room)).to(end)
    }

    /// Writes `text` right-aligned in the next `cells` cells.
    pub fn right(&mut self, role: Role, text: &str, cells: usize) -> &mut Self {
        let cells = cells.min(self.left());
        let is_whole = format::width(text) <= cells || !text.contains(|c: char| c.is_ascii_digit());
        let text = if is_whole || cells == 0 { format::shorten(text, cells) } else { "…".to_owned() };
        self.skip((cells - format::width(&text)) as u16).put(role, &text)
    }

    fn styled(&mut self, text: &str, style: Style) -> &mut Self {
        if self.left() > 0 {
            self.x = self.buffer.set_stringn(self.x, self.y, format::held(text, self.left()), self.left(), style).0;
        }
        self
    }
}

/// A piece of text in a role.
pub type TextSpan = (Role, String);

/// Lays out facts side by side, `gap` cells apart, continuing in further rows. A fact is never split; one that does not fit
/// is left out. Returns the number of rows used.
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
        let mut writer = canvas.writer(area, row);
        writer.skip(start);
        for (role, text) in fact {
            // A fact wider than the area is cut between words, and never inside a figure.
            writer.put(*role, &format::cut_with_figures(text, writer.left()));
        }
        used = start + cells;
    }
    row + u16::from(used > 0)
}
