//! The rows of one page while its lines are read. It knows no engine: a [`Dialect`] gives a line its meaning.

use super::adapters::Adapters;
use super::definition::Dialect;
use super::field::{Count, ProcessFacts, RowPlace, SeriesField, SeriesPlace};
use super::process::{ProcessLabels, may_name_process};
use super::registry;
use super::row_sums::RowSums;
use super::target_labels::TargetLabels;
use crate::exposition::{FamilyKind, LabelText, SeriesLabels, SeriesRow};
use crate::reading::{EngineKind, Label, Refusal, Refusals};
use crate::units::{Timestamp, Tokens};

/// The most rows of a page; series beyond them are counted as over a limit. Rows are searched linearly.
const ROWS: usize = 1024;

/// One process of a page: an instance of one engine.
pub(super) struct PageProcess<'p> {
    pub(super) dialect: &'static Dialect,
    pub(super) labels: ProcessLabels<'p>,
    pub(super) facts: ProcessFacts,
    pub(super) adapters: Adapters,
    /// The start of the oldest of its token counters.
    pub(super) created: Option<Timestamp>,
}

/// One row.
#[derive(Debug)]
pub(super) struct OpenRow<'p> {
    /// The index of its process.
    pub(super) process: usize,
    pub(super) place: RowPlace<'p>,
    pub(super) sums: RowSums<'p>,
    /// When the newest of its samples was taken.
    pub(super) sampled: Option<Timestamp>,
}

/// A wanted series of an engine.
#[derive(Clone, Copy)]
pub(super) struct EngineSeries {
    dialect: &'static Dialect,
    field: SeriesField,
}

impl EngineSeries {
    /// Its meaning by its name.
    pub(super) const fn field(self) -> SeriesField {
        self.field
    }

    /// Its place; `None` if it would count something twice.
    pub(super) fn place(self, labels: SeriesLabels<'_>) -> Option<SeriesPlace<'_>> {
        (self.dialect.entry)(self.field, labels)
    }
}

/// Finds the dialects of the names on a page, and which engines are on it.
#[derive(Default)]
pub(super) struct NameOwners {
    /// The dialect of the last known name, and its index.
    last: Option<(&'static Dialect, usize)>,
    /// The dialect of the first unambiguous name.
    first: Option<EngineKind>,
    /// Engines with an unambiguous name, as bits.
    certain: u32,
}

impl NameOwners {
    /// The meaning of a series to its engine; `Err` if its name belongs to no engine. A counter that the page declares
    /// as a gauge is not that counter: Ray prints such duplicates.
    pub(super) fn wants(&mut self, name: &str, kind: FamilyKind) -> Result<Option<EngineSeries>, ()> {
        // Usually a name has the same dialect as the previous one. One that is known by shared names only may still have an
        // unambiguous one.
        let last = self.last.filter(|(_, place)| self.certain & 1 << place != 0).map(|(last, _)| last);
        let wanted = last.and_then(|last| Some((last, (last.field)(name)?)));
        let (dialect, field) = match wanted {
            Some(wanted) => wanted,
            None if last.is_some_and(|last| registry::begins(name, last.names)) => {
                return Ok(None);
            }
            None => {
                let dialect = self.owner(name).ok_or(())?;
                let Some(field) = (dialect.field)(name) else { return Ok(None) };
                (dialect, field)
            }
        };
        let another = match field {
            SeriesField::Count(_) => kind == FamilyKind::Gauge,
            SeriesField::Bucket(_) => !matches!(kind, FamilyKind::Histogram | FamilyKind::Unknown),
            _ => false,
        };
        Ok((!another).then_some(EngineSeries { dialect, field }))
    }

    /// The dialect of a name.
    fn owner(&mut self, name: &str) -> Option<&'static Dialect> {
        let (dialect, place, certain) = registry::owner(name)?;
        if certain {
            self.certain |= 1 << place;
            self.first = self.first.or(Some(dialect.kind));
        }
        self.last = Some((dialect, place));
        Some(dialect)
    }

    /// The engine of the page's first unambiguous name.
    pub(super) const fn first(&self) -> Option<EngineKind> {
        self.first
    }

    /// Whether an engine has a name on the page that no other dialect has.
    pub(super) fn is_certain(&self, kind: EngineKind) -> bool {
        registry::place(kind).is_some_and(|place| self.certain & 1 << place != 0)
    }
}

/// All rows of a page.
#[derive(Default)]
pub(super) struct OpenPage<'p> {
    pub(super) processes: Vec<PageProcess<'p>>,
    pub(super) lines: Vec<OpenRow<'p>>,
    /// The process and the row of the last series.
    last: (usize, usize),
    starts: Vec<(ProcessLabels<'p>, Option<Timestamp>)>,
    pub(super) targets: TargetLabels<'p>,
    pub(super) refused: Refusals,
    over_limit: u32,
}

impl<'p> OpenPage<'p> {
    /// The open page with these target labels.
    pub(super) fn with(targets: TargetLabels<'p>) -> Self {
        Self { targets, ..Self::default() }
    }

