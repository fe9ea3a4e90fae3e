//! What alerts and events are about, in few words: nodes by their names rather than the addresses of what runs there.

use crate::snapshot::Rule;
use crate::tui::scene::{Scene, subject_in};

/// What an alert or an event is about, with nodes for addresses.
pub(super) fn about(scene: &Scene<'_>, subject: &str) -> String {
    subject_in(scene.snap, subject)
}

/// What is wrong of an alert's text, without what to do.
pub(super) fn what(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(what, _)| what)
}

/// What a rule finds, in two or three words.
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

/// Several subjects that begin with one word: `gpu-0008 · 8 GPUs`; one of them as it is.
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
