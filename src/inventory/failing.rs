//! How the errors of this machine's sources are noted.

use super::Inventory;
use super::source_errors::SourceErrors;
use crate::reading::{SourceError, TargetId};

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

    /// Takes over from another inventory of this machine what does not work here.
    pub(crate) fn take_source_errors(&mut self, earlier: &mut Self) {
        self.source_errors = std::mem::take(&mut earlier.source_errors);
    }
}
