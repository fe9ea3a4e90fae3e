//! The failure of a run, with its exit code.

use std::path::Path;

use crate::pricing::BookError;
use crate::record::RecordError;
use crate::store::StoreError;
use crate::system_error::file_error;

/// The failure of a run.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The call was wrong: exit code 2.
    Usage(String),
    /// A named source or the run failed: exit code 1.
    Run(String),
}

impl Failure {
    /// A file that the call names and that cannot be read or written.
    pub(super) fn of_file(path: &Path, error: &std::io::Error) -> Self {
        Self::Run(format!("{}: {}", path.display(), file_error(error)))
    }
}

/// Errors that fail the run with their own message.
macro_rules! run_failures {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Run(error.to_string())
            }
        }
    )+};
}

run_failures!(std::io::Error, serde_json::Error, BookError, RecordError, &RecordError, StoreError);
