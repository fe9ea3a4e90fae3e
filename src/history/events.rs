//! The log of events: alerts with their begin, end and cost, restarts, changes of prices and of the inventory, and
//! markers. The latest thousand are kept.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::ending::EndedAlert;
use super::event::{EventKind, HistoryEvent, about, read};
use super::money::MoneyRings;
use super::query::Subject;
use crate::ledger::Marker;
use crate::reading::{Label, NodeName, TargetId};
use crate::snapshot::{Rule, Severity, Snapshot, WriterStatus};
use crate::units::{Span, Timestamp};

/// The number of events that are kept.
pub const KEPT: usize = 1_000;
/// After the first snapshot, what answers for the first time within this span did not join: it was there before.
const SETTLING: Span = Span::from_secs(60);
/// The span before an alert over which the revenue is compared.
const BEFORE: Span = Span::from_secs(900);
/// For how long after the ledger changed hands the end of an alert may be due to that.
const HANDED_OVER: Span = Span::from_secs(30);
/// The most names that are listed.
const NAMED: usize = 3;

/// An alert that continues, and the part of a node's rent that it costs.
#[derive(Debug, Clone)]
struct Open {
    number: u64,
    rent: Option<(Subject, f64)>,
}

/// The log.
#[derive(Debug, Default)]
pub(super) struct Events {
    log: VecDeque<HistoryEvent>,
    /// The number of dropped events, which is the number of the first one in the log.
    dropped: u64,
    open: BTreeMap<(Rule, Label), Open>,
    inventory: BTreeMap<NodeName, usize>,
    began: Option<Timestamp>,
    /// The numbers of events that changed since they were last taken.
    changed: BTreeSet<u64>,
    /// The instant of the last snapshot.
    now: Timestamp,
    /// Which process kept the ledger at the last snapshot, and when that changed.
    writer: Option<WriterStatus>,
    handed_over: Option<Timestamp>,
}

impl Events {
    /// Reads the next snapshot.
    pub(super) fn observe(&mut self, snapshot: &Snapshot, money: &MoneyRings) {
        self.now = snapshot.at;
        let is_other = |writer: &WriterStatus| matches!(writer, WriterStatus::Other(_));
        let writer = snapshot.money.ledger.writer;
        if self.writer.replace(writer).is_some_and(|before| is_other(&before) != is_other(&writer)) {
            self.handed_over = Some(snapshot.at);
        }
        self.alerts(snapshot, money);
        self.changes(snapshot);
    }

    /// Adds a marker of the ledger, unless it is known.
    pub(super) fn mark(&mut self, marker: &Marker) {
        let Marker { at, text } = marker;
        let (kind, subject, name) = read(marker);
        let is_known = |event: &HistoryEvent| event.at == *at && event.text == *text;
        if !self.log.iter().any(is_known) {
            let event = HistoryEvent {
                kind,
                subject,
                name,
                text: text.clone(),
                at: *at,
                until: None,
                cost: None,
                ended: nothing(),
            };
            self.push(event);
        }
    }

    /// Adds events of an earlier watch. An alert that continued at its end and continues now is one; any other has
    /// ended by now.
    pub(super) fn restore(&mut self, events: Vec<HistoryEvent>) {
        for mut event in events {
            let known = |other: &HistoryEvent| {
                (other.at, other.kind.name(), &other.name) == (event.at, event.kind.name(), &event.name)
            };
            if self.log.iter().any(known) {
                continue;
            }
            let EventKind::Alert(rule, _) = event.kind else {
                self.insert(event);
                continue;
            };
            let open = self.open.get(&(rule, event.name.clone())).map(|open| open.number);
            let lasting = open.filter(|_| event.until.is_none()).and_then(|number| self.event_mut(number));
            if let Some(lasting) = lasting {
                lasting.at = lasting.at.min(event.at);
                continue;
            }
            let ended = event.until.is_some();
            if !ended {
                event.ended = Label::new("the watch ended");
            }
            event.until = event.until.or(Some(self.now.max(event.at)));
            if self.insert(event) && !ended {
                self.changed.insert(self.dropped);
            }
        }
    }

    /// Inserts an event before all others, if there is room for it.
    fn insert(&mut self, event: HistoryEvent) -> bool {
        let has_room = self.log.len() < KEPT;
        if has_room {
            self.log.push_front(event);
            // The number of every event increases by one.
            let later = |number: &u64| number + 1;
            self.changed = self.changed.iter().map(later).collect();
            self.open.values_mut().for_each(|open| open.number += 1);
        }
        has_room
    }

    /// The events that are new or have ended since the last call.
    pub(super) fn take_changed(&mut self) -> Vec<HistoryEvent> {
        let numbers = std::mem::take(&mut self.changed);
        numbers.into_iter().filter_map(|number| self.event_mut(number).cloned()).collect()
    }

