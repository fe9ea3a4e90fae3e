//! The body of a response as it arrives: as it is, or unpacked from gzip of any number of members (RFC 1952, 2.2), up to a
//! limit on the unpacked size.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use hyper::header::{CONTENT_ENCODING, HeaderMap};

use crate::reading::{Label, ScrapeError};

/// A body that is received.
pub(super) enum UnpackedBody {
    Plain(LimitedBuffer),
    Gzip(Box<MultiGzDecoder<LimitedBuffer>>),
}

/// A buffer that takes no more than so many bytes.
pub(super) struct LimitedBuffer {
    bytes: Vec<u8>,
    cap: usize,
    /// Whether more came.
    is_full: bool,
}

impl UnpackedBody {
    /// An empty body of a response with these headers, to be received into `buffer`.
    pub(super) fn of(headers: &HeaderMap, buffer: Vec<u8>, cap: usize) -> Result<Self, ScrapeError> {
        let buffer = LimitedBuffer { bytes: buffer, cap, is_full: false };
        let encoding = headers.get(CONTENT_ENCODING).and_then(|encoding| encoding.to_str().ok()).unwrap_or_default();
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Plain(buffer)),
            "gzip" | "x-gzip" => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(buffer)))),
            other => {
                let why = format!("its body is encoded as {other}, although none was asked for; only gzip is unpacked");
                Err(ScrapeError::Other(Label::new(&why)))
            }
        }
    }

    /// Takes bytes as they arrived.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<(), ScrapeError> {
        let taken = match self {
            Self::Plain(buffer) => buffer.write_all(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk),
        };
        taken.map_err(|_| self.buffer().failure())
    }

    /// The length so far, unpacked.
    pub(super) fn length(&self) -> usize {
        self.buffer().bytes.len()
    }

    /// The whole body; an error if the end of its last member is missing.
    pub(super) fn finish(self) -> Result<Vec<u8>, ScrapeError> {
        match self {
            Self::Plain(buffer) => Ok(buffer.bytes),
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes)),
                Err(_) => Err(decoder.get_ref().failure()),
            },
        }
    }

    fn buffer(&self) -> &LimitedBuffer {
        match self {
            Self::Plain(buffer) => buffer,
            Self::Gzip(decoder) => decoder.get_ref(),
        }
    }
}

impl LimitedBuffer {
    /// Why bytes could not be taken: too many, or they are not what they should be.
    const fn failure(&self) -> ScrapeError {
        if self.is_full { ScrapeError::TooLarge(self.cap as u64) } else { ScrapeError::Cut(self.bytes.len() as u64) }
    }
}

impl Write for LimitedBuffer {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + chunk.len() > self.cap {
            self.is_full = true;
            return Err(io::Error::other("too large"));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
