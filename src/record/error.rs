//! Why a recording can't be written or read, and what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::system_error::{file_error, system_error};

/// What is wrong with a recording.
#[derive(Debug)]
pub struct RecordError {
    /// The file.
    pub path: PathBuf,
    /// What happened.
    pub kind: RecordErrorKind,
}

/// What happened.
#[derive(Debug)]
pub enum RecordErrorKind {
    /// The system refused.
    Io(io::Error),
    /// It exists already.
    Exists,
    /// It is not a file.
    NotAFile,
    /// It has no bytes.
    Empty,
    /// Its first line is not that of a recording.
    NotARecording,
    /// It ends within its first line.
    CutAtItsBegin,
    /// It has a version that this program does not read.
    OtherVersion(String),
    /// An entry can't be read: its number, and why.
    Entry(u64, String),
}

impl RecordError {
    pub(super) fn new(path: impl Into<PathBuf>, kind: RecordErrorKind) -> Self {
        Self { path: path.into(), kind }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match &self.kind {
            RecordErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                write!(f, "{}; check the path: `margintop record FILE` writes a recording", system_error(error))
            }
            RecordErrorKind::Io(error) => f.write_str(&file_error(error)),
            RecordErrorKind::Exists => f.write_str("exists; a recording needs a new file, so name another"),
            RecordErrorKind::NotAFile => f.write_str("is not a regular file; name the file that `margintop record` wrote"),
            RecordErrorKind::Empty => {
                f.write_str("is empty, so it is not a recording; make one with `margintop record FILE`")
            }
            RecordErrorKind::NotARecording => {
                f.write_str("is not a recording; make one with `margintop record FILE`, or read a page with `margintop once FILE.prom`")
            }
            RecordErrorKind::CutAtItsBegin => {
                f.write_str("is cut before its first entry, so nothing of it can be read; copy it again from where it was recorded")
            }
            RecordErrorKind::OtherVersion(version) => {
                write!(f, "is a recording of version {version}; this margintop reads version {}: replay it with the release that wrote it", super::FORMAT.trim_start_matches("margintop-recording/"))
            }
            RecordErrorKind::Entry(number, why) => {
                write!(f, "entry {number} cannot be read: {why}; the file was changed, so replay a copy of the original")
            }
        }
    }
}

impl std::error::Error for RecordError {}
