//! Release: GPUs that are no longer there, told by a source that answers and does not list them. Silence releases nothing.

use super::Fleet;
use super::gpus::{Origin, id_of};
use crate::reading::{GpuId, GpuReading, GpuState, NodeName, TargetId};
use crate::units::{Moment, Span};

/// How long a node may be missing from a page that lists others before its GPUs are released.
const GRACE: Span = Span::from_secs(300);

impl Fleet {
    /// A source that answers with other GPUs at the same places has released the missing ones at their last sight.
    pub(super) fn release_missing(&mut self, name: &NodeName, readings: &[GpuReading], origin: &Origin) {
        let Some(node) = self.nodes.get(name) else { return };
        let missing: Vec<_> = node
            .gpus
            .iter()
            .filter(|(_, id)| self.gpus.get(*id).is_some_and(|gpu| gpu.origin == *origin))
            .filter(|(_, id)| !readings.iter().any(|reading| id_of(reading, name) == **id))
            .filter(|(index, _)| !readings.iter().any(|r| r.index == **index && r.state == GpuState::Lost))
            .map(|(index, id)| (*index, id.clone()))
            .collect();
        self.release(name, missing);
    }

    /// Nodes that a page listed and no longer lists are released once it has answered without them for the grace, each
    /// GPU at its last sight; when they come back, rent begins anew. After a long silence the grace begins anew too.
    pub(super) fn release_unlisted(&mut self, page: &TargetId, at: Moment, listed: &[(NodeName, Vec<GpuReading>)]) {
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
                let gpus = self.nodes.get(&name).map(|node| node.gpus.clone().into_iter().collect());
                self.release(&name, gpus.unwrap_or_default());
                self.rents.forget(&name);
                if let Some(node) = self.nodes.get_mut(&name) {
                    (node.held_from, node.unlisted) = (None, None);
                }
            }
        }
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

    /// Ends the rent of GPUs at their last sight.
    fn release(&mut self, name: &NodeName, gone: Vec<(u32, GpuId)>) {
        for (index, id) in gone {
            if let (Some(gpu), Some(node)) = (self.gpus.remove(&id), self.nodes.get(name)) {
                self.rents.release(&mut self.ledger, &self.site, name, node, &gpu);
            }
            if let Some(node) = self.nodes.get_mut(name) {
                node.gpus.remove(&index);
                node.changed = true;
            }
        }
    }
}
