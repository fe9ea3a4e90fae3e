//! GPUs: once each, whoever reports them. Which of them are no longer there is judged by `release`.

use std::collections::VecDeque;

use super::rent::{self, Held};
use super::{Fleet, GpuMemory, Member};
use crate::pricing::RentWhen;
use crate::reading::{GpuId, GpuReading, GpuState, Health, NodeName, TargetId, Trouble};
use crate::units::{Moment, Ratio, Span};

/// What a heat cell is the mean of.
const HEAT: Span = Span::from_secs(10);

/// Who reports a GPU. The driver of this machine is nearer than any page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Driver,
    Page(TargetId),
}

/// One GPU.
#[derive(Debug)]
pub(super) struct Gpu {
    pub(super) node: NodeName,
    /// The last reading in which it answered.
    pub(super) reading: GpuReading,
    /// When that was.
    pub(super) answered: Moment,
    /// What its source said of it last.
    pub(super) state: GpuState,
    pub(super) origin: Origin,
    heat: VecDeque<(Moment, f64)>,
}

impl Gpu {
    /// Mean utilization of the last 10 s.
    pub(super) fn heat(&self, now: Moment) -> Option<Ratio> {
        let recent = self.heat.iter().filter(|(at, _)| now.since(*at) < HEAT);
        let (count, sum) = recent.fold((0_u32, 0.0), |(count, sum), (_, value)| (count + 1, sum + value));
        Ratio::of(sum, f64::from(count))
    }

    /// How fresh: what the driver says of it, else how long it has been silent.
    pub(super) fn health(&self, fleet: &Fleet) -> Health {
        match self.state {
            GpuState::Lost => Health::Lost,
            GpuState::Hung => fleet.health(self.answered).max(Health::Stale),
            GpuState::Answering => fleet.health(self.answered),
        }
    }

    /// A GPU that was known before, last seen at `seen`.
    pub(super) fn remembered(node: &NodeName, memory: GpuMemory, looked: Moment) -> Self {
        let GpuMemory { index, name, energy, .. } = memory;
        Self {
            node: node.clone(),
            reading: GpuReading { index, name, energy, ..GpuReading::default() },
            answered: memory.seen.unwrap_or(looked),
            state: GpuState::Answering,
            origin: memory.page.map_or(Origin::Driver, Origin::Page),
            heat: VecDeque::new(),
        }
    }

    fn take(&mut self, reading: GpuReading, at: Moment, origin: Origin) {
        self.state = reading.state;
        self.origin = origin;
        if reading.state != GpuState::Answering {
            return;
        }
        if let Some(utilization) = reading.utilization {
            self.heat.push_back((at, utilization.get()));
        }
        while self.heat.front().is_some_and(|(then, _)| at.since(*then) >= HEAT) {
            self.heat.pop_front();
        }
        self.answered = at;
        self.reading = reading;
    }
}

impl Fleet {
    /// This machine's driver was asked.
    pub(super) fn apply_driver(&mut self, node: &NodeName, at: Moment, outcome: Result<Vec<GpuReading>, Trouble>) {
        match outcome {
            Ok(readings) => {
                self.driver_trouble = None;
                if !readings.is_empty() {
                    self.apply_node_gpus(node, None, at, readings, &Origin::Driver);
                }
            }
            Err(trouble) => self.driver_trouble = Some(trouble),
        }
    }

    /// A page reported GPUs, perhaps of several nodes.
    pub(super) fn apply_gpu_page(&mut self, member: &Member, at: Moment, gpus: Vec<(Option<NodeName>, GpuReading)>) {
        let mut by_node: Vec<(NodeName, Vec<GpuReading>)> = Vec::new();
        for (said, reading) in gpus {
            if let (Some(said), None) = (&said, &member.node) {
                self.aliases.note(member.host.as_ref(), said);
            }
            let node = member.node.clone().or(said).unwrap_or_else(|| self.node_of(member));
            match by_node.iter_mut().rev().find(|(name, _)| *name == node) {
                Some((_, readings)) => readings.push(reading),
                None => by_node.push((node, vec![reading])),
            }
        }
        let origin = Origin::Page(member.target.clone());
        self.release_unlisted(&member.target, at, &by_node);
        for (node, readings) in by_node {
            let nearer = |reading: &GpuReading| self.is_nearer_known(&id_of(reading, &node));
            let ours: Vec<_> = readings.into_iter().filter(|reading| !nearer(reading)).collect();
            if !ours.is_empty() {
                self.apply_node_gpus(&node, Some(member), at, ours, &origin);
            }
        }
    }

