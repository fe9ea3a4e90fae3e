//! The subjects of alerts and events in few words: node names instead of the addresses of engines.

use crate::snapshot::Rule;
use crate::tui::scene::{Scene, subject_in};

/// The subject of an alert or an event, with node names in place of addresses.
pub(super) fn about(scene: &Scene<'_>, subject: &str) -> String {
    subject_in(scene.snap, subject)
}

/// The part of an alert's text that says what is wrong, without the remedy.
pub(super) fn what(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(what, _)| what)
}

/// What a rule detects, in two or three words.
pub(super) const fn found(rule: Rule) -> &'static str {
    match rule {
        Rule::GpuLost => "lost",
        Rule::NodeSilent | Rule::EngineSilent => "silent",
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
        Rule::Throttled => "held down",
    }
}

/// Several subjects with the same first word: `gpu-0008 · 8 GPUs`. A single subject is shown as it is.
pub(super) fn about_all(scene: &Scene<'_>, subjects: &[&str]) -> String {
    let Some(first) = subjects.first() else { return String::new() };
    if subjects.len() == 1 {
        return about(scene, first);
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
    format!("{} · {} {parts}", about(scene, word), subjects.len())
}
