//! The configuration of the fleet: names, zones, leases, and which target runs where.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::counters::Plausibility;
use crate::ledger::Slo;
use crate::pricing::{Bill, Lease, Overhead};
use crate::reading::{EngineRole, Label, ModelName, NodeName, TargetId, UnitName};
use crate::units::{Span, Timestamp};

/// A target and what the configuration says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// The target.
    pub target: TargetId,
    /// The host in its address; `None` for this machine.
    pub host: Option<NodeName>,
    /// The node, if configured.
    pub node: Option<NodeName>,
    /// The deployment unit, if configured.
    pub unit: Option<UnitName>,
    /// The role, if configured.
    pub role: Option<EngineRole>,
    /// The tenant whose traffic it serves, if configured.
    pub tenant: Option<Label>,
}

/// The fleet as it was configured.
#[derive(Debug, Clone)]
pub struct FleetConfig {
    /// How often each source is polled.
    pub interval: Span,
    /// The window of rates.
    pub window: Span,
    /// The window of money per hour; `None` is a minute.
    pub pace: Option<Span>,
    /// The time between two points of the sparklines.
    pub sparkline_step: Span,
    /// The zone in which days begin; `None` if the day never changes, as in a simulated day.
    pub zone: Option<TimeZone>,
    /// This machine's name.
    pub local: NodeName,
    /// The ledger's currency.
    pub currency: Label,
    /// Overhead per hour, and as a share of revenue.
    pub overhead: Overhead,
    /// Which tokens are billed.
    pub bill: Bill,
    /// How long a node may be missing from a page that lists others before its GPUs are released.
    pub release_after: Span,
    /// The price list that unpriced tokens are compared with.
    pub compare_to: Option<String>,
    /// Leases and assumed rates of GPUs.
    pub leases: Vec<Lease>,
    /// The bounds above which a delta is disputed.
    pub plausibility: Plausibility,
    /// Objectives for latency.
    pub slo: Slo,
    /// Other names of models: pairs of the model and a name that pages or proxies use for it.
    pub aliases: Vec<(ModelName, Vec<ModelName>)>,
    /// The targets known from the start.
    pub targets: Vec<TargetInfo>,
}

/// How long a source that is polled every `interval` may be silent before its rows are stale: three intervals, at least
/// 3 s.
pub fn stale_after(interval: Span) -> Span {
    Span::from_millis(interval.millis().saturating_mul(3)).max(Span::from_secs(3))
}

impl FleetConfig {
    /// The time between two of the 180 points of the sparklines, which cover a quarter hour.
    pub const SPARKLINE_STEP: Span = Span::from_secs(5);

    /// The usual grace period of a node that is missing from its page.
    pub const RELEASE_AFTER: Span = Span::from_secs(300);

    /// A fleet of this machine alone: polls every second, days in UTC, money in dollars.
    pub fn local(name: &str) -> Self {
        Self {
            interval: Span::from_secs(1),
            window: Span::from_secs(10),
            pace: None,
            sparkline_step: Self::SPARKLINE_STEP,
            zone: Some(TimeZone::UTC),
            local: NodeName::new(name),
            currency: Label::new("USD"),
            overhead: Overhead::default(),
            bill: Bill::default(),
            release_after: Self::RELEASE_AFTER,
            compare_to: None,
            leases: Vec::new(),
            plausibility: Plausibility::default(),
            slo: Slo::default(),
            aliases: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// The window of money per hour.
    pub fn pace(&self) -> Span {
        self.pace.unwrap_or(Span::from_secs(60))
    }

    /// How long a source may be silent before its rows are stale.
    pub fn stale_after(&self) -> Span {
        stale_after(self.interval)
    }

    /// How long a source may be silent before its rows are lost: 30 s, or longer if they are stale only then.
    pub fn lost_after(&self) -> Span {
        Span::from_secs(30).max(self.stale_after())
    }

    /// The start of the local day that contains an instant.
    pub fn midnight(&self, at: Timestamp) -> Timestamp {
        let Some(zone) = &self.zone else { return Timestamp::default() };
        let start = jiff::Timestamp::from_millisecond(at.millis())
            .and_then(|instant| instant.to_zoned_datetime(zone.clone()).start_of_day())
            .map(|zoned| zoned.timestamp().as_millisecond());
        start.map_or(at, Timestamp::from_millis)
    }
}
