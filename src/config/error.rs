//! Mistakes in the configuration: the file, the line, and what to write instead.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::faults::TableFaults;
use crate::suggestion::meant;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1, if it is known.
    pub line: Option<usize>,
    /// The mistake and what to write instead.
    pub why: String,
}

impl ConfigError {
    /// A mistake without a line of its own.
    pub fn new(file: &Path, why: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, why: why.into() }
    }

    /// A mistake found by the TOML reader.
    pub fn from_toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|span| Self::line_at(text, span.start));
        Self { file: file.to_owned(), line, why: advise(error.message()) }
    }

    /// A value that the TOML reader refused, with its key and text if its place is known.
    pub(super) fn of_value(file: &Path, text: &str, place: &[String], error: &toml::de::Error) -> Self {
        let mut mistake = Self::from_toml(file, text, error);
        let unknown = error.message().strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        if let Some(key) = unknown.filter(|key| place.len() > 1 && TOP_KEYS.contains(key)) {
            let table = &place[0];
            mistake.why = format!("{key} is not a key of {table}: write it above the first line in brackets");
            return mistake;
        }
        let is_of_key = ["unknown field", "missing field"].iter().any(|kind| error.message().starts_with(kind));
        if let Some(key) = key_of(place).filter(|_| !is_of_key) {
            let value = error.span().and_then(|span| text.get(span)).filter(|value| is_short(value));
            let number = value.filter(|value| value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
            let is_heading = place.len() == 1 && text.contains(&format!("[{key}]"));
            if is_heading && error.message() == "invalid type: map, expected a sequence" {
                mistake.why = format!("[{key}] is one of several: write [[{key}]]");
                return mistake;
            }
            if let (Some(number), Some(unit)) = (number, unit_of(&key)) {
                mistake.why = format!("without its unit and quotes: write \"{number}{unit}\"");
            }
            if error.message().starts_with("not a decimal number") && value.is_some_and(names_currency) {
                mistake.why.push_str("; the currency is a key of its own: currency = \"EUR\"");
            }
            let value = value.map_or_else(String::new, |value| format!(" {value}"));
            mistake.why = format!("{key}{value}: {}", mistake.why);
        }
        mistake
    }

    /// The line of a byte of the text, counted from 1.
    pub(super) fn line_at(text: &str, offset: usize) -> usize {
        memchr::memchr_iter(b'\n', text.as_bytes()).take_while(|newline| *newline < offset).count() + 1
    }

    /// A mistake at the `nth` table of a kind: `[[target]]`.
    pub fn at_table(file: &Path, text: &str, table: &str, nth: usize, why: impl Into<String>) -> Self {
        Self::at(file, text, &[table.to_owned(), nth.to_string()], why)
    }

    /// A mistake at a path from the outermost key: `list`, `3`, `zone`. Its line is that of the innermost key that the
    /// file has.
    pub fn at(file: &Path, text: &str, place: &[String], why: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: line_of(text, place), why: why.into() }
    }
}

/// Collects the mistakes of a file.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    path: &'a Path,
    text: &'a str,
    found: Vec<ConfigError>,
    warnings: Vec<ConfigError>,
    /// Tables with mistakes: what else they lack is not reported.
    wrong: Vec<Vec<String>>,
    /// Keys of tables that are not reported, because something that they depend on is wrong.
    skipped: Vec<Dependent>,
}

/// The keys that stand above all tables.
const TOP_KEYS: [&str; 15] = [
    "interval",
    "currency",
    "compare_to",
    "timezone",
    "theme",
    "color",
    "nvml_lib",
    "log",
    "log_level",
    "log_format",
    "bill",
    "ledger",
    "absence",
    "release_after",
    "price_files",
];

/// A table, or nothing for a key at the top, and a key in it.
type Dependent = (&'static str, &'static str);

/// The price book as a whole, in [`dependents`].
const BOOK: Dependent = ("", "");
/// What depends on the lists of the book.
const ON_LISTS: [Dependent; 4] = [("price", "list"), ("scenario", "list"), ("", "compare_to"), BOOK];
/// What depends on the currencies.
const ON_CURRENCIES: [Dependent; 6] =
    [("price", "currency"), ("lease", "currency"), ON_LISTS[0], ON_LISTS[1], ON_LISTS[2], BOOK];

