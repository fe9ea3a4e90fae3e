//! What the configuration says of the fleet: names, zones, leases, and which target runs where.

use jiff::tz::TimeZone;

use crate::counters::Plausibility;
use crate::pricing::{Bill, Lease, Overhead};
use crate::reading::{Label, ModelName, NodeName, Role, TargetId, UnitName};
use crate::units::{Span, Timestamp};

/// A target and what is known about it before it answers.
#[derive(Debug, Clone)]
pub struct TargetInfo {
    /// The target.
    pub target: TargetId,
    /// The host in its address; `None` for this machine.
    pub host: Option<NodeName>,
    /// The node that the user says it runs on.
    pub node: Option<NodeName>,
    /// The deployment unit that the user says it belongs to.
    pub unit: Option<UnitName>,
    /// The role that the user says it has.
    pub role: Option<Role>,
    /// Whose traffic it serves.
    pub tenant: Option<Label>,
}

/// The fleet as it was configured.
#[derive(Debug, Clone)]
pub struct FleetConfig {
    /// How often each source is polled.
    pub interval: Span,
    /// The time that rates are taken over.
    pub window: Span,
    /// The time that money an hour is taken over; `None` is a minute.
    pub pace: Option<Span>,
    /// The time of one point of the sparklines.
    pub sparkline_step: Span,
    /// The zone in which a day begins; `None` where it never turns: a simulated day is one, wherever it begins.
    pub zone: Option<TimeZone>,
    /// This machine's name.
    pub local: NodeName,
    /// The ledger's currency.
    pub currency: Label,
    /// Overhead by the hour and of revenue.
    pub overhead: Overhead,
    /// Which tokens are billed.
    pub bill: Bill,
    /// The list that unpriced tokens are compared to.
    pub compare_to: Option<String>,
    /// What is paid for GPUs.
    pub leases: Vec<Lease>,
    /// The bounds above which a delta is disputed.
    pub plausibility: Plausibility,
    /// Names of one model that pages and proxies spell differently: the model, and each other name of it.
    pub aliases: Vec<(ModelName, Vec<ModelName>)>,
    /// The targets that are known from the start.
    pub targets: Vec<TargetInfo>,
}

impl FleetConfig {
    /// Points of the sparklines: a quarter hour in 180 of them.
    pub const SPARKLINE_STEP: Span = Span::from_secs(5);

    /// This machine alone: polls a second apart, days in UTC, money in dollars.
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
            compare_to: None,
            leases: Vec::new(),
            plausibility: Plausibility::default(),
            aliases: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// How long a source may be silent before its rows are stale: three intervals, at least 3 s.
    pub fn stale_after(&self) -> Span {
        Span::from_millis(self.interval.millis().saturating_mul(3)).max(Span::from_secs(3))
    }

    /// How long before they are lost: 30 s, and never before they are stale.
    pub fn lost_after(&self) -> Span {
        Span::from_secs(30).max(self.stale_after())
    }

    /// The beginning of the local day of an instant.
    pub fn midnight(&self, at: Timestamp) -> Timestamp {
        let Some(zone) = &self.zone else { return Timestamp::default() };
        let start = jiff::Timestamp::from_millisecond(at.millis())
            .and_then(|instant| instant.to_zoned_datetime(zone.clone()).start_of_day())
            .map(|zoned| zoned.timestamp().as_millisecond());
        start.map_or(at, Timestamp::from_millis)
    }
}
