//! The calculator's question: tokens by class and GPU-hours.

use std::collections::BTreeMap;

use crate::units::Tokens;

/// Counts of open classes by name.
pub(crate) type ClassCounts = BTreeMap<String, Tokens>;

/// Work to be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PriceQuestion {
    /// Prompt tokens computed.
    pub(crate) miss: Tokens,
    /// Prompt tokens from a cache.
    pub(crate) hit: Tokens,
    /// Output tokens.
    pub(crate) output: Tokens,
    /// Counts of further classes.
    pub(crate) classes: ClassCounts,
    /// Billionths of a GPU-hour.
    pub(crate) nanohours: Option<i64>,
}
