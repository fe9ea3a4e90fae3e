//! What is wrong with a theme, where, and what to write instead.

use std::fmt;

/// A theme that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeError {
    /// The theme's name.
    pub theme: String,
    /// The name of its file, without the folder; `None` when it is not about a file.
    pub file: Option<String>,
    /// The line in its file, from 1; `None` when it is not about a line.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for ThemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "theme {}", self.file.as_ref().unwrap_or(&self.theme))?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for ThemeError {}
