//! What happened: alerts with their begin, end and cost, restarts, changes of prices and of the inventory, and markers. The
//! latest thousand are kept.

use std::collections::{BTreeMap, VecDeque};

use super::Subject;
use super::money::MoneyRings;
use crate::ledger::Marker;
use crate::reading::{Label, ModelName, NodeName, TargetId};
use crate::snapshot::{Alert, EngineRow, Rule, Severity, Snapshot};
use crate::units::{Span, Timestamp};

/// How many are kept.
const KEPT: usize = 1_000;
/// For how long after the first snapshot what answers for the first time has not joined: it was there before.
const SETTLING: Span = Span::from_secs(60);
/// The most names that are written out.
const NAMED: usize = 3;

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An alert and the gravest that it was.
    Alert(Rule, Severity),
    /// A process began anew.
    Restart,
    /// Prices of a model changed.
    Price,
    /// Nodes or GPUs joined.
    Joined,
    /// Nodes or GPUs left.
    Left,
    /// A marker that a person or a program set, or that the ledger made.
    Marker,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEvent {
    /// What it is.
    pub kind: EventKind,
    /// What it is about, where that is one thing of the fleet.
    pub subject: Option<Subject>,
    /// What it is about, by name; empty for a marker.
    pub name: Label,
    /// What happened, in words.
    pub text: Label,
    /// When, or when it began.
    pub at: Timestamp,
    /// When it ended; `None` for what lasts, and for what is a moment.
    pub until: Option<Timestamp>,
    /// An estimate of its cost in the ledger's currency, so far or until its end: the rent of what stands still. `None`
    /// where nothing stands still, or its rent is not known. It is never in the ledger.
    pub cost: Option<f64>,
}

/// An alert that lasts, and the part of a node's rent that it costs.
#[derive(Debug, Clone)]
struct Open {
    number: u64,
    rent: Option<(Subject, f64)>,
}

/// The log.
#[derive(Debug, Default)]
pub(super) struct Events {
    log: VecDeque<HistoryEvent>,
    /// How many were dropped: the number of the first in the log.
    dropped: u64,
    open: BTreeMap<(Rule, Label), Open>,
    inventory: BTreeMap<NodeName, usize>,
    began: Option<Timestamp>,
}

impl HistoryEvent {
    /// Whether any of it lies in `[since, until)`.
    fn is_within(&self, since: Timestamp, until: Timestamp) -> bool {
        let lasts = matches!(self.kind, EventKind::Alert(..));
        let end = self.until.unwrap_or(if lasts { until } else { self.at });
        self.at < until && end >= since
    }
}

impl Events {
    /// Looks at the next snapshot.
    pub(super) fn look(&mut self, snapshot: &Snapshot, money: &MoneyRings) {
        self.alerts(snapshot, money);
        self.changes(snapshot);
    }

    /// Takes a marker of the ledger, unless it is known.
    pub(super) fn mark(&mut self, marker: &Marker) {
        let Marker { at, text } = marker;
        let (kind, subject, name) = read(text.as_str());
        let is_known = |event: &HistoryEvent| event.at == *at && event.text == *text;
        if !self.log.iter().any(is_known) {
            let event = HistoryEvent { kind, subject, name, text: text.clone(), at: *at, until: None, cost: None };
            self.push(event);
        }
    }

    pub(super) fn between(&self, since: Timestamp, until: Timestamp, subject: Option<&Subject>) -> Vec<HistoryEvent> {
        let about = |event: &&HistoryEvent| subject.is_none_or(|subject| event.subject.as_ref() == Some(subject));
        let mut events: Vec<_> =
            self.log.iter().filter(|event| event.is_within(since, until)).filter(about).cloned().collect();
        events.sort_by_key(|event| event.at);
        events
    }