/// The keys whose check depends on the value at a path.
fn dependents(place: &[String]) -> &'static [Dependent] {
    match place.first().map(String::as_str) {
        None | Some("currency" | "fx") => &ON_CURRENCIES,
        Some("price_files") => &ON_LISTS,
        Some("price") if place.len() == 1 => &ON_LISTS[1..3],
        Some(_) => &[],
    }
}

impl<'a> Findings<'a> {
    /// An empty collection.
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, found: Vec::new(), warnings: Vec::new(), wrong: Vec::new(), skipped: Vec::new() }
    }

    /// Stops reporting on what is at these paths, and on what depends on it.
    pub(super) fn skip(&mut self, places: Vec<Vec<String>>) {
        self.skipped = places.iter().flat_map(|place| dependents(place)).copied().collect();
        self.wrong = places;
    }

    /// Stops reporting on what depends on the key at a path of the file.
    pub(super) fn skip_dependents(&mut self, key: &str) {
        self.skipped.extend(dependents(&[key.to_owned()]));
    }

    fn is_wrong(&self, table: &[&str]) -> bool {
        let is_in = |place: &Vec<String>| place.len() >= table.len() && place.iter().zip(table).all(|(a, b)| a == b);
        self.wrong.iter().any(is_in)
    }

    /// Adds a mistake of the file as a whole.
    pub(super) fn file(&mut self, why: impl Into<String>) {
        if self.skipped.contains(&BOOK) {
            return;
        }
        self.found.push(ConfigError::new(self.path, why));
    }

    /// Adds a mistake of a key of the file.
    pub(super) fn key(&mut self, key: &str, why: impl fmt::Display) {
        if self.skipped.contains(&("", key)) {
            return;
        }
        self.found.push(ConfigError::at(self.path, self.text, &[key.to_owned()], format!("{key}: {why}")));
    }

    /// Adds a warning: a key of the file is accepted and should be written differently.
    pub(super) fn warning(&mut self, key: &str, why: impl fmt::Display) {
        self.warnings.push(ConfigError::at(self.path, self.text, &[key.to_owned()], format!("{key}: {why}")));
    }

    /// Adds a warning about a value in the `nth` table of a kind.
    pub(super) fn table_warning(&mut self, table: &str, nth: usize, key: &str, why: impl Into<String>) {
        let place = [table.to_owned(), nth.to_string(), key.to_owned()];
        self.warnings.push(ConfigError::at(self.path, self.text, &place, why));
    }

    /// Adds a mistake of a key of a table, also if the table has others.
    pub(super) fn inner(&mut self, table: &str, key: &str, why: impl fmt::Display) {
        let place = [table.to_owned(), key.to_owned()];
        if self.wrong.contains(&place.to_vec()) {
            return;
        }
        self.found.push(ConfigError::at(self.path, self.text, &place, format!("{table}.{key}: {why}")));
    }

    /// Adds a mistake of the `nth` table of a kind.
    pub(super) fn table(&mut self, table: &str, nth: usize, why: impl Into<String>) {
        let mut faults = TableFaults::default();
        faults.add(&[], why);
        self.faults(table, nth, faults);
    }

    /// Adds the mistakes of the `nth` table of a kind, but not those of keys that are reported already.
    pub(super) fn faults(&mut self, table: &str, nth: usize, faults: TableFaults) {
        let number = nth.to_string();
        for fault in faults.into_all() {
            let is_skipped = fault.keys.iter().any(|key| self.skipped.contains(&(table, key)));
            let is_known = match fault.keys {
                [] => self.is_wrong(&[table, &number]),
                keys => keys.iter().any(|key| self.is_wrong(&[table, &number, key])),
            };
            if !is_skipped && !is_known {
                let line = self.line_of_first(table, &number, fault.keys);
                self.found.push(ConfigError { file: self.path.to_owned(), line, why: fault.why });
            }
        }
    }

    /// The line of the `nth` table of a kind.
    pub(super) fn line(&self, table: &str, nth: usize) -> Option<usize> {
        line_of(self.text, &[table.to_owned(), nth.to_string()])
    }

    /// The line of the first key that a table has, or that of its heading.
    fn line_of_first(&self, table: &str, nth: &str, keys: &[&str]) -> Option<usize> {
        let heading = line_of(self.text, &[table.to_owned(), nth.to_owned()]);
        let lines = keys.iter().map(|key| line_of(self.text, &[table, nth, key].map(str::to_owned)));
        lines.into_iter().find(|line| *line != heading).unwrap_or(heading)
    }

    /// Adds the mistakes of another collection.
    pub(super) fn take(&mut self, others: Vec<ConfigError>) {
        self.found.extend(others);
    }

    /// The path of another file that this one names, relative to its folder.
    pub(super) fn beside(&self, file: &Path) -> PathBuf {
        self.path.parent().map_or_else(|| file.to_owned(), |folder| folder.join(file))
    }

    /// The value, or a fallback and one more mistake.
    pub(super) fn value<T>(&mut self, key: &str, value: Result<T, String>, fallback: T) -> T {
        value.unwrap_or_else(|why| {
            self.key(key, why);
            fallback
        })
    }

    /// All mistakes, or the warnings if there are none.
    pub(super) fn check(self) -> Result<Vec<ConfigError>, Vec<ConfigError>> {
        if self.found.is_empty() { Ok(self.warnings) } else { Err(self.found) }
    }
}

