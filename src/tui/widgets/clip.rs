//! A part of the canvas with coordinates relative to its top left corner. Nothing is written outside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Canvas, Segment, cells};
use crate::tui::format;
use crate::tui::theme::{Glyphs, Ink, Role, Theme};

/// The digits of the load levels in ASCII mode.
const TENTHS: [char; 7] = ['0', '2', '3', '4', '6', '7', '9'];

/// The area that a widget draws in.
pub struct Clip<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    area: Rect,
}

/// The digit of an ink of the load scale in ASCII mode; `None` for other inks.
pub(super) fn tenths(ink: Ink) -> Option<char> {
    let Ink::Heat(twelfths) = ink else { return None };
    TENTHS.get(usize::from(twelfths / 2)).copied()
}

impl Canvas<'_> {
    /// Clips drawing to the part of `area` that lies on the canvas.
    pub fn clip(&mut self, area: Rect) -> Clip<'_> {
        let area = area.intersection(self.buffer.area);
        Clip { buffer: self.buffer, theme: self.theme, area }
    }
}

impl Clip<'_> {
    /// The width in cells.
    pub fn width(&self) -> u16 {
        self.area.width
    }

    /// The height in rows.
    pub fn height(&self) -> u16 {
        self.area.height
    }

    /// Whether the theme has colours; otherwise layers differ in their glyphs.
    pub fn has_colour(&self) -> bool {
        self.theme.has_colour()
    }

    /// Whether only ASCII can be shown.
    pub fn is_ascii(&self) -> bool {
        self.theme.glyphs() == Glyphs::Ascii
    }

    /// The glyph in a cell; a space outside the area.
    pub fn glyph(&self, x: u16, y: u16) -> &str {
        self.place(x, y).and_then(|place| self.buffer.cell(place)).map_or(" ", |cell| cell.symbol())
    }

    /// Writes a glyph of one cell and keeps the background.
    pub fn put(&mut self, x: u16, y: u16, glyph: char, ink: impl Into<Ink>) {
        let style = self.theme.ink(ink.into());
        self.styled(x, y, glyph, style);
    }

    /// Writes a glyph of one cell in bold.
    pub fn put_bold(&mut self, x: u16, y: u16, glyph: char, ink: impl Into<Ink>) {
        let style = self.theme.ink(ink.into()).add_modifier(Modifier::BOLD);
        self.styled(x, y, glyph, style);
    }

    /// Writes a glyph of one cell on a background in the ink `behind`. A theme without colours keeps the background.
    pub fn put_before(&mut self, x: u16, y: u16, glyph: char, ink: Ink, behind: Ink) {
        let style = self.theme.behind(behind).unwrap_or_default();
        self.styled(x, y, glyph, self.theme.ink(ink).patch(style));
    }

    /// Fills a row with a glyph.
    pub fn fill(&mut self, y: u16, glyph: char, ink: impl Into<Ink>) {
        let ink = ink.into();
        for x in 0..self.width() {
            self.put(x, y, glyph, ink);
        }
    }

    /// Writes segments from `x` on. Returns the column after them.
    pub fn line(&mut self, x: u16, y: u16, segments: &[Segment<'_>]) -> u16 {
        segments.iter().fold(x, |x, segment| self.segment(x, y, segment))
    }

    /// Writes segments so that they end before `end`; they are cut at the right if they do not fit.
    pub fn line_to(&mut self, end: u16, y: u16, segments: &[Segment<'_>]) {
        let x = usize::from(end).saturating_sub(cells(segments)) as u16;
        self.line(x, y, segments);
    }

    /// Writes segments into `width` cells. If they need more, their text is shortened in the middle and has the ink of the
    /// last segment; in place of a figure, which is right-aligned, there is an ellipsis. Returns the number of cells written.
    pub fn line_within(&mut self, x: u16, y: u16, width: u16, segments: &[Segment<'_>], right: bool) -> u16 {
        let needed = cells(segments);
        if needed <= usize::from(width) {
            let start = if right { x.saturating_add(width - needed as u16) } else { x };
            self.line(start, y, segments);
            return needed as u16;
        }
        let whole: String = segments.iter().map(|segment| segment.text.as_ref()).collect();
        let Some(last) = segments.last() else { return 0 };
        // A figure is whole, or an ellipsis stands for it.
        let is_figure = right && whole.contains(|c: char| c.is_ascii_digit());
        let text = match format::shorten(&whole, usize::from(width)) {
            _ if is_figure && width > 0 => "…".to_owned(),
            short if format::cuts_figure(&short) => format::cut_at_word(&whole, usize::from(width)),
            short => short,
        };
        let text = if format::cuts_figure(&text) { "…".to_owned() } else { text };
        let short = Segment { text: text.into(), ink: last.ink, bold: last.bold };
        let taken = short.width() as u16;
        let start = if right { x.saturating_add(width.saturating_sub(taken)) } else { x };
        self.segment(start, y, &short);
        taken
    }

    fn segment(&mut self, x: u16, y: u16, segment: &Segment<'_>) -> u16 {
        let mut style = self.theme.ink(segment.ink);
        if segment.bold {
            style = style.add_modifier(Modifier::BOLD);
        }
        let end = x.saturating_add(segment.width().min(usize::from(u16::MAX)) as u16);
        if let Some((left, top)) = self.place(x, y) {
            let room = usize::from(self.area.right() - left);
            // A block of the load scale in a legend.
            let tenths = tenths(segment.ink).filter(|_| self.is_ascii());
            match tenths {
                Some(digit) => self.styled(x, y, digit, style),
                None => drop(self.buffer.set_stringn(left, top, format::held(&segment.text, room), room, style)),
            }
        }
        end
    }

    /// Erases a row and gives it the panel background.
    pub fn blank_panel(&mut self, y: u16) {
        for x in 0..self.width() {
            if let Some(cell) = self.place(x, y).and_then(|place| self.buffer.cell_mut(place)) {
                cell.reset();
                cell.set_style(self.theme.style(Role::Ground));
                cell.set_style(self.theme.style(Role::Panel));
            }
        }
    }

    /// Gives a row the panel background and keeps its text.
    pub fn panel(&mut self, y: u16) {
        if y < self.height() {
            let row = Rect { y: self.area.y + y, height: 1, ..self.area };
            self.buffer.set_style(row, self.theme.panel());
        }
    }

    fn styled(&mut self, x: u16, y: u16, glyph: char, style: Style) {
        if let Some(cell) = self.place(x, y).and_then(|place| self.buffer.cell_mut(place)) {
            cell.set_char(glyph).set_style(style);
        }
    }

    fn place(&self, x: u16, y: u16) -> Option<(u16, u16)> {
        (x < self.area.width && y < self.area.height).then(|| (self.area.x + x, self.area.y + y))
    }
}
