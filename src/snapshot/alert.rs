//! Alerts as they are shown. The rules are in `alert`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reading::Label;
use crate::units::Timestamp;

/// The severity of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Information.
    Info,
    /// It will cost money.
    Warning,
    /// It costs money now.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        })
    }
}

/// The rule of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A GPU fell off the bus, hung or is silent.
    GpuLost,
    /// A node's sources are silent.
    NodeSilent,
    /// An engine target is silent or gives no page.
    EngineSilent,
    /// A queue is long and the cache is full.
    KvNearFull,
    /// Several engines or machines answer behind one address.
    SharedAddress,
    /// A page was cut short, refused in part or over a limit.
    PageRefused,
    /// A source cannot work here.
    SourceMissing,
    /// The fleet serves, and earns less than it costs.
    Loss,
    /// The ledger's file cannot be written.
    LedgerUnwritten,
    /// A new ledger counts rent at the default rate, as no rate is configured.
    RateAssumed,
    /// A GPU has no lease, and its assumed rate cannot be converted to the ledger's currency: its cost is unknown.
    RateUnknown,
    /// A counter moved as its process could not have moved it: the tokens are neither billed nor dropped.
    Disputed,
    /// A GPU's energy is unknown although its lease has a power price: its cost lacks the energy.
    EnergyUnknown,
    /// Several nodes report one hostname.
    HostnameShared,
    /// A proxy's model grows with an engine's under another name, and is not posted twice. Or two addresses probably
    /// show one engine without a start time, and both are posted.
    ProbablySame,
    /// A proxy's model is counted, and an engine whose model list cannot be read may count it too.
    NamesUnknown,
    /// An engine has requests running and has produced no token for a minute.
    EngineStalled,
    /// A GPU's clocks are throttled by heat or power.
    Throttled,
    /// The driver reported an XID error of a GPU that stopped a process, or that is a fault of the card.
    GpuError,
    /// Less work than the configured objectives of latency ask for is within them.
    SloMissed,
    /// The hub that this dashboard is attached to does not answer.
    HubSilent,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// Its rule.
    pub rule: Rule,
    /// Its severity.
    pub severity: Severity,
    /// Its subject: a node, a GPU, a target.
    pub subject: Label,
    /// When it began.
    pub since: Timestamp,
    /// The problem and its remedy.
    pub text: Label,
}

/// A notice from counting, which becomes an alert unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Its rule.
    pub rule: Rule,
    /// Its severity.
    pub severity: Severity,
    /// Its subject.
    pub subject: Label,
    /// The problem and its remedy.
    pub text: Label,
}
