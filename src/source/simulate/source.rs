//! The simulated fleet as a source: it announces its targets, which are polled like any others.

use tokio::task::JoinSet;

use super::day::SimulatedLease;
use super::terms;
use crate::clock::Clock;
use crate::pricing::Lease;
use crate::reading::{EngineRole, NodeName, TargetId, UnitName};
use crate::source::contract::{FoundTarget, Next, PollFuture, PollTiming, Sink, Source, SourceMessage};
use crate::source::scrape::Settings;
use crate::source::{PolledTarget, source_of};

/// A target of the simulated fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedTarget {
    /// The page's address: `http://127.0.1.1:8000/metrics`.
    pub url: String,
    /// The machines behind it; a unit's engine runs on all machines of the unit.
    pub nodes: Vec<NodeName>,
    /// The deployment unit, in a fleet that has them.
    pub unit: Option<UnitName>,
    /// The role of an engine; `None` for an exporter.
    pub role: Option<EngineRole>,
}

impl SimulatedTarget {
    /// The target of its scrapes.
    fn scraped(&self) -> Option<PolledTarget> {
        // The address of its own socket is always valid.
        let mut target: PolledTarget = self.url.parse().ok()?;
        // An exporter's page names its machines.
        target.options.node = self.role.and_then(|_| self.nodes.first().cloned());
        (target.options.unit, target.options.role) = (self.unit.clone(), self.role);
        Some(target)
    }
}

/// A fleet with open sockets. Dropping it closes them.
#[derive(Debug)]
pub struct SimulatedFleet {
    id: TargetId,
    targets: Vec<SimulatedTarget>,
    holdings: Vec<SimulatedLease>,
    settings: Settings,
    _open: JoinSet<()>,
}

impl SimulatedFleet {
    /// A fleet whose sockets are open.
    pub(super) fn new(targets: Vec<SimulatedTarget>, holdings: Vec<SimulatedLease>, open: JoinSet<()>) -> Self {
        Self { id: TargetId::new("simulate:"), targets, holdings, settings: Settings::default(), _open: open }
    }

    /// Sets the settings of the scrapes of its targets.
    #[must_use]
    pub fn polled_with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Its targets.
    pub fn targets(&self) -> &[SimulatedTarget] {
        &self.targets
    }

    /// The GPUs that were allocated, with their times; empty for the demo fleet, whose GPUs are always allocated.
    pub fn holdings(&self) -> &[SimulatedLease] {
        &self.holdings
    }

    /// The leases that pay for [`holdings`](Self::holdings).
    pub fn leases(&self) -> Vec<Lease> {
        terms::leases(&self.holdings)
    }
}

impl Source for SimulatedFleet {
    fn id(&self) -> &TargetId {
        &self.id
    }

    fn start(&mut self, sink: Sink, _: &Clock) {
        let found = |target: PolledTarget| FoundTarget {
            info: target.info(),
            source: Some(source_of(&target, &self.settings)),
        };
        sink.send_at_once(SourceMessage::Targets(
            self.targets.iter().filter_map(SimulatedTarget::scraped).map(found).collect(),
        ));
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(std::future::ready(Next::Scheduled))
    }

    fn timing(&self) -> PollTiming {
        PollTiming::Own
    }
}
