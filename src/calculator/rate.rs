//! The price of a GPU-hour and where it is from.

use serde::Serialize;

use crate::pricing::{Commitment, Provenance};
use crate::reading::Label;
use crate::units::HourlyRate;

/// A GPU's rate and where it is from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Rate {
    #[serde(serialize_with = "HourlyRate::serialize_decimal")]
    pub(crate) per_gpu_hour: HourlyRate,
    /// The GPU that it is for, if it was looked up.
    pub(crate) gpu: Option<Label>,
    /// The user's lease that it is the rate of, if it is one.
    pub(crate) lease: Option<Label>,
    /// The month of an assumed rate; absent for a rate of the user.
    pub(crate) assumed: Option<Label>,
    pub(crate) commitment: Commitment,
    pub(crate) provenance: Provenance,
}
