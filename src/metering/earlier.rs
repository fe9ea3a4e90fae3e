//! Targets of an earlier run, kept until they are added.

use super::Metering;
use super::duplicates::SavedPlace;
use super::saved::SavedTarget;
use crate::inventory::FleetConfig;
use crate::reading::TargetId;
use crate::units::Moment;

impl Metering {
    /// Keeps the saved state of a target until the target is added.
    pub(crate) fn remember(&mut self, id: TargetId, saved: SavedTarget) {
        self.earlier.targets.insert(id, saved);
    }

    /// Records that the saved state under a key is unreadable: the target's next page is a baseline.
    pub(crate) fn note_unread(&mut self, key: String) {
        self.reset_target(&TargetId::new(&key), false);
        self.earlier.unread.push(key);
    }

    /// Takes the keys of unreadable saved states, for removal.
    pub(crate) fn take_unread(&mut self) -> Vec<String> {
        std::mem::take(&mut self.earlier.unread)
    }

    /// Restores an added target. Returns when its last page was received; `None` if it is new.
    pub(crate) fn add_target(&mut self, config: &FleetConfig, id: &TargetId) -> Option<Moment> {
        let saved = self.earlier.targets.remove(id)?;
        let answered = saved.answered;
        self.restore_target(config, id.clone(), saved);
        Some(answered)
    }

    /// Restores targets that are not configured now but whose processes other targets also showed. Those targets continue
    /// from the values counted here.
    pub(crate) fn restore_unwatched(&mut self, config: &FleetConfig) {
        let has_others = |saved: &SavedTarget| saved.duplicates.iter().any(SavedPlace::has_others);
        let known: Vec<_> = self.earlier.targets.iter().filter(|(_, saved)| has_others(saved)).collect();
        let known: Vec<_> = known.into_iter().map(|(id, saved)| (id.clone(), saved.clone())).collect();
        for (id, saved) in known {
            let engine = self.restore_engine(config, &id, saved);
            self.unwatched.insert(id, engine);
        }
    }

    /// Drops the saved state of a target.
    pub(super) fn forget_earlier(&mut self, id: &TargetId) {
        self.earlier.targets.remove(id);
    }
}
