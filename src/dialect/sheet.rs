//! The rows of one page, as its lines come in. It knows no engine: a [`Dialect`] says what a line means.

use super::field::{Count, Dialect, Entry, Field, PageFacts};
use super::sums::Sums;
use crate::exposition::{Kind, LabelText, Row};
use crate::reading::{EngineReading, ModelName, Rank};
use crate::units::{Timestamp, Tokens};

/// One row of the sheet.
#[derive(Debug)]
struct Line<'p> {
    model: Option<LabelText<'p>>,
    rank: Option<LabelText<'p>>,
    copy: u32,
    sums: Sums,
}

/// All rows of a page.
pub(super) struct Sheet<'p> {
    dialect: &'static Dialect,
    lines: Vec<Line<'p>>,
    /// The row that the last series went to.
    last: usize,
    facts: PageFacts,
    refused: u32,
}

impl<'p> Sheet<'p> {
    /// An empty sheet.
    pub(super) const fn new(dialect: &'static Dialect) -> Self {
        let facts = PageFacts { start: None, created: None, block: None, role: None, ranked: false, live: false };
        Self { dialect, lines: Vec::new(), last: 0, facts, refused: 0 }
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
    pub(super) fn take(&mut self, row: &Row<'p, Field>) {
        let began = || Timestamp::from_unix_seconds(row.value).filter(|at| at.millis() > 0);
        match row.tag {
            Field::Start => self.facts.start = began(),
            Field::Created => self.facts.created = self.facts.created.into_iter().chain(began()).min(),
            Field::BlockSize => {
                let size = row.labels.get("block_size").and_then(LabelText::number);
                self.facts.block = size.and_then(|size| Tokens::from_counter(size).ok()).map(Tokens::count);
            }
            Field::Count(_) | Field::Gauge(_) | Field::Bucket(_) => {
                let Some(entry) = (self.dialect.entry)(row.tag, row.labels) else { return };
                self.facts.role = self.facts.role.or(entry.role);
                self.facts.ranked |= entry.rank.is_some();
                self.facts.live |= entry.field == Field::Count(Count::LiveOutput);
                let at = self.line(&entry);
                if !self.lines[at].sums.add(entry.field, entry.bound, row.value) {
                    self.refused += 1;
                }
            }
        }
    }

    /// The place of the row that `entry` belongs to: mostly the last one's, or its neighbour where ranks take turns.
    fn line(&mut self, entry: &Entry<'p>) -> usize {
        let same = |line: &Line<'p>| line.rank == entry.rank && line.model == entry.model && line.copy == entry.copy;
        let near = [self.last, self.last + 1].into_iter().find(|at| self.lines.get(*at).is_some_and(same));
        self.last = near.or_else(|| self.lines.iter().position(same)).unwrap_or_else(|| {
            let Entry { model, rank, copy, .. } = *entry;
            self.lines.push(Line { model, rank, copy, sums: Sums::default() });
            self.lines.len() - 1
        });
        self.last
    }

    /// When the process behind the counters started.
    pub(super) fn start(&self) -> Option<Timestamp> {
        self.facts.start.or(self.facts.created)
    }

    /// Wanted values that were no counts.
    pub(super) const fn refused(&self) -> u32 {
        self.refused
    }

    /// A reading for each row, by model and rank.
    pub(super) fn finish(mut self) -> Vec<EngineReading> {
        self.lines.sort_by_cached_key(|line| {
            let raw = |text: Option<LabelText<'p>>| text.map(LabelText::raw);
            (raw(line.model), raw(line.rank).map(<[u8]>::len), raw(line.rank), line.copy)
        });
        self.lines.dedup_by(|later, kept| later.model == kept.model && later.rank == kept.rank);
        let mut readings: Vec<EngineReading> = Vec::with_capacity(self.lines.len());
        let (mut raw, mut model) = (None, None);
        for line in self.lines {
            if line.model != raw {
                raw = line.model;
                model = raw.map(|name| ModelName::new(&name.text()));
            }
            let rank = line.rank.map(|rank| Rank::new(&rank.text()));
            let like = readings.last();
            let mut reading = EngineReading::new(self.dialect.kind, model.clone(), rank);
            reading.role = self.facts.role;
            line.sums.tell(&mut reading);
            (self.dialect.settle)(&line.sums, &self.facts, &mut reading);
            reading.latency = line.sums.latency(like.map(|like| &like.latency));
            readings.push(reading);
        }
        readings
    }
}