    pub(super) fn bytes(&self) -> usize {
        let text =
            |event: &HistoryEvent| event.text.as_str().len() + event.name.as_str().len() + 4 * size_of::<usize>();
        let open = size_of::<(Rule, Label)>() + size_of::<Open>();
        let texts: usize = self.log.iter().map(text).sum();
        let lists = self.open.len() * open + self.inventory.len() * size_of::<(NodeName, usize)>();
        texts + lists + self.log.capacity() * size_of::<HistoryEvent>()
    }

    /// Appends an event, and gives its number.
    fn push(&mut self, event: HistoryEvent) -> u64 {
        self.log.push_back(event);
        while self.log.len() > KEPT {
            self.log.pop_front();
            self.dropped += 1;
        }
        self.dropped + self.log.len() as u64 - 1
    }

    fn event_mut(&mut self, number: u64) -> Option<&mut HistoryEvent> {
        self.log.get_mut(usize::try_from(number.checked_sub(self.dropped)?).ok()?)
    }

    fn alerts(&mut self, snapshot: &Snapshot, money: &MoneyRings) {
        for alert in &snapshot.alerts {
            let key = (alert.rule, alert.subject.clone());
            if let Some(open) = self.open.get(&key).cloned() {
                let cost = cost(open.rent.as_ref(), money, alert.since, snapshot.at);
                if let Some(event) = self.event_mut(open.number) {
                    event.kind = EventKind::Alert(alert.rule, alert.severity.max(gravest(event.kind)));
                    event.text.clone_from(&alert.text);
                    event.cost = cost.or(event.cost);
                }
                continue;
            }
            let (subject, rent) = about(alert, snapshot);
            let number = self.push(HistoryEvent {
                kind: EventKind::Alert(alert.rule, alert.severity),
                subject,
                name: alert.subject.clone(),
                text: alert.text.clone(),
                at: alert.since,
                until: None,
                cost: cost(rent.as_ref(), money, alert.since, snapshot.at),
            });
            self.open.insert(key, Open { number, rent });
        }
        let lasts = |(rule, subject): &(Rule, Label)| {
            snapshot.alerts.iter().any(|alert| alert.rule == *rule && alert.subject == *subject)
        };
        let over: Vec<_> = self.open.keys().filter(|key| !lasts(key)).cloned().collect();
        for key in over {
            let Some(open) = self.open.remove(&key) else { continue };
            let Some(event) = self.event_mut(open.number) else { continue };
            event.until = Some(snapshot.at);
            event.cost = cost(open.rent.as_ref(), money, event.at, snapshot.at).or(event.cost);
        }
    }

    /// Nodes and GPUs that came and went since the last snapshot.
    fn changes(&mut self, snapshot: &Snapshot) {
        let now = snapshot.at;
        let began = *self.began.get_or_insert(now);
        let present: BTreeMap<NodeName, usize> =
            snapshot.nodes.iter().map(|node| (node.name.clone(), node.gpus.len())).collect();
        let before = std::mem::replace(&mut self.inventory, present);
        if snapshot.resuming || now - began < SETTLING || now < began {
            return;
        }
        let joined: Vec<_> = self.inventory.keys().filter(|name| !before.contains_key(*name)).cloned().collect();
        let left: Vec<_> = before.keys().filter(|name| !self.inventory.contains_key(*name)).cloned().collect();
        let gpus: Vec<_> = self
            .inventory
            .iter()
            .filter_map(|(name, count)| Some((name.clone(), signed(*count) - signed(*before.get(name)?))))
            .filter(|(_, change)| *change != 0)
            .collect();
        for (kind, verb, names) in [(EventKind::Joined, "joined", joined), (EventKind::Left, "left", left)] {
            self.nodes(kind, verb, &names, now);
        }
        for (name, change) in gpus {
            let (kind, verb) = if change > 0 { (EventKind::Joined, "joined") } else { (EventKind::Left, "left") };
            let count = change.unsigned_abs();
            let text = Label::new(&format!("{count} {} {verb}", if count == 1 { "GPU" } else { "GPUs" }));
            let subject = Some(Subject::Node(name.clone()));
            let name = Label::new(name.as_str());
            self.push(HistoryEvent { kind, subject, name, text, at: now, until: None, cost: None });
        }
    }

