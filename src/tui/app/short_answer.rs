//! A short answer to a key.

/// A line that is shown for a moment: "copied", "theme ember".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortAnswer {
    /// What it says.
    pub text: String,
    /// Whether something did not work.
    pub is_failure: bool,
    /// Which one of all that were said.
    pub number: u64,
}
