//! Resolved alerts of one outage: a silent node with its engines, and many things that fell silent within a minute.

use std::collections::{BTreeSet, HashMap};

use super::super::served::word_of;
use crate::history::{EventKind, HistoryEvent};
use crate::snapshot::Rule;
use crate::tui::frame_input::FrameInput;
use crate::tui::together;
use crate::units::{Span, Timestamp};

/// What a group of resolved alerts has in common.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct GroupKey {
    pub(super) rule: Option<Rule>,
    /// The node, unit or target; of an outage of many things, its beginning.
    pub(super) name: String,
    /// Whether it is an outage of many things.
    pub(super) is_of_many: bool,
}

/// The rule of an alert; `None` for other events.
pub(super) const fn rule_of(event: &HistoryEvent) -> Option<Rule> {
    if let EventKind::Alert(rule, _) = event.kind { Some(rule) } else { None }
}

/// The milliseconds from an instant to another; negative if that is earlier.
const fn after(from: Timestamp, to: Timestamp) -> i64 {
    to.millis().saturating_sub(from.millis())
}

/// A time in which many things of one rule fell silent.
struct Outage {
    rule: Rule,
    began: Timestamp,
    last_began: Timestamp,
}

/// The outages among resolved alerts.
pub(super) struct Outages {
    /// The node of each engine, by its target.
    nodes: HashMap<String, String>,
    /// When each node was silent.
    silent: HashMap<String, Vec<(Timestamp, Timestamp)>>,
    of_many: Vec<Outage>,
}

impl Outages {
    pub(super) fn of(input: &FrameInput<'_>, over: &[HistoryEvent]) -> Self {
        let engines = input.snap.engines.iter().filter(|row| !row.node.as_str().is_empty());
        let nodes = engines.map(|row| (row.target.to_string(), row.node.to_string())).collect();
        let mut silent: HashMap<String, Vec<(Timestamp, Timestamp)>> = HashMap::new();
        for event in over.iter().filter(|event| rule_of(event) == Some(Rule::NodeSilent)) {
            silent.entry(event.name.to_string()).or_default().push((event.at, event.until.unwrap_or(event.at)));
        }
        let mut outages = Self { nodes, silent, of_many: Vec::new() };
        let found = [Rule::NodeSilent, Rule::EngineSilent].map(|rule| outages.many(rule, over));
        outages.of_many = found.into_iter().flatten().collect();
        outages
    }

    /// The outages of a rule: beginnings within a minute of the first.
    fn many(&self, rule: Rule, over: &[HistoryEvent]) -> Vec<Outage> {
        let mut events: Vec<&HistoryEvent> = over.iter().filter(|event| self.rule(event) == Some(rule)).collect();
        events.retain(|event| rule_of(event) == Some(rule));
        events.sort_by_key(|event| event.at);
        let mut outages = Vec::new();
        let mut rest = events.as_slice();
        while let Some(first) = rest.first() {
            let is_near = |event: &&&HistoryEvent| after(first.at, event.at) <= Span::MINUTE.millis();
            let count = rest.iter().take_while(is_near).count();
            let (near, later) = rest.split_at(count);
            let names: BTreeSet<&str> = near.iter().map(|event| event.name.as_str()).collect();
            if together::are_together(rule, names.len()) {
                let last_began = near.last().map_or(first.at, |event| event.at);
                outages.push(Outage { rule, began: first.at, last_began });
            }
            rest = later;
        }
        outages
    }

    fn node(&self, event: &HistoryEvent) -> String {
        let word = word_of(event.name.as_str());
        self.nodes.get(word).map_or(word, String::as_str).to_owned()
    }

    /// The rule of its group: that of its node, if the node was silent in the same time.
    fn rule(&self, event: &HistoryEvent) -> Option<Rule> {
        let rule = rule_of(event)?;
        let until = event.until.unwrap_or(event.at);
        let was_silent = |(begin, end): &(Timestamp, Timestamp)| event.at <= *end && *begin <= until;
        let with_node = || self.silent.get(&self.node(event)).is_some_and(|spans| spans.iter().any(was_silent));
        Some(if rule == Rule::EngineSilent && with_node() { Rule::NodeSilent } else { rule })
    }

    /// What an alert has in common with the others of its group.
    pub(super) fn group(&self, event: &HistoryEvent) -> GroupKey {
        let rule = self.rule(event);
        let is_in = |outage: &&Outage| {
            // An engine may fall silent some seconds before its node does.
            let slack = if rule == rule_of(event) { 0 } else { Span::MINUTE.millis() };
            let is_near = after(event.at, outage.began) <= slack && after(outage.last_began, event.at) <= slack;
            Some(outage.rule) == rule && is_near
        };
        match self.of_many.iter().find(is_in) {
            Some(outage) => GroupKey { rule, name: outage.began.millis().to_string(), is_of_many: true },
            None => GroupKey { rule, name: self.node(event), is_of_many: false },
        }
    }
}
