//! What goes to stdout. A reader that closes the pipe has read enough: later output is dropped, and the
//! program ends as if it had been read.

use std::io::{self, ErrorKind, Write};

use super::Failure;

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

    /// The result of writing, or `whole` if the reader is gone.
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

/// Prints text as it is.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = Stdout::default();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints a line.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    print(&format!("{text}\n"))
}

/// Says something on stderr, line by line. A terminal that is gone is no error.
pub(super) fn tell(why: &str) {
    let mut err = std::io::stderr().lock();
    for line in why.lines() {
        // It may quote a file's name, a key or an address.
        let harmless: String = line.chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(err, "margintop: {harmless}");
    }
}