    fn nodes(&mut self, kind: EventKind, verb: &str, names: &[NodeName], now: Timestamp) {
        let Some(first) = names.first() else { return };
        let first_few: Vec<_> = names.iter().take(NAMED).map(NodeName::as_str).collect();
        let more = if names.len() > NAMED { ", …" } else { "" };
        let (subject, text) = match names.len() {
            1 => (Some(Subject::Node(first.clone())), format!("node {verb}")),
            count => (None, format!("{count} nodes {verb}: {}{more}", first_few.join(", "))),
        };
        let (name, text) = (Label::new(if names.len() == 1 { first.as_str() } else { "" }), Label::new(&text));
        self.push(HistoryEvent { kind, subject, name, text, at: now, until: None, cost: None });
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn gravest(kind: EventKind) -> Severity {
    if let EventKind::Alert(_, severity) = kind { severity } else { Severity::Info }
}

/// The rent of what stands still.
fn cost(rent: Option<&(Subject, f64)>, money: &MoneyRings, from: Timestamp, to: Timestamp) -> Option<f64> {
    let (node, part) = rent?;
    Some(money.cost_between(node, from, to)? * part)
}

/// What an alert is about, and of which node what part stands still.
fn about(alert: &Alert, snapshot: &Snapshot) -> (Option<Subject>, Option<(Subject, f64)>) {
    let name = alert.subject.as_str();
    let node = |name: &str| snapshot.nodes.iter().find(|node| node.name.as_str() == name);
    let stands = matches!(alert.rule, Rule::GpuLost | Rule::NodeSilent | Rule::EngineSilent | Rule::EngineStalled);
    let rent = |name: &NodeName, part: f64| Some((Subject::Node(name.clone()), part)).filter(|_| stands);
    if let Some(node) = node(name) {
        return (Some(Subject::Node(node.name.clone())), rent(&node.name, 1.0));
    }
    let gpu = name.rsplit_once(" GPU ").and_then(|(name, index)| Some((node(name)?, index.parse().ok()?)));
    if let Some((node, index)) = gpu {
        let part = 1.0 / node.gpus.len().max(1) as f64;
        return (Some(Subject::Gpu(node.name.clone(), index)), rent(&node.name, part));
    }
    let (target, rank) = name.split_once(" rank ").map_or((name, None), |(target, rank)| (target, Some(rank)));
    let is_it = |row: &EngineRow| {
        let is_rank = rank.is_none_or(|rank| row.rank.as_ref().is_some_and(|own| own.as_str() == rank));
        row.target.as_str() == target && is_rank
    };
    let Some(row) = snapshot.engines.iter().find(|row| is_it(row)) else {
        let model = snapshot.models.iter().find(|row| row.model.as_str() == name);
        return (model.map(|row| Subject::Model(row.model.clone())), None);
    };
    // A rank that stands still holds up a part of its node that is not known.
    let rent = rent(&row.node, 1.0).filter(|_| rank.is_none());
    (Some(Subject::Engine(row.target.clone(), rank.and(row.rank.clone()))), rent)
}

/// What the ledger's own markers say: `restart of TARGET`, `MODEL: list LIST, tier TIER`.
fn read(text: &str) -> (EventKind, Option<Subject>, Label) {
    if let Some(target) = text.strip_prefix("restart of ") {
        return (EventKind::Restart, Some(Subject::Engine(TargetId::new(target), None)), Label::new(target));
    }
    match text.split_once(": list ") {
        Some((model, list)) if list.contains(", tier ") => {
            (EventKind::Price, Some(Subject::Model(ModelName::new(model))), Label::new(model))
        }
        _ => (EventKind::Marker, None, Label::new("")),
    }
}
