//! GPUs. Each is counted once, even if several sources report it.

use std::collections::{BTreeMap, VecDeque};

use crate::counters::make_room;
use crate::reading::{GpuReading, GpuState, Label, NodeName, TargetId};
use crate::units::{Moment, Ratio, Span};

/// The time that a heat cell averages over.
const HEAT: Span = Span::from_secs(10);

/// The source that reports a GPU. A driver of this machine takes precedence over pages, and a page of one node over
/// one that lists several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A driver of this machine: the source.
    Driver(TargetId),
    /// The page of a target.
    Page(TargetId),
}

/// One GPU.
#[derive(Debug)]
pub struct Gpu {
    pub(crate) node: NodeName,
    /// The last reading in which it answered.
    pub(crate) reading: GpuReading,
    /// When that reading came.
    pub(crate) answered: Moment,
    /// When it was first reported; `None` if an earlier run knew it.
    pub(crate) since: Option<Moment>,
    /// The state in its source's last reading.
    pub(crate) state: GpuState,
    pub(crate) origin: Origin,
    /// Whether its source answers and does not list it.
    pub(crate) missing: bool,
    /// The name of the node's other GPUs, if they all have one name.
    pub(super) like: Option<Label>,
    /// Since when it has no name, of its own or of the node's others.
    pub(super) nameless: Option<Moment>,
    /// The other targets whose pages list it, and when they last did.
    pub(super) others: BTreeMap<TargetId, Moment>,
    /// The utilization of the last readings, each with the time since this machine started.
    pub(super) heat: VecDeque<(Span, f64)>,
}

impl Gpu {
    /// A GPU that is known and has not answered since `seen`.
    pub(super) fn known(node: &NodeName, reading: GpuReading, seen: Moment, origin: Origin) -> Self {
        let state = GpuState::Answering;
        let reading = GpuReading { state, ..reading };
        Self {
            node: node.clone(),
            reading,
            answered: seen,
            since: None,
            state,
            origin,
            missing: false,
            like: None,
            nameless: None,
            others: BTreeMap::new(),
            heat: VecDeque::new(),
        }
    }

    /// A GPU that is reported for the first time.
    pub(super) fn new(node: &NodeName, reading: GpuReading, at: Moment, origin: Origin) -> Self {
        Self { since: Some(at), ..Self::known(node, reading, at, origin) }
    }

    /// Whether a driver of this machine reports it, and another than this one.
    pub(super) fn is_of_another_driver(&self, origin: &Origin) -> bool {
        matches!((&self.origin, origin), (Origin::Driver(its), Origin::Driver(other)) if its != other)
    }

    /// The driver's name for it; while the driver has reported none, that of the node's other GPUs. Empty if unknown.
    pub(crate) fn name(&self) -> &str {
        self.reading.name.as_ref().or(self.like.as_ref()).map_or("", Label::as_str)
    }

    /// Mean utilization of the last 10 s.
    pub(crate) fn heat(&self, now: Moment) -> Option<Ratio> {
        let recent = self.heat.iter().filter(|(at, _)| now.boot - *at < HEAT);
        let (count, sum) = recent.fold((0_u32, 0.0), |(count, sum), (_, value)| (count + 1, sum + value));
        Ratio::of(sum, f64::from(count))
    }

    pub(super) fn take(&mut self, reading: GpuReading, at: Moment) {
        self.state = reading.state;
        self.missing = false;
        if reading.state != GpuState::Answering {
            // A GPU that does not answer can still report its name.
            self.reading.name = self.reading.name.take().or(reading.name);
            return;
        }
        while self.heat.front().is_some_and(|(then, _)| at.boot - *then >= HEAT) {
            self.heat.pop_front();
        }
        if let Some(utilization) = reading.utilization {
            make_room(&mut self.heat);
            self.heat.push_back((at.boot, utilization.get()));
        }
        self.answered = at;
        // A label that is missing now does not make it another card, which would be paid otherwise.
        let name = reading.name.or(self.reading.name.take());
        self.reading = GpuReading { name, ..reading };
    }
}
