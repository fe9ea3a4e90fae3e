//! What to write where a file is not TOML.

use std::path::Path;

use super::ConfigError;

/// The most characters of the text that a message repeats.
const LONGEST: usize = 40;

/// The mistakes of a text that is not TOML, one for each line at most.
pub(super) fn mistakes(path: &Path, text: &str, errors: &[toml::de::Error]) -> Vec<ConfigError> {
    let mut found: Vec<ConfigError> = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        let line = Some(ConfigError::line_at(text, span.start));
        if found.iter().all(|known| known.line != line) {
            let said = text.get(span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
            let said = said.char_indices().nth(LONGEST).map_or(said, |(end, _)| &said[..end]);
            let before = text.get(..span.start).unwrap_or_default();
            let why = advise(error.message(), said, &before[before.rfind('\n').map_or(0, |end| end + 1)..]);
            found.push(ConfigError { file: path.to_owned(), line, why });
        }
    }
    found
}

/// What is wrong and what to write: `said` is what the parser points at, `before` the line up to there.
fn advise(message: &str, said: &str, before: &str) -> String {
    let (kind, _) = message.split_once(", expected").unwrap_or((message, ""));
    let key = before.split(['=', ':', ' ']).find(|word| !word.is_empty()).unwrap_or("key");
    let name = before.trim_matches(|c: char| "[]".contains(c) || c.is_whitespace());
    match kind {
        "string values must be quoted" if said.trim().is_empty() => {
            format!("{key} has no value: write {key} = and the value, a text in quotes")
        }
        "string values must be quoted" if said.contains(['“', '”', '‘', '’', '„']) => {
            format!("{said} is in typographic quotes: write \"{}\"", said.trim_matches(['“', '”', '‘', '’', '„']))
        }
        "string values must be quoted" if said.contains([' ', ']', '}']) => {
            format!("{said} is not one value: write a text in quotes, and commas between the values of a list")
        }
        "string values must be quoted" => {
            format!("{said} is neither a number nor true or false: write it in quotes, {key} = \"{said}\"")
        }
        "invalid basic string" | "invalid literal string" if message.contains("visible") => {
            "a control character inside a text: remove it, or write it as an escape, like \\u0009".to_owned()
        }
        "invalid basic string" => "a text without its closing quote: write \" at its end".to_owned(),
        "invalid literal string" => "a text without its closing quote: write ' at its end".to_owned(),
        "invalid multi-line basic string" | "invalid multi-line literal string" => {
            "a text of several lines without its end: write its three closing quotes".to_owned()
        }
        "missing escaped value" | "too few unicode value digits" => {
            "a backslash in double quotes begins an escape: write the text in single quotes, or \\\\ for one backslash"
                .to_owned()
        }
        "unclosed array" => "a list without its end: write \"]\" behind its last value".to_owned(),
        "unclosed inline table" => "a table in braces without its end: write \"}\" behind its last value".to_owned(),
        "unclosed array table" => format!("brackets that are not closed: write [[{name}]]"),
        "unclosed table" => format!("a bracket that is not closed: write \"]\" behind it, [{name}]"),
        "missing table open" => "a closing bracket without an opening one: write [NAME] or [[NAME]]".to_owned(),
        "key with no value" => format!("{} has no \"=\" and no value: write {key} = and the value", before.trim_end()),
        "missing assignment between key-value pairs" => format!("no \"=\" behind {key}: write {key} = and the value"),
        "extra `=`" => "\"=\" twice: write it once".to_owned(),
        "unexpected key or value" => {
            "more behind a value: write each key on a line of its own, and a comment behind #".to_owned()
        }
        "unexpected leading zero" => "a number that begins with a zero: write it without".to_owned(),
        "unquoted keys cannot be empty" | "invalid key-value pair" => {
            "no key: write each line as key = value".to_owned()
        }
        "invalid unquoted key" => {
            "a key has the letters a to z, digits, \"-\" and \"_\": write the name as the example file has it"
                .to_owned()
        }
        "missing comma between array elements" | "missing comma between key-value pairs" => {
            "two values without a comma: write one between them".to_owned()
        }
        "extra comma in array" | "extra comma in inline table" => "two commas: write one between two values".to_owned(),
        "invalid boolean" => format!("{said} is neither true nor false: write one of these, or a text in quotes"),
        "duplicate key" => "this key or table is in the file twice: write it once".to_owned(),
        _ => format!("{message}: write each line as key = value, [table] or [[table]], and texts in quotes"),
    }
}
