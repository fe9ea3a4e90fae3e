//! What does not work on this machine: what its drivers report, and what else was found at the start.

use std::collections::BTreeMap;

use crate::reading::{SourceError, TargetId};

/// The errors of this machine's sources, with their remedies.
#[derive(Debug, Default)]
pub(super) struct SourceErrors {
    /// Those of each driver, until it answers again.
    pub(super) drivers: BTreeMap<TargetId, SourceError>,
    pub(super) others: Vec<SourceError>,
}
