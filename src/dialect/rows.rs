//! Makes readings from a page's sums: leaves out duplicates, and names each row's instance.

use super::field::{Count, RowPlace, StartOf};
use super::open_page::{NameOwners, OpenPage, OpenRow, PageProcess};
use super::process::ProcessLabels;
use super::row_sums::RowSums;
use crate::exposition::LabelText;
use crate::reading::{EngineReading, EngineRole, InstanceId, ModelName, NodeName, PromptCount, Refusal, Refusals};
use crate::units::Timestamp;

/// Two counters are equal if they differ by at most one part in this many: they are read one after the other.
const NEAR: u64 = 100;

/// The rows of a page, and the start times of their processes.
#[derive(Default)]
pub(super) struct PageRows {
    pub(super) engines: Vec<EngineReading>,
    pub(super) instance_starts: Vec<(InstanceId, Timestamp)>,
    /// The start time of the process without identifying labels.
    pub(super) start: Option<Timestamp>,
    /// The latest start time of other processes with the labels of an instance.
    pub(super) other_starts: Vec<(Option<InstanceId>, Timestamp)>,
    /// Wanted counters that are unknown, and rows that are equal to another one.
    pub(super) refused: Refusals,
}

impl<'p> OpenPage<'p> {
    /// A reading for each row, by model, instance and rank. `unnamed` is the model of rows without one.
    pub(super) fn finish(mut self, names: &NameOwners, unnamed: Option<&ModelName>) -> PageRows {
        self.drop_unused_labels();
        let mut page = PageRows { refused: std::mem::take(&mut self.refused), ..PageRows::default() };
        for line in &mut self.lines {
            line.sums.close(&mut page.refused);
        }
        self.drop_stated_elsewhere(names);
        self.note_router();
        self.fold_routers();
        self.sort();
        if self.lines.is_empty() && names.first().is_some() {
            page.start = self.stated_start(&ProcessLabels::default());
        }
        let sums_of_others = self.sums();
        let mut naming = Naming::default();
        for (nth, line) in std::mem::take(&mut self.lines).into_iter().enumerate() {
            let process = &self.processes[line.process];
            let model = naming.model(line.place.model);
            let (instance, host) = naming.instance(line.process, line.place.version, |version| {
                let id = process.labels.id(&self.targets, version);
                let host = id.as_ref().and_then(|_| process.labels.host());
                (id, host)
            });
            let start = self.start_of(process);
            page.note_other_start(instance.as_ref(), start.and_then(|_| self.other_start(&process.labels)));
            page.note_start(instance.as_ref(), start);
            let kind = line.place.program().unwrap_or(process.dialect.kind);
            let mut reading = EngineReading::new(kind, model, line.place.rank());
            (reading.instance, reading.host) = (instance, host);
            reading.placeholder = reading.model.is_none() && line.place.model.is_some();
            reading.sampled = line.sampled.or(process.facts.sampled);
            reading.repeats = sums_of_others.get(nth).copied().unwrap_or_default();
            let mut sums = line.sums;
            for _ in 0..settle(&mut sums, process, &mut reading) {
                page.refused.count(Refusal::TooLarge);
            }
            reading.latency = sums.latency(page.engines.last().map(|like| &like.latency));
            if reading.model.is_none() && reading.role != Some(EngineRole::Proxy) {
                reading.model = unnamed.cloned();
            }
            // After control characters are removed, two rows may be equal: the first one is used.
            if page.engines.iter().any(|row| is_one_row(row, &reading)) {
                page.refused.count(Refusal::Conflicting);
            } else {
                page.engines.push(reading);
            }
        }
        page.mark_copies();
        page
    }

