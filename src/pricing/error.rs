//! Errors in price files: the list, the place in the file, and what to write instead.

use std::fmt;

/// An error in a price file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookError {
    /// The name of the list, model or GPU.
    pub list: String,
    /// The reason, and what to write instead.
    pub why: String,
    /// Its path in the file, from the outermost key: `list`, `3`, `zone`. Empty if unknown.
    pub place: Vec<String>,
}

impl BookError {
    /// An error without a place in the file.
    pub(super) fn new(list: &str, why: impl Into<String>) -> Self {
        Self { list: list.to_owned(), why: why.into(), place: Vec::new() }
    }

    /// Sets the place: a key of the `nth` table of this kind.
    pub(super) fn at(mut self, table: &str, nth: usize, key: &str) -> Self {
        self.place = [table, &nth.to_string(), key].map(str::to_owned).into();
        self
    }
}

impl fmt::Display for BookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.place.first().map(String::as_str) {
            Some("gpu") => "GPU",
            Some("holidays") => "calendar",
            _ => "price list",
        };
        write!(f, "{what} \"{}\": {}", self.list, self.why)
    }
}

impl std::error::Error for BookError {}

/// An error in a list, with the key that it is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListFault {
    pub(super) key: &'static str,
    pub(super) why: String,
}

impl ListFault {
    pub(super) fn new(key: &'static str, why: impl fmt::Display) -> Self {
        Self { key, why: why.to_string() }
    }
}

/// A currency as its ISO 4217 code.
///
/// # Errors
/// A message with the expected format.
pub fn check_currency(code: &str) -> Result<(), String> {
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(format!("\"{code}\" is not a currency: write its ISO 4217 code, like \"USD\""))
    }
}
