//! Targets of an earlier run, kept until they are added.

use super::Metering;
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
        self.earlier.dropped.push(key);
    }

    /// Takes the keys of saved states to remove.
    pub(crate) fn take_dropped(&mut self) -> Vec<String> {
        std::mem::take(&mut self.earlier.dropped)
    }

    /// Restores an added target. Returns when its last page was received; `None` if it is new.
    pub(crate) fn add_target(
        &mut self,
        config: &FleetConfig,
        id: &TargetId,
        is_watched: impl Fn(&TargetId) -> bool,
    ) -> Option<Moment> {
        let saved = self.earlier.targets.remove(id).or_else(|| self.take_respelled(id, is_watched))?;
        let answered = saved.answered;
        self.restore_target(config, id.clone(), saved);
        Some(answered)
    }

    /// Takes the state of a target that an earlier run named by another spelling of the same address.
    fn take_respelled(&mut self, id: &TargetId, is_watched: impl Fn(&TargetId) -> bool) -> Option<SavedTarget> {
        let address = id.address()?;
        let is_it = |known: &&TargetId| !is_watched(known) && known.address().is_some_and(|known| known == address);
        let ids = self.earlier.targets.keys().filter(is_it);
        let latest = ids.max_by_key(|id| self.earlier.targets[*id].answered.wall)?.clone();
        self.earlier.dropped.push(latest.as_str().to_owned());
        self.earlier.targets.remove(&latest)
    }

    /// Restores targets that are not configured now. Targets that show their processes now, as under another name of the
    /// host, continue from the values counted here.
    pub(crate) fn restore_unwatched(&mut self, config: &FleetConfig) {
        let known: Vec<_> = self.earlier.targets.iter().collect();
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
