//! The term for which a GPU is rented.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The term that a GPU is rented for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Commitment {
    /// On demand, by the hour.
    #[default]
    #[serde(rename = "on-demand")]
    OnDemand,
    /// Spot: by the hour, and the provider may reclaim it.
    #[serde(rename = "spot")]
    Spot,
    /// For a year.
    #[serde(rename = "1y")]
    OneYear,
    /// For three years.
    #[serde(rename = "3y")]
    ThreeYears,
}

impl Commitment {
    /// Whether it is the default, which files leave out.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub const fn is_on_demand(&self) -> bool {
        matches!(self, Self::OnDemand)
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnDemand => "on-demand",
            Self::Spot => "spot",
            Self::OneYear => "1y",
            Self::ThreeYears => "3y",
        })
    }
}
