//! What does not work on this machine: what its drivers report, and what else was found at the start.

use std::collections::BTreeMap;

use super::Inventory;
use crate::reading::{SourceError, TargetId};

/// The errors of this machine's sources, with their remedies.
#[derive(Debug, Default)]
pub(super) struct SourceErrors {
    /// Those of each driver, until it answers again.
    drivers: BTreeMap<TargetId, SourceError>,
    others: Vec<SourceError>,
}

impl Inventory {
    /// Sets what does not work here beside the driver.
    pub(crate) fn set_source_errors(&mut self, errors: Vec<SourceError>) {
        self.source_errors.others = errors;
    }

    /// Sets why a driver does not answer; `None` if it does.
    pub(crate) fn set_driver_error(&mut self, source: &TargetId, error: Option<SourceError>) {
        let drivers = &mut self.source_errors.drivers;
        drivers.remove(source);
        drivers.extend(error.map(|error| (source.clone(), error)));
    }

    /// What does not work here, the drivers first.
    pub(crate) fn source_errors(&self) -> impl Iterator<Item = &SourceError> {
        let SourceErrors { drivers, others } = &self.source_errors;
        drivers.values().chain(others)
    }

    /// Takes over from another inventory of this machine what does not work beside the drivers.
    pub(crate) fn take_source_errors(&mut self, earlier: &mut Self) {
        self.source_errors.others = std::mem::take(&mut earlier.source_errors.others);
    }
}
