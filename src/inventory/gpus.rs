//! How GPUs are reported: each is counted once, even if several sources report it.

use super::{Change, Changes, Inventory, TargetInfo};
use super::{Gpu, Origin};
use crate::reading::{GpuId, GpuReading, GpuState, Health, NodeName, TargetId};
use crate::units::Moment;

impl Inventory {
    /// The health of a GPU: by the state that its driver reports, otherwise by how long it has been silent.
    pub fn gpu_health(&self, gpu: &Gpu) -> Health {
        match gpu.state {
            GpuState::Lost => Health::Lost,
            GpuState::Hung | GpuState::Refused | GpuState::Failing | GpuState::Slow => {
                self.health(gpu.answered).max(Health::Stale)
            }
            GpuState::Answering => match self.health(gpu.answered) {
                // It is another machine's turn.
                Health::Stale if gpu.missing && self.is_in_turn(gpu) => Health::Live,
                health => health,
            },
        }
    }

    /// Whether a GPU is of one of several machines that answer by turns.
    fn is_in_turn(&self, gpu: &Gpu) -> bool {
        self.nodes.get(&gpu.node).is_some_and(|node| self.takes_turns(node))
    }

    /// Whether the source that last reported a GPU is polled.
    pub(super) fn has_source(&self, gpu: &Gpu) -> bool {
        match &gpu.origin {
            Origin::Driver(_) => true,
            Origin::Page(target) => self.targets.contains_key(target),
        }
    }

    /// The GPU of a reading: by its UUID, otherwise the known GPU at that node and index. A second driver counts from 0 too:
    /// its cards are those that it reported at that index.
    pub(crate) fn gpu_of(&self, reading: &GpuReading, node: &NodeName, origin: &Origin) -> GpuId {
        if let Some(id) = &reading.id {
            return id.clone();
        }
        let at_place = self.nodes.get(node).and_then(|node| node.gpus.get(&reading.index));
        let place = || GpuId::from_place(node, reading.index);
        let Origin::Driver(source) = origin else { return at_place.cloned().unwrap_or_else(place) };
        let is_anothers = |id: &GpuId| self.gpus.get(id).is_some_and(|gpu| gpu.is_of_another_driver(origin));
        let own = GpuId::from_canonical(&format!("{node}/{source}{}", reading.index));
        if self.gpus.contains_key(&own) || at_place.is_some_and(is_anothers) {
            return own;
        }
        at_place.cloned().unwrap_or_else(place)
    }

    /// Those of a driver's GPUs that no other source reports which is as direct.
    pub(crate) fn without_others(
        &mut self,
        node: &NodeName,
        mut readings: Vec<GpuReading>,
        origin: &Origin,
    ) -> Vec<GpuReading> {
        readings.retain(|reading| {
            let id = self.gpu_of(reading, node, origin);
            let elsewhere = self.is_reported_elsewhere(&id, origin);
            if let (true, Origin::Driver(source)) = (elsewhere, origin) {
                self.note_other_source(&id, source);
            }
            !elsewhere
        });
        readings
    }

    /// Whether another live source already reports a GPU, and is at least as direct. A GPU counts once.
    pub(super) fn is_reported_elsewhere(&self, id: &GpuId, origin: &Origin) -> bool {
        self.gpus.get(id).is_some_and(|gpu| {
            gpu.origin != *origin
                && self.health(gpu.answered) == Health::Live
                && self.directness(&gpu.origin) <= self.directness(origin)
        })
    }

    /// How direct a source is: 0 is a driver of this machine, 1 a page of one node, 2 a page that has listed several.
    fn directness(&self, origin: &Origin) -> u8 {
        let lists_several = |page: &TargetId| self.listings.get(page).is_some_and(|nodes| nodes.len() > 1);
        match origin {
            Origin::Driver(_) => 0,
            Origin::Page(page) => 1 + u8::from(lists_several(page)),
        }
    }

    /// Records that a source lists a GPU which is taken from another one.
    pub(super) fn note_other_source(&mut self, id: &GpuId, target: &TargetId) {
        let now = self.now;
        if let Some(gpu) = self.gpus.get_mut(id) {
            gpu.others.insert(target.clone(), now);
        }
    }

    /// The other targets whose pages list a GPU now.
    pub(crate) fn other_sources<'a>(&'a self, gpu: &'a Gpu) -> impl Iterator<Item = &'a TargetId> {
        let listed = gpu.others.iter().filter(|(_, at)| self.health(**at) == Health::Live);
        listed.map(|(target, _)| target)
    }

