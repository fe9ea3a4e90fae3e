//! An entry of another program's price file, and the result of an import.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::tally::ImportTally;
use crate::pricing::PriceFile;

/// The keys of an object, with their values as raw JSON.
pub(super) type RawEntry<'a> = BTreeMap<String, &'a RawValue>;

/// The result of an import: a price file and the counts of its entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The program that the prices come from.
    pub program: &'static str,
    /// The lists, and a history for each name that refers to one of them.
    pub file: PriceFile,
    /// The counts of entries that were read, repaired and left out.
    pub tally: ImportTally,
}

/// A value as an object; empty if it is not an object.
pub(super) fn entry(value: &RawValue) -> RawEntry<'_> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// Whether a value is neither null nor empty.
pub(super) fn is_said(value: &RawValue) -> bool {
    !matches!(value.get(), "null" | "[]" | "{}")
}

/// A value as text; `None` if it is not a string.
pub(super) fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}
