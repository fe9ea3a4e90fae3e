//! Release: nodes that are no longer in the inventory, told by a source that answers and does not list them. Silence
//! releases nothing.

use super::{Change, Changes, Inventory, Origin};
use crate::reading::{GpuId, GpuReading, NodeName, TargetId};
use crate::units::{Moment, Span};

/// How long a node may be missing from a page that lists others before its GPUs are released.
const GRACE: Span = Span::from_secs(300);

impl Inventory {
    /// Nodes that a page listed and no longer lists are released once it has answered without them for the grace, each
    /// GPU at its last sight; when they come back, rent begins anew. After a long silence the grace begins anew too.
    pub(crate) fn release_unlisted(
        &mut self,
        page: &TargetId,
        at: Moment,
        listed: &[(NodeName, Vec<GpuReading>)],
    ) -> Changes {
        let mut changes = Changes::default();
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

    /// Notes that a node's source answers and does not list it. Whether it did so for the grace.
    fn is_overdue(&mut self, name: &NodeName, origin: &Origin, at: Moment) -> bool {
        let gpus = &self.gpus;
        let from_here = |id: &GpuId| gpus.get(id).is_some_and(|gpu| gpu.origin == *origin);
        let node = self.nodes.get_mut(name).filter(|node| !node.gpus.is_empty() && node.gpus.values().all(from_here));
        let Some(node) = node else { return false };
        let (since, _) = node.unlisted.filter(|(_, last)| at.since(*last) < GRACE).unwrap_or((at, at));
        node.unlisted = Some((since, at));
        at.since(since) >= GRACE
    }

    /// Releases a node's GPUs.
    fn release_node(&mut self, name: &NodeName) -> Changes {
        let mut changes = Changes::default();
        let Some(node) = self.nodes.get_mut(name) else { return changes };
        let allocation = node.allocation();
        let gone = std::mem::take(&mut node.gpus);
        for gpu in gone.values().filter_map(|id| self.gpus.remove(id)) {
            changes.push(Change::Released { node: name.clone(), gpu: Box::new(gpu), allocation });
        }
        if let Some(node) = self.nodes.get_mut(name) {
            (node.allocated_from, node.unlisted) = (None, None);
        }
        self.labels.forget_node(name);
        changes.push(Change::Emptied(name.clone()));
        changes
    }

    /// Forgets a node's GPUs, whose leases were ended by hand: what is there is allocated anew when it is next reported.
    pub(crate) fn forget_gpus(&mut self, name: &NodeName) {
        self.restore_node(name);
        let Some(node) = self.nodes.get_mut(name) else { return };
        for id in std::mem::take(&mut node.gpus).into_values() {
            self.gpus.remove(&id);
        }
        (node.awaited, node.allocated_from) = (false, None);
    }
}
