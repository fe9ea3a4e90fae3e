//! Why a run ended without doing what was asked, and the exit code that says so.

use crate::pricing::BookError;
use crate::record::RecordError;
use crate::store::StoreError;

/// Why a run ended without doing what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The call was wrong: exit code 2.
    Usage(String),
    /// A named source or the run failed: exit code 1.
    Run(String),
}

/// Errors that are a failure of the run, in their own words.
macro_rules! run_failures {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Run(error.to_string())
            }
        }
    )+};
}

run_failures!(std::io::Error, serde_json::Error, BookError, RecordError, StoreError);
