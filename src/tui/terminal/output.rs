//! What goes to the terminal: gathered for a frame, then written at once.

use std::fs::File;
use std::io::{self, Write};

/// Gathers until it is flushed.
#[derive(Debug)]
pub struct Output {
    sink: File,
    gathered: Vec<u8>,
}

impl Output {
    /// Writes to `sink`.
    pub fn new(sink: File) -> Self {
        Self { sink, gathered: Vec::with_capacity(16 * 1024) }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.sink.write_all(&self.gathered);
        self.gathered.clear();
        written
    }
}
