//! The gravest alert, its cost if it is known, and the remedy.

use std::collections::BTreeSet;

use super::facts::{Facts, an_hour};
use super::sentence::{Importance, Sentence, Tone, part};
use crate::burn::rent_of;
use crate::reading::SourceError;
use crate::snapshot::{Alert, Rule, Severity, Snapshot, gpu_of_subject};
use crate::statement::Mover;
use crate::tui::format;
use crate::tui::frame_input::subject_in;
use crate::tui::together;
use crate::units::{Money, Timestamp};

/// What to do about `named`, which was given as a cause; the gravest alert if it is graver, with its cost and remedy; then
/// the parts of money that are not known.
pub(super) fn alarms(facts: &Facts<'_>, named: Option<&Alert>) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    if let Some(alert) = named {
        sentences.extend(consequences(facts, alert, Importance::Action));
    }
    let is_news = |alert: &&Alert| alert.severity != Severity::Info && !is_in_state(facts.snapshot, alert.rule);
    let gravest = facts.snapshot.alerts.iter().filter(is_news).rev().max_by_key(|alert| alert.severity);
    if let Some(alert) = gravest.filter(|alert| named.is_none_or(|named| alert.severity > named.severity)) {
        let is_first = named.is_none();
        let [wrong, action] = if is_first {
            [Importance::Wrong, Importance::Action]
        } else {
            [Importance::WrongToo, Importance::ActionToo]
        };
        sentences.push(sentence_of(facts, alert).at(wrong));
        sentences.extend(consequences(facts, alert, action));
    }
    sentences.extend(super::unknown::unknown_money(facts));
    sentences
}

/// What an alert costs, and what to do: of no use where the alert itself is not reported.
fn consequences(facts: &Facts<'_>, alert: &Alert, action: Importance) -> impl Iterator<Item = Sentence> {
    let cost = cost(facts, alert).map(|cost| cost.at(Importance::Cost));
    let remedy = remedy(facts.snapshot, alert).map(|remedy| remedy.at(action));
    cost.into_iter().chain(remedy).map(Sentence::dependent)
}

/// The sentence if no alert is told.
pub(super) fn all_well(facts: &Facts<'_>) -> Option<Sentence> {
    let coverage = facts.snapshot.coverage;
    let all = coverage.nodes_live == coverage.nodes_known && coverage.engines_live == coverage.engines_known;
    let (nodes, engines) = (coverage.nodes_known, coverage.engines_known);
    let count = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let who = match (nodes, engines) {
        (0, engines) => count(engines, "engine"),
        (nodes, 0) => count(nodes, "node"),
        (nodes, engines) => format!("{} and {}", count(nodes, "node"), count(engines, "engine")),
    };
    let verb = if nodes + engines == 1 { "answers" } else { "answer" };
    // An alert that the headline does not tell still stands in the list of alerts.
    let end = if facts.snapshot.alerts.is_empty() { ", and nothing is wrong" } else { "" };
    all.then(|| Sentence::plain(format!("{who} {verb}{end}.")))
}

/// The alert on a node, unit or model that moved the profit, if it began in the compared time. A more recent alert
/// cannot be the cause.
pub(super) fn on_mover<'a>(
    facts: &Facts<'a>,
    mover: &Mover,
    (since, until): (Timestamp, Timestamp),
) -> Option<&'a Alert> {
    let snapshot = facts.snapshot;
    let key = mover.key.as_str();
    let in_unit = |subject: &str| {
        let node = snapshot.nodes.iter().any(|node| {
            node.unit.as_ref().is_some_and(|unit| unit.as_str() == key) && is_of(subject, node.name.as_str())
        });
        let engine = snapshot.engines.iter().any(|engine| {
            let by_unit = engine.unit.as_ref().is_some_and(|unit| unit.as_str() == key);
            let by_model = engine.model.as_ref().is_some_and(|model| model.as_str() == key);
            (by_unit || by_model || engine.node.as_str() == key) && is_of(subject, engine.target.as_str())
        });
        node || engine
    };
    let stops = |rule: Rule| {
        matches!(rule, Rule::GpuLost | Rule::NodeSilent | Rule::EngineSilent | Rule::EngineStalled | Rule::KvNearFull)
    };
    let is_on = |alert: &&Alert| {
        let subject = alert.subject.as_str();
        (since..until).contains(&alert.since) && stops(alert.rule) && (is_of(subject, key) || in_unit(subject))
    };
    snapshot.alerts.iter().find(is_on)
}