    /// Takes a source's report of all GPUs of a node. Returns which GPU each reading is of.
    pub(crate) fn report_gpus(
        &mut self,
        name: &NodeName,
        info: Option<&TargetInfo>,
        at: Moment,
        readings: Vec<GpuReading>,
        origin: &Origin,
    ) -> (Vec<GpuId>, Changes) {
        let mut changes = Changes::default();
        self.restore_node(name);
        let ids: Vec<GpuId> = readings.iter().map(|reading| self.gpu_of(reading, name, origin)).collect();
        changes.extend(self.see_turn(name, &ids, origin));
        changes.extend(self.note_missing(name, &readings, &ids, origin));
        let node = self.see_node(name, info, at);
        node.allocated_from.get_or_insert(at.wall);
        node.polls.push(at, []);
        (node.reported, node.awaited, node.unlisted) = (at, false, None);
        let in_turn =
            matches!(origin, Origin::Page(_)) && self.nodes.get(name).is_some_and(|node| self.takes_turns(node));
        changes.extend(if in_turn {
            self.place_in_turn(name, &readings, &ids)
        } else {
            let reported: Vec<(u32, &GpuId)> = readings.iter().map(|reading| reading.index).zip(&ids).collect();
            self.place(name, &reported, origin)
        });
        for (reading, id) in readings.into_iter().zip(&ids) {
            let gpu = self.gpus.get_or_insert_with(id, || Gpu::new(name, reading.clone(), at, origin.clone()));
            (gpu.node, gpu.origin) = (name.clone(), origin.clone());
            let (Origin::Page(source) | Origin::Driver(source)) = origin;
            gpu.others.remove(source);
            gpu.take(reading, at);
        }
        changes.extend(self.name_like_others(name, at));
        changes.push(Change::Seen(name.clone()));
        (ids, changes)
    }

    /// Lets GPUs of a node that have reported no name go by that of the others. Returns those that have a name from now on.
    fn name_like_others(&mut self, name: &NodeName, at: Moment) -> Changes {
        let (mut changes, mut known_now) = (Changes::default(), Vec::new());
        let Some(node) = self.nodes.get(name) else { return changes };
        let gpus: Vec<&Gpu> = node.gpus.values().filter_map(|id| self.gpus.get(id)).collect();
        let mut names = gpus.iter().filter_map(|gpu| gpu.reading.name.as_ref());
        let first = names.next();
        let only = first.filter(|first| names.all(|other| other == *first));
        if gpus.iter().all(|gpu| gpu.like.as_ref() == only && gpu.nameless.is_some() == gpu.name().is_empty()) {
            return changes;
        }
        let only = only.cloned();
        for id in node.gpus.values() {
            if let Some(gpu) = self.gpus.get_mut(id) {
                gpu.like.clone_from(&only);
                if gpu.name().is_empty() {
                    gpu.nameless.get_or_insert(at);
                } else if let Some(since) = gpu.nameless.take() {
                    known_now.push((id.clone(), since));
                }
            }
        }
        if !known_now.is_empty() {
            changes.push(Change::Named { node: name.clone(), gpus: known_now });
        }
        changes
    }

    /// Marks GPUs that their source does not list any more as missing: they become stale, then lost, and are still
    /// paid. A GPU that the source still listed when an earlier watch ended, and that is not in its first reading of
    /// this watch, is released: it is paid until it was last seen.
    fn note_missing(
        &mut self,
        name: &NodeName,
        readings: &[GpuReading],
        reported: &[GpuId],
        origin: &Origin,
    ) -> Changes {
        let mut changes = Changes::default();
        let Some(node) = self.nodes.get(name) else { return changes };
        let (awaited, allocation) = (node.awaited, node.allocation());
        let (in_turn, all) = (self.takes_turns(node), node.gpus.iter());
        let absent: Vec<(u32, GpuId)> =
            all.filter(|(_, id)| !reported.contains(id)).map(|(index, id)| (*index, id.clone())).collect();
        for (index, id) in absent {
            let Some(gpu) = self.gpus.get_mut(&id).filter(|gpu| gpu.origin == *origin) else { continue };
            let was_missing = std::mem::replace(&mut gpu.missing, true);
            if !awaited || was_missing || in_turn {
                continue;
            }
            if let Some(node) = self.nodes.get_mut(name) {
                node.gpus.retain(|_, placed| *placed != id);
            }
            if readings.iter().any(|reading| reading.index == index) {
                changes.extend(self.replace(name, &id, allocation).into_iter().collect());
            } else if let Some(gpu) = self.gpus.remove(&id) {
                changes.push(Change::Released { node: name.clone(), gpu: Box::new(gpu), allocation });
            }
        }
        changes
    }
}
