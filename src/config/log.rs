//! The log's level and format: `log_level` and `log_format`.

use tracing::Level;

/// The log's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Lines of text.
    #[default]
    Text,
    /// Lines of JSON objects.
    Json,
}

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

/// Parses the log's level.
///
/// # Errors
/// What to write instead.
pub fn parse_level(text: &str) -> Result<Level, String> {
    let level = LEVELS.iter().find(|(name, _)| *name == text).map(|(_, level)| *level);
    level.ok_or_else(|| format!("\"{text}\" is not a level: write error, warn, info, debug or trace"))
}

/// Parses the log's format.
///
/// # Errors
/// What to write instead.
pub fn parse_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("\"{text}\" is not a form of a log: write text or json")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_forms() {
        assert_eq!((parse_level("warn"), parse_format("json")), (Ok(Level::WARN), Ok(LogFormat::Json)));
        assert!(parse_level("loud").is_err_and(|why| why.contains("write error, warn, info")));
        assert!(parse_format("xml").is_err_and(|why| why.contains("write text or json")));
    }
}
