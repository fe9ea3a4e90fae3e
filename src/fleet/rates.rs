//! The fleet's rates of tokens at one moment.

use crate::units::Ratio;

/// The fleet's rates at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FleetRates {
    pub(super) prompt: Option<f64>,
    pub(super) cached: Option<f64>,
    pub(super) output: Option<f64>,
    pub(super) hit_rate: Option<Ratio>,
    pub(super) load: Option<Ratio>,
    /// Whether a rate leaves out some rows whose own is not known yet.
    pub(super) is_partial: bool,
}
