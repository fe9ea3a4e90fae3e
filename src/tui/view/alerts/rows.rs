//! The rows of the active alerts: alerts of one rule on parts of one thing, such as the GPUs of a node, share a row.

use std::collections::HashMap;

use super::log;
use crate::reading::Label;
use crate::snapshot::{Alert, Rule, Severity};
use crate::tui::format;
use crate::tui::frame_input::FrameInput;
use crate::tui::theme::Role;
use crate::tui::together;
use crate::tui::view::about::{about, about_all, with_remedy};
use crate::tui::view::list::{Col, OrderedBy, said, sort};
use crate::tui::view::served::first_word;
use crate::tui::view::{ListKey, ViewId, charts};
use crate::tui::widgets::table::Cell;
use crate::units::Timestamp;

/// The width in columns from which the severity and the cost have their full names.
const WIDE: u16 = 100;

/// One alert, or several of one rule and one severity: on parts of one thing, or on many silent things.
pub(super) struct AlertLine<'a> {
    pub(super) alerts: Vec<&'a Alert>,
    /// The name of the subject or subjects.
    pub(super) about: String,
    /// The common text, if the alerts are on many things.
    of_many: Option<String>,
    /// The text of a silent node, with the number of its silent engines.
    with_engines: Option<String>,
}

impl<'a> AlertLine<'a> {
    /// The first alert; every row has one.
    pub(super) fn first(&self) -> Option<&'a Alert> {
        self.alerts.first().copied()
    }

    pub(super) fn severity(&self) -> Severity {
        self.first().map_or(Severity::Info, |alert| alert.severity)
    }

    /// The earliest start of the row's alerts.
    pub(super) fn since(&self) -> Timestamp {
        self.alerts.iter().map(|alert| alert.since).min().unwrap_or_default()
    }

    /// What is wrong and, after an arrow, what to do.
    pub(super) fn text(&self) -> String {
        let Some(first) = self.first() else { return String::new() };
        let text = self.of_many.as_deref().or(self.with_engines.as_deref()).unwrap_or(first.text.as_str());
        with_remedy(first.rule, text)
    }

    /// Whether its row in a list of this width leaves something out: the end of its text, or the parts that it is about.
    pub(super) fn is_cut(&self, width: u16) -> bool {
        if self.alerts.len() > 1 {
            return true;
        }
        let beside = if width >= WIDE { 76 } else { 59 };
        format::width(&self.text()) > usize::from(width.saturating_sub(beside))
    }

    /// The number of alerts that the row counts as: many silent things count as one.
    pub(super) fn count(&self) -> usize {
        // So does a silent node with its engines.
        let is_one = self.of_many.is_some() || self.first().is_some_and(|first| first.rule == Rule::NodeSilent);
        if is_one { 1 } else { self.alerts.len() }
    }

    /// The node, unit or target that the row is about.
    pub(super) fn word(&self) -> &'a str {
        self.first().map_or("", first_word)
    }

    pub(super) fn names(&self) -> Vec<(Rule, Label)> {
        self.alerts.iter().map(|alert| (alert.rule, alert.subject.clone())).collect()
    }
}

pub(super) fn key(line: &AlertLine<'_>) -> ListKey {
    let word = |alert| if line.of_many.is_some() { "" } else { first_word(alert) };
    ListKey::of(line.first().map(|alert| ("alert", alert.rule, alert.severity, word(alert))))
}

