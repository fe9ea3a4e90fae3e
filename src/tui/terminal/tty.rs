//! Raw mode and the alternate screen: entered, left, left again without harm, and given up without waiting.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ratatui::layout::Size;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// The alternate screen, cleared, without a cursor, with cells in the order in which they are written, also of right-to-left
/// letters (8, BDSM); all of the mouse (1000 where 1003 is not known), in the form without
/// limits.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1003h\x1b[?1006h\x1b[8l\x1b[0m\x1b[2J";
/// The end of any update that was cut, no mouse, the user's screen and cursor.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[8h\x1b[?1006l\x1b[?1003l\x1b[?1000l\x1b[0m\x1b[?25h\x1b[?1049l";
/// How long a last write may take when the terminal is given up.
const LAST_WRITE: Duration = Duration::from_millis(50);

/// The controlling terminal, with the modes in which it was found.
#[derive(Debug)]
pub(in crate::tui) struct Tty {
    input: OwnedFd,
    output: File,
    original: Termios,
    entered: AtomicBool,
}

impl Tty {
    /// Opens what is on standard output, and standard input or else `/dev/tty`.
    ///
    /// # Errors
    /// If standard output is no terminal.
    pub(in crate::tui) fn open() -> io::Result<Self> {
        if !io::stdout().is_terminal() {
            let what = "the dashboard needs a terminal; for a pipe or a file there is `margintop once`";
            return Err(io::Error::other(what));
        }
        let input = if io::stdin().is_terminal() {
            io::stdin().as_fd().try_clone_to_owned()?
        } else {
            File::open("/dev/tty")?.into()
        };
        let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let original = tcgetattr(&input)?;
        Ok(Self { input, output, original, entered: AtomicBool::new(false) })
    }

    /// Where keys come from.
    pub(in crate::tui) fn input(&self) -> &OwnedFd {
        &self.input
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
        let size = tcgetwinsize(&self.output)?;
        Ok(super::drawn_size(size.ws_col, size.ws_row))
    }

    /// Takes the terminal, also when it was taken before.
    pub(in crate::tui) fn enter(&self) -> io::Result<()> {
        let mut raw = self.original.clone();
        raw.make_raw();
        self.entered.store(true, Ordering::SeqCst);
        tcsetattr(&self.input, OptionalActions::Now, &raw)?;
        (&self.output).write_all(ENTER)
    }

    /// Gives it back as it was found; the second time does nothing. A terminal that is gone is not an error.
    pub(in crate::tui) fn leave(&self) {
        if self.entered.swap(false, Ordering::SeqCst) {
            (&self.output).write_all(LEAVE).ok();
            self.restore();
        }
    }

    /// Gives it back without waiting for it: for when a write may be stuck.
    pub(in crate::tui) fn abandon(&self) {
        if !self.entered.swap(false, Ordering::SeqCst) {
            return;
        }
        self.restore();
        let Ok(mut output) = self.output.try_clone() else { return };
        let (done, written) = mpsc::channel();
        let last_words = thread::Builder::new().name("last write".to_owned()).spawn(move || {
            output.write_all(LEAVE).ok();
            done.send(()).ok();
        });
        if last_words.is_ok() {
            written.recv_timeout(LAST_WRITE).ok();
        }
    }

    /// Sets the modes at once; waits for no output to drain.
    fn restore(&self) {
        tcsetattr(&self.input, OptionalActions::Now, &self.original).ok();
    }
}
