//! Rings of many subjects: an hour by the minute, for units, nodes, models and engines in two bytes per value, for
//! ranks in one; and the load of every GPU for a quarter hour in steps of five seconds, in one byte.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::fine_rings::FineRings;
use super::frames::Frames;
use super::gather::{PlaceFigures, SubjectFigures};
use super::lines::FINE;
use super::means::Means;
use super::packed::{OneByteShare, PackedCell, TwoByteFloat};
use super::places::{Blocks, EnginePlace, NARROW, NodePlace, RingPlace, WIDE, entry, place_of};
use super::query::{Measure, Subject};
use crate::reading::{ModelName, NodeName, Rank, TargetId, UnitName};
use crate::snapshot::Snapshot;
use crate::units::{Ratio, Span};

const MINUTES_KEPT: usize = 60;
const LOADS_KEPT: usize = 180;
/// The number of minutes without a known value after which a subject is dropped.
const GONE: i64 = 60;

/// All rings of subjects.
#[derive(Debug)]
pub(super) struct Rings {
    minute: Option<i64>,
    fine: FineRings,
    wide: Frames<TwoByteFloat>,
    wide_means: Means,
    wide_blocks: Blocks,
    narrow: Frames<OneByteShare>,
    narrow_means: Means,
    narrow_blocks: Blocks,
    powers: Frames<TwoByteFloat>,
    power_means: Means,
    power_blocks: Blocks,
    loads: Frames<OneByteShare>,
    load_blocks: Blocks,
    units: HashMap<UnitName, RingPlace>,
    nodes: HashMap<NodeName, NodePlace>,
    models: HashMap<ModelName, RingPlace>,
    engines: HashMap<TargetId, EnginePlace>,
}

impl Default for Rings {
    fn default() -> Self {
        let minute = Span::from_secs(60);
        Self {
            minute: None,
            fine: FineRings::default(),
            wide: Frames::new(minute, MINUTES_KEPT),
            wide_means: Means::default(),
            wide_blocks: Blocks::default(),
            narrow: Frames::new(minute, MINUTES_KEPT),
            narrow_means: Means::default(),
            narrow_blocks: Blocks::default(),
            powers: Frames::new(minute, MINUTES_KEPT),
            power_means: Means::default(),
            power_blocks: Blocks::default(),
            loads: Frames::new(FINE, LOADS_KEPT),
            load_blocks: Blocks::default(),
            units: HashMap::new(),
            nodes: HashMap::new(),
            models: HashMap::new(),
            engines: HashMap::new(),
        }
    }
}

/// The storage of a value.
pub(super) enum ValueSlot {
    /// The load of a GPU, in steps of five seconds.
    Load(usize),
    /// A channel of two bytes, by the minute.
    Wide(usize),
    /// The power of a node, by the minute.
    Power(usize),
    /// A rank's share.
    Share(usize),
    /// A rank's amount.
    Amount(usize),
}

impl Rings {
    /// Adds a snapshot to its minute, or to the minutes that it covers, and sets the steps that it covers.
    pub(super) fn add(&mut self, minutes: RangeInclusive<i64>, slots: RangeInclusive<i64>, snapshot: &Snapshot) {
        let gathered = SubjectFigures::of(snapshot);
        let mut frame = Vec::new();
        for minute in minutes {
            frame.clear();
            self.add_minute(minute, &gathered, &mut frame);
        }
        self.fine.set(slots, &frame);
    }

    fn add_minute(&mut self, minute: i64, gathered: &SubjectFigures<'_>, frame: &mut Vec<TwoByteFloat>) {
        self.begin(minute);
        let Self { wide_means, wide_blocks, narrow_means, narrow_blocks, power_means, power_blocks, .. } = self;
        let mut wide = |place: &mut RingPlace, figures: &PlaceFigures| {
            figures.add(&WIDE, place, minute, wide_means);
            FineRings::put(frame, *place, figures);
        };
        for (unit, figures) in &gathered.units {
            wide(place_of(&mut self.units, unit, wide_blocks, minute), figures);
        }
        for (model, figures) in &gathered.models {
            wide(place_of(&mut self.models, model, wide_blocks, minute), figures);
        }
        for (node, figures) in &gathered.nodes {
            let new = |first, power| NodePlace { own: RingPlace::new(first, minute), power, gpus: Vec::new() };
            let place = entry(&mut self.nodes, node, || new(wide_blocks.take(WIDE.len()), power_blocks.take(1)));
            wide(&mut place.own, figures);
            power_means.add(place.power as usize, figures.value(Measure::Power));
        }
        for engine in &gathered.engines {
            let new = |first| EnginePlace { own: RingPlace::new(first, minute), ranks: Vec::new() };
            let place = entry(&mut self.engines, engine.target, || new(wide_blocks.take(WIDE.len())));
            wide(&mut place.own, &engine.figures);
            for (nth, (rank, figures)) in engine.ranks.iter().enumerate() {
                let place = place.rank(rank, nth, narrow_blocks, minute);
                figures.add(&NARROW, place, minute, narrow_means);
            }
            place.ranks.shrink_to_fit();
        }
    }

