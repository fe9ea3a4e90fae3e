//! Mistakes in the configuration: which file, which line, what to write instead.

use std::fmt;
use std::path::{Path, PathBuf};

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong and what to write.
    pub why: String,
}

impl ConfigError {
    /// A mistake that has no line of its own.
    pub fn new(file: &Path, why: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, why: why.into() }
    }

    /// A mistake that the TOML reader found.
    pub fn from_toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Self { file: file.to_owned(), line, why: advise(error.message()) }
    }

    /// A mistake at the `nth` table of a kind: `[[target]]`.
    pub fn at_table(file: &Path, text: &str, table: &str, nth: usize, why: impl Into<String>) -> Self {
        let header = format!("[[{table}]]");
        let line = text.lines().enumerate().filter(|(_, line)| line.trim() == header).nth(nth).map(|(at, _)| at + 1);
        Self { file: file.to_owned(), line, why: why.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file.display(), self.why),
            None => write!(f, "{}: {}", self.file.display(), self.why),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Adds the nearest known key to "unknown field" messages.
fn advise(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((unknown, known)) if message.starts_with("unknown field") => {
            let near = known.iter().min_by_key(|key| strsim::damerau_levenshtein(key, unknown));
            near.map_or_else(|| message.to_owned(), |near| format!("unknown key \"{unknown}\"; is it \"{near}\"?"))
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest_key() {
        let message = "unknown field `intervall`, expected one of `interval`, `currency`, `target`";
        assert_eq!(advise(message), "unknown key \"intervall\"; is it \"interval\"?");
        assert_eq!(advise("invalid type"), "invalid type");
    }
}