    /// The events that overlap `[since, until)`, in the order in which they became known.
    pub(super) fn within(&self, since: Timestamp, until: Timestamp) -> impl Iterator<Item = &HistoryEvent> {
        self.log.iter().filter(move |event| event.is_within(since, until))
    }

    pub(super) fn between(&self, since: Timestamp, until: Timestamp, subject: Option<&Subject>) -> Vec<HistoryEvent> {
        let about = |event: &&HistoryEvent| subject.is_none_or(|subject| event.subject.as_ref() == Some(subject));
        let mut events: Vec<_> = self.within(since, until).filter(about).cloned().collect();
        events.sort_by_key(|event| event.at);
        events
    }

    pub(super) fn bytes(&self) -> usize {
        let text = |event: &HistoryEvent| {
            event.text.as_str().len() + event.ended.as_str().len() + event.name.as_str().len() + 4 * size_of::<usize>()
        };
        let open = size_of::<(Rule, Label)>() + size_of::<Open>();
        let texts: usize = self.log.iter().map(text).sum();
        let lists = self.open.len() * open + self.inventory.len() * size_of::<(NodeName, usize)>();
        texts + lists + self.log.capacity() * size_of::<HistoryEvent>()
    }

    /// Appends an event, and returns its number.
    fn push(&mut self, event: HistoryEvent) -> u64 {
        let is_marker = event.kind.is_marker();
        self.log.push_back(event);
        let number = self.dropped + self.log.len() as u64 - 1;
        if !is_marker {
            self.changed.insert(number);
        }
        while self.log.len() > KEPT {
            self.log.pop_front();
            self.dropped += 1;
        }
        number
    }

    fn event_mut(&mut self, number: u64) -> Option<&mut HistoryEvent> {
        self.log.get_mut(usize::try_from(number.checked_sub(self.dropped)?).ok()?)
    }

    fn alerts(&mut self, snapshot: &Snapshot, money: &MoneyRings) {
        for alert in &snapshot.alerts {
            let key = (alert.rule, alert.subject.clone());
            if let Some(open) = self.open.get(&key).cloned() {
                let cost = cost(alert.rule, open.rent.as_ref(), money, alert.since, snapshot.at);
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
                cost: cost(alert.rule, rent.as_ref(), money, alert.since, snapshot.at),
                ended: nothing(),
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
            let (since, subject) = (event.at, event.subject.clone());
            let is_restart = |other: &HistoryEvent| {
                other.kind == EventKind::Restart
                    && other.at >= since
                    && target_of(other) == subject.as_ref().and_then(target)
            };
            let restarted = self.log.iter().any(is_restart);
            let handed_over = self.handed_over.is_some_and(|at| snapshot.at - at < HANDED_OVER);
            let (name, subject) = (key.1.as_str(), subject.as_ref());
            let ended = EndedAlert { rule: key.0, name, subject, restarted, handed_over }.words(snapshot);
            let Some(event) = self.event_mut(open.number) else { continue };
            event.until = Some(snapshot.at);
            event.cost = cost(key.0, open.rent.as_ref(), money, event.at, snapshot.at).or(event.cost);
            event.ended = Label::new(ended);
            self.changed.insert(open.number);
        }
    }

    /// Nodes and GPUs that joined and left since the last snapshot.
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
            self.push(HistoryEvent { kind, subject, name, text, at: now, until: None, cost: None, ended: nothing() });
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
        self.push(HistoryEvent { kind, subject, name, text, at: now, until: None, cost: None, ended: nothing() });
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn gravest(kind: EventKind) -> Severity {
    if let EventKind::Alert(_, severity) = kind { severity } else { Severity::Info }
}

/// The rent of what does not work; for an engine that stopped, also the revenue that its node had in the quarter hour
/// before and does not have now.
fn cost(rule: Rule, rent: Option<&(Subject, f64)>, money: &MoneyRings, from: Timestamp, to: Timestamp) -> Option<f64> {
    let (node, part) = rent?;
    let rent = money.cost_between(node, from, to)? * part;
    let stopped = matches!(rule, Rule::EngineStalled | Rule::EngineSilent);
    let lost = || {
        let place = money.place(node)?;
        let [before, _] = money.rates(place, from - BEFORE, from);
        let [now, _] = money.rates(place, from, to);
        Some((before? - now?) * (to - from).as_secs_f64() / 3_600.0)
    };
    Some(rent + if stopped { lost().unwrap_or(0.0).max(0.0) } else { 0.0 })
}

fn nothing() -> Label {
    Label::new("")
}

fn target(subject: &Subject) -> Option<&TargetId> {
    if let Subject::Engine(target, _) = subject { Some(target) } else { None }
}

fn target_of(event: &HistoryEvent) -> Option<&TargetId> {
    event.subject.as_ref().and_then(target)
}
