//! Whether the file that is written is still at its path: a file that was removed or moved takes what is written and keeps
//! none of it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::platform::file_identity;
use crate::units::{Moment, Span};

/// How often its presence is checked.
const CHECK_EVERY: Span = Span::from_secs(2);

/// A file that is written.
#[derive(Debug)]
pub(super) struct WrittenFile {
    path: PathBuf,
    /// What tells it from others; `None` if nothing does.
    identity: Option<(u64, u64)>,
    checked: Moment,
}

impl WrittenFile {
    /// The file that was just opened at a path.
    pub(super) fn at(path: &Path, now: Moment) -> Self {
        let identity = std::fs::metadata(path).ok().and_then(|file| file_identity(&file));
        Self { path: path.to_owned(), identity, checked: now }
    }

    /// Whether it is time to check for it.
    pub(super) fn is_due(&self, now: Moment) -> bool {
        now.since(self.checked) >= CHECK_EVERY
    }

    /// Checks whether it is there. Returns its path if there is another file, or none.
    pub(super) fn missing(&mut self, now: Moment) -> Option<&Path> {
        self.checked = now;
        let is_there = match std::fs::metadata(&self.path) {
            Ok(file) => self.identity.is_none() || file_identity(&file) == self.identity,
            // What cannot be read may be there.
            Err(error) => error.kind() != ErrorKind::NotFound,
        };
        (!is_there).then_some(&self.path)
    }
}
