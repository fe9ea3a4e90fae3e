//! The simulated fleet as a source: it announces its targets, which are polled like any others.

use tokio::task::JoinSet;

use super::day::Holding;
use super::terms;
use crate::clock::Clock;
use crate::pricing::Lease;
use crate::reading::{NodeName, Role, TargetId, UnitName};
use crate::source::contract::{Found, Next, PollFuture, PollTiming, Said, Sink, Source};
use crate::source::scrape::{self, Settings, source_of};

/// A place to poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedTarget {
    /// The page's address: `http://127.0.1.1:8000/metrics`.
    pub url: String,
    /// The machines behind it; a unit's engine runs on all of its unit's.
    pub nodes: Vec<NodeName>,
    /// The deployment unit, in a fleet that has them.
    pub unit: Option<UnitName>,
    /// The part that an engine plays; `None` for an exporter.
    pub role: Option<Role>,
}

impl SimulatedTarget {
    /// What a scrape is to know of it.
    fn scraped(&self) -> Option<scrape::ScrapeTarget> {
        // An address of its own sockets is one that can be read.
        let mut target: scrape::ScrapeTarget = self.url.parse().ok()?;
        // An exporter's page names its machines itself.
        target.options.node = self.role.and_then(|_| self.nodes.first().cloned());
        (target.options.unit, target.options.role) = (self.unit.clone(), self.role);
        Some(target)
    }
}

/// A fleet that answers. Dropping it closes its sockets.
#[derive(Debug)]
pub struct SimulatedFleet {
    id: TargetId,
    targets: Vec<SimulatedTarget>,
    holdings: Vec<Holding>,
    settings: Settings,
    _open: JoinSet<()>,
}

impl SimulatedFleet {
    /// A fleet whose sockets are open.
    pub(super) fn new(targets: Vec<SimulatedTarget>, holdings: Vec<Holding>, open: JoinSet<()>) -> Self {
        Self { id: TargetId::new("simulate:"), targets, holdings, settings: Settings::default(), _open: open }
    }

    /// Has its targets polled with these settings.
    #[must_use]
    pub fn polled_with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Where to poll.
    pub fn targets(&self) -> &[SimulatedTarget] {
        &self.targets
    }

    /// Who held which GPUs from when until when; empty for a made-up fleet, which holds what it has.
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// The leases that [`holdings`](Self::holdings) are paid by.
    pub fn leases(&self) -> Vec<Lease> {
        terms::leases(&self.holdings)
    }
}

impl Source for SimulatedFleet {
    fn id(&self) -> &TargetId {
        &self.id
    }

    fn start(&mut self, sink: Sink, _: &Clock) {
        let found = |target: scrape::ScrapeTarget| Found {
            info: target.info(),
            source: Some(source_of(&target, &self.settings)),
        };
        sink.announce(Said::Targets(self.targets.iter().filter_map(SimulatedTarget::scraped).map(found).collect()));
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(std::future::ready(Next::Scheduled))
    }

    fn timing(&self) -> PollTiming {
        PollTiming::Own
    }
}