    /// Reads the start time of a process.
    pub(super) fn take_start<T>(&mut self, row: &SeriesRow<'p, T>) {
        let labels = ProcessLabels::of(row.labels, &self.targets);
        if self.starts.len() >= ROWS {
            self.over_limit += 1;
        } else {
            let start = began(row.value);
            if start.is_none() {
                self.refused.start.get_or_insert_with(|| number(row.value));
            }
            self.starts.push((labels, start));
        }
    }

    /// Reads one wanted series.
    pub(super) fn take<T>(&mut self, EngineSeries { dialect, field }: EngineSeries, row: &SeriesRow<'p, T>) {
        match field {
            SeriesField::Count(_) | SeriesField::Gauge(_) | SeriesField::Bucket(_) => {
                let Some(entry) = (dialect.entry)(field, row.labels) else { return };
                let process = if may_name_process(entry.others) || !self.targets.is_empty() {
                    self.process(dialect, &ProcessLabels::of(row.labels, &self.targets))
                } else {
                    self.bare_process(dialect)
                };
                self.add(process, &entry, row);
            }
            // It has a hundred labels: if no series before it identifies a process, neither does this one.
            SeriesField::BlockSize if self.is_of_one_process() => self.processes[0].learn(field, row),
            SeriesField::Created
            | SeriesField::BlockSize
            | SeriesField::Adapters
            | SeriesField::Router
            | SeriesField::SampledAt => match self.process(dialect, &ProcessLabels::of(row.labels, &self.targets)) {
                Some(at) => self.processes[at].learn(field, row),
                None => self.over_limit += 1,
            },
        }
    }

    /// Reads a line of a wanted series that cannot be parsed, after all others: its counter is unknown. Without labels
    /// it may belong to any row of the engine, and a row whose counter lacks a series would count that series from zero
    /// later.
    pub(super) fn take_unreadable(
        &mut self,
        EngineSeries { dialect, field }: EngineSeries,
        labels: Option<SeriesLabels<'p>>,
    ) {
        let SeriesField::Count(count) = field else { return };
        self.refused.count(Refusal::Unreadable);
        let Some(labels) = labels else {
            let of_engine = |line: &&mut OpenRow<'p>| self.processes[line.process].dialect.kind == dialect.kind;
            self.lines.iter_mut().filter(of_engine).for_each(|line| line.sums.refuse(count));
            return;
        };
        let Some(entry) = (dialect.entry)(field, labels) else { return };
        let line = match self.process(dialect, &ProcessLabels::of(labels, &self.targets)) {
            Some(process) => self.line(process, entry.place),
            None => None,
        };
        match (line, entry.field) {
            (Some(line), SeriesField::Count(count)) => line.sums.refuse(count),
            (Some(_), _) => {}
            (None, _) => self.over_limit += 1,
        }
    }

    /// The process of a page with a single one.
    pub(super) fn only_process(&self) -> Option<&PageProcess<'p>> {
        if let [only] = &self.processes[..] { Some(only) } else { None }
    }

    /// The row of the last series.
    pub(super) const fn last_row(&self) -> usize {
        self.last.1
    }

    /// Whether the page so far has one process, which no label identifies.
    fn is_of_one_process(&self) -> bool {
        matches!(&self.processes[..], [only] if !only.labels.is_named())
    }

    fn add<T>(&mut self, process: Option<usize>, entry: &SeriesPlace<'p>, row: &SeriesRow<'p, T>) {
        let Some(process) = process else {
            self.over_limit += 1;
            return;
        };
        let facts = &mut self.processes[process].facts;
        facts.role = facts.role.or(entry.role);
        facts.ranked |= entry.place.rank.is_some();
        facts.live |= entry.field == SeriesField::Count(Count::LiveOutput);
        let Some(line) = self.line(process, entry.place) else {
            self.over_limit += 1;
            return;
        };
        if row.sampled.is_some() {
            line.sampled = line.sampled.max(row.sampled);
        }
        if let Err(why) = line.sums.add(entry.field, entry.bound, row.value, row.labels) {
            self.refused.count(why);
        }
    }

    /// The process that no label identifies: usually the only one of a page.
    #[inline]
    fn bare_process(&mut self, dialect: &'static Dialect) -> Option<usize> {
        match self.processes.get(self.last.0) {
            Some(last) if last.dialect.kind == dialect.kind && !last.labels.is_named() => Some(self.last.0),
            _ => self.process(dialect, &ProcessLabels::default()),
        }
    }

