//! All dialects, and questions about a program that need no page.

use super::definition::{Dialect, PLAIN, ProcessLabel, SEARCH};
use super::engines::ALL;
use super::field::{CountedPart, Policy};
use super::gpus;
use super::model_router::ModelRouter;
use crate::reading::{EngineKind, EngineRole};

const _: () = assert!(ALL.len() <= 32, "a dialect has a bit: give them more");

/// For each byte, the dialects of [`ALL`] with a prefix that begins with it, as bits: most names of a page match none.
const BY_FIRST: [u32; 256] = by_first_byte();

const fn by_first_byte() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < ALL.len() {
        let lists = [ALL[at].names, ALL[at].shared_names];
        let mut list = 0;
        while list < lists.len() {
            let mut nth = 0;
            while nth < lists[list].len() {
                table[lists[list][nth].as_bytes()[0] as usize] |= 1 << at;
                nth += 1;
            }
            list += 1;
        }
        at += 1;
    }
    table
}

/// The labels of all dialects that identify a process on a page of several, in the order of the dialects.
pub(super) const PROCESS_LABELS: [&ProcessLabel; process_labels()] = all_process_labels();

const NO_LABEL: ProcessLabel = ProcessLabel::of(b"");

const fn process_labels() -> usize {
    let (mut labels, mut at) = (0, 0);
    while at < ALL.len() {
        labels += ALL[at].processes.len();
        at += 1;
    }
    labels
}

const fn all_process_labels() -> [&'static ProcessLabel; process_labels()] {
    let (mut all, mut at, mut place) = ([&NO_LABEL; process_labels()], 0, 0);
    while at < ALL.len() {
        let mut nth = 0;
        while nth < ALL[at].processes.len() {
            all[place] = &ALL[at].processes[nth];
            (nth, place) = (nth + 1, place + 1);
        }
        at += 1;
    }
    all
}

/// The dialect of a series by its name, its index, and whether no other dialect has the name.
pub(super) fn owner(name: &str) -> Option<(&'static Dialect, usize, bool)> {
    let mask = BY_FIRST[usize::from(*name.as_bytes().first()?)];
    if mask == 0 {
        return None;
    }
    let candidates = || ALL.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
    let own = candidates().find(|(_, dialect)| begins(name, dialect.names)).map(|(at, dialect)| (*dialect, at, true));
    let shared = || candidates().find(|(_, dialect)| begins(name, dialect.shared_names));
    own.or_else(|| shared().map(|(at, dialect)| (*dialect, at, false)))
}

/// Whether a name has one of these prefixes.
#[inline]
pub(super) fn begins(name: &str, beginnings: &[&str]) -> bool {
    let first = name.as_bytes().first();
    beginnings.iter().any(|beginning| beginning.as_bytes().first() == first && name.starts_with(beginning))
}

/// The prefixes of the names of all dialects.
pub(super) fn prefixes() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|dialect| dialect.names.iter().chain(dialect.shared_names)).copied()
}

/// The index of a program's dialect.
pub(super) fn place(kind: EngineKind) -> Option<usize> {
    ALL.iter().position(|dialect| dialect.kind == kind)
}

/// The dialect of a program; the defaults for programs without a page.
pub(super) fn of(kind: EngineKind) -> &'static Dialect {
    ALL.iter().find(|dialect| dialect.kind == kind).copied().unwrap_or(&PLAIN)
}

/// The engine that `/v1/models` names in `owned_by`.
pub fn owned_by(owner: &str) -> Option<EngineKind> {
    let owner = owner.to_ascii_lowercase();
    ALL.iter().find(|dialect| dialect.owners.contains(&owner.as_str())).map(|dialect| dialect.kind)
}

/// The possible paths of a server's metrics page, in the order in which they are requested; `None` if its program is
/// unknown.
pub fn paths(kind: Option<EngineKind>) -> &'static [&'static str] {
    kind.map_or(SEARCH, |kind| of(kind).paths)
}

/// The default ports of engines and exporters, in ascending order.
pub fn ports() -> Vec<u16> {
    let mut ports: Vec<u16> = ALL.iter().flat_map(|dialect| dialect.ports).chain(gpus::PORTS).copied().collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// [`ports`] in words: `3000, 8000 to 8015, 8080`.
pub fn ports_in_words() -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for port in ports() {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == port => *last = port,
            _ => ranges.push((port, port)),
        }
    }
    let words = ranges.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The programs that have a metrics page only with a flag: `SGLang with --enable-metrics, llama.cpp with --metrics`.
pub fn metrics_flags() -> String {
    let flags = ALL.iter().filter_map(|dialect| dialect.metrics_flag);
    flags.map(|needs| format!("{} with {}", needs.program, needs.flag)).collect::<Vec<_>>().join(", ")
}

/// The programs that answer with this status instead of their metrics page if a flag is missing: `SGLang needs
/// --enable-metrics`.
pub fn missing_flags(status: u16) -> Option<String> {
    let flags = ALL.iter().filter_map(|dialect| dialect.metrics_flag).filter(|needs| needs.status == status);
    let texts: Vec<String> = flags.map(|needs| format!("{} needs {}", needs.program, needs.flag)).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// Whether `/v1/models`, on the address of a program's page, lists the models that it serves.
pub fn lists_models(kind: EngineKind) -> bool {
    of(kind).lists_models
}

/// Whether a program's page names its model.
pub fn names_model(kind: EngineKind) -> bool {
    of(kind).names_model
}

/// How a program's server with a process for each model is scraped; `None` if it has none.
pub fn model_router(kind: EngineKind) -> Option<&'static ModelRouter> {
    of(kind).router
}

/// All of those.
pub fn model_routers() -> impl Iterator<Item = &'static ModelRouter> {
    ALL.iter().filter_map(|dialect| dialect.router)
}

/// How the rows of an engine are treated after they were read.
pub fn policy(kind: EngineKind) -> Policy {
    of(kind).policy
}

/// Which tokens of a row count. A proxy's count only for models that no watched engine serves.
pub fn attribution(kind: EngineKind, role: EngineRole) -> CountedPart {
    (of(kind).counts)(role)
}
