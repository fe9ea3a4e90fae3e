//! The console of Windows: raw mode and the alternate screen, entered, left, and left again without harm.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::windows::io::AsHandle;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use ratatui::crossterm::{execute, terminal};
use ratatui::layout::Size;

/// The alternate screen, cleared, without a cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[0m\x1b[2J";
/// The end of any update that was cut, the user's screen and cursor.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?25h\x1b[?1049l";

/// The console.
#[derive(Debug)]
pub(in crate::tui) struct Tty {
    output: File,
    entered: AtomicBool,
}

impl Tty {
    /// Opens what is on standard output.
    ///
    /// # Errors
    /// If standard output is no console, or one that knows no escape sequences.
    pub(in crate::tui) fn open() -> io::Result<Self> {
        if !io::stdout().is_terminal() {
            let what = "the dashboard needs a terminal; for a pipe or a file there is `margintop once`";
            return Err(io::Error::other(what));
        }
        if !ratatui::crossterm::ansi_support::supports_ansi() {
            return Err(io::Error::other("this console knows no escape sequences: use Windows Terminal"));
        }
        let output = File::from(io::stdout().as_handle().try_clone_to_owned()?);
        Ok(Self { output, entered: AtomicBool::new(false) })
    }

    /// Another handle to write frames to.
    pub(in crate::tui) fn writer(&self) -> io::Result<File> {
        self.output.try_clone()
    }

    /// Writes bytes that are no part of a frame.
    pub(in crate::tui) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.output).write_all(bytes)
    }

    /// Columns and rows.
    pub(in crate::tui) fn size(&self) -> io::Result<Size> {
        let (columns, rows) = terminal::size()?;
        Ok(super::drawn_size(columns, rows))
    }

    /// Takes the console, also when it was taken before.
    pub(in crate::tui) fn enter(&self) -> io::Result<()> {
        self.entered.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        execute!(&self.output, EnableMouseCapture)?;
        (&self.output).write_all(ENTER)
    }

    /// Gives it back as it was found; the second time does nothing.
    pub(in crate::tui) fn leave(&self) {
        if self.entered.swap(false, Ordering::SeqCst) {
            (&self.output).write_all(LEAVE).ok();
            execute!(&self.output, DisableMouseCapture).ok();
            terminal::disable_raw_mode().ok();
        }
    }

    /// Gives it back as it is: a console's write does not get stuck.
    pub(in crate::tui) fn abandon(&self) {
        self.leave();
    }
}
