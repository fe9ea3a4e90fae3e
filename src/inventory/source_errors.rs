//! What does not work on this machine: what its driver reports, and what else was found at the start.

use super::Inventory;
use crate::reading::SourceError;

/// The errors of this machine's sources, with their remedies.
#[derive(Debug, Default)]
pub(super) struct SourceErrors {
    /// The driver's, until it answers again.
    driver: Option<SourceError>,
    others: Vec<SourceError>,
}

impl Inventory {
    /// Sets what does not work here beside the driver.
    pub(crate) fn set_source_errors(&mut self, errors: Vec<SourceError>) {
        self.source_errors.others = errors;
    }

    /// Sets why the driver does not answer; `None` if it does.
    pub(crate) fn set_driver_error(&mut self, error: Option<SourceError>) {
        self.source_errors.driver = error;
    }

    /// What does not work here, the driver first.
    pub(crate) fn source_errors(&self) -> impl Iterator<Item = &SourceError> {
        let SourceErrors { driver, others } = &self.source_errors;
        driver.iter().chain(others)
    }

    /// Takes over from another inventory of this machine what does not work beside the driver.
    pub(crate) fn take_source_errors(&mut self, earlier: &mut Self) {
        self.source_errors.others = std::mem::take(&mut earlier.source_errors.others);
    }
}
