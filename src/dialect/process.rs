//! The processes of one page: which labels identify one, and its name.

use std::borrow::Cow;

use super::field::letter_bit;
use super::registry::PROCESS_LABELS;
use super::target_labels::TargetLabels;
use crate::exposition::{LabelText, SeriesLabels, fnv1a};
use crate::reading::{InstanceId, NodeName};

/// Labels that may be on every series of a page of one process; the page then has one instance with their values as its
/// name. They identify the program that made the page. The later ones are what Prometheus (`exported_`), its Kubernetes
/// examples and OpenTelemetry's collector rename them to if the first ones identify the program that passed the page
/// on.
const PROGRAM: [&[u8]; 8] = [
    b"instance",
    b"pod",
    b"job",
    b"exported_instance",
    b"exported_pod",
    b"kubernetes_pod_name",
    b"service_instance_id",
    b"hostname",
];
/// Other spellings of labels of [`PROGRAM`].
/// They have the same first letters.
const SPELLINGS: [(&[u8], &[u8]); 2] = [(b"k8s_pod_name", b"kubernetes_pod_name"), (b"host_name", b"hostname")];
/// The index of the first label that identifies a process other than that program.
const WORKERS: usize = PROCESS_LABELS.len();
const PARTS: usize = WORKERS + PROGRAM.len();
/// Labels that identify a process or worker, in the order in which they form an instance's name.
pub(super) const NAMES: [&[u8]; PARTS] = names();
/// The first letters of those, as bits.
const LETTERS: u64 = letters();

const fn names() -> [&'static [u8]; PARTS] {
    let (mut names, mut at) = ([PROGRAM[0]; PARTS], 0);
    while at < PARTS {
        names[at] = if at < WORKERS { PROCESS_LABELS[at].key } else { PROGRAM[at - WORKERS] };
        at += 1;
    }
    names
}

const fn letters() -> u64 {
    let (mut letters, mut at) = (0, 0);
    while at < PARTS {
        letters |= letter_bit(NAMES[at]);
        at += 1;
    }
    letters
}

/// Whether one of some labels may identify the process of a series, from the bits of their first letters.
#[inline]
pub(super) const fn may_name_process(letters: u64) -> bool {
    letters & LETTERS != 0
}

/// Labels with the host on which the process of an aggregated page runs, the surest first. Where a server passes on the
/// page of another, `instance` is that server.
const HOSTS: [&[u8]; 3] = [b"exported_instance", b"instance", b"hostname"];

/// The characters of a long id that are shown after another name.
const SHORT: usize = 8;
/// The longest name that is not shortened.
const LONGEST: usize = 160;

/// The values of the labels that identify a process; all are empty on a page of one process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ProcessLabels<'p> {
    /// Whether any part is set. On most pages none is, and nothing is compared.
    named: bool,
    parts: [LabelText<'p>; PARTS],
    /// A hash of its [`TargetLabels`], which are among `series`; 0 if it has none.
    others: u64,
    series: SeriesLabels<'p>,
}

impl PartialEq for ProcessLabels<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(ours, theirs): (&LabelText<'_>, &LabelText<'_>)| {
            ours.raw().len() == theirs.raw().len() && (ours.raw().is_empty() || ours == theirs)
        };
        self.named == other.named
            && (!self.named || self.others == other.others && self.parts.iter().zip(&other.parts).all(same))
    }
}

impl<'p> ProcessLabels<'p> {
    /// The values of a series on a page with these target labels.
    pub(super) fn of(series: SeriesLabels<'p>, targets: &TargetLabels<'p>) -> Self {
        let mut labels = Self::default();
        for (key, value) in series {
            if may_name_process(letter_bit(key))
                && let Some(at) = place(key)
            {
                labels.parts[at] = value;
                labels.named |= !value.raw().is_empty();
            }
        }
        if !targets.is_empty() {
            (labels.others, labels.series) = (targets.hash(series), series);
            labels.named |= labels.others != 0;
        }
        labels
    }

    /// The same without its target labels.
    pub(super) fn without_others(self) -> Self {
        let named = self.parts.iter().any(|part| !part.raw().is_empty());
        Self { named, others: 0, ..self }
    }