    /// Leaves out what belongs to another row: the rows of an engine that passes another's names on, and a server's
    /// latencies for a model whose engine reports its own.
    fn drop_stated_elsewhere(&mut self, names: &NameOwners) {
        let kind = |line: &OpenRow<'p>| self.processes[line.process].dialect.kind;
        let plain = |line: &OpenRow<'p>| names.is_certain(kind(line)) && kind(line) == kind(&self.lines[0]);
        if self.lines.iter().all(plain) {
            return;
        }
        let is_stated_by = |line: &OpenRow<'p>, other: &OpenRow<'p>| {
            let (ours, theirs) = (&self.processes[line.process], &self.processes[other.process]);
            let same_model = line.place.model == other.place.model && line.place.version == other.place.version;
            let passes_on = !ours.dialect.shared_names.is_empty();
            ours.dialect.kind != theirs.dialect.kind
                && ours.labels == theirs.labels
                && (passes_on && self.may_be_equal(line.process, other.process)
                    || same_model && !line.sums.says_more_than_delays())
        };
        let stands = |line: &OpenRow<'p>| {
            names.is_certain(kind(line)) && !self.lines.iter().any(|other| is_stated_by(line, other))
        };
        let stand: Vec<bool> = self.lines.iter().map(stands).collect();
        let mut stand = stand.into_iter();
        self.lines.retain(|_| stand.next().unwrap_or(true));
    }

    /// Whether the tokens of two kinds of engine with the same labels may be the same ones. Those of one page are of one time.
    fn may_be_equal(&self, one: usize, other: usize) -> bool {
        let total = |process: usize, count: Count| {
            let (kind, labels) = (self.processes[process].dialect.kind, &self.processes[process].labels);
            let is_its = |line: &&OpenRow<'p>| {
                let theirs = &self.processes[line.process];
                theirs.dialect.kind == kind && theirs.labels == *labels
            };
            let counts = self.lines.iter().filter(is_its).filter_map(|line| line.sums.count(count));
            counts.reduce(u64::saturating_add)
        };
        [Count::Prompt, Count::Output].into_iter().all(|count| {
            let (Some(one), Some(other)) = (total(one, count), total(other, count)) else { return true };
            one.abs_diff(other) <= one.max(other) / NEAR
        })
    }

    /// Marks the servers of a router's page: their counters are those of engines that may be watched themselves.
    fn note_router(&mut self) {
        if self.processes.iter().any(|process| process.facts.has_router_names) {
            for process in self.processes.iter_mut().filter(|process| process.labels.is_server()) {
                process.facts.is_behind_router = true;
            }
        }
    }

    /// A router reports a server with and without its model: that is one row if there is one model. A router without
    /// servers has a row too, so that it is never taken for an engine.
    fn fold_routers(&mut self) {
        let routers: Vec<usize> = (0..self.processes.len()).filter(|at| self.processes[*at].is_router()).collect();
        for process in &routers {
            let of_it: Vec<usize> = (0..self.lines.len()).filter(|at| self.lines[*at].process == *process).collect();
            let bare = of_it.iter().find(|at| self.lines[**at].place == RowPlace::default());
            if let ([one, other], Some(bare)) = (&of_it[..], bare.copied()) {
                let named = if bare == *one { *other } else { *one };
                let sums = std::mem::take(&mut self.lines[bare].sums);
                self.lines[named].sums.absorb(sums);
                self.lines[named].sampled = self.lines[named].sampled.max(self.lines[bare].sampled);
                self.lines.remove(bare);
            }
        }
        let first = routers.iter().min_by_key(|at| self.processes[**at].labels.order());
        if let Some(process) = first.copied()
            && !self.lines.iter().any(|line| routers.contains(&line.process))
        {
            self.lines.push(OpenRow { process, place: RowPlace::default(), sums: RowSums::default(), sampled: None });
        }
    }

    /// The rows by model, instance and rank; of several copies of a row the lowest is used.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.lines.len()).collect();
        order.sort_by_cached_key(|at| {
            let OpenRow { process, place, .. } = &self.lines[*at];
            let raw = |text: Option<LabelText<'p>>| text.map(LabelText::raw);
            let rank = (raw(place.rank).map(<[u8]>::len), raw(place.rank));
            let labels = self.processes[*process].labels.order();
            (raw(place.model), labels, raw(place.version), *process, raw(place.program), rank, place.copy)
        });
        order.dedup_by(|later, kept| {
            let (later, kept) = (&self.lines[*later], &self.lines[*kept]);
            later.process == kept.process && RowPlace { copy: kept.place.copy, ..later.place } == kept.place
        });
        order
    }

    fn sort(&mut self) {
        let order = self.order();
        let mut lines: Vec<_> = std::mem::take(&mut self.lines).into_iter().map(Some).collect();
        self.lines = order.into_iter().filter_map(|at| lines[at].take()).collect();
    }

    /// The start time of a process: the one with its own labels; for a router's servers, that of the router. A label
    /// that is on all series of a page of one process may be missing on its start time.
    fn start_of(&self, process: &PageProcess<'p>) -> Option<Timestamp> {
        if process.dialect.start == StartOf::Neither {
            return None;
        }
        let of_page = process.dialect.start == StartOf::Page || process.is_router();
        let alone = || {
            process.labels == process.labels.program()
                && self.processes.iter().all(|other| other.labels == process.labels)
        };
        let program = || self.stated_start(&process.labels.program()).filter(|_| of_page);
        let bare = || self.stated_start(&ProcessLabels::default()).filter(|_| alone());
        self.stated_start(&process.labels).or_else(program).or_else(bare).or(process.created)
    }
}

