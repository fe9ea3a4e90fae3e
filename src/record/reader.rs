//! Reads a recording, entry by entry, up to its end or to where it was truncated.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::{RecordError, RecordErrorKind};
use super::{FORMAT, RecordingEntry, RecordingHeader};
use crate::units::Timestamp;

/// The longest line that is read: ten times a poll of thousands of targets.
const LONGEST: u64 = 256 << 20;
/// The longest first line.
const LONGEST_HEADER: u64 = 16 << 20;

/// The first bytes of a file that zstd compressed.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A recording that is being read.
pub struct RecordingReader {
    path: PathBuf,
    header: RecordingHeader,
    lines: BufReader<zstd::stream::read::Decoder<'static, BufReader<File>>>,
    entries: u64,
    cut: bool,
}

impl RecordingReader {
    /// Opens a recording and reads its first line.
    ///
    /// # Errors
    /// [`RecordError`] if it is no recording that this program reads.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let wrong = |kind| RecordError::new(path, kind);
        let io = |error| RecordError::new(path, RecordErrorKind::Io(error));
        let metadata = std::fs::metadata(path).map_err(io)?;
        if !metadata.is_file() {
            return Err(wrong(RecordErrorKind::NotAFile));
        }
        if metadata.len() == 0 {
            return Err(wrong(RecordErrorKind::Empty));
        }
        let decoder = zstd::stream::read::Decoder::new(File::open(path).map_err(io)?).map_err(io)?;
        let mut lines = BufReader::new(decoder);
        let first = match line(&mut lines, LONGEST_HEADER) {
            Ok(RecordLine::Whole(first)) => first,
            other => {
                let is_cut = match other {
                    Ok(RecordLine::Cut) => true,
                    Err(error) => error.kind() == std::io::ErrorKind::UnexpectedEof,
                    Ok(_) => false,
                };
                let is_cut = is_cut && begins(path, MAGIC).map_err(io)?;
                return Err(wrong(if is_cut {
                    RecordErrorKind::CutAtItsBegin
                } else {
                    RecordErrorKind::NotARecording
                }));
            }
        };
        let fields: Value = serde_json::from_slice(&first).map_err(|_| wrong(RecordErrorKind::NotARecording))?;
        let version = fields.get("recording").and_then(Value::as_str);
        match version {
            Some(FORMAT) => {}
            Some(other) if other.starts_with("margintop-recording/") => {
                let number = other.trim_start_matches("margintop-recording/").chars().take(20).collect();
                return Err(wrong(RecordErrorKind::OtherVersion(number)));
            }
            _ => return Err(wrong(RecordErrorKind::NotARecording)),
        }
        let header =
            serde_json::from_value(fields).map_err(|error| wrong(RecordErrorKind::Entry(0, error.to_string())))?;
        Ok(Self { path: path.to_owned(), header, lines, entries: 0, cut: false })
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its first line.
    pub const fn header(&self) -> &RecordingHeader {
        &self.header
    }

    /// The number of entries read so far.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Whether its end is missing: the program was killed, or the file was copied while it was written.
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    /// The next entry; `None` at its end.
    ///
    /// # Errors
    /// [`RecordError`] if a whole line is no entry.
    pub fn next_entry(&mut self) -> Result<Option<RecordingEntry<'static>>, RecordError> {
        let number = self.entries + 1;
        let wrong = |why: String| RecordError::new(&self.path, RecordErrorKind::Entry(number, why));
        match line(&mut self.lines, LONGEST) {
            Ok(RecordLine::Whole(text)) => {
                let entry = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
                self.entries = number;
                Ok(Some(entry))
            }
            Ok(RecordLine::End) => Ok(None),
            Ok(RecordLine::TooLong) => Err(wrong("it is longer than any entry".to_owned())),
            Ok(RecordLine::Cut) => {
                self.cut = true;
                Ok(None)
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                self.cut = true;
                Ok(None)
            }
            Err(error) => Err(wrong(error.to_string())),
        }
    }

    /// Reads the rest, up to an entry that cannot be read, and returns the latest time in it.
    pub fn read_latest_time(mut self) -> Option<Timestamp> {
        let mut latest = None;
        while let Ok(Some(entry)) = self.next_entry() {
            latest = latest.max(entry.at().map(|at| at.wall));
        }
        latest
    }
}

/// Whether a file begins with some bytes.
fn begins(path: &Path, with: [u8; 4]) -> std::io::Result<bool> {
    let mut first = Vec::with_capacity(with.len());
    File::open(path)?.take(with.len() as u64).read_to_end(&mut first)?;
    Ok(first == with)
}

impl fmt::Debug for RecordingReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, header, lines: _, entries, cut } = self;
        let mut shown = f.debug_struct("Reader");
        shown.field("path", path).field("header", header).field("entries", entries).field("cut", cut).finish()
    }
}

enum RecordLine {
    Whole(Vec<u8>),
    /// Text without a line feed.
    Cut,
    TooLong,
    End,
}

fn line(from: &mut impl BufRead, longest: u64) -> std::io::Result<RecordLine> {
    let mut text = Vec::new();
    let read = std::io::Read::take(&mut *from, longest).read_until(b'\n', &mut text)?;
    Ok(match text.pop() {
        Some(b'\n') => RecordLine::Whole(text),
        Some(_) if read as u64 >= longest => RecordLine::TooLong,
        Some(_) => RecordLine::Cut,
        None => RecordLine::End,
    })
}
