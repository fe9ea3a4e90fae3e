//! A command line that is being written.

use crate::tui::prompt::Candidate;

/// A line that is being written.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    /// What is written.
    pub text: String,
    /// What completes what was typed, the best first.
    pub candidates: Vec<Candidate>,
    /// Which of them is written.
    pub chosen: Option<usize>,
    pub(super) recalled: Option<usize>,
    /// The theme that Esc puts back.
    pub(super) theme: usize,
}
