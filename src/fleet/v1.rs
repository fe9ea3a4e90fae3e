//! Converts the saved targets and nodes of a version 1 ledger, which were columns, to present states.

use serde::{Deserialize, Serialize};

use super::SavedItem;
use super::commits::{GPUS, TIME};
use crate::counters::{ProcessRow, RowCounters, RowKey};
use crate::inventory::{LeasedNode, SavedGpu, SavedNode};
use crate::metering::{SavedAllocation, SavedTarget};
use crate::reading::{
    EngineKind, GpuId, Label, ModelName, NodeName, PromptCount, Rank, TargetId, TokenCounters, UnitName,
};
use crate::units::{Moment, Timestamp, Tokens};

/// A row of `targets`, and the target's rows of `counters`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct V1Target {
    /// The target.
    pub target: String,
    /// When it last answered.
    pub answered: Moment,
    /// When a reset of its process was last believed.
    pub restarted: Option<Moment>,
    /// The process behind it, as JSON.
    pub process: String,
    /// Entries that could still be taken back, as JSON.
    pub probation: Option<String>,
    /// Its counters.
    pub rows: Vec<V1Row>,
}

/// A row of `counters`. Empty text means none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct V1Row {
    /// The rank.
    pub rank: String,
    /// The model.
    pub model: String,
    /// The engine.
    pub engine: String,
    /// The meaning of the prompt counter: `whole`, `computed` or `nothing`.
    pub counts: String,
    /// The prompt counter's last value.
    pub prompt: Option<u64>,
    /// The last value of the cached counter.
    pub cached: Option<u64>,
    /// The last value of the output counter.
    pub output: Option<u64>,
    /// Hits that ran ahead of their prompts.
    pub pending_hits: u64,
    /// The counters from before a quarantined fall, as JSON.
    pub before_fall: Option<String>,
    /// The counters of finished requests, as JSON.
    pub finished: Option<String>,
}

/// A row of `nodes`, and the node's rows of `gpus`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct V1Node {
    /// The node.
    pub node: String,
    /// Its deployment unit.
    pub unit: Option<String>,
    /// When its GPUs were last polled.
    pub polled: Moment,
    /// When its first GPU was seen.
    pub allocated_from: Option<Timestamp>,
    /// Up to when GPU time is posted.
    pub allocated_until: Option<Moment>,
    /// Up to when GPU time is posted for GPUs that are paid while an engine answers.
    pub serving: Option<Moment>,
    /// Its GPUs.
    pub gpus: Vec<V1Gpu>,
}

/// A row of `gpus`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct V1Gpu {
    /// Its index.
    pub index: u32,
    /// Its UUID, or its node and index.
    pub gpu: String,
    /// The driver's name for it.
    pub name: Option<String>,
    /// The page that reports it.
    pub page: Option<String>,
    /// When it was last seen, if that is not when its node was last polled.
    pub seen: Option<Moment>,
    /// Its energy counter in millijoules.
    pub energy: Option<u64>,
}

/// The converted states.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FromV1 {
    /// Targets.
    pub targets: Vec<SavedItem>,
    /// Nodes.
    pub nodes: Vec<SavedItem>,
    /// Their GPUs that are paid for.
    pub leased: Vec<LeasedNode>,
    /// Targets whose columns could not be read: their next page is a baseline.
    pub unread: Vec<String>,
}

/// Converts the rows of version 1 to present states.
pub fn saved_from_v1(targets: Vec<V1Target>, nodes: Vec<V1Node>) -> FromV1 {
    let mut all = FromV1::default();
    for target in targets {
        let name = target.target.clone();
        match target_of(target).ok().and_then(|saved| item(name.clone(), &saved)) {
            Some(item) => all.targets.push(item),
            None => all.unread.push(name),
        }
    }
    for node in nodes {
        let unit = node.unit.as_deref().map(UnitName::new);
        let (saved, time) = node_of(node);
        all.nodes.extend(item(format!("{GPUS}{}", saved.node), &saved));
        all.nodes.extend(item(format!("{TIME}{}", saved.node), &time));
        all.leased.push(LeasedNode { until: time.until(), ..LeasedNode::of(&saved, unit) });
    }
    all
}

/// Converts a target: the process that was last seen, at its last values. Finished requests and entries that could be
/// taken back are not carried over; counting of finished requests begins at the next page.
fn target_of(target: V1Target) -> serde_json::Result<SavedTarget> {
    let process: V1Process = serde_json::from_str(&target.process)?;
    let seen = target.answered;
    let rows = target.rows.into_iter().map(|row| row_of(row, seen)).collect::<serde_json::Result<Vec<_>>>()?;
    Ok(SavedTarget::of_one(target.answered, process.start.map(Timestamp::from_millis), rows))
}

/// The part of version 1's process that is used.
#[derive(Deserialize)]
struct V1Process {
    /// When it started, in milliseconds after the Unix epoch.
    start: Option<i64>,
}

/// Converts a row at its last value, or at the value from before a quarantined fall.
fn row_of(row: V1Row, seen: Moment) -> serde_json::Result<(EngineKind, ProcessRow)> {
    let before: Option<TokenCounters> = row.before_fall.as_deref().map(serde_json::from_str).transpose()?;
    let prompt = match (row.counts.as_str(), row.prompt.map(Tokens::new)) {
        ("whole", Some(tokens)) => PromptCount::Whole(tokens),
        ("computed", Some(tokens)) => PromptCount::ComputedOnly(tokens),
        _ => PromptCount::Unknown,
    };
    let last = TokenCounters { prompt, cached: row.cached.map(Tokens::new), output: row.output.map(Tokens::new) };
    let named = |text: String| Some(text).filter(|text| !text.is_empty());
    let kind = serde_json::from_value(row.engine.into()).unwrap_or(EngineKind::UNKNOWN);
    let key = RowKey {
        rank: named(row.rank).as_deref().map(Rank::new),
        model: named(row.model).as_deref().map(ModelName::new),
    };
    let last = before.filter(|before| *before != TokenCounters::default()).unwrap_or(last);
    Ok((kind, ProcessRow::new(key, RowCounters::at(last, seen).with_hits_ahead(row.pending_hits))))
}

/// Converts a node's GPUs, and up to when their time is posted.
fn node_of(node: V1Node) -> (SavedNode, SavedAllocation) {
    let gpus = node.gpus.into_iter().map(|gpu| SavedGpu {
        id: GpuId::from_canonical(&gpu.gpu),
        index: gpu.index,
        name: gpu.name.as_deref().map(Label::new),
        page: gpu.page.as_deref().map(TargetId::new),
        driver: None,
        seen: gpu.seen,
        missing: false,
        nameless: None,
    });
    let saved = SavedNode {
        node: NodeName::new(&node.node),
        hosts: Vec::new(),
        allocated_from: node.allocated_from,
        label: None,
        former: Vec::new(),
        configured: false,
        gpus: gpus.collect(),
        turns: None,
        replaced: Vec::new(),
        unlisted: None,
    };
    (saved, SavedAllocation::new(node.polled, node.allocated_until, node.serving))
}

/// A state as an item.
fn item(key: String, state: &impl Serialize) -> Option<SavedItem> {
    Some(SavedItem { key, state: serde_json::to_string(state).ok()? })
}