impl PageRows {
    fn note_other_start(&mut self, instance: Option<&InstanceId>, start: Option<Timestamp>) {
        let Some(start) = start else { return };
        if self.other_starts.iter().all(|(known, _)| known.as_ref() != instance) {
            self.other_starts.push((instance.cloned(), start));
        }
    }

    fn note_start(&mut self, instance: Option<&InstanceId>, start: Option<Timestamp>) {
        let Some(start) = start else { return };
        match instance {
            None => self.start = self.start.or(Some(start)),
            Some(id) if self.instance_starts.iter().all(|(known, _)| known != id) => {
                self.instance_starts.push((id.clone(), start));
            }
            Some(_) => {}
        }
    }
}

impl PageProcess<'_> {
    /// Whether it is a router, or a server behind one.
    pub(super) const fn is_router(&self) -> bool {
        self.facts.router
    }
}

/// Whether two readings would be one row.
fn is_one_row(a: &EngineReading, b: &EngineReading) -> bool {
    a.rank == b.rank && a.instance == b.instance && a.model == b.model && a.kind == b.kind
}

/// Writes a row's values except its latencies. Returns how many of its values are too large.
pub(super) fn settle(sums: &mut RowSums<'_>, process: &PageProcess<'_>, reading: &mut EngineReading) -> u32 {
    reading.role = process.facts.role;
    reading.adapters = process.adapters.names();
    sums.write_to(reading);
    (process.dialect.settle)(sums, &process.facts, reading);
    let unknown = [reading.tokens.prompt == PromptCount::Unknown, reading.tokens.output.is_none()];
    let refused_tokens = sums.refused_tokens();
    reading.refused = std::array::from_fn(|i| unknown[i] && refused_tokens[i]);
    sums.refused()
}

/// Names of adjacent rows, each made once.
#[derive(Default)]
struct Naming<'p> {
    model: (Option<LabelText<'p>>, Option<ModelName>),
    instance: Option<(usize, Option<LabelText<'p>>, NamedInstance)>,
}

/// An instance and its host.
type NamedInstance = (Option<InstanceId>, Option<NodeName>);

impl<'p> Naming<'p> {
    fn model(&mut self, raw: Option<LabelText<'p>>) -> Option<ModelName> {
        if self.model.0 != raw {
            self.model = (raw, raw.and_then(|name| ModelName::reported(&name.text())));
        }
        self.model.1.clone()
    }

    fn instance(
        &mut self,
        process: usize,
        version: Option<LabelText<'p>>,
        named: impl FnOnce(Option<LabelText<'p>>) -> NamedInstance,
    ) -> NamedInstance {
        match &self.instance {
            Some((known, of, made)) if (*known, *of) == (process, version) => made.clone(),
            _ => {
                let made = named(version);
                self.instance = Some((process, version, made.clone()));
                made
            }
        }
    }
}
