//! What is wrong, in a form to show. The rules that find it live in `alert`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reading::Label;
use crate::units::Timestamp;

/// How grave an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// It will cost something.
    Warning,
    /// It costs now.
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

/// Which rule fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A GPU fell off the bus, hung or went silent.
    GpuLost,
    /// A node's sources are silent.
    NodeSilent,
    /// An engine target is silent or gives no page.
    EngineSilent,
    /// A queue is long and the cache is full.
    KvNearFull,
    /// Several engines or machines answer behind one address.
    SharedAddress,
    /// A page was cut, refused in part or beyond a limit.
    PageRefused,
    /// A source that was looked for cannot work here.
    SourceMissing,
    /// The fleet serves, and earns less than it costs.
    Loss,
    /// The ledger's file cannot be written.
    LedgerUnwritten,
    /// A new ledger counts rent at the default rate: none is set.
    RateAssumed,
    /// A GPU has no lease, and its assumed rate cannot be said in the ledger's currency: its cost is unknown.
    RateUnknown,
    /// A counter moved as its process could not have moved it: the tokens are neither billed nor dropped.
    Disputed,
    /// A GPU's energy is unknown although its lease has a power price: the cost lacks it.
    EnergyUnknown,
    /// Several nodes call themselves by one name.
    HostnameShared,
    /// A proxy's model moves with an engine's under another name: it is not posted twice. Or two addresses probably show
    /// one engine, and no start time tells it: both are posted.
    ProbablySame,
    /// A proxy's model is counted, and an engine whose model list can't be read may count it too.
    NamesUnknown,
    /// An engine has requests running and has made no token for a minute.
    EngineStalled,
    /// Heat or power holds a GPU's clocks down.
    Throttled,
}

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// The rule that found it.
    pub rule: Rule,
    /// How grave.
    pub severity: Severity,
    /// What it is about: a node, a GPU, a target.
    pub subject: Label,
    /// Since when.
    pub since: Timestamp,
    /// What is wrong and what to do.
    pub text: Label,
}

/// Something that was noticed while counting; it becomes an alert as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What it is a case of.
    pub rule: Rule,
    /// How grave.
    pub severity: Severity,
    /// What it is about.
    pub subject: Label,
    /// What is so and what to do.
    pub text: Label,
}