/// The unit that a duration of this key has most often.
fn unit_of(key: &str) -> Option<&'static str> {
    Some(match key {
        "interval" | "slo.ttft_p99" | "slo.e2e_p99" => "s",
        "slo.itl_p99" => "ms",
        "absence" => "h",
        "release_after" => "m",
        "life" => "y",
        _ => return None,
    })
}

/// A key as it is shown to people: without the table's kind and number.
fn key_of(place: &[String]) -> Option<String> {
    let is_number = |step: &String| step.parse::<usize>().is_ok();
    let inner = match place {
        [_, nth, inner @ ..] if is_number(nth) => inner,
        whole => whole,
    };
    let steps: Vec<_> = inner.iter().filter(|step| !is_number(step)).map(String::as_str).collect();
    (!steps.is_empty()).then(|| steps.join("."))
}

/// Whether a value is worth repeating in a message.
fn is_short(value: &str) -> bool {
    const MOST: usize = 40;
    !value.is_empty() && value.len() <= MOST && !value.contains(|c: char| c.is_control() || "[{=".contains(c))
}

/// The line of a path in a TOML file.
fn line_of(text: &str, place: &[String]) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let (first, rest) = place.split_first()?;
    let (key, mut value) = table.get_ref().get_key_value(first.as_str())?;
    let mut span = key.span();
    for step in rest {
        // A table that should be the only one is the first of a list.
        if let DeValue::Array(list) = value.get_ref()
            && step.parse::<usize>().is_err()
            && let Some(inner) = list.first()
        {
            value = inner;
        }
        match value.get_ref() {
            DeValue::Table(table) => {
                // A table that should be one of several is the first of them.
                if step == "0" && !table.contains_key("0") {
                    continue;
                }
                let Some((key, inner)) = table.get_key_value(step.as_str()) else { break };
                (span, value) = (key.span(), inner);
            }
            DeValue::Array(array) => {
                let Some(inner) = step.parse::<usize>().ok().and_then(|nth| array.get(nth)) else { break };
                (span, value) = (inner.span(), inner);
            }
            _ => break,
        }
    }
    Some(ConfigError::line_at(text, span.start))
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

/// Words "unknown field" and "missing field" for users, with the nearest known key.
fn advise(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((&"tenant", known)) if message.starts_with("unknown field") && known.contains(&"labels") => {
            "a target's tenant is a label of it: write labels = { tenant = \"…\" }".to_owned()
        }
        Some((number, _)) if message.starts_with("invalid type") && number.starts_with('-') => {
            format!("{number} is negative and without quotes: write 0 or more in quotes, like \"2.00\"")
        }
        Some((number, _))
            if message.starts_with("invalid type")
                && message.ends_with("expected a string")
                && !message.contains("boolean") =>
        {
            format!("a number without quotes: write \"{number}\"")
        }
        Some((unknown, known)) if message.starts_with("unknown field") => {
            let near = meant(unknown, known.iter().copied());
            let or = if near.is_empty() { format!(": write one of {}", known.join(", ")) } else { near };
            format!("unknown key \"{unknown}\"{or}")
        }
        Some((unknown, known)) if message.starts_with("unknown variant") => {
            let near = meant(unknown, known.iter().copied());
            let or = if near.is_empty() { format!("write one of {}", known.join(", ")) } else { near };
            format!("not known here{}{or}", if or.starts_with(';') { "" } else { ": " })
        }
        Some((missing, _)) if message.starts_with("missing field") => {
            format!("the key \"{missing}\" is missing: add it")
        }
        Some((number, _)) if message.starts_with("invalid value: integer") => out_of_range(number, message),
        _ if message.starts_with("invalid type") => of_another_type(message),
        _ if message.contains("duplicate key") => "this key or table is in the file twice: write it once".to_owned(),
        _ => message.to_owned(),
    }
}

