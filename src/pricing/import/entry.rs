//! An entry of another program's prices as it is written, and what the import of all comes to.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::tally::ImportTally;
use crate::pricing::PriceFile;

/// An object's keys, and their values as they are written.
pub(super) type RawEntry<'a> = BTreeMap<String, &'a RawValue>;

/// A price file, and what became of the entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The program whose prices they are.
    pub program: &'static str,
    /// The lists, and a history for every name that means one of them.
    pub file: PriceFile,
    /// What became of the entries.
    pub tally: ImportTally,
}

/// A value as an object; what is none has no keys.
pub(super) fn entry(value: &RawValue) -> RawEntry<'_> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// Whether a value says anything.
pub(super) fn is_said(value: &RawValue) -> bool {
    !matches!(value.get(), "null" | "[]" | "{}")
}

/// A value as text; `None` if it is none.
pub(super) fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}
