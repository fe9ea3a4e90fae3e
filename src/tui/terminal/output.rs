//! What goes to the terminal: gathered for a frame, then written at once.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gathers until it is flushed.
#[derive(Debug)]
pub struct Output {
    sink: File,
    gathered: Vec<u8>,
    written: Arc<AtomicU64>,
}

impl Output {
    /// Writes to `sink`.
    pub fn new(sink: File) -> Self {
        Self { sink, gathered: Vec::with_capacity(16 * 1024), written: Arc::default() }
    }

    /// How many bytes have been written in all, as long as it lives.
    pub fn written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.sink.write_all(&self.gathered);
        self.written.fetch_add(self.gathered.len() as u64, Ordering::Relaxed);
        self.gathered.clear();
        written
    }
}
