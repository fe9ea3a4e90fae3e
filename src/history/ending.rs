//! How an alert ended: what the snapshot shows of its subject then, and never more than that.

use super::query::Subject;
use crate::reading::{Health, NodeName};
use crate::snapshot::{EngineRow, NodeRow, Rule, Snapshot, WriterStatus};
use crate::units::Money;

/// An alert that has ended.
pub(super) struct EndedAlert<'a> {
    pub(super) rule: Rule,
    pub(super) name: &'a str,
    pub(super) subject: Option<&'a Subject>,
    /// Whether its engine restarted while it lasted.
    pub(super) restarted: bool,
    /// Whether the ledger passed from one process to another just before its end.
    pub(super) handed_over: bool,
}

/// Rules about what does not answer: they end when it does.
const SILENCE: [Rule; 3] = [Rule::GpuLost, Rule::NodeSilent, Rule::EngineSilent];
/// Rules that a ledger's state decides: where that state is another process's, nothing was mended.
const OF_STATE: [Rule; 5] =
    [Rule::SourceMissing, Rule::EnergyUnknown, Rule::Disputed, Rule::RateAssumed, Rule::RateUnknown];

impl EndedAlert<'_> {
    /// How it ended, in a few words.
    pub(super) fn words(&self, snapshot: &Snapshot) -> &'static str {
        let Self { rule, name, restarted, .. } = *self;
        if let Some(words) = self.without_subject(snapshot) {
            return words;
        }
        let money = &snapshot.money;
        match rule {
            Rule::GpuLost | Rule::NodeSilent => "answers again",
            _ if restarted => "restarted",
            Rule::EngineSilent => "answers again",
            Rule::EngineStalled => "makes tokens again",
            Rule::KvNearFull => "load fell",
            Rule::Throttled => "clocks are free again",
            Rule::GpuError => "no new error for an hour",
            Rule::HubSilent => "the hub answers again",
            Rule::SloMissed => "the objectives are met again",
            Rule::Loss if money.profit_per_hour.is_none_or(|profit| profit < Money::ZERO) => "the profit is not known",
            Rule::Loss => "earns again",
            Rule::LedgerUnwritten if matches!(money.ledger.writer, WriterStatus::Other(_)) => {
                "another process writes it"
            }
            Rule::LedgerUnwritten => "written again",
            Rule::RateAssumed if money.rates.iter().any(|rate| rate.assumed && rate.gpu.as_str() == name) => {
                "said on the first run only"
            }
            Rule::RateAssumed | Rule::RateUnknown => "a rate is set",
            Rule::Disputed => "decided",
            Rule::EnergyUnknown => "energy is known again",
            Rule::PageRefused => "its page is whole again",
            Rule::SourceMissing if snapshot.source_errors.iter().any(|error| error.source.as_str() == name) => {
                "nothing else is watched here"
            }
            Rule::SourceMissing => "the source works again",
            Rule::SharedAddress | Rule::HostnameShared | Rule::ProbablySame | Rule::NamesUnknown => "no longer so",
        }
    }

    /// The end of an alert whose subject is not there to have been mended.
    fn without_subject(&self, snapshot: &Snapshot) -> Option<&'static str> {
        let node = |name: &NodeName| -> Option<&NodeRow> {
            snapshot.nodes.iter().find(|row| row.name == *name).map(AsRef::as_ref)
        };
        let (silent, left): (_, bool) = match self.subject {
            Some(Subject::Node(name)) => (node(name).and_then(silent_node), node(name).is_none()),
            Some(Subject::Gpu(name, index)) => {
                let gpu = node(name).and_then(|row| row.gpus.iter().find(|gpu| gpu.index == *index));
                if node(name).is_some() && gpu.is_none() {
                    return Some("the GPU was released");
                }
                let lost = gpu.filter(|gpu| gpu.state != Health::Live).map(|_| "its GPU was lost");
                (node(name).and_then(silent_node).or(lost), node(name).is_none())
            }
            Some(Subject::Engine(target, _)) => {
                let rows = || snapshot.engines.iter().filter(|row| row.target == *target);
                (rows().find_map(|row| silent_engine(row)), rows().next().is_none())
            }
            _ => (None, false),
        };
        if left {
            return Some("left the fleet");
        }
        if self.handed_over && (silent.is_some() || OF_STATE.contains(&self.rule)) {
            return Some("the ledger changed hands");
        }
        let is_of_silence = SILENCE.contains(&self.rule);
        match silent {
            // Silence that is not judged: after a sleep of the machine nothing has answered yet.
            Some(_) if is_of_silence && snapshot.resuming => Some("the watch was interrupted"),
            Some(_) if is_of_silence && self.rule != Rule::GpuLost => Some("it is not watched now"),
            silent => silent,
        }
    }
}

fn silent_node(row: &NodeRow) -> Option<&'static str> {
    matches!(row.state, Health::Stale | Health::Lost).then_some("its node fell silent")
}

fn silent_engine(row: &EngineRow) -> Option<&'static str> {
    matches!(row.state, Health::Stale | Health::Lost).then_some("its engine fell silent")
}
