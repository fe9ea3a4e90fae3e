//! Silent things that stand together as one alert: a rack without power is one alert, not one for each of its nodes.

use std::borrow::Cow;

use super::format;
use super::scene::subject_in;
use crate::reading::Label;
use crate::snapshot::{Alert, Rule, Severity, Snapshot};
use crate::words::in_order;

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
    let is_alike = |other: &&Alert| other.rule == alert.rule && other.severity == alert.severity;
    let alike: Vec<&Alert> = snapshot.alerts.iter().filter(is_alike).collect();
    if are_together(alert.rule, alike.len()) { alike } else { Vec::new() }
}

/// The alerts of a snapshot, with one for those that stand together where the first of them is.
pub(in crate::tui) fn alerts(snapshot: &Snapshot) -> Cow<'_, [Alert]> {
    if snapshot.alerts.iter().filter(|alert| things(alert.rule).is_some()).count() < MANY {
        return Cow::Borrowed(&snapshot.alerts);
    }
    let mut judged: Vec<(Rule, Severity, bool)> = Vec::new();
    let mut all: Vec<Alert> = Vec::new();
    for alert in &snapshot.alerts {
        let known = judged.iter().find(|(rule, severity, _)| (*rule, *severity) == (alert.rule, alert.severity));
        match known {
            Some((.., true)) => {}
            Some((.., false)) => all.push(alert.clone()),
            None => {
                let alike = with(snapshot, alert);
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
    names.sort_by(|a, b| in_order(a, b));
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
