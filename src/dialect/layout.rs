//! The layout of a page that was read: its text without the values, and the meaning of each value.
//!
//! Pages of one process, and of engines that were started alike, differ only in their values. A page is compared with
//! the layout of the previous one: if the text is the same, only its values are read. If anything differs, or a counter
//! has an invalid value, the page is read by [`read`](super::read), whose result is the same.

use std::sync::Arc;

use memchr::memchr;

use super::Hint;
use super::definition::Dialect;
use super::field::{Count, DELAYS, Delay, ProcessFacts, RowGauge, StartOf};
use super::open_page::{PageProcess, began};
use super::row_sums::RowSums;
use super::rows::settle;
use crate::exposition::{Limits, number};
use crate::reading::{
    EngineKind, EngineReading, EngineRole, Histogram, InstanceId, Latency, ModelName, PageReading, Rank, Refusals,
};
use crate::units::{Timestamp, Tokens};

/// The longest part of a line before its value, and the longest value; together they are within the limit of a line.
pub(super) const HALF_LINE: usize = 32 << 10;

/// The meaning of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum LineValue {
    /// It is not read.
    Unwanted,
    /// A value of which only matters that it is a number.
    Ignored,
    /// The start time of a process, if it is the first with its labels.
    Start(StartOwner),
    /// When a counter began.
    Created,
    /// A counter of a row; the hash is that of its labels.
    Count { row: u16, count: Count, series: u64 },
    /// A gauge of a row.
    Gauge { row: u16, gauge: RowGauge },
    /// A bucket of a histogram.
    Bucket { histogram: u16, bucket: u16 },
}

/// The process of a start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartOwner {
    /// The page's process.
    First,
    /// Another process, which no label that identifies an instance separates from the page's.
    Other,
    /// An instance that has no rows.
    Named,
}

/// A line with a value, and the comments before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayoutLine {
    /// The length of the text up to the value.
    pub(super) length: u32,
    pub(super) value: LineValue,
}

/// A row of the page.
#[derive(Debug)]
pub(super) struct LayoutRow {
    /// The index of its sums, in the order in which rows appear on the page.
    pub(super) sums: usize,
    pub(super) model: Option<ModelName>,
    pub(super) placeholder: bool,
    pub(super) rank: Option<Rank>,
    /// Its histograms.
    pub(super) delays: [Option<u16>; DELAYS],
}

/// A histogram of a row.
#[derive(Debug)]
pub(super) struct LayoutHistogram {
    pub(super) bounds: Arc<[f64]>,
    /// The index of its first count among those of all histograms.
    pub(super) from: usize,
}

/// The layout of a page of one process.
#[derive(Debug)]
pub(super) struct PageLayout {
    /// The page up to its last value, without the values.
    pub(super) text: Box<[u8]>,
    pub(super) lines: Box<[LayoutLine]>,
    /// The text after the line of the last value.
    pub(super) rest: Box<[u8]>,
    pub(super) dialect: &'static Dialect,
    pub(super) kind: EngineKind,
    pub(super) facts: ProcessFacts,
    /// The rows in the order of the reading.
    pub(super) rows: Box<[LayoutRow]>,
    /// The number of rows on the page.
    pub(super) sums: usize,
    pub(super) histograms: Box<[LayoutHistogram]>,
    /// Whether the page ends with `# EOF`, and whether it has something that only `OpenMetrics` has.
    pub(super) ended: bool,
    pub(super) openmetrics: bool,
}

/// The values of a page, added up.
struct LayoutValues<'p> {
    sums: Vec<RowSums<'p>>,
    /// The counts of the buckets of all histograms.
    counts: Vec<u64>,
    start: Option<Timestamp>,
    other_start: Option<Timestamp>,
    created: Option<Timestamp>,
}

impl PageLayout {
    /// Reads a page of this layout; `None` if its layout is different, or a value is invalid.
    pub(super) fn read(&self, page: &[u8], hint: &Hint) -> Option<PageReading> {
        let mut values = self.values(page)?;
        let mut refused = Refusals::default();
        values.sums.iter_mut().for_each(|sums| sums.close(&mut refused));
        if refused != Refusals::default() {
            return None;
        }
        let engines: Option<Vec<_>> = self.rows.iter().map(|row| self.row(row, &mut values, hint)).collect();
        Some(PageReading {
            kind: self.kind,
            engines: engines?,
            instance_starts: Vec::new(),
            aliases: None,
            list_refused: None,
            gpus: Vec::new(),
            gpu_hosts: Vec::new(),
            start: values.start.or(values.created).filter(|_| self.dialect.start != StartOf::Neither),
            other_starts: values.others(self.dialect.start),
            date: hint.date,
            complete: self.ended || !hint.openmetrics.unwrap_or(self.openmetrics),
            refusals: refused,
        })
    }