    /// Sets the load of every GPU at these steps, the last of which is `slot`.
    pub(super) fn load(&mut self, slot: i64, steps: i64, snapshot: &Snapshot) {
        let mut frame = vec![OneByteShare::UNKNOWN; self.load_blocks.next as usize];
        for node in &snapshot.nodes {
            let Some(place) = self.nodes.get_mut(&node.name) else { continue };
            for (nth, gpu) in node.gpus.iter().enumerate() {
                let channel = place.gpu(gpu.index, nth, &mut self.load_blocks) as usize;
                frame.resize(frame.len().max(channel + 1), OneByteShare::UNKNOWN);
                frame[channel] = OneByteShare::share(gpu.utilization.map(Ratio::get));
            }
            place.gpus.shrink_to_fit();
        }
        for slot in slot - steps.max(1) + 1..=slot {
            self.loads.set(slot, frame.clone());
        }
    }

    /// The storage of a subject's measure; `None` if it has no such ring.
    pub(super) fn at(&self, subject: &Subject, measure: Measure) -> Option<ValueSlot> {
        let wide = |place: &RingPlace| {
            let nth = WIDE.iter().position(|kept| *kept == measure)?;
            Some(ValueSlot::Wide(place.first as usize + nth))
        };
        match subject {
            Subject::Fleet => None,
            Subject::Unit(unit) => wide(self.units.get(unit)?),
            Subject::Node(node) if measure == Measure::Power => {
                Some(ValueSlot::Power(self.nodes.get(node)?.power as usize))
            }
            Subject::Node(node) => wide(&self.nodes.get(node)?.own),
            Subject::Model(model) => wide(self.models.get(model)?),
            Subject::Engine(target, None) => wide(&self.engines.get(target)?.own),
            Subject::Engine(target, Some(rank)) => {
                let (_, place) = self.engines.get(target)?.ranks.iter().find(|(known, _)| known == rank)?;
                let nth = NARROW.iter().position(|kept| *kept == measure)?;
                let channel = place.first as usize + nth;
                Some(if measure == Measure::Kv { ValueSlot::Share(channel) } else { ValueSlot::Amount(channel) })
            }
            Subject::Gpu(node, index) => {
                let gpus = &self.nodes.get(node).filter(|_| measure == Measure::Load)?.gpus;
                gpus.iter().find(|(known, _)| known == index).map(|(_, channel)| ValueSlot::Load(*channel as usize))
            }
        }
    }

    /// The channel of a subject's measure in steps of five seconds; `None` if it is kept by the minute only.
    pub(super) fn fine(&self, subject: &Subject, measure: Measure) -> Option<usize> {
        let place = match subject {
            Subject::Unit(unit) => self.units.get(unit),
            Subject::Node(node) => self.nodes.get(node).map(|node| &node.own),
            Subject::Model(model) => self.models.get(model),
            Subject::Engine(target, None) => self.engines.get(target).map(|engine| &engine.own),
            _ => None,
        };
        FineRings::channel(*place?, measure)
    }

    /// The mean of a fine channel's known steps.
    pub(super) fn fine_mean(&self, channel: usize, slots: RangeInclusive<i64>) -> Option<f64> {
        self.fine.mean(channel, slots)
    }

    /// The length of a stored point.
    pub(super) const fn step(at: &ValueSlot) -> Span {
        match at {
            ValueSlot::Load(_) => FINE,
            _ => Span::from_secs(60),
        }
    }

    /// The value at a step; for the present minute, its mean so far.
    pub(super) fn value(&self, at: &ValueSlot, slot: i64) -> Option<f64> {
        let going_on = self.minute == Some(slot);
        match at {
            ValueSlot::Load(channel) => self.loads.get(slot, *channel).value(),
            ValueSlot::Wide(channel) if going_on => TwoByteFloat::of(self.wide_means.mean(*channel)).value(),
            ValueSlot::Wide(channel) => self.wide.get(slot, *channel).value(),
            ValueSlot::Power(channel) if going_on => TwoByteFloat::of(self.power_means.mean(*channel)).value(),
            ValueSlot::Power(channel) => self.powers.get(slot, *channel).value(),
            ValueSlot::Share(channel) if going_on => OneByteShare::share(self.narrow_means.mean(*channel)).value(),
            ValueSlot::Share(channel) => self.narrow.get(slot, *channel).value(),
            ValueSlot::Amount(channel) if going_on => {
                OneByteShare::amount(self.narrow_means.mean(*channel)).as_amount()
            }
            ValueSlot::Amount(channel) => self.narrow.get(slot, *channel).as_amount(),
        }
    }