    /// Whether this machine's driver answers for a GPU itself.
    fn is_nearer_known(&self, id: &GpuId) -> bool {
        self.gpus.get(id).is_some_and(|gpu| gpu.origin == Origin::Driver && self.health(gpu.answered) == Health::Live)
    }

    fn apply_node_gpus(
        &mut self,
        name: &NodeName,
        member: Option<&Member>,
        at: Moment,
        readings: Vec<GpuReading>,
        origin: &Origin,
    ) {
        self.recall_node(name);
        let held = Held { site: &self.site, nodes: &self.nodes, gpus: &self.gpus };
        self.rents.run_node(&mut self.ledger, held, name, at, RentWhen::Held);
        self.rents.begin(name, at);
        self.release_missing(name, &readings, origin);
        let node = self.see_node(name, member.and_then(|m| m.unit.as_ref()), at);
        node.held_from.get_or_insert(at.wall);
        node.looks.push(at, []);
        node.changed |= node.awaited;
        (node.looked, node.awaited, node.unlisted) = (at, false, None);
        for reading in readings {
            let id = id_of(&reading, name);
            self.note_change(name, &id, &reading);
            self.meter(name, &id, &reading, at);
            self.place(name, &id, reading.index);
            let gpu = self.gpus.entry(id).or_insert_with(|| Gpu {
                node: name.clone(),
                reading: GpuReading::default(),
                answered: at,
                state: reading.state,
                origin: origin.clone(),
                heat: VecDeque::new(),
            });
            if gpu.reading == GpuReading::default() {
                // A GPU that is lost at first sight still has its name and place.
                gpu.reading = GpuReading { state: GpuState::Answering, ..reading.clone() };
            }
            gpu.node = name.clone();
            gpu.take(reading, at, origin.clone());
        }
    }

    /// Notes that a node's GPUs are to be remembered anew: one is new, elsewhere, or answers again or no more.
    fn note_change(&mut self, name: &NodeName, id: &GpuId, reading: &GpuReading) {
        let known = self.gpus.get(id).is_some_and(|gpu| gpu.node == *name && gpu.state == reading.state);
        if let (false, Some(node)) = (known, self.nodes.get_mut(name)) {
            node.changed = true;
        }
    }

    /// Posts the energy that a GPU drew since it was last looked at, where power is paid for on top.
    fn meter(&mut self, name: &NodeName, id: &GpuId, reading: &GpuReading, at: Moment) {
        let (Some(gpu), Some(node)) = (self.gpus.get(id), self.nodes.get(name)) else { return };
        let (Some(then), Some(now)) = (gpu.reading.energy, reading.energy) else { return };
        // The driver counts from zero when it is loaded anew.
        let drawn = now.get().checked_sub(then.get()).unwrap_or(now.get());
        let drawn = i64::try_from(drawn).unwrap_or_default();
        if drawn > 0
            && rent::meter(&mut self.ledger, &self.site, name, node, gpu, drawn, at)
            && let Some(node) = self.nodes.get_mut(name)
        {
            node.changed = true;
        }
    }

    /// Puts a GPU at its index; it is on one node only.
    fn place(&mut self, name: &NodeName, id: &GpuId, index: u32) {
        if let Some(elsewhere) = self.gpus.get(id).map(|gpu| gpu.node.clone()).filter(|node| node != name)
            && let Some(node) = self.nodes.get_mut(&elsewhere)
        {
            node.gpus.retain(|_, placed| placed != id);
            node.changed = true;
        }
        if let Some(node) = self.nodes.get_mut(name) {
            node.gpus.insert(index, id.clone());
        }
    }
}

pub(super) fn id_of(reading: &GpuReading, node: &NodeName) -> GpuId {
    reading.id.clone().unwrap_or_else(|| GpuId::from_place(node, reading.index))
}
