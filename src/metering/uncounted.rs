//! Which targets show tokens that are counted nowhere, or lack them.

use std::collections::BTreeMap;

use crate::reading::{ModelName, TargetId};
use crate::units::Timestamp;

/// The targets with such tokens.
#[derive(Debug, Default)]
pub(super) struct UncountedParts(BTreeMap<ModelPlace, Uncounted>);

/// A model at a target.
type ModelPlace = (TargetId, Option<ModelName>);

/// Such tokens of a model at a target.
#[derive(Debug, Default)]
struct Uncounted {
    /// Whether some grew that no lost window stands for yet.
    grew: bool,
    /// The day of the last lost window: one is counted a day.
    lost_on: Option<Timestamp>,
}

impl UncountedParts {
    /// Notes whether tokens grew, and whether an engine is watched on which they count, if that is known. Returns whether
    /// a lost window is to be counted for them.
    pub(super) fn note(&mut self, key: ModelPlace, grew: bool, is_watched: Option<bool>, day: Timestamp) -> bool {
        let uncounted = self.0.entry(key).or_default();
        uncounted.grew |= grew;
        let Some(is_watched) = is_watched.filter(|_| uncounted.grew) else { return false };
        uncounted.grew = false;
        if is_watched {
            uncounted.lost_on = None;
        }
        !is_watched && uncounted.lost_on.replace(day) != Some(day)
    }

    /// Whether tokens of a model at a target are counted nowhere.
    pub(super) fn lacks(&self, key: &ModelPlace) -> bool {
        self.0.get(key).is_some_and(|uncounted| uncounted.lost_on.is_some())
    }
}
