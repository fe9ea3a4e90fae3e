//! The rows of one page, as its lines come in. It knows no engine: a [`Dialect`] says what a line means.

use std::collections::BTreeSet;

use super::field::{Count, Dialect, Field, PageFacts, Place};
use super::sums::Sums;
use crate::exposition::{Kind, LabelText, Labels, Row};
use crate::reading::{EngineReading, Label, ModelName};
use crate::units::{Timestamp, Tokens};

/// The most rows of a page; series beyond them are counted as over a limit. A row is looked for among all of them.
const ROWS: usize = 1024;
/// The most adapters that are named.
const ADAPTERS: usize = 16;

/// One row of the sheet.
#[derive(Debug)]
struct Line<'p> {
    place: Place<'p>,
    sums: Sums,
}

/// All rows of a page.
pub(super) struct Sheet<'p> {
    dialect: &'static Dialect,
    lines: Vec<Line<'p>>,
    /// The row that the last series went to.
    last: usize,
    facts: PageFacts,
    adapters: BTreeSet<Label>,
    refused: u32,
    over_limit: u32,
}

impl<'p> Sheet<'p> {
    /// An empty sheet.
    pub(super) const fn new(dialect: &'static Dialect) -> Self {
        let facts = PageFacts { start: None, created: None, block: None, role: None, ranked: false, live: false };
        Self { dialect, lines: Vec::new(), last: 0, facts, adapters: BTreeSet::new(), refused: 0, over_limit: 0 }
    }

    /// Whether a series is wanted, and as what. A counter that the page calls a gauge is not that counter: Ray prints
    /// such twins.
    pub(super) fn wants(dialect: &Dialect, name: &str, kind: Kind) -> Option<Field> {
        let field = (dialect.field)(name)?;
        let another = match field {
            Field::Count(_) => kind == Kind::Gauge,
            Field::Bucket(_) => !matches!(kind, Kind::Histogram | Kind::Unknown),
            _ => false,
        };
        (!another).then_some(field)
    }

    /// Takes one wanted series.
    pub(super) fn take<T>(&mut self, field: Field, row: &Row<'p, T>) {
        let began = || Timestamp::from_unix_seconds(row.value).filter(|at| at.millis() > 0);
        match field {
            Field::Start => self.facts.start = began(),
            Field::Created => self.facts.created = self.facts.created.into_iter().chain(began()).min(),
            Field::BlockSize => {
                let size = row.labels.get("block_size").and_then(LabelText::number);
                self.facts.block = size.and_then(|size| Tokens::from_counter(size).ok()).map(Tokens::count);
            }
            Field::Adapters => self.name_adapters(row.labels),
            Field::Count(_) | Field::Gauge(_) | Field::Bucket(_) => {
                let Some(entry) = (self.dialect.entry)(field, row.labels) else { return };
                self.facts.role = self.facts.role.or(entry.role);
                self.facts.ranked |= entry.place.rank.is_some();
                self.facts.live |= entry.field == Field::Count(Count::LiveOutput);
                let Some(line) = self.line(entry.place) else {
                    self.over_limit += 1;
                    return;
                };
                if !line.sums.add(entry.field, entry.bound, row.value) {
                    self.refused += 1;
                }
            }
        }
    }

    /// Notes the adapters that run or wait: a list each, with commas between the names.
    fn name_adapters(&mut self, labels: Labels<'p>) {
        for list in ["running_lora_adapters", "waiting_lora_adapters"].into_iter().filter_map(|name| labels.get(name)) {
            for name in list.text().split(',').map(str::trim).filter(|name| !name.is_empty()) {
                if self.adapters.len() < ADAPTERS {
                    self.adapters.insert(Label::new(name));
                }
            }
        }
    }

    /// The row at `place`: mostly the last one, or its neighbour where ranks take turns. `None` if there are too many.
    fn line(&mut self, place: Place<'p>) -> Option<&mut Line<'p>> {
        let same = |line: &Line<'p>| line.place == place;
        let near = [self.last, self.last + 1].into_iter().find(|at| self.lines.get(*at).is_some_and(same));
        let at = near.or_else(|| self.lines.iter().position(same)).unwrap_or(self.lines.len());
        if at == self.lines.len() {
            if at >= ROWS {
                return None;
            }
            self.lines.push(Line { place, sums: Sums::default() });
        }
        self.last = at;
        self.lines.get_mut(at)
    }

    /// When the process behind the counters started.
    pub(super) fn start(&self) -> Option<Timestamp> {
        self.facts.start.or(self.facts.created)
    }

    /// Wanted values that were no counts.
    pub(super) const fn refused(&self) -> u32 {
        self.refused
    }

    /// Wanted series that found no row.
    pub(super) const fn over_limit(&self) -> u32 {
        self.over_limit
    }

    /// A reading for each row, by model and rank. `unnamed` is the model of rows that name none.
    pub(super) fn finish(mut self, unnamed: Option<&ModelName>) -> Vec<EngineReading> {
        self.lines.sort_by_cached_key(|Line { place, .. }| {
            let raw = |text: Option<LabelText<'p>>| text.map(LabelText::raw);
            (raw(place.model), raw(place.replica), raw(place.rank).map(<[u8]>::len), raw(place.rank), place.copy)
        });
        self.lines.dedup_by(|later, kept| Place { copy: kept.place.copy, ..later.place } == kept.place);
        let mut readings: Vec<EngineReading> = Vec::with_capacity(self.lines.len());
        let (mut raw, mut model) = (None, unnamed.cloned());
        for Line { place, sums } in self.lines {
            if place.model != raw {
                raw = place.model;
                model = raw.map(|name| ModelName::new(&name.text()));
            }
            let mut reading = EngineReading::new(self.dialect.kind, model.clone(), place.rank());
            reading.role = self.facts.role;
            reading.adapters = self.adapters.iter().cloned().collect();
            sums.tell(&mut reading);
            (self.dialect.settle)(&sums, &self.facts, &mut reading);
            reading.latency = sums.latency(readings.last().map(|like| &like.latency));
            readings.push(reading);
        }
        readings
    }
}
