//! Targets that are no longer listed where they were found: after the grace period they are gone, and their GPUs released.

use super::{Changes, Inventory, Origin, Target};
use crate::reading::{NodeName, TargetId};

impl Inventory {
    /// Records that targets are no longer listed. Until the grace period is over they are silent, and paid.
    pub(crate) fn leave_targets(&mut self, targets: &[TargetId]) {
        for id in targets {
            if let Some(target) = self.targets.get_mut(id) {
                target.left.get_or_insert(self.now);
            }
        }
    }

    /// Removes the targets that were not listed for the grace period, and releases the nodes whose GPUs only they reported:
    /// each GPU is paid until it was last seen. `None` if no target is to be removed.
    pub(crate) fn release_departed(&mut self) -> Option<Changes> {
        let (now, grace) = (self.now, self.release_after);
        let is_over = |left| now.since(left) >= grace;
        // What has never answered has nothing that would be paid.
        let is_gone = |target: &Target| target.left.is_some_and(|left| target.answered.is_none() || is_over(left));
        let gone = self.targets.iter().filter(|(_, target)| is_gone(target));
        let gone: Vec<TargetId> = gone.map(|(id, _)| id.clone()).collect();
        if gone.is_empty() {
            return None;
        }
        let mut changes = Changes::default();
        for id in gone {
            for name in self.nodes_of_page(&id) {
                changes.extend(self.release_node(&name));
            }
            self.listings.remove(&id);
            self.targets.remove(&id);
        }
        Some(changes)
    }

    /// The nodes all of whose GPUs are reported by one page.
    fn nodes_of_page(&self, page: &TargetId) -> Vec<NodeName> {
        let origin = Origin::Page(page.clone());
        let is_its = |id| self.gpus.get(id).is_some_and(|gpu| gpu.origin == origin);
        let nodes = self.nodes.iter();
        let nodes = nodes.filter(|(_, node)| !node.gpus.is_empty() && node.gpus.values().all(is_its));
        nodes.map(|(name, _)| name.clone()).collect()
    }
}
