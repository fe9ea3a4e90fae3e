//! Why a run ended without doing what was asked, and the exit code that says so.

/// Why a run ended without doing what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The call was wrong: exit code 2.
    Usage(String),
    /// A named source or the run failed: exit code 1.
    Run(String),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Run(error.to_string())
    }
}
