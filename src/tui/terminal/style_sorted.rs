//! A backend that minimises bytes: cells of one style are written together, state that is already set is not set again,
//! the cursor moves by the shorter sequence, and a frame without changes writes nothing.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, IntoCrossterm, WindowSize};
use ratatui::buffer::Cell;
use ratatui::crossterm::cursor::{MoveDown, MoveRight, MoveTo, MoveToColumn};
use ratatui::crossterm::queue;
use ratatui::crossterm::style::{Attribute, Print, SetAttribute, SetBackgroundColor, SetForegroundColor};
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// Begins a synchronized update: the terminal shows what follows at once.
const BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends it.
const END: &[u8] = b"\x1b[?2026l";

/// Back by so many columns a byte each is shorter than any sequence.
const MOST_BACKSPACES: u16 = 3;
const BACKSPACES: [u8; MOST_BACKSPACES as usize] = [8; MOST_BACKSPACES as usize];

/// Writes changed cells by style, not by row: moving the cursor takes 1 to 9 bytes, changing a colour 19.
pub struct StyleSortedBackend<W: Write> {
    writer: W,
    size: Box<dyn Fn() -> io::Result<Size>>,
    begun: bool,
}

/// The terminal's state since the frame began.
#[derive(Debug, Clone, Copy, PartialEq)]
struct TerminalStyle {
    /// The position of the next cell; `None` where terminals may disagree.
    cursor: Option<Position>,
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl<W: Write> StyleSortedBackend<W> {
    /// Writes to `writer`, a terminal with the size that `size` returns.
    pub fn new(writer: W, size: impl Fn() -> io::Result<Size> + 'static) -> Self {
        Self { writer, size: Box::new(size), begun: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        self.writer.write_all(BEGIN)
    }

    /// Resets the known state: others may have written to the terminal since the last frame.
    fn reset(&mut self) -> io::Result<TerminalStyle> {
        queue!(self.writer, SetAttribute(Attribute::Reset))?;
        Ok(TerminalStyle { cursor: None, fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() })
    }

    fn style(&mut self, mut current: TerminalStyle, cell: &Cell) -> io::Result<TerminalStyle> {
        if !cell.modifier.contains(current.modifier) {
            current = TerminalStyle { cursor: current.cursor, ..self.reset()? };
        }
        for (flag, attribute) in ATTRIBUTES {
            if cell.modifier.contains(flag) && !current.modifier.contains(flag) {
                queue!(self.writer, SetAttribute(attribute))?;
            }
        }
        if cell.fg != current.fg {
            queue!(self.writer, SetForegroundColor(cell.fg.into_crossterm()))?;
        }
        if cell.bg != current.bg {
            queue!(self.writer, SetBackgroundColor(cell.bg.into_crossterm()))?;
        }
        Ok(TerminalStyle { cursor: current.cursor, fg: cell.fg, bg: cell.bg, modifier: cell.modifier })
    }

    fn move_to(&mut self, from: Option<Position>, x: u16, y: u16) -> io::Result<()> {
        match from {
            Some(at) if at.y == y && at.x == x => Ok(()),
            Some(at) if at.y == y && at.x < x => queue!(self.writer, MoveRight(x - at.x)),
            Some(at) if at.y <= y && at.x > x && at.x - x <= MOST_BACKSPACES => {
                if at.y < y {
                    self.down(y - at.y)?;
                }
                self.writer.write_all(&BACKSPACES[..usize::from(at.x - x)])
            }
            Some(at) if at.y == y => queue!(self.writer, MoveToColumn(x)),
            Some(at) if at.x == x && at.y < y => self.down(y - at.y),
            _ => queue!(self.writer, MoveTo(x, y)),
        }
    }

    fn down(&mut self, rows: u16) -> io::Result<()> {
        if rows == 1 { self.writer.write_all(b"\x1b[B") } else { queue!(self.writer, MoveDown(rows)) }
    }
}

/// The attributes that a style may have.
const ATTRIBUTES: [(Modifier, Attribute); 9] = [
    (Modifier::BOLD, Attribute::Bold),
    (Modifier::DIM, Attribute::Dim),
    (Modifier::ITALIC, Attribute::Italic),
    (Modifier::UNDERLINED, Attribute::Underlined),
    (Modifier::SLOW_BLINK, Attribute::SlowBlink),
    (Modifier::RAPID_BLINK, Attribute::RapidBlink),
    (Modifier::REVERSED, Attribute::Reverse),
    (Modifier::HIDDEN, Attribute::Hidden),
    (Modifier::CROSSED_OUT, Attribute::CrossedOut),
];

/// The position of the cursor after a cell; `None` after the last cell of a row, and where terminals may disagree on
/// the width.
fn after(x: u16, y: u16, symbol: &str, columns: u16) -> Option<Position> {
    let mut chars = symbol.chars();
    let is_plain = chars.next().is_some_and(is_narrow) && chars.next().is_none();
    (is_plain && x + 1 < columns).then_some(Position { x: x + 1, y })
}

/// Latin letters and the characters of charts and rules.
fn is_narrow(char: char) -> bool {
    matches!(char, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{24f}' | '\u{2010}'..='\u{203a}' | '\u{2190}'..='\u{22ff}' | '\u{2500}'..='\u{25ff}' | '\u{2800}'..='\u{28ff}')
}

/// The order of a colour; equal for equal colours.
fn colour_key(colour: Color) -> u32 {
    match colour {
        Color::Rgb(r, g, b) => u32::from_be_bytes([2, r, g, b]),
        Color::Indexed(i) => u32::from_be_bytes([1, 0, 0, i]),
        Color::Reset => 0,
        Color::Black => 1,
        Color::Red => 2,
        Color::Green => 3,
        Color::Yellow => 4,
        Color::Blue => 5,
        Color::Magenta => 6,
        Color::Cyan => 7,
        Color::Gray => 8,
        Color::DarkGray => 9,
        Color::LightRed => 10,
        Color::LightGreen => 11,
        Color::LightYellow => 12,
        Color::LightBlue => 13,
        Color::LightMagenta => 14,
        Color::LightCyan => 15,
        Color::White => 16,
    }
}

impl<W: Write> Backend for StyleSortedBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut cells: Vec<_> = content.collect();
        if cells.is_empty() {
            return Ok(());
        }
        cells.sort_unstable_by_key(|(x, y, cell)| {
            (colour_key(cell.bg), cell.modifier.bits(), colour_key(cell.fg), *y, *x)
        });
        self.begin()?;
        let columns = (self.size)()?.width;
        let mut current = self.reset()?;
        for (x, y, cell) in cells {
            self.move_to(current.cursor, x, y)?;
            current = self.style(current, cell)?;
            queue!(self.writer, Print(cell.symbol()))?;
            current.cursor = after(x, y, cell.symbol(), columns);
        }
        Ok(())
    }

    /// Does nothing: the cursor is hidden while the dashboard runs.
    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The terminal is never asked, since it would have to answer.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, _position: P) -> io::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, _what: ClearType) -> io::Result<()> {
        self.begin()?;
        self.writer.write_all(b"\x1b[0m\x1b[2J")
    }

    fn size(&self) -> io::Result<Size> {
        (self.size)()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: (self.size)()?, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.begun {
            return Ok(());
        }
        self.begun = false;
        self.writer.write_all(END)?;
        self.writer.flush()
    }
}
