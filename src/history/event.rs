//! One event: its kind, its subject, and how it is made from alerts and markers.

use serde::{Deserialize, Serialize};

use super::query::Subject;
use crate::ledger::{Marker, MarkerKind};
use crate::reading::{Label, ModelName, NodeName, TargetId};
use crate::snapshot::{Alert, EngineRow, Rule, Severity, Snapshot, engine_of_subject, gpu_of_subject};
use crate::units::Timestamp;

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An alert, with its highest severity.
    Alert(Rule, Severity),
    /// A process restarted.
    Restart,
    /// Prices of a model changed.
    Price,
    /// Nodes or GPUs joined.
    Joined,
    /// Nodes or GPUs left.
    Left,
    /// A marker set by a person, a program or the ledger.
    Marker,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// Its kind.
    pub kind: EventKind,
    /// Its subject, if it is one thing of the fleet.
    pub subject: Option<Subject>,
    /// The subject's name; empty for a marker.
    pub name: Label,
    /// What happened, as text.
    pub text: Label,
    /// When it happened or began.
    pub at: Timestamp,
    /// When it ended; `None` while it continues, and for an event without a duration.
    pub until: Option<Timestamp>,
    /// An estimate of its cost so far in the ledger's currency: the rent of what does not work. `None` if everything
    /// works or the rent is unknown. For an engine that stopped, the revenue that it had before is included. It is
    /// never in the ledger.
    pub cost: Option<f64>,
    /// How it ended, in a few words; empty while it continues, and for an event without a duration.
    #[serde(default = "nothing")]
    pub ended: Label,
}

fn nothing() -> Label {
    Label::new("")
}

impl EventKind {
    /// The word for its kind: `alert`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert(..) => "alert",
            Self::Restart => "restart",
            Self::Price => "price",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Marker => "marker",
        }
    }

    /// Whether the ledger stores it as a marker.
    pub(super) const fn is_marker(self) -> bool {
        matches!(self, Self::Restart | Self::Price | Self::Marker)
    }
}

impl HistoryEvent {
    /// Whether it is an alert, which has a duration.
    pub const fn is_alert(&self) -> bool {
        matches!(self.kind, EventKind::Alert(..))
    }

    /// Whether it overlaps `[since, until)`.
    pub(super) fn is_within(&self, since: Timestamp, until: Timestamp) -> bool {
        let end = self.until.unwrap_or(if self.is_alert() { until } else { self.at });
        self.at < until && end >= since
    }
}

/// The subject of an alert, and the node and the part of it that do not work.
pub(super) fn about(alert: &Alert, snapshot: &Snapshot) -> (Option<Subject>, Option<(Subject, f64)>) {
    let name = alert.subject.as_str();
    let node = |name: &str| snapshot.nodes.iter().find(|node| node.name.as_str() == name);
    let stands = matches!(alert.rule, Rule::GpuLost | Rule::NodeSilent | Rule::EngineSilent | Rule::EngineStalled);
    let rent = |name: &NodeName, part: f64| Some((Subject::Node(name.clone()), part)).filter(|_| stands);
    if let Some(node) = node(name) {
        return (Some(Subject::Node(node.name.clone())), rent(&node.name, 1.0));
    }
    let gpu = gpu_of_subject(name).and_then(|(name, index)| Some((node(name)?, index)));
    if let Some((node, index)) = gpu {
        let part = 1.0 / node.gpus.len().max(1) as f64;
        return (Some(Subject::Gpu(node.name.clone(), index)), rent(&node.name, part));
    }
    let (target, rank) = engine_of_subject(name);
    let is_it = |row: &EngineRow| {
        let is_rank = rank.is_none_or(|rank| row.rank.as_ref().is_some_and(|own| own.as_str() == rank));
        row.target.as_str() == target && is_rank
    };
    let Some(row) = snapshot.engines.iter().find(|row| is_it(row)) else {
        let model = snapshot.models.iter().find(|row| row.model.as_str() == name);
        return (model.map(|row| Subject::Model(row.model.clone())), None);
    };
    // A rank that does not work stops an unknown part of its node.
    let rent = rent(&row.node, 1.0).filter(|_| rank.is_none());
    (Some(Subject::Engine(row.target.clone(), rank.and(row.rank.clone()))), rent)
}

/// The kind, the subject and the name of what a marker is about.
pub(super) fn read(marker: &Marker) -> (EventKind, Option<Subject>, Label) {
    match marker.kind() {
        MarkerKind::Restart(target) => {
            (EventKind::Restart, Some(Subject::Engine(TargetId::new(target), None)), Label::new(target))
        }
        MarkerKind::Price(model) => (EventKind::Price, Some(Subject::Model(ModelName::new(model))), Label::new(model)),
        MarkerKind::Other => (EventKind::Marker, None, Label::new("")),
    }
}