    /// Whether it has target labels.
    pub(super) const fn has_others(&self) -> bool {
        self.others != 0
    }

    /// The order in which instances are listed. Empty texts are not compared: that is slow if they have no allocation.
    pub(super) fn order(&self) -> Option<([Option<LabelText<'p>>; PARTS], u64)> {
        let parts = || self.parts.map(|part| Some(part).filter(|part| !part.raw().is_empty()));
        self.named.then(|| (parts(), self.others))
    }

    /// Whether any label identifies it.
    pub(super) const fn is_named(&self) -> bool {
        self.named
    }

    /// Whether it is a server behind a router.
    pub(super) fn is_server(&self) -> bool {
        let mut named = PROCESS_LABELS.iter().zip(&self.parts).filter(|(_, part)| !part.raw().is_empty());
        named.any(|(label, _)| label.is_routed)
    }

    /// Which labels of the program that made the page are set, as bits, and how many target labels.
    pub(super) fn named(&self, targets: &TargetLabels<'p>) -> (u32, usize) {
        let parts = self.parts[WORKERS..].iter().map(|part| u32::from(!part.raw().is_empty()));
        let others = if self.has_others() { targets.values(self.series).count() } else { 0 };
        (parts.fold(0, |bits, part| bits << 1 | part), others)
    }

    /// Whether it has all values of another one, and more labels of the program that made the page or of its target.
    pub(super) fn extends(&self, other: &Self, targets: &TargetLabels<'p>) -> bool {
        let same = |ours: &LabelText<'p>, theirs: &LabelText<'p>| ours.raw() == theirs.raw();
        let mut pairs = self.parts.iter().zip(&other.parts).enumerate();
        self.named(targets) != other.named(targets)
            && (!other.has_others() || targets.are_among(other.series, self.series))
            && pairs.all(|(at, (ours, theirs))| same(ours, theirs) || at >= WORKERS && theirs.raw().is_empty())
    }

    /// The values of the program that made the page.
    pub(super) fn program(self) -> Self {
        let mut program = self;
        program.parts[..WORKERS].fill(LabelText::default());
        program.named = program.others != 0 || program.parts.iter().any(|part| !part.raw().is_empty());
        program
    }

    /// The host that its labels name, unless it is that of any machine.
    pub(super) fn host(&self) -> Option<NodeName> {
        let stated = HOSTS.iter().filter_map(|key| Some(self.parts[place(key)?].text()));
        let address = stated.into_iter().find(|text| !text.is_empty())?;
        Some(host_of(&address)).filter(|host| !is_any_machine(host)).map(NodeName::new)
    }

    /// The instance's name; `None` if nothing identifies it. `version` is the model's, if each has counters.
    pub(super) fn id(&self, targets: &TargetLabels<'p>, version: Option<LabelText<'p>>) -> Option<InstanceId> {
        let version = version.map(LabelText::text).filter(|version| !version.is_empty());
        let mut parts: Vec<Cow<'p, str>> = Vec::new();
        for (place, value) in self.parts.iter().enumerate().filter(|(_, value)| !value.raw().is_empty()) {
            let text = value.text();
            let short = PROCESS_LABELS.get(place).is_some_and(|label| label.is_long) && !parts.is_empty();
            parts.push(if short { text.chars().take(SHORT).collect() } else { text });
        }
        if self.has_others() {
            parts.extend(targets.values(self.series).map(LabelText::text));
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
        // After control characters are removed, several could be equal.
        let shown: String = text.chars().take(LONGEST).collect();
        let whole: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        Some(InstanceId::new(&format!("{shown} #{:08x}", fnv1a(&whole) >> 32)))
    }
}

/// Whether a host is the one that every machine calls itself.
pub(crate) fn is_any_machine(host: &str) -> bool {
    matches!(host, "" | "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0")
}

/// The host of an address.
pub(crate) fn host_of(address: &str) -> &str {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let server = address.split('/').next().unwrap_or(address);
    server.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(server, |(host, _)| host)
}

/// The place of a label among [`NAMES`].
fn place(key: &[u8]) -> Option<usize> {
    let name = SPELLINGS.iter().find(|(spelling, _)| *spelling == key).map_or(key, |(_, name)| name);
    NAMES.iter().position(|known| *known == name)
}
