//! A backend that counts its bytes: cells of one style go together, and a frame without a change writes nothing.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::Color;

/// Begins a synchronized update: the terminal shows what follows at once.
const BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends it.
const END: &[u8] = b"\x1b[?2026l";

/// Crossterm's backend, in an order that costs less. To move the cursor takes some 8 bytes and to change both colours
/// some 38, so that changed cells are written style by style and not row by row.
pub struct StyleSortedBackend<W: Write> {
    inner: CrosstermBackend<W>,
    size: Box<dyn Fn() -> io::Result<Size>>,
    begun: bool,
}

impl<W: Write> StyleSortedBackend<W> {
    /// Writes to `writer`, a terminal whose size `size` tells.
    pub fn new(writer: W, size: impl Fn() -> io::Result<Size> + 'static) -> Self {
        Self { inner: CrosstermBackend::new(writer), size: Box::new(size), begun: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        self.inner.write_all(BEGIN)
    }
}

/// A number that is the same for the same colour, and orders the others.
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
        self.inner.draw(cells.into_iter())
    }

    /// Nothing to do: the cursor is hidden from the terminal's entering to its leaving.
    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Never asked of the terminal, which would have to answer.
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
        self.inner.write_all(b"\x1b[0m\x1b[2J")
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
        self.inner.write_all(END)?;
        Write::flush(&mut self.inner)
    }
}