    /// The process with these labels: usually the last one, or an adjacent one. `None` if there are too many.
    fn process(&mut self, dialect: &'static Dialect, labels: &ProcessLabels<'p>) -> Option<usize> {
        let same = |process: &PageProcess<'p>| process.dialect.kind == dialect.kind && process.labels == *labels;
        let (last, _) = self.last;
        let near = [last, last + 1].into_iter().find(|at| self.processes.get(*at).is_some_and(same));
        let at = near.or_else(|| self.processes.iter().position(same)).unwrap_or(self.processes.len());
        if at == self.processes.len() {
            if at >= ROWS {
                return None;
            }
            let facts = ProcessFacts { router: labels.is_server(), ..ProcessFacts::default() };
            let (labels, adapters) = (*labels, Adapters::default());
            self.processes.push(PageProcess { dialect, labels, facts, adapters, created: None });
        }
        self.last.0 = at;
        Some(at)
    }

    /// The row at `place`: usually the last one, or an adjacent one if ranks alternate. `None` if there are too many.
    fn line(&mut self, process: usize, place: RowPlace<'p>) -> Option<&mut OpenRow<'p>> {
        let same = |line: &OpenRow<'p>| line.process == process && line.place == place;
        let (_, last) = self.last;
        let near = [last, last + 1].into_iter().find(|at| self.lines.get(*at).is_some_and(same));
        let at = near.or_else(|| self.lines.iter().position(same)).unwrap_or(self.lines.len());
        if at == self.lines.len() {
            if at >= ROWS {
                return None;
            }
            if at == 0 {
                self.lines.reserve_exact(4);
            }
            self.lines.push(OpenRow { process, place, sums: RowSums::default(), sampled: None });
        }
        self.last.1 = at;
        self.lines.get_mut(at)
    }

    /// If no counter has the target labels, they identify no process.
    pub(super) fn drop_unused_labels(&mut self) {
        if !self.targets.is_empty() && !self.processes.iter().any(|process| process.labels.has_others()) {
            self.starts.iter_mut().for_each(|(labels, _)| *labels = labels.without_others());
        }
    }

    /// The start time of a process: the one with its own labels, or that of the page's program if that holds the
    /// counters.
    pub(super) fn stated_start(&self, labels: &ProcessLabels<'p>) -> Option<Timestamp> {
        self.starts.iter().find(|(known, _)| known == labels).and_then(|(_, start)| *start)
    }

    /// The latest start time of processes other than the first one with the same labels.
    pub(super) fn other_start(&self, labels: &ProcessLabels<'p>) -> Option<Timestamp> {
        if self.starts.len() < 2 {
            return None;
        }
        self.starts.iter().filter(|(known, _)| known == labels).skip(1).filter_map(|(_, start)| *start).max()
    }

    /// Drops adapters that ran long before the page was made.
    pub(super) fn drop_old_adapters(&mut self, date: Option<Timestamp>) {
        self.processes.iter_mut().for_each(|process| process.adapters.drop_old(date));
    }

    /// Wanted series without a row.
    pub(super) const fn over_limit(&self) -> u32 {
        self.over_limit
    }
}

impl<'p> PageProcess<'p> {
    /// A process that no label identifies.
    pub(super) fn bare(dialect: &'static Dialect, facts: ProcessFacts) -> Self {
        let (labels, adapters) = (ProcessLabels::default(), Adapters::default());
        Self { dialect, labels, facts, adapters, created: None }
    }

    /// Reads what is reported once for a process.
    fn learn<T>(&mut self, field: SeriesField, row: &SeriesRow<'p, T>) {
        match field {
            SeriesField::Created => self.created = self.created.into_iter().chain(began(row.value)).min(),
            SeriesField::BlockSize => {
                let size = row.labels.get("block_size").and_then(LabelText::number);
                self.facts.block = size.and_then(|size| Tokens::from_counter(size).ok()).map(Tokens::count);
            }
            SeriesField::Adapters => self.adapters.take(row.labels, began(row.value)),
            SeriesField::SampledAt => self.facts.sampled = began(row.value),
            SeriesField::Router => (self.facts.router, self.facts.has_router_names) = (true, true),
            SeriesField::Count(_) | SeriesField::Gauge(_) | SeriesField::Bucket(_) => {}
        }
    }
}

/// A number as it is shown.
fn number(value: f64) -> Label {
    let text = if value.abs() < 1e15 || !value.is_finite() { format!("{value}") } else { format!("{value:e}") };
    Label::new(&text)
}

/// An instant in Unix seconds, unless it is invalid.
pub(super) fn began(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_unix_seconds(seconds).filter(|at| at.millis() > 0)
}
