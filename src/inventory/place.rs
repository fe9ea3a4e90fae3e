//! Assigns GPUs their indices on a node, and decides which GPU a new one replaces.
//!
//! A driver numbers the GPUs that it finds. When one dies, the next boot may give its index to another GPU that was
//! there before. That does not release the dead one, since the machine is still paid. A GPU is replaced only by one
//! that is new to the node.

use std::collections::{BTreeMap, BTreeSet};

use super::node::free_index;
use super::{Changes, Gpu, Inventory, Origin};
use crate::reading::{GpuId, Health, NodeName};

/// Why another GPU has a GPU's index now.
enum Displaced {
    /// The other GPU is new to the node and replaced it.
    Replaced,
    /// The other GPU is the same card, which now reports a UUID.
    Named(GpuId),
    /// The GPUs were renumbered without it.
    Renumbered,
}

impl Inventory {
    /// Assigns indices to the GPUs that a source reports. A GPU is on one node only.
    pub(super) fn place(&mut self, name: &NodeName, reported: &[(u32, &GpuId)], origin: &Origin) -> Changes {
        if self.nodes.get(name).is_some_and(|node| is_as_before(&node.gpus, reported)) {
            return Changes::default();
        }
        for (_, id) in reported {
            self.leave_other_node(name, id);
        }
        let Some(node) = self.nodes.get(name) else { return Changes::default() };
        let (before, allocation) = (node.gpus.clone(), node.allocation());
        let ids: BTreeSet<&GpuId> = reported.iter().map(|(_, id)| *id).collect();
        let absent: Vec<(u32, &GpuId)> =
            before.iter().filter(|(_, id)| !ids.contains(id)).map(|(index, id)| (*index, id)).collect();
        let is_named_now = |index: u32, id: &GpuId| {
            *id == GpuId::from_place(name, index) && reported.iter().any(|(place, _)| *place == index)
        };
        let (theirs, gone): (Vec<_>, Vec<_>) = absent.into_iter().partition(|(index, id)| {
            self.is_anothers(id, origin) && !(self.is_of_pages(id, origin) && is_named_now(*index, id))
        });

        let mut placed: BTreeMap<u32, GpuId> = theirs.into_iter().map(|(index, id)| (index, id.clone())).collect();
        let mut crowded: Vec<GpuId> = Vec::new();
        for (index, id) in reported {
            if placed.values().any(|known| known == *id) || crowded.contains(id) {
                continue;
            }
            if placed.contains_key(index) {
                crowded.push((*id).clone());
            } else {
                placed.insert(*index, (*id).clone());
            }
        }
        let replaced = replaced(name, &before, &placed, &ids);
        let mut changes = Changes::default();
        for (index, id) in gone {
            match displaced(name, index, id, &placed, &replaced) {
                None => drop(placed.insert(index, id.clone())),
                Some(Displaced::Renumbered) => crowded.push(id.clone()),
                Some(Displaced::Named(uuid)) => {
                    if let Some(gpu) = self.gpus.remove(id) {
                        let _ = self.gpus.get_or_insert_with(&uuid, || gpu);
                    }
                }
                Some(Displaced::Replaced) => {
                    changes.extend(self.replace(name, id, allocation).into_iter().collect());
                }
            }
        }
        for id in crowded {
            let was_at = before.iter().find(|(index, known)| **known == id && !placed.contains_key(index));
            let index = was_at.map_or_else(|| free_index(&placed), |(index, _)| *index);
            placed.insert(index, id);
        }
        if let Some(node) = self.nodes.get_mut(name) {
            node.gpus = placed;
        }
        changes
    }

    /// Whether another live source reports a GPU, so that its index is taken. Of two drivers each has cards of its own,
    /// which only itself replaces, however long it is silent.
    fn is_anothers(&self, id: &GpuId, origin: &Origin) -> bool {
        let is_kept = |gpu: &Gpu| gpu.is_of_another_driver(origin) || self.health(gpu.answered) == Health::Live;
        self.gpus.get(id).is_some_and(|gpu| gpu.origin != *origin && is_kept(gpu))
    }

    /// Whether a GPU and a report of GPUs are of pages: unlike drivers, they number the same cards.
    fn is_of_pages(&self, id: &GpuId, origin: &Origin) -> bool {
        let is_page = |origin: &Origin| matches!(origin, Origin::Page(_));
        is_page(origin) && self.gpus.get(id).is_some_and(|gpu| is_page(&gpu.origin))
    }

    pub(super) fn leave_other_node(&mut self, name: &NodeName, id: &GpuId) {
        let elsewhere = self.gpus.get(id).map(|gpu| &gpu.node).filter(|node| *node != name);
        if let Some(node) = elsewhere.and_then(|node| self.nodes.get_mut(node)) {
            node.gpus.retain(|_, placed| placed != id);
        }
    }
}

/// Whether a report lists exactly the GPUs that are placed, in their order.
fn is_as_before(placed: &BTreeMap<u32, GpuId>, reported: &[(u32, &GpuId)]) -> bool {
    placed.len() == reported.len()
        && placed.iter().zip(reported).all(|((at, known), (index, id))| at == index && known == *id)
}

fn displaced(
    name: &NodeName,
    index: u32,
    id: &GpuId,
    placed: &BTreeMap<u32, GpuId>,
    replaced: &BTreeSet<GpuId>,
) -> Option<Displaced> {
    let now = placed.get(&index)?;
    Some(if *id == GpuId::from_place(name, index) {
        Displaced::Named(now.clone())
    } else if replaced.contains(id) {
        Displaced::Replaced
    } else {
        Displaced::Renumbered
    })
}

/// The GPUs that new ones replace. A new GPU replaces the one that had its index. If that one only moved to another
/// index, it replaces the GPU that had that index, and so on.
fn replaced(
    name: &NodeName,
    before: &BTreeMap<u32, GpuId>,
    placed: &BTreeMap<u32, GpuId>,
    reported: &BTreeSet<&GpuId>,
) -> BTreeSet<GpuId> {
    let known: BTreeSet<&GpuId> = before.values().collect();
    let now_at: BTreeMap<&GpuId, u32> = placed.iter().map(|(index, id)| (id, *index)).collect();
    let mut found = BTreeSet::new();
    for (index, _) in placed.iter().filter(|(_, id)| reported.contains(id) && !known.contains(id)) {
        let mut at = *index;
        // No GPU is visited twice: each has one index before and one now.
        for _ in 0..=before.len() {
            let Some(holder) = before.get(&at) else { break };
            if *holder == GpuId::from_place(name, at) {
                break;
            }
            match now_at.get(holder) {
                Some(next) if reported.contains(holder) => at = *next,
                Some(_) => break,
                None => {
                    found.insert(holder.clone());
                    break;
                }
            }
        }
    }
    found
}
