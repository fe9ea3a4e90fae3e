//! Releases nodes that a page no longer lists although it answers. A silent source releases no node.

use std::collections::BTreeSet;

use super::{Change, Changes, Inventory, Origin, SavedNode};
use crate::reading::{GpuId, GpuReading, NodeName, TargetId};
use crate::units::Moment;

impl Inventory {
    /// Releases nodes that a page has listed and has answered without for the grace period. Each GPU is paid until it
    /// was last seen; if the node comes back, its GPUs are allocated from then on. The grace period starts again after
    /// a long silence of the page.
    pub(crate) fn release_unlisted(
        &mut self,
        page: &TargetId,
        at: Moment,
        listed: &[(NodeName, Vec<GpuReading>)],
    ) -> Changes {
        let mut changes = Changes::default();
        if !self.listings.contains_key(page) {
            self.restore_listed(page);
        }
        let known = self.listings.entry(page.clone()).or_default();
        for (name, _) in listed {
            if !known.contains(name) {
                known.insert(name.clone());
            }
        }
        let lists = |name: &NodeName| listed.iter().any(|(listed, _)| listed == name);
        let missing: Vec<NodeName> = known.iter().filter(|name| !lists(name)).cloned().collect();
        for name in missing {
            if self.is_overdue(&name, &Origin::Page(page.clone()), at) {
                changes.extend(self.release_node(&name));
                if let Some(known) = self.listings.get_mut(page) {
                    known.remove(&name);
                }
            }
        }
        changes
    }

    /// Restores the nodes that a page listed in an earlier watch.
    fn restore_listed(&mut self, page: &TargetId) {
        let is_from_here =
            |node: &SavedNode| !node.gpus.is_empty() && node.gpus.iter().all(|gpu| gpu.page.as_ref() == Some(page));
        let earlier = self.earlier.nodes.iter().filter(|(_, (node, _))| is_from_here(node));
        let names: BTreeSet<NodeName> = earlier.map(|(name, _)| name.clone()).collect();
        for name in &names {
            self.restore_node(name);
        }
        self.listings.entry(page.clone()).or_default().extend(names);
    }

    /// Records that a node's source answers without listing it. Returns whether it has done so for the grace period.
    fn is_overdue(&mut self, name: &NodeName, origin: &Origin, at: Moment) -> bool {
        let (gpus, grace) = (&self.gpus, self.release_after);
        // A page that is polled less often than the grace period is not silent.
        let silence = grace.max(self.lost_after);
        let from_here = |id: &GpuId| gpus.get(id).is_some_and(|gpu| gpu.origin == *origin);
        let node = self.nodes.get_mut(name).filter(|node| !node.gpus.is_empty() && node.gpus.values().all(from_here));
        let Some(node) = node else { return false };
        let (since, _) = node.unlisted.filter(|(_, last)| at.since(*last) < silence).unwrap_or((at, at));
        node.unlisted = Some((since, at));
        at.since(since) >= grace
    }

    /// Releases a node's GPUs.
    pub(super) fn release_node(&mut self, name: &NodeName) -> Changes {
        let mut changes = Changes::default();
        let Some(node) = self.nodes.get_mut(name) else { return changes };
        let allocation = node.allocation();
        let gone = std::mem::take(&mut node.gpus);
        for gpu in gone.values().filter_map(|id| self.gpus.remove(id)) {
            changes.push(Change::Released { node: name.clone(), gpu: Box::new(gpu), allocation });
        }
        if let Some(node) = self.nodes.get_mut(name) {
            (node.allocated_from, node.unlisted, node.turns) = (None, None, None);
            node.replaced.clear();
        }
        self.labels.forget_node(name);
        changes.push(Change::Emptied(name.clone()));
        changes
    }

    /// Drops a node's GPUs after its leases were ended by hand. They are allocated again when they are next reported.
    pub(crate) fn forget_gpus(&mut self, name: &NodeName) {
        self.restore_node(name);
        let Some(node) = self.nodes.get_mut(name) else { return };
        node.replaced.clear();
        for id in std::mem::take(&mut node.gpus).into_values() {
            self.gpus.remove(&id);
        }
        (node.awaited, node.allocated_from, node.turns) = (false, None, None);
    }
}