/// Whether a value in quotes ends with a currency: `"10 USD"`.
fn names_currency(quoted: &str) -> bool {
    let value = quoted.trim_matches('"');
    let code = value.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' '));
    code.len() == 3 && code.len() < value.len() && code.chars().all(|c| c.is_ascii_uppercase())
}

/// Says what to write for a value of another type.
fn of_another_type(message: &str) -> String {
    let write = match message.rsplit_once("expected ").map(|(_, expected)| expected) {
        Some("u8" | "u16" | "u32" | "u64" | "usize" | "i64" | "i128") => "a whole number without quotes",
        Some("a boolean") => "true or false, without quotes",
        Some("a sequence") => "a list in brackets, like [\"a\"]",
        Some("a string") => "a text in quotes",
        Some("path string") => "a path in quotes",
        _ => return message.to_owned(),
    };
    format!("wrong type: write {write}")
}

/// Says which whole numbers fit a key.
fn out_of_range(number: &str, message: &str) -> String {
    let range = match message.rsplit(' ').next() {
        Some("u32") => format!("0 to {}", u32::MAX),
        Some("u64") => format!("0 to {}", u64::MAX),
        Some("i64") => format!("{} to {}", i64::MIN, i64::MAX),
        _ => return message.to_owned(),
    };
    format!("{number} is out of range: write a whole number from {range}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_write_for_a_key_or_value_of_another_kind() {
        let tenant = advise("unknown field `tenant`, expected one of `url`, `unit`, `labels`");
        assert!(tenant.contains("labels = { tenant = "), "{tenant}");
        let number = advise("invalid type: floating point `2.5`, expected a string");
        assert!(number.ends_with("write \"2.5\""), "{number}");
        let negative = advise("invalid type: integer `-1`, expected a string");
        assert_eq!(negative, "-1 is negative and without quotes: write 0 or more in quotes, like \"2.00\"");
        let text = advise("invalid type: string \"a\", expected u32");
        assert_eq!(text, "wrong type: write a whole number without quotes");
        let path = advise("invalid type: boolean `true`, expected path string");
        assert_eq!(path, "wrong type: write a path in quotes");
        let text = advise("invalid type: boolean `true`, expected a string");
        assert_eq!(text, "wrong type: write a text in quotes");
        assert_eq!(
            advise("invalid type: map, expected a sequence"),
            "wrong type: write a list in brackets, like [\"a\"]"
        );
    }

    #[test]
    fn names_the_nearest_key() {
        let message = "unknown field `intervall`, expected one of `interval`, `currency`, `target`";
        assert_eq!(advise(message), "unknown key \"intervall\"; is it \"interval\"?");
        let far = "unknown field `x`, expected one of `interval`, `currency`";
        assert_eq!(advise(far), "unknown key \"x\": write one of interval, currency");
        let role = "unknown variant `prefil`, expected one of `prefill`, `decode`";
        assert_eq!(advise(role), "not known here; is it \"prefill\"?");
        let role = "unknown variant `chief`, expected `prefill` or `decode`";
        assert_eq!(advise(role), "not known here: write one of prefill, decode");
        assert_eq!(advise("missing field `currency`"), "the key \"currency\" is missing: add it");
        assert_eq!(advise("invalid type"), "invalid type");
        let large = "invalid value: integer `99999999999999999999` as i128, expected u32";
        let range = "is out of range: write a whole number from 0 to 4294967295";
        assert_eq!(advise(large), format!("99999999999999999999 {range}"));
        assert_eq!(advise("invalid value: integer `-1`, expected u32"), format!("-1 {range}"));
    }

    #[test]
    fn finds_the_line_of_a_place() {
        let text = "a = 1\n\n[[list]]\nname = \"x\"\n[list.tiers.standard]\nhit = \"1\"\n\n[[list]]\nname = \"y\"\n";
        let line = |place: &[&str]| line_of(text, &place.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>());
        assert_eq!((line(&["list", "0"]), line(&["list", "1"])), (Some(3), Some(8)));
        assert_eq!((line(&["list", "1", "name"]), line(&["list", "1", "zone"])), (Some(9), Some(8)));
        assert_eq!((line(&["list", "7"]), line(&["nothing"]), line(&[])), (Some(3), None, None));
        assert_eq!(line(&["list", "0", "tiers", "standard", "hit"]), Some(6));
    }
}
