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

    /// A mistake in the `nth` list of a file.
    pub(super) fn of_list(list: &str, nth: usize, fault: ListFault) -> Self {
        let place = ["list".to_owned(), nth.to_string()].into_iter().chain(fault.place).collect();
        Self { list: list.to_owned(), why: fault.why, place }
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

/// A mistake in a list, with its path in the list: `windows`, `1`, `hours`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListFault {
    pub(super) place: Vec<String>,
    pub(super) why: String,
}

/// Collects the mistakes of a list, so that none hides another.
#[derive(Debug, Default)]
pub(super) struct ListFaults(pub(super) Vec<ListFault>);

impl ListFaults {
    /// Adds a mistake of a key.
    pub(super) fn add(&mut self, key: &str, why: impl fmt::Display) {
        self.0.push(ListFault { place: vec![key.to_owned()], why: why.to_string() });
    }

    /// Adds a mistake of a key of the `nth` window.
    pub(super) fn add_in_window(&mut self, nth: usize, key: &str, why: impl fmt::Display) {
        let place = ["windows", &nth.to_string(), key].map(str::to_owned).into();
        self.0.push(ListFault { place, why: why.to_string() });
    }

    /// The value, or `None` and one more mistake of a key.
    pub(super) fn check<T>(&mut self, key: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|why| self.add(key, why)).ok()
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
