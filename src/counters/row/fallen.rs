//! What is kept of a row whose counters fell.

use serde::{Deserialize, Serialize};

use super::COUNTERS;
use crate::counters::hits::HitClamp;
use crate::reading::TokenCounters;
use crate::units::Moment;

/// A quarantined fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quarantine {
    /// The first and the last values since the fall.
    pub(super) first: TokenCounters,
    pub(super) last: TokenCounters,
    /// When it began, and when the row's values were last accepted.
    pub(super) since: Moment,
    pub(super) believed: Moment,
    pub(super) pages: u8,
    /// What of its values others had, whose labels it may have taken.
    #[serde(default)]
    pub(super) taken: [u64; COUNTERS],
}

/// A reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BeforeReset {
    /// The values before it, and when they were accepted.
    pub(super) before: TokenCounters,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) believed: Option<Moment>,
    pub(super) at: Moment,
    /// The first values after it.
    #[serde(default)]
    pub(super) low: TokenCounters,
    /// The hits before it that waited for their prompts, and the other way round.
    #[serde(default)]
    pub(super) hits: HitClamp,
    /// What of those values was disputed and never posted.
    #[serde(default)]
    pub(super) disputed: [u64; COUNTERS],
}

impl Quarantine {
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { first: _, last: _, since, believed, pages: _, taken: _ } = self;
        [since, believed].into_iter()
    }
}

impl BeforeReset {
    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { before: _, believed, at, low: _, hits: _, disputed: _ } = self;
        believed.iter_mut().chain([at])
    }
}
