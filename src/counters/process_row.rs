//! One row of a process, with its counters.

use serde::{Deserialize, Serialize};

use super::row::RowCounters;
use super::values::RowKey;
use crate::units::Moment;

/// A row of a process and its counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRow {
    /// The rank and model.
    pub key: RowKey,
    /// The counters.
    pub counters: RowCounters,
    /// When the first page without the row was received, if the last page was without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<Moment>,
}

impl ProcessRow {
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { key: _, counters, left } = self;
        counters.moments_mut().chain(left)
    }

    /// Whether it is on the last page.
    pub const fn is_on_page(&self) -> bool {
        self.left.is_none()
    }

    /// A row that is on the last page.
    pub const fn new(key: RowKey, counters: RowCounters) -> Self {
        Self { key, counters, left: None }
    }
}