pub(super) fn lines<'a>(input: &FrameInput<'a>) -> Vec<AlertLine<'a>> {
    let of = input.app.subject().filter(|_| input.app.view() == ViewId::Alerts);
    let accepted = |alert: &&Alert| {
        let severity = alert.severity.to_string();
        let shown = about(input, alert.subject.as_str());
        let fields = [
            ("severity", severity.as_str()),
            ("subject", alert.subject.as_str()),
            ("about", shown.as_str()),
            ("text", alert.text.as_str()),
        ];
        let is_of = of.is_none_or(|of| [alert.subject.as_str(), first_word(alert)].contains(&of.as_str()));
        is_of && input.app.filter.accepts(&fields)
    };
    let accepted: Vec<&Alert> = input.snap.alerts.iter().filter(accepted).collect();
    let nodes = together::nodes_of_engines(input.snap, accepted.iter().copied());
    // An engine on a silent node is in the node's row, behind the node.
    let node_of = |alert: &Alert| nodes.get(alert.subject.as_str()).filter(|_| alert.rule == Rule::EngineSilent);
    let (parts, accepted): (Vec<&Alert>, Vec<&Alert>) =
        accepted.into_iter().partition(|alert| node_of(alert).is_some());
    let mut counts: HashMap<(Rule, Severity), usize> = HashMap::new();
    for alert in &accepted {
        *counts.entry((alert.rule, alert.severity)).or_default() += 1;
    }
    let are_together = |alert: &Alert| {
        counts.get(&(alert.rule, alert.severity)).is_some_and(|count| together::are_together(alert.rule, *count))
    };
    let mut places: HashMap<(Rule, Severity, bool, &str), usize> = HashMap::new();
    let mut rows: Vec<AlertLine<'a>> = Vec::new();
    for alert in accepted.into_iter().chain(parts) {
        let whole = node_of(alert).copied().unwrap_or(alert);
        let is_silenced = input.app.silenced(whole).is_some();
        let word = if are_together(whole) { "" } else { first_word(whole) };
        let place = *places.entry((whole.rule, whole.severity, is_silenced, word)).or_insert(rows.len());
        match rows.get_mut(place) {
            Some(row) => row.alerts.push(alert),
            None => {
                rows.push(AlertLine { alerts: vec![alert], about: String::new(), of_many: None, with_engines: None });
            }
        }
    }
    for row in &mut rows {
        let Some(first) = row.first() else { continue };
        let own: Vec<&Alert> = row.alerts.iter().copied().filter(|alert| alert.rule == first.rule).collect();
        let engines = row.alerts.len() - own.len();
        if own.len() > 1 && are_together(first) {
            row.about = together::counted(first.rule, own.len());
            row.of_many = Some(together::text(input.snap, &own));
            continue;
        }
        let subjects: Vec<&str> = own.iter().map(|alert| alert.subject.as_str()).collect();
        row.about = about_all(input, &subjects);
        row.with_engines = (engines > 0).then(|| together::with_engines(first.text.as_str(), engines));
    }
    sort(&mut rows, &columns(input), input.app.list_of(ViewId::Alerts));
    rows
}

pub(super) fn columns<'s, 'a>(input: &'s FrameInput<'_>) -> Vec<Col<'s, AlertLine<'a>>> {
    type C<'s, 'a> = Col<'s, AlertLine<'a>>;
    let zone = input.zone();
    let wide = input.size.0 >= WIDE;
    vec![
        C::left("severity", if wide { 11 } else { 2 }, move |line| severity(input, line, wide))
            .falling(|line| OrderedBy::Number(Some(f64::from(line.severity() as u8))))
            .first(),
        C::left("about", 18, |line| Cell::text(line.about.clone()))
            .stretch(1, 34)
            .rising(|line| OrderedBy::Name(line.about.clone())),
        C::left(
            if input.size.0 < 70 { "what" } else { "what it is and what to do" },
            (input.size.0 / 2).saturating_sub(6).clamp(16, 34),
            |line| Cell::Sentence(Role::Text, line.text().into()),
        )
        .stretch(4, 200),
        C::right("since", 5, move |line| Cell::dim(format::clock_minute(line.since(), zone))).rank(3),
        C::right("for", 5, |line| Cell::dim(format::duration(input.ago(line.since()))))
            .rank(1)
            .falling(|line| OrderedBy::Number(Some(-(line.since().millis() as f64)))),
        cost(input),
    ]
}

/// The column of what the alerts have cost so far, where that is known.
fn cost<'s, 'a>(input: &'s FrameInput<'_>) -> Col<'s, AlertLine<'a>> {
    let currency = format::symbol(input.currency()).trim_end().to_owned();
    let costs = log::costs(input);
    let costs: HashMap<_, _> = input
        .snap
        .alerts
        .iter()
        .filter_map(|alert| Some(((alert.rule, alert.subject.as_str()), costs(alert)?)))
        .collect();
    let wide = input.size.0 >= 100;
    let (title, least) = if wide { ("cost so far", 11) } else { ("cost", 8) };
    Col::right(title, least, move |line: &AlertLine<'_>| {
        let known = |alert: &&Alert| costs.get(&(alert.rule, alert.subject.as_str())).copied();
        let is_own = |alert: &&&Alert| line.first().is_some_and(|first| first.rule == alert.rule);
        // The rent of a silent node is also that of its engines: the larger sum has both once.
        let [own, parts] = [true, false]
            .map(|own| super::list::known_sum(line.alerts.iter().filter(|alert| is_own(alert) == own).map(known)));
        match own.into_iter().chain(parts).reduce(f64::max) {
            Some(cost) => Cell::text(format!("≈ {currency}{}", format::tight(cost.max(0.0), 8).trim())),
            None => Cell::unknown(),
        }
    })
    .rank(2)
}

fn severity(input: &FrameInput<'_>, line: &AlertLine<'_>, wide: bool) -> Cell<'static> {
    let role = charts::severity(line.severity());
    let glyph = glyph(line.severity());
    let silenced = line.first().and_then(|alert| input.app.silenced(alert));
    match silenced {
        Some(until) if wide => Cell::dim(format!("until {}", format::clock_minute(until, input.zone()))),
        Some(_) => Cell::dim("·"),
        None if wide => said(role, format!("{glyph} {}", line.severity())),
        None => said(role, glyph.to_string()),
    }
}

pub(super) fn glyph(severity: Severity) -> char {
    if severity == Severity::Info { '·' } else { '▲' }
}