    /// Reads the values of a page with the same text.
    fn values(&self, page: &[u8]) -> Option<LayoutValues<'_>> {
        if page.len() > Limits::default().page {
            return None;
        }
        let mut values = LayoutValues {
            sums: (0..self.sums).map(|_| RowSums::default()).collect(),
            counts: vec![0; self.histograms.last().map_or(0, |last| last.from + last.bounds.len())],
            start: None,
            other_start: None,
            created: None,
        };
        let (mut page, mut text) = (page, &self.text[..]);
        for line in &self.lines {
            let (known, later) = text.split_at_checked(line.length as usize)?;
            let rest = page.strip_prefix(known)?;
            let end = memchr(b'\n', rest).filter(|end| *end <= HALF_LINE)?;
            values.take(line.value, &rest[..end], &self.histograms)?;
            (page, text) = (&rest[end + 1..], later);
        }
        (*page == *self.rest).then_some(values)
    }

    fn row(&self, row: &LayoutRow, values: &mut LayoutValues<'_>, hint: &Hint) -> Option<EngineReading> {
        let mut reading = EngineReading::new(self.dialect.kind, row.model.clone(), row.rank.clone());
        reading.placeholder = row.placeholder;
        let process = PageProcess::bare(self.dialect, self.facts);
        let mut sums = std::mem::take(values.sums.get_mut(row.sums)?);
        if settle(&mut sums, &process, &mut reading) > 0 {
            return None;
        }
        reading.latency = self.latency(row, &values.counts);
        if reading.model.is_none() && reading.role != Some(EngineRole::Proxy) {
            reading.model.clone_from(&hint.model);
        }
        Some(reading)
    }

    fn latency(&self, row: &LayoutRow, counts: &[u64]) -> Latency {
        let histogram = |delay: Delay| {
            let LayoutHistogram { bounds, from } = self.histograms.get(usize::from(row.delays[delay as usize]?))?;
            let mut highest = 0;
            let rising = |count: &u64| {
                // Buckets are not printed at one instant: a bucket may lack a sample that the one below it has.
                highest = highest.max(*count);
                highest
            };
            let counts = counts.get(*from..from + bounds.len())?.iter().map(rising).collect();
            Some(Histogram { bounds: Arc::clone(bounds), counts })
        };
        Latency {
            ttft: histogram(Delay::Ttft),
            itl: histogram(Delay::Itl).or_else(|| histogram(Delay::ItlOld)),
            e2e: histogram(Delay::E2e),
            queue: histogram(Delay::Queue),
        }
    }
}

impl LayoutValues<'_> {
    fn others(&self, start: StartOf) -> Vec<(Option<InstanceId>, Timestamp)> {
        let is_stated = start != StartOf::Neither;
        self.other_start.filter(|_| is_stated).map(|start| (None, start)).into_iter().collect()
    }

    /// Adds a value; `None` if the rest of the page cannot be read with it.
    #[inline]
    fn take(&mut self, what: LineValue, text: &[u8], histograms: &[LayoutHistogram]) -> Option<()> {
        if matches!(what, LineValue::Unwanted) {
            return Some(());
        }
        let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let value = number(&text[blanks..])?;
        match what {
            LineValue::Unwanted | LineValue::Ignored => {}
            LineValue::Start(line) => {
                let start = began(value)?;
                match line {
                    StartOwner::First => self.start = Some(start),
                    StartOwner::Other => self.other_start = self.other_start.max(Some(start)),
                    StartOwner::Named => {}
                }
            }
            LineValue::Created => self.created = self.created.into_iter().chain(began(value)).min(),
            LineValue::Count { row, count, series } => {
                self.sums.get_mut(usize::from(row))?.add_count(count, value, || series).ok()?;
            }
            LineValue::Gauge { row, gauge } => self.sums.get_mut(usize::from(row))?.set_gauge(gauge, value),
            LineValue::Bucket { histogram, bucket } => {
                let from = histograms.get(usize::from(histogram))?.from;
                let count = self.counts.get_mut(from + usize::from(bucket))?;
                *count = count.saturating_add(Tokens::from_counter(value).ok()?.count());
            }
        }
        Some(())
    }
}
