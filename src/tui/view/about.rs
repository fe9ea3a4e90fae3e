//! What alerts and events are about, in few words: nodes by their names rather than the addresses of what runs there.

use crate::snapshot::Rule;
use crate::tui::scene::{Scene, short_subject, short_target};

/// `gpu-0008 sglang r0` of `http://127.0.1.8:30000/metrics rank 0`; with its port where several engines of a node have
/// addresses of their own.
pub(super) fn about(scene: &Scene<'_>, subject: &str) -> String {
    let (word, rest) = subject.split_once(' ').map_or((subject, ""), |(word, rest)| (word, rest));
    let engines = || scene.snap.engines.iter();
    let Some(row) = engines().find(|row| row.target.as_str() == word).filter(|row| !row.node.as_str().is_empty())
    else {
        return short_subject(subject);
    };
    let is_shared = engines().any(|other| other.node == row.node && other.target != row.target);
    let place = short_target(row);
    let port = match place.rsplit_once(':') {
        Some((_, port)) if is_shared => format!(" :{port}"),
        _ => String::new(),
    };
    let rest = match rest.strip_prefix("rank ") {
        Some(rank) => format!(" r{rank}"),
        None if rest.is_empty() => String::new(),
        None => format!(" {rest}"),
    };
    format!("{} {}{port}{rest}", row.node, row.kind)
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
