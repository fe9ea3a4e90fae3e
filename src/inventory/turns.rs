//! Machines that answer by turns at one address, such as a Service, and call themselves alike.
//!
//! Each page lists the GPUs of another machine at the same indices, so each seems to replace the GPUs of the page before.
//! A GPU that was replaced and comes back shows that both are there: from then on neither machine replaces the other, and
//! nothing of the time between is lost. The verdict is forgotten after ten minutes in which no machine took its turn.

use std::collections::BTreeSet;

use super::node::free_index;
use super::{Allocation, Change, Changes, Inventory, Node, Origin, Replaced, ReturnedGpu, SavedGpu};
use crate::reading::{GpuId, GpuReading, NodeName, TargetId};
use crate::units::{Moment, Span};

/// How long a replaced GPU may be away to count as one that takes turns, and how long the verdict stands without evidence.
const FORGOTTEN: Span = Span::from_secs(600);

/// How many replaced GPUs of a node are kept.
const MOST: usize = 256;

impl Inventory {
    /// Whether several machines answer by turns for a node.
    pub(super) fn takes_turns(&self, node: &Node) -> bool {
        node.turns.is_some_and(|last| self.now.since(last) < FORGOTTEN)
    }

    /// The nodes for which several machines answer by turns, and the addresses at which they do.
    pub(crate) fn taking_turns(&self) -> impl Iterator<Item = (&NodeName, BTreeSet<&TargetId>)> {
        let pages = |node: &Node| {
            let origins = node.gpus.values().filter_map(|id| Some(&self.gpus.get(id)?.origin));
            let pages = origins.filter_map(|origin| match origin {
                Origin::Page(page) => Some(page),
                Origin::Driver(_) => None,
            });
            pages.collect()
        };
        let turning = self.nodes.iter().filter(|(_, node)| self.takes_turns(node));
        turning.map(move |(name, node)| (name, pages(node)))
    }

    /// Releases a GPU whose index another one took, and keeps it in mind: it may be another machine's.
    pub(super) fn replace(&mut self, name: &NodeName, id: &GpuId, allocation: Allocation) -> Option<Change> {
        let gpu = self.gpus.remove(id)?;
        let now = self.now;
        if let (Origin::Page(_), Some(node)) = (&gpu.origin, self.nodes.get_mut(name)) {
            node.replaced.retain(|earlier| now.since(earlier.at) < FORGOTTEN && earlier.gpu.id != *id);
            let (index, seen, missing) = (gpu.reading.index, Some(gpu.answered), true);
            let saved = SavedGpu { seen, missing, ..gpu.saved(index, id) };
            node.replaced.push(Replaced { gpu: saved, at: now, of: allocation.gpus });
            node.replaced.drain(..node.replaced.len().saturating_sub(MOST));
        }
        Some(Change::Released { node: name.clone(), gpu: gpu.into(), allocation })
    }

    /// Notes whether another machine answers than at the poll before, and has done so earlier. GPUs that were released as
    /// replaced by its GPUs are there again, and all that were released with them. Machines have no GPU in common: a page
    /// that lists one of the page before is of the same machine.
    pub(super) fn see_turn(&mut self, name: &NodeName, reported: &[GpuId], origin: &Origin) -> Changes {
        let mut changes = Changes::default();
        let (now, Origin::Page(page)) = (self.now, origin) else { return changes };
        let Some(node) = self.nodes.get(name).filter(|node| node.turns.is_some() || !node.replaced.is_empty()) else {
            return changes;
        };
        let here = |id: &GpuId| self.gpus.get(id).filter(|gpu| gpu.node == *name && gpu.origin == *origin);
        let was_listed = |id: &GpuId| here(id).is_some_and(|gpu| !gpu.missing);
        if reported.iter().any(was_listed) || !node.gpus.values().any(was_listed) {
            return changes;
        }
        let may_return = |replaced: &Replaced| {
            let is_recent = now.since(replaced.at) < FORGOTTEN;
            is_recent && replaced.gpu.page.as_ref() == Some(page) && !self.gpus.contains_key(&replaced.gpu.id)
        };
        let seen = node.replaced.iter().filter(|earlier| may_return(earlier) && reported.contains(&earlier.gpu.id));
        let released: Vec<Moment> = seen.map(|replaced| replaced.at).collect();
        let is_next = self.takes_turns(node) && reported.iter().any(|id| here(id).is_some());
        if released.is_empty() && !is_next {
            return changes;
        }
        let returns = |replaced: &Replaced| released.contains(&replaced.at) && may_return(replaced);
        let (back, kept): (Vec<_>, Vec<_>) = node.replaced.iter().cloned().partition(returns);
        if let Some(node) = self.nodes.get_mut(name) {
            (node.turns, node.replaced) = (Some(now), kept);
        }
        let gpus: Vec<ReturnedGpu> = back.into_iter().filter_map(|replaced| self.take_back(name, replaced)).collect();
        if !gpus.is_empty() {
            changes.push(Change::Returned { node: name.clone(), gpus });
        }
        changes
    }

    /// Takes a released GPU back.
    fn take_back(&mut self, name: &NodeName, replaced: Replaced) -> Option<ReturnedGpu> {
        let Replaced { gpu, at: released, of } = replaced;
        let (id, seen, index) = (gpu.id.clone(), gpu.seen?, gpu.index);
        let node = self.nodes.get_mut(name)?;
        let free = if node.gpus.contains_key(&index) { free_index(&node.gpus) } else { index };
        node.gpus.insert(free, id.clone());
        self.restore_gpu(name, gpu, seen);
        Some(ReturnedGpu { id, seen, released, of })
    }

    /// Assigns indices to the GPUs of one of the machines that answer by turns: known GPUs keep theirs, new ones get free
    /// ones. A new GPU replaces only one of the same machine.
    pub(super) fn place_in_turn(&mut self, name: &NodeName, reported: &[GpuReading], ids: &[GpuId]) -> Changes {
        let mut changes = Changes::default();
        let Some(node) = self.nodes.get(name) else { return changes };
        let (before, allocation) = (node.gpus.clone(), node.allocation());
        let known: BTreeSet<&GpuId> = before.values().collect();
        let answered = |id: &GpuId| self.gpus.get(id).map(|gpu| gpu.answered);
        let last = ids.iter().filter(|id| known.contains(id)).filter_map(answered).max_by_key(|at| at.boot);
        let is_of_machine = |id: &GpuId| !ids.contains(id) && last.is_some() && answered(id) == last;
        let mut left: Vec<(u32, GpuId)> = known
            .iter()
            .filter(|id| is_of_machine(id))
            .filter_map(|id| Some((self.gpus.get(*id)?.reading.index, (*id).clone())))
            .collect();
        let mut placed = before.clone();
        for (reading, id) in reported.iter().zip(ids).filter(|(_, id)| !known.contains(id)) {
            self.leave_other_node(name, id);
            if let Some(at) = left.iter().position(|(index, _)| *index == reading.index) {
                let (_, old) = left.swap_remove(at);
                placed.retain(|_, gpu| *gpu != old);
                changes.extend(self.replace(name, &old, allocation).into_iter().collect());
            }
            let index = if placed.contains_key(&reading.index) { free_index(&placed) } else { reading.index };
            if !placed.values().any(|gpu| gpu == id) {
                placed.insert(index, id.clone());
            }
        }
        if let Some(node) = self.nodes.get_mut(name).filter(|node| node.gpus != placed) {
            node.gpus = placed;
        }
        changes
    }
}
