//! Silent things that stand together as one alert: a rack without power is one alert, not one for each of its nodes, and
//! a node is one with its engines.

use std::borrow::Cow;
use std::collections::HashMap;

use super::format;
use super::frame_input::subject_in;
use crate::natural_order::natural_cmp;
use crate::reading::Label;
use crate::snapshot::{Alert, EngineRow, Rule, Severity, Snapshot};

/// From how many on they stand together.
const MANY: usize = 4;

/// What alerts of a rule are about, if many of them say the same.
const fn things(rule: Rule) -> Option<&'static str> {
    match rule {
        Rule::NodeSilent => Some("nodes"),
        Rule::EngineSilent => Some("engines"),
        _ => None,
    }
}

/// Whether so many alerts of a rule stand together.
pub(in crate::tui) fn are_together(rule: Rule, count: usize) -> bool {
    count >= MANY && things(rule).is_some()
}

/// All alerts that stand together with one; none if it stands alone.
pub(in crate::tui) fn with<'a>(snapshot: &'a Snapshot, alert: &Alert) -> Vec<&'a Alert> {
    alike(&snapshot.alerts, alert)
}

fn alike<'a>(alerts: &'a [Alert], alert: &Alert) -> Vec<&'a Alert> {
    let is_alike = |other: &&Alert| other.rule == alert.rule && other.severity == alert.severity;
    let alike: Vec<&Alert> = alerts.iter().filter(is_alike).collect();
    if are_together(alert.rule, alike.len()) { alike } else { Vec::new() }
}

/// For each alert of a silent engine, by its subject, the alert of its node if that is silent too.
pub(in crate::tui) fn nodes_of_engines<'a>(
    snapshot: &'a Snapshot,
    alerts: impl Iterator<Item = &'a Alert>,
) -> HashMap<&'a str, &'a Alert> {
    let silent: Vec<&Alert> =
        alerts.filter(|alert| matches!(alert.rule, Rule::NodeSilent | Rule::EngineSilent)).collect();
    let nodes = silent.iter().filter(|alert| alert.rule == Rule::NodeSilent);
    let nodes: HashMap<&str, &Alert> = nodes.map(|alert| (alert.subject.as_str(), *alert)).collect();
    if nodes.is_empty() || nodes.len() == silent.len() {
        return HashMap::new();
    }
    let of = |row: &'a EngineRow| Some((row.target.as_str(), *nodes.get(row.node.as_str())?));
    let of_targets: HashMap<&str, &Alert> = snapshot.engines.iter().filter_map(|row| of(row)).collect();
    let engines = silent.into_iter().filter(|alert| alert.rule == Rule::EngineSilent);
    engines.filter_map(|alert| Some((alert.subject.as_str(), *of_targets.get(alert.subject.as_str())?))).collect()
}

/// The text of a silent node with the number of its engines that are silent with it.
pub(in crate::tui) fn with_engines(text: &str, engines: usize) -> String {
    let (what, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
    match engines {
        0 => text.to_owned(),
        1 => format!("{what} with its engine{rest}"),
        engines => format!("{what} with its {} engines{rest}", format::grouped(engines as u128)),
    }
}

/// The alerts of a snapshot, those of the engines of a silent node in the node's.
pub(in crate::tui) fn by_node(snapshot: &Snapshot) -> Cow<'_, [Alert]> {
    let nodes = nodes_of_engines(snapshot, snapshot.alerts.iter());
    if nodes.is_empty() {
        return Cow::Borrowed(&snapshot.alerts);
    }
    let is_part = |alert: &&Alert| alert.rule == Rule::EngineSilent && nodes.contains_key(alert.subject.as_str());
    let whole = |alert: &Alert| {
        let is_its = |node: &&&Alert| node.subject == alert.subject && alert.rule == Rule::NodeSilent;
        let engines = nodes.values().filter(is_its).count();
        Alert { text: Label::new(&with_engines(alert.text.as_str(), engines)), ..alert.clone() }
    };
    Cow::Owned(snapshot.alerts.iter().filter(|alert| !is_part(alert)).map(whole).collect())
}

/// The alerts of a snapshot, with one for those that stand together where the first of them is.
pub(in crate::tui) fn alerts(snapshot: &Snapshot) -> Cow<'_, [Alert]> {
    let by_node = by_node(snapshot);
    if by_node.iter().filter(|alert| things(alert.rule).is_some()).count() < MANY {
        return by_node;
    }
    let mut judged: Vec<(Rule, Severity, bool)> = Vec::new();
    let mut all: Vec<Alert> = Vec::new();
    for alert in by_node.iter() {
        let known = judged.iter().find(|(rule, severity, _)| (*rule, *severity) == (alert.rule, alert.severity));
        match known {
            Some((.., true)) => {}
            Some((.., false)) => all.push(alert.clone()),
            None => {
                let alike = alike(&by_node, alert);
                judged.push((alert.rule, alert.severity, !alike.is_empty()));
                all.push(if alike.is_empty() { alert.clone() } else { one(snapshot, &alike, alert) });
            }
        }
    }
    Cow::Owned(all)
}

/// How many alerts a snapshot has, with one for those that stand together.
pub(in crate::tui) fn count(snapshot: &Snapshot) -> usize {
    alerts(snapshot).len()
}

/// `12 nodes`.
pub(in crate::tui) fn counted(rule: Rule, count: usize) -> String {
    format!("{} {}", format::grouped(count as u128), things(rule).unwrap_or("alerts"))
}

/// What is wrong with all of them, and from which to which they are.
pub(in crate::tui) fn text(snapshot: &Snapshot, alike: &[&Alert]) -> String {
    let mut names: Vec<&str> = alike.iter().map(|alert| alert.subject.as_str()).collect();
    names.sort_by(|a, b| natural_cmp(a, b));
    let ends =
        [names.first(), names.last()].map(|name| name.map_or_else(String::new, |name| subject_in(snapshot, name)));
    let ends = ends.join(" … ");
    let rent = if alike.iter().any(|alert| alert.text.as_str().contains("rent runs on")) {
        "; their rent runs on"
    } else {
        ""
    };
    let same = alike.windows(2).all(|pair| pair[0].text == pair[1].text);
    match alike.first() {
        Some(first) if same && first.rule == Rule::EngineSilent => format!("{}: {ends}", first.text),
        Some(first) if first.rule == Rule::EngineSilent => format!("they do not answer: {ends}"),
        _ => format!("silent: {ends}{rent}"),
    }
}

fn one(snapshot: &Snapshot, alike: &[&Alert], first: &Alert) -> Alert {
    Alert {
        subject: Label::new(&counted(first.rule, alike.len())),
        since: alike.iter().map(|alert| alert.since).min().unwrap_or(first.since),
        text: Label::new(&text(snapshot, alike)),
        ..first.clone()
    }
}
