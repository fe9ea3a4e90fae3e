//! The parts of a target's saved state that reports show.

use super::SavedTarget;
use crate::ledger::{TariffId, TokenChange};
use crate::metering::left_to_engines::LeftToEngines;
use crate::metering::proxy_guard::ProxyGuard;
use crate::reading::ModelName;
use crate::units::Timestamp;

impl SavedTarget {
    /// Whether some of its tokens are withheld until a question about its counters is settled, so that fewer may be posted than
    /// were produced.
    pub fn holds_back(&self) -> bool {
        let waits = self.instances.iter().any(|instance| instance.processes.holds_back());
        let is_withheld = |row: &super::SavedRow| {
            row.guard.as_deref().is_some_and(ProxyGuard::holds) || row.left.is_some_and(LeftToEngines::has_lost)
        };
        waits || self.rows.iter().any(is_withheld)
    }

    /// The models that its pages name.
    pub fn models(&self) -> impl Iterator<Item = &ModelName> {
        self.rows.iter().filter_map(|row| row.key.model.as_ref())
    }

    /// Its tokens beyond finished requests on a day, by the tariff that they were or would have been posted at.
    pub fn leakage_of_day(&self, day: Timestamp) -> impl Iterator<Item = (Option<TariffId>, TokenChange)> + '_ {
        self.rows.iter().flat_map(move |row| row.leakage.of_day(day))
    }
}
