//! The subjects of alerts and events in few words: node names instead of the addresses of engines.

use crate::snapshot::Rule;
use crate::tui::format;
use crate::tui::frame_input::{FrameInput, subject_in};
use crate::units::{Span, Timestamp};

/// The subject of an alert or an event, with node names in place of addresses.
pub(super) fn about(input: &FrameInput<'_>, subject: &str) -> String {
    subject_in(input.snap, subject)
}

/// The part of an alert's text that says what is wrong, without the remedy.
pub(super) fn what(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(what, _)| what)
}

/// What a restart is shown as.
pub(super) const RESTARTED: &str = "its counters began anew";
/// The cells of a short name of an alert.
const WORDS: usize = 20;

/// The one short name of an alert: what its text says is wrong where that is short, else what its rule detects.
pub(super) fn named(rule: Rule, text: &str) -> &str {
    let own = what(text);
    if !own.is_empty() && format::width(own) <= WORDS { own } else { found(rule) }
}

/// What is wrong in full and in short, and what to do, of rules that say it.
pub(super) struct AlertSaid<'a> {
    pub(super) long: String,
    pub(super) short: &'a str,
    pub(super) remedy: Option<&'a str>,
}

/// The parts of an alert's text.
pub(super) fn said_of(rule: Rule, text: &str) -> AlertSaid<'_> {
    let (short, rest) = text.split_once(": ").map_or((text, None), |(what, rest)| (what, Some(rest)));
    match rule {
        // The text goes on with the cause.
        Rule::GpuLost => {
            let cause = rest.map(|rest| rest.split(": ").next().unwrap_or(rest));
            let long = cause.map_or_else(|| short.to_owned(), |cause| format!("{short}, {cause}"));
            AlertSaid { long, short, remedy: Some("drain the node, then reset or return the GPU") }
        }
        Rule::NodeSilent => AlertSaid { long: text.to_owned(), short, remedy: Some("see whether the node is up") },
        Rule::EngineSilent => AlertSaid { long: text.to_owned(), short, remedy: Some("see whether the engine is up") },
        // The remedy stands in parentheses at the end.
        Rule::SourceMissing => {
            let (cause, remedy) = remedy_behind(text).unwrap_or((text, None));
            AlertSaid { long: cause.to_owned(), short: what(cause), remedy }
        }
        // After the colon stands the reduced clock.
        Rule::Throttled if !rest.is_some_and(|rest| rest.starts_with("check")) => {
            AlertSaid { long: text.to_owned(), short, remedy: None }
        }
        Rule::KvNearFull
        | Rule::Throttled
        | Rule::EngineStalled
        | Rule::RateAssumed
        | Rule::GpuError
        | Rule::HubSilent
        | Rule::SloMissed => AlertSaid { long: short.to_owned(), short, remedy: rest },
        _ => AlertSaid { long: text.to_owned(), short, remedy: None },
    }
}

/// The text before parentheses at its end, and the text in them.
fn remedy_behind(text: &str) -> Option<(&str, Option<&str>)> {
    let inside = text.strip_suffix(')')?;
    let mut open = 1_usize;
    let begin = inside.char_indices().rev().find_map(|(at, c)| {
        open = match c {
            ')' => open + 1,
            '(' => open - 1,
            _ => open,
        };
        (open == 0).then_some(at)
    })?;
    let (cause, remedy) = (text.get(..begin)?.trim_end(), inside.get(begin + 1..)?);
    Some((cause, Some(remedy).filter(|remedy| !remedy.is_empty())))
}

/// An alert's text with its remedy after an arrow, where it says one.
pub(super) fn with_remedy(rule: Rule, text: &str) -> String {
    let said = said_of(rule, text);
    said.remedy.map_or_else(|| text.to_owned(), |remedy| format!("{} → {remedy}", said.long))
}

/// How long something lasted, all of its spans together; time that several of them share counts once.
pub(super) fn lasted(spans: impl IntoIterator<Item = (Timestamp, Timestamp)>) -> (Span, usize) {
    let mut spans: Vec<(Timestamp, Timestamp)> = spans.into_iter().collect();
    spans.sort_unstable();
    let mut apart: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (begin, end) in spans {
        match apart.last_mut().filter(|last| begin <= last.1) {
            Some(last) => last.1 = last.1.max(end),
            None => apart.push((begin, end)),
        }
    }
    let total = apart.iter().map(|(begin, end)| (*end - *begin).millis()).fold(0, i64::saturating_add);
    (Span::from_millis(total), apart.len())
}

/// What a rule detects, in two or three words.
pub(super) const fn found(rule: Rule) -> &'static str {
    match rule {
        Rule::GpuLost => "lost",
        Rule::NodeSilent | Rule::EngineSilent | Rule::HubSilent => "silent",
        Rule::KvNearFull => "KV near full",
        Rule::SharedAddress => "address shared",
        Rule::PageRefused => "page refused",
        Rule::SourceMissing => "source missing",
        Rule::Loss => "loss",
        Rule::LedgerUnwritten => "not written",
        Rule::RateAssumed => "rate assumed",
        Rule::RateUnknown => "rate unknown",
        Rule::Disputed => "disputed",
        Rule::EnergyUnknown => "energy unknown",
        Rule::HostnameShared => "name shared",
        Rule::ProbablySame => "counted twice?",
        Rule::NamesUnknown => "names unknown",
        Rule::EngineStalled => "stalled",
        Rule::Throttled => "throttled",
        Rule::GpuError => "XID error",
        Rule::SloMissed => "SLO missed",
    }
}

/// Several subjects with the same first word: `gpu-0008 · 8 GPUs`. A single subject is shown as it is.
pub(super) fn about_all(input: &FrameInput<'_>, subjects: &[&str]) -> String {
    let Some(first) = subjects.first() else { return String::new() };
    if subjects.len() == 1 {
        return about(input, first);
    }
    let word = first.split(' ').next().unwrap_or(first);
    let all = |part: &str| subjects.iter().all(|subject| subject.split(' ').nth(1) == Some(part));
    let parts = if all("GPU") {
        "GPUs"
    } else if all("rank") {
        "ranks"
    } else {
        "alerts"
    };
    format!("{} · {} {parts}", about(input, word), subjects.len())
}
