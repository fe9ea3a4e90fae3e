//! The failure of a run, with its exit code.

use crate::pricing::BookError;
use crate::record::RecordError;
use crate::store::StoreError;

/// The failure of a run.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The call was wrong: exit code 2.
    Usage(String),
    /// A named source or the run failed: exit code 1.
    Run(String),
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
