//! The processes of one page: which labels name one, and what it is called.

use std::borrow::Cow;

use crate::exposition::{LabelText, Labels, fnv1a};
use crate::reading::InstanceId;

/// Labels that name a process or worker, in the order in which an instance is called by them. `pod` and `instance` may
/// stand on every series of a page of one process; then the page has one instance, which is called by them.
const NAMES: [&[u8]; PARTS] = [b"worker_addr", b"server", b"ReplicaId", b"WorkerId", b"instance", b"pod", b"job"];
const PARTS: usize = 7;
/// The first of them that name not the program that made the page, but one that it speaks of.
const WORKERS: usize = 4;
const SERVER: usize = 1;
const WORKER_ID: usize = 3;
/// Characters of a Ray worker's id that are shown beside its replica's.
const SHORT: usize = 8;
/// The longest name that is kept as it is.
const LONGEST: usize = 160;

/// Whether a label names the process that a series is of.
#[inline]
pub(super) fn is_process_label(key: &[u8]) -> bool {
    match key {
        [b'j', b'o', b'b'] | [b'p', b'o', b'd'] => true,
        [b's', .., b'r'] => key == b"server",
        [b'i', .., b'e'] => key == b"instance",
        [b'R', .., b'd'] => key == b"ReplicaId",
        [b'W', .., b'd'] => key == b"WorkerId",
        [b'w', .., b'r'] => key == b"worker_addr",
        _ => false,
    }
}

/// The values of the labels that name a process; all empty on a page of one process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ProcessLabels<'p> {
    /// Whether any part names something: on most pages none does, and then nothing is compared.
    named: bool,
    parts: [LabelText<'p>; PARTS],
}

impl PartialEq for ProcessLabels<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(ours, theirs): (&LabelText<'_>, &LabelText<'_>)| {
            ours.raw().len() == theirs.raw().len() && (ours.raw().is_empty() || ours == theirs)
        };
        self.named == other.named && (!self.named || self.parts.iter().zip(&other.parts).all(same))
    }
}

impl<'p> ProcessLabels<'p> {
    /// Those of a series.
    pub(super) fn of(labels: Labels<'p>) -> Self {
        let mut parts = [LabelText::default(); PARTS];
        for (key, value) in labels {
            if is_process_label(key)
                && let Some(at) = NAMES.iter().position(|name| *name == key)
            {
                parts[at] = value;
            }
        }
        Self::from_parts(parts)
    }

    fn from_parts(parts: [LabelText<'p>; PARTS]) -> Self {
        Self { named: parts.iter().any(|part| !part.raw().is_empty()), parts }
    }

    /// In which order instances are told. Empty texts are not compared: that is slow where they point nowhere.
    pub(super) fn order(&self) -> Option<[Option<LabelText<'p>>; PARTS]> {
        self.named.then(|| self.parts.map(|part| Some(part).filter(|part| !part.raw().is_empty())))
    }

    /// Whether any label names it.
    pub(super) const fn is_named(&self) -> bool {
        self.named
    }

    /// Whether a router's server is named.
    pub(super) const fn is_server(&self) -> bool {
        !self.parts[SERVER].raw().is_empty()
    }

    /// Those of the program that made the page.
    pub(super) fn program(self) -> Self {
        let mut parts = self.parts;
        parts[..WORKERS].fill(LabelText::default());
        Self::from_parts(parts)
    }

    /// What the instance is called; `None` where nothing names it. `version` is the model's, where each has counters.
    pub(super) fn id(&self, version: Option<LabelText<'p>>) -> Option<InstanceId> {
        let version = version.map(LabelText::text).filter(|version| !version.is_empty());
        let mut parts: Vec<Cow<'p, str>> = Vec::new();
        for (place, value) in self.parts.iter().enumerate().filter(|(_, value)| !value.raw().is_empty()) {
            let text = value.text();
            let short = place == WORKER_ID && !parts.is_empty();
            parts.push(if short { text.chars().take(SHORT).collect() } else { text });
        }
        let plain = parts.iter().chain(&version).all(|part| part.bytes().all(|b| b.is_ascii_graphic()));
        parts.extend(version.map(|version| Cow::Owned(format!("{}{version}", InstanceId::VERSION))));
        if parts.is_empty() {
            return None;
        }
        let text = parts.join(" ");
        if plain && text.len() <= LONGEST {
            return Some(InstanceId::new(&text));
        }
        // Made safe to show, several could read alike.
        let shown: String = text.chars().take(LONGEST).collect();
        let whole: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        Some(InstanceId::new(&format!("{shown} #{:08x}", fnv1a(&whole) >> 32)))
    }
}
