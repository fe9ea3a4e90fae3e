//! Targets of an earlier watch: they wait until they are added.

use super::Metering;
use super::duplicates::SavedPlace;
use super::saved::SavedTarget;
use crate::inventory::FleetConfig;
use crate::reading::TargetId;
use crate::units::Moment;

impl Metering {
    /// Keeps a target of an earlier watch until it is added.
    pub(crate) fn remember(&mut self, id: TargetId, saved: SavedTarget) {
        self.earlier.targets.insert(id, saved);
    }

    /// Records that the saved state under a key cannot be read: the target's next page is a baseline.
    pub(crate) fn note_unread(&mut self, key: String) {
        self.reset_target(&TargetId::new(&key), false);
        self.earlier.unread.push(key);
    }

    /// Takes the keys of saved states that could not be read, to remove.
    pub(crate) fn take_unread(&mut self) -> Vec<String> {
        std::mem::take(&mut self.earlier.unread)
    }

    /// Continues a target that was added. Returns when its last page came; `None` if it is new.
    pub(crate) fn add_target(&mut self, config: &FleetConfig, id: &TargetId) -> Option<Moment> {
        let saved = self.earlier.targets.remove(id)?;
        let answered = saved.answered;
        self.restore_target(config, id.clone(), saved);
        Some(answered)
    }

    /// Restores the targets that are not watched now and whose processes were seen at other targets too: these go on from
    /// the values up to which was counted.
    pub(crate) fn restore_unwatched(&mut self, config: &FleetConfig) {
        let has_others = |saved: &SavedTarget| saved.duplicates.iter().any(SavedPlace::has_others);
        let known: Vec<_> = self.earlier.targets.iter().filter(|(_, saved)| has_others(saved)).collect();
        let known: Vec<_> = known.into_iter().map(|(id, saved)| (id.clone(), saved.clone())).collect();
        for (id, saved) in known {
            let engine = self.restore_engine(config, &id, saved);
            self.unwatched.insert(id, engine);
        }
    }

    /// Forgets what an earlier watch knew of a target.
    pub(super) fn forget_earlier(&mut self, id: &TargetId) {
        self.earlier.targets.remove(id);
    }
}