    /// Closes the previous minute, if there is one.
    fn begin(&mut self, minute: i64) {
        if self.minute == Some(minute) {
            return;
        }
        if let Some(over) = self.minute.replace(minute) {
            let wide = (0..self.wide_means.len()).map(|channel| TwoByteFloat::of(self.wide_means.mean(channel)));
            self.wide.set(over, wide.collect());
            let powers = (0..self.power_means.len()).map(|channel| TwoByteFloat::of(self.power_means.mean(channel)));
            self.powers.set(over, powers.collect());
            let narrow = (0..self.narrow_means.len()).map(|channel| {
                let is_share = NARROW[channel % NARROW.len()] == Measure::Kv;
                let mean = self.narrow_means.mean(channel);
                if is_share { OneByteShare::share(mean) } else { OneByteShare::amount(mean) }
            });
            self.narrow.set(over, narrow.collect());
            self.wide_means.clear();
            self.narrow_means.clear();
            self.power_means.clear();
            self.drop_gone(minute);
        }
    }

    /// Clears everything after a minute and after a fine step.
    pub(super) fn forget_from(&mut self, minute: i64, slot: i64) {
        self.minute = None;
        self.wide_means.clear();
        self.narrow_means.clear();
        self.power_means.clear();
        self.powers.forget_from(minute);
        self.fine.forget_from(slot);
        self.wide.forget_from(minute);
        self.narrow.forget_from(minute);
        self.loads.forget_from(slot);
        let seen = |place: &mut RingPlace| place.see(place.seen().min(minute));
        self.units.values_mut().chain(self.models.values_mut()).for_each(seen);
        self.nodes.values_mut().map(|node| &mut node.own).for_each(seen);
        for engine in self.engines.values_mut() {
            seen(&mut engine.own);
            engine.ranks.iter_mut().map(|(_, place)| place).for_each(seen);
        }
    }

    /// Drops subjects that have been gone for an hour.
    fn drop_gone(&mut self, minute: i64) {
        let is_gone = |place: &RingPlace| minute - place.seen() >= GONE;
        let (mut wide, mut narrow, mut loads, mut powers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut keep = |place: &RingPlace| {
            let gone = is_gone(place);
            wide.extend(gone.then_some(place.first));
            !gone
        };
        self.units.retain(|_, place| keep(place));
        self.models.retain(|_, place| keep(place));
        self.nodes.retain(|_, node| {
            let kept = keep(&node.own);
            powers.extend((!kept).then_some(node.power));
            loads.extend(node.gpus.iter().filter(|_| !kept).map(|(_, channel)| *channel));
            kept
        });
        self.engines.retain(|_, engine| {
            let kept = keep(&engine.own);
            engine.ranks.retain(|(_, place)| {
                let kept = kept && !is_gone(place);
                narrow.extend((!kept).then_some(place.first));
                kept
            });
            kept
        });
        for first in &wide {
            self.fine.clear(*first);
        }
        free(&wide, WIDE.len(), &mut self.wide, &mut self.wide_blocks);
        free(&narrow, NARROW.len(), &mut self.narrow, &mut self.narrow_blocks);
        free(&powers, 1, &mut self.powers, &mut self.power_blocks);
        free(&loads, 1, &mut self.loads, &mut self.load_blocks);
    }

    /// The size of all rings in bytes.
    pub(super) fn bytes(&self) -> usize {
        let values =
            self.wide.bytes() + self.narrow.bytes() + self.powers.bytes() + self.loads.bytes() + self.fine.bytes();
        let means = self.wide_means.bytes() + self.narrow_means.bytes() + self.power_means.bytes();
        let ranks = self.engines.values().map(|engine| engine.ranks.capacity() * size_of::<(Rank, RingPlace)>());
        let gpus = self.nodes.values().map(|node| node.gpus.capacity() * size_of::<(u32, u32)>());
        let maps = self.units.capacity() * size_of::<(UnitName, RingPlace)>()
            + self.nodes.capacity() * size_of::<(NodeName, NodePlace)>()
            + self.models.capacity() * size_of::<(ModelName, RingPlace)>()
            + self.engines.capacity() * size_of::<(TargetId, EnginePlace)>();
        values + means + ranks.sum::<usize>() + gpus.sum::<usize>() + maps
    }

    /// The number of subjects with a ring.
    pub(super) fn subjects(&self) -> usize {
        let ranks: usize = self.engines.values().map(|engine| engine.ranks.len()).sum();
        self.units.len() + self.nodes.len() + self.models.len() + self.engines.len() + ranks
    }
}

impl PlaceFigures {
    /// Adds known values to the means of a subject's channels.
    fn add(&self, measures: &[Measure], place: &mut RingPlace, minute: i64, means: &mut Means) {
        for (nth, measure) in measures.iter().enumerate() {
            let value = self.value(*measure);
            means.add(place.first as usize + nth, value);
            if value.is_some() {
                place.see(minute);
            }
        }
    }
}

fn free<T: PackedCell>(firsts: &[u32], size: usize, frames: &mut Frames<T>, blocks: &mut Blocks) {
    for first in firsts {
        let first_channel = *first as usize;
        frames.clear(first_channel..first_channel + size);
        blocks.free.push(*first);
    }
}
