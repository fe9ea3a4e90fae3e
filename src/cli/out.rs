//! Output to stdout. If the reader closes the pipe, later output is dropped, and the
//! program ends successfully.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};

use super::Failure;
use crate::tui::theme::Glyphs;

/// Stdout, until its reader closes it.
#[derive(Debug, Default)]
pub(super) struct Stdout {
    is_closed: bool,
}

impl Stdout {
    /// Whether the reader closed it.
    pub(super) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The result of writing, or `whole` if the pipe is closed.
    fn settle<T>(&mut self, written: io::Result<T>, whole: T) -> io::Result<T> {
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(whole)
            }
            written => written,
        }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let written = io::stdout().lock().write(bytes);
        self.settle(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let flushed = io::stdout().lock().flush();
        self.settle(flushed, ())
    }
}

/// A text for stdout: on a terminal whose locale is not UTF-8, in ASCII.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    if io::stdout().is_terminal() { glyphs().text(text) } else { Cow::Borrowed(text) }
}

fn glyphs() -> Glyphs {
    Glyphs::detect(|name| std::env::var(name).ok())
}

/// Prints a text.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let (mut out, text) = (Stdout::default(), shown(text));
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints a text for people. A minus is printed as `-`, which other programs read.
pub(super) fn text(text: &str) -> Result<(), Failure> {
    print(&with_hyphens(text))
}

/// A text in which the minus of the screen is `-`.
pub(super) fn with_hyphens(text: &str) -> String {
    text.replace('−', "-")
}

/// Prints a line.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    print(&format!("{text}\n"))
}

/// Prints a message to stderr, each line with the program's name. Errors of stderr are ignored.
pub(super) fn to_stderr(why: &str) {
    let mut err = io::stderr().lock();
    let why = if err.is_terminal() { glyphs().text(why) } else { Cow::Borrowed(why) };
    for line in why.lines() {
        // The message may quote outside text like file names.
        let harmless: String = line.chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(err, "margintop: {harmless}");
    }
}