/// Whether an alert's subject is a thing or a part of it: `node-a GPU 2` is part of `node-a`.
fn is_of(subject: &str, thing: &str) -> bool {
    subject.strip_prefix(thing).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// An alert's text with the time of its beginning: `decode-7 has made no token since 14:52, with requests running`.
pub(super) fn what(facts: &Facts<'_>, alert: &Alert) -> String {
    let subject = format::shorten(&subject_in(facts.snapshot, alert.subject.as_str()), 40);
    let since = format::clock_minute(alert.since, facts.zone);
    let since = since.trim();
    match alert.rule {
        Rule::GpuLost => format!("{subject} has been lost since {since}"),
        Rule::NodeSilent => format!("{subject} has been silent since {since}"),
        Rule::EngineSilent => format!("{subject} has not answered since {since}"),
        Rule::EngineStalled => format!("{subject} has made no token since {since}, with requests running"),
        Rule::KvNearFull => format!("{subject} has had a full KV cache and a queue since {since}"),
        Rule::Throttled => format!("{subject} has been throttled by heat or power-capped since {since}"),
        Rule::GpuError => format!("{subject} had an XID error at {since}"),
        Rule::HubSilent => format!("the hub {subject} has been silent since {since}"),
        Rule::SloMissed => format!("{subject} has missed its objectives of latency since {since}"),
        Rule::PageRefused => format!("{subject} has a page that was refused in part"),
        Rule::SharedAddress => format!("{subject} stands for several processes"),
        Rule::SourceMissing => format!("{subject} cannot be read here"),
        Rule::Disputed => format!("{subject} has disputed movements since {since}"),
        Rule::EnergyUnknown => format!("{subject} reports no energy, though its power is paid for"),
        Rule::HostnameShared => format!("{subject} is the name of several nodes"),
        Rule::ProbablySame => format!("{subject} probably shows an engine that is watched under another name"),
        Rule::NamesUnknown => format!("{subject} has a model that may be counted twice"),
        Rule::RateAssumed => format!("{subject} has an assumed rate"),
        Rule::RateUnknown => format!("{subject} has no rate in the ledger's currency"),
        Rule::LedgerUnwritten => format!("{subject} has not been written since {since}"),
        Rule::Loss => format!("{subject} has earned less than it costs since {since}"),
    }
}

fn sentence_of(facts: &Facts<'_>, alert: &Alert) -> Sentence {
    let tone = tone(alert);
    let alike = together::with(facts.snapshot, alert);
    let first = alike.iter().map(|alert| alert.since).min().unwrap_or(alert.since);
    let since = format!(" since {}", format::clock_minute(first, facts.zone).trim());
    let long = match alike.len() {
        // A node or an engine keeps the letters of its name.
        0 if alert.subject.as_str().starts_with("the ") => capital(&what(facts, alert)),
        0 => what(facts, alert),
        many => {
            let verb = if alert.rule == Rule::NodeSilent { "have been silent" } else { "have not answered" };
            format!("{} {verb}{since}", together::counted(alert.rule, many))
        }
    };
    let others = if alike.is_empty() { others(facts, alert) } else { String::new() };
    let rest = || part(format!("{others}."), Tone::Plain);
    let shorter: Vec<_> = match long.replacen(&since, "", 1) {
        short if short == long => Vec::new(),
        short => vec![vec![part(short, tone), rest()]],
    };
    let naming = shorter.len() + 1;
    Sentence::of([part(long, tone), rest()]).or(shorter, naming)
}

/// The tone of an alert's severity.
pub(super) const fn tone(alert: &Alert) -> Tone {
    if matches!(alert.severity, Severity::Critical) { Tone::Critical } else { Tone::Warning }
}

/// The number of other alerts of this rule, as the end of a sentence.
pub(super) fn others(facts: &Facts<'_>, alert: &Alert) -> String {
    match facts.snapshot.alerts.iter().filter(|other| other.rule == alert.rule).count().saturating_sub(1) {
        0 => String::new(),
        1 => ", and one more".to_owned(),
        others => format!(", and {others} more"),
    }
}

/// The rent of what stands still: at the one rate that there is, or of each node or GPU its own.
fn cost(facts: &Facts<'_>, alert: &Alert) -> Option<Sentence> {
    let snapshot = facts.snapshot;
    let subject = alert.subject.as_str();
    // Of all that the sentence before counts.
    let same = || snapshot.alerts.iter().filter(|other| other.rule == alert.rule).map(|other| other.subject.as_str());
    let (own, gpus) = match alert.rule {
        Rule::GpuLost => {
            let rents = same().chain([subject]).collect::<BTreeSet<_>>();
            (rents.iter().map(|subject| rent_of_gpu(snapshot, subject)).sum(), rents.len())
        }
        Rule::NodeSilent => {
            let is_meant = |name: &str| subject == name || same().any(|subject| subject == name);
            let silent = || snapshot.nodes.iter().filter(|node| is_meant(node.name.as_str()));
            let gpus = silent().map(|node| node.gpus.len()).reduce(|a, b| a + b)?;
            (silent().map(|node| node.cost_per_hour).sum(), gpus)
        }
        _ => return None,
    };
    let at_one_rate: Option<Money> = match snapshot.money.rates.as_slice() {
        [rate] => Some((0..gpus).map(|_| Money::from_micros(rate.rate.micros())).sum()),
        _ => None,
    };
    let rent: Money = at_one_rate.or(own)?;
    (!rent.is_zero()).then(|| Sentence::plain(format!("The rent of {} runs on.", an_hour(facts, rent))))
}

/// The rent of `gpu-0231 GPU 3`.
fn rent_of_gpu(snapshot: &Snapshot, subject: &str) -> Option<Money> {
    let (name, index) = gpu_of_subject(subject)?;
    let node = snapshot.nodes.iter().find(|node| node.name.as_str() == name)?;
    node.gpus.iter().find(|gpu| gpu.index == index)?;
    rent_of(snapshot, node, |gpu| gpu.index == index)
}

/// What to do about an alert: of a source that fails, what the source itself says.
pub(super) fn remedy(snapshot: &Snapshot, alert: &Alert) -> Option<Sentence> {
    let is_its = |error: &&SourceError| alert.rule == Rule::SourceMissing && error.source == alert.subject;
    if let Some(error) = snapshot.source_errors.iter().find(is_its) {
        return sourced(error.remedy.as_str());
    }
    action(alert.rule).map(|text| {
        // The first thing to do is the short form.
        let first = text.split_once(", ").map(|(first, _)| vec![part(format!("{first}."), Tone::Action)]);
        Sentence::toned(text, Tone::Action).or(first.into_iter().collect(), 1)
    })
}

/// A source's remedy as a sentence, and its first clause as the short form.
fn sourced(remedy: &str) -> Option<Sentence> {
    let whole = remedy.trim().trim_end_matches('.');
    let first = whole.split("; ").next().unwrap_or(whole);
    let closed = |text: &str| part(format!("{}.", capital(text)), Tone::Action);
    let shorter = if first == whole { Vec::new() } else { vec![vec![closed(first)]] };
    (!whole.is_empty()).then(|| Sentence::of([closed(whole)]).or(shorter, 1))
}

/// The text with a capital letter, unless it begins with a command.
fn capital(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next().filter(|_| word.chars().all(char::is_alphabetic)) {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text.to_owned(),
    }
}

/// What to do about a rule's alerts.
const fn action(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::GpuLost => "Drain the node, then reset or return the GPU.",
        Rule::NodeSilent => "See whether the node is up.",
        Rule::EngineSilent => "See whether the engine is up.",
        Rule::EngineStalled => "Restart the engine.",
        Rule::KvNearFull => "Cap the engine's requests, or add another one.",
        Rule::Throttled => "See to its cooling or its power limit.",
        Rule::GpuError => "See `dmesg | grep NVRM`.",
        Rule::HubSilent => "See whether the hub is up.",
        Rule::SloMissed => "See which engines have long queues.",
        Rule::Disputed => "Run `margintop ledger disputes`.",
        Rule::ProbablySame | Rule::SourceMissing => "See its alert.",
        Rule::NamesUnknown => "Write an [[alias]].",
        Rule::SharedAddress => "Name the processes one by one.",
        Rule::HostnameShared => "Set node for each target.",
        Rule::RateAssumed => "Write a [[lease]].",
        Rule::RateUnknown => "Write an [[fx]] or a [[lease]].",
        Rule::EnergyUnknown | Rule::PageRefused | Rule::LedgerUnwritten | Rule::Loss => return None,
    })
}

/// Whether the text says it already.
const fn is_in_state(snapshot: &Snapshot, rule: Rule) -> bool {
    let unwritten = matches!(rule, Rule::LedgerUnwritten) && snapshot.money.ledger.write_error.is_some();
    unwritten || matches!(rule, Rule::Loss | Rule::HubSilent)
}
