//! Finds the layout of a page.

use std::sync::Arc;

use super::copies::SERVER;
use super::field::{DELAYS, RowGauge, SeriesField};
use super::layout::{HALF_LINE, LayoutHistogram, LayoutLine, LayoutRow, LineValue, PageLayout, StartOwner};
use super::open_page::{EngineSeries, NameOwners, OpenPage};
use super::process::ProcessLabels;
use super::{WantedSeries, start_labels, wanted};
use crate::exposition::{Limits, Rows, SeriesRow};
use crate::reading::{ModelName, Refusals};

/// The most rows of a page that has a layout.
const ROWS: usize = 256;

/// The layout of a page of one process on which every line is either a wanted series of an engine or not wanted; `None`
/// for other pages. The caller compares its result with that of the general reader.
pub(super) fn layout(page: &[u8]) -> Option<PageLayout> {
    let targets = start_labels::target_labels(page);
    if !targets.is_empty() {
        return None;
    }
    let limits = Limits::default();
    let (mut names, mut page_rows) = (NameOwners::default(), OpenPage::default());
    let mut rows = Rows::new(page, limits, |name, kind| wanted(&mut names, name, kind));
    let (mut values, mut known, mut has_start) = (Vec::new(), KnownValues::default(), false);
    for row in rows.by_ref() {
        let value = match row.tag {
            WantedSeries::Engine(series) => engine_value(&mut page_rows, &mut known, series, &row)?,
            WantedSeries::Start => {
                let line = match (ProcessLabels::of(row.labels, &targets).is_named(), has_start) {
                    (true, _) => StartOwner::Named,
                    (false, true) => StartOwner::Other,
                    (false, false) => StartOwner::First,
                };
                has_start |= line == StartOwner::First;
                LineValue::Start(line)
            }
            WantedSeries::Gpu(_) | WantedSeries::PolledAt | WantedSeries::SourceError => return None,
        };
        values.push((offsets(page, row.name, row.labels.as_bytes())?, value));
    }
    let (tally, is_whole) = (rows.tally(), rows.unreadable().is_empty());
    let is_read = tally.bad == 0 && tally.over_limit == 0 && page_rows.over_limit() == 0 && is_whole;
    let process = page_rows.only_process().filter(|process| !process.labels.is_named() && !process.is_router())?;
    let (dialect, facts) = (process.dialect, process.facts);
    if !is_read || page_rows.refused != Refusals::default() || !names.is_certain(dialect.kind) {
        return None;
    }
    let place = |at: usize| {
        let place = page_rows.lines[at].place;
        let model = place.model.and_then(|name| ModelName::reported(&name.text()));
        let (placeholder, rank) = (model.is_none() && place.model.is_some(), place.rank());
        LayoutRow { sums: at, model, placeholder, rank, delays: known.of_row(at) }
    };
    let rows = page_rows.order().into_iter().map(place).collect();
    let (text, lines, rest) = lines(page, &values)?;
    Some(PageLayout {
        text,
        lines,
        rest,
        dialect,
        kind: names.first()?,
        facts,
        rows,
        sums: page_rows.lines.len(),
        histograms: known.histograms(),
        ended: tally.ended,
        openmetrics: tally.openmetrics,
    })
}

/// The meaning of the value of an engine's series, which is added so that its row is known.
fn engine_value<'p>(
    page_rows: &mut OpenPage<'p>,
    known: &mut KnownValues,
    series: EngineSeries,
    row: &SeriesRow<'p, WantedSeries>,
) -> Option<LineValue> {
    page_rows.take(series, row);
    let entry = match series.field() {
        SeriesField::Created => return Some(LineValue::Created),
        SeriesField::BlockSize => return Some(LineValue::Ignored),
        SeriesField::Adapters | SeriesField::Router | SeriesField::SampledAt => return None,
        SeriesField::Count(_) | SeriesField::Gauge(_) | SeriesField::Bucket(_) => series.place(row.labels),
    };
    let Some(entry) = entry else { return Some(LineValue::Ignored) };
    let at = page_rows.last_row();
    let number = u16::try_from(at).ok().filter(|_| at < ROWS)?;
    Some(match entry.field {
        SeriesField::Count(count) => LineValue::Count { row: number, count, series: row.labels.fingerprint(SERVER) },
        SeriesField::Gauge(gauge) => {
            // Several series of one row are told apart by their labels.
            if known.gauges.contains(&(at, gauge)) {
                return None;
            }
            known.gauges.push((at, gauge));
            LineValue::Gauge { row: number, gauge }
        }
        SeriesField::Bucket(delay) => {
            let (histogram, bucket) = known.add(at, delay as usize, entry.bound)?;
            LineValue::Bucket { histogram, bucket }
        }
        _ => return None,
    })
}

/// The start of a series on its page, and of its value.
pub(super) fn offsets(page: &[u8], name: &str, labels: &[u8]) -> Option<(usize, usize)> {
    let start = (name.as_ptr() as usize).checked_sub(page.as_ptr() as usize)?;
    let end = start + name.len();
    let blanks = page.get(end..)?.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let braces = end + blanks;
    if page.get(braces) != Some(&b'{') {
        return labels.is_empty().then_some((start, end));
    }
    let closing = braces + 1 + labels.len();
    (page.get(braces + 1..closing) == Some(labels) && page.get(closing) == Some(&b'}')).then_some((start, closing + 1))
}

/// The text of a page without its values, the lines that have one, and the text after them.
type SplitPage = (Box<[u8]>, Box<[LayoutLine]>, Box<[u8]>);

/// Cuts a page into lines. `values` are the series that are read, in the order of the page: the start of each, the
/// start of its value, and its meaning.
fn lines(page: &[u8], values: &[((usize, usize), LineValue)]) -> Option<SplitPage> {
    let (mut text, mut lines) = (Vec::with_capacity(page.len()), Vec::new());
    let (mut values, mut at, mut begun) = (values.iter().peekable(), 0, 0);
    // The text since the last value.
    let mut from = 0;
    while at < page.len() {
        let end = at + memchr::memchr(b'\n', &page[at..])?;
        let line = &page[at..end];
        let value = match values.next_if(|((start, _), _)| (at..end).contains(start)) {
            Some(((_, value), what)) => Some((*value, *what)),
            None => {
                match line.iter().position(|byte| !matches!(byte, b' ' | b'\t')).map(|first| (first, line[first])) {
                    None | Some((_, b'#' | b'\r')) => None,
                    // A name between braces is parsed with its labels.
                    Some((_, b'{' | b'"')) => return None,
                    Some((first, _)) => {
                        let ends = |byte: &u8| matches!(byte, b'{' | b' ' | b'\t');
                        Some((at + first + line[first..].iter().position(ends)? + 1, LineValue::Unwanted))
                    }
                }
            }
        };
        if let Some((value, what)) = value {
            if value - at > HALF_LINE {
                return None;
            }
            text.extend_from_slice(&page[from..value]);
            lines.push(LayoutLine { length: u32::try_from(text.len() - begun).ok()?, value: what });
            (begun, from) = (text.len(), end + 1);
        }
        at = end + 1;
    }
    values.next().is_none().then(|| (text.into(), lines.into(), page[from..].into()))
}

/// The rows of a page while lines are read.
#[derive(Debug, Default)]
struct KnownValues {
    /// The gauges that each row has.
    gauges: Vec<(usize, RowGauge)>,
    histograms: Vec<RowHistogram>,
}

#[derive(Debug)]
struct RowHistogram {
    row: usize,
    delay: usize,
    /// Each bound with the number of series that have it.
    bounds: Vec<(f64, u32)>,
}

impl KnownValues {
    /// Adds a bucket; `None` if its bounds do not ascend, which would move the others.
    fn add(&mut self, row: usize, delay: usize, bound: f64) -> Option<(u16, u16)> {
        let is_of = |known: &RowHistogram| known.row == row && known.delay == delay;
        let at = self.histograms.iter().position(is_of).unwrap_or_else(|| {
            self.histograms.push(RowHistogram { row, delay, bounds: Vec::new() });
            self.histograms.len() - 1
        });
        let bounds = &mut self.histograms[at].bounds;
        let bucket = match bounds.iter().position(|(known, _)| known.total_cmp(&bound).is_eq()) {
            Some(bucket) => bucket,
            None if bounds.last().is_none_or(|(last, _)| *last < bound) => {
                bounds.push((bound, 0));
                bounds.len() - 1
            }
            None => return None,
        };
        bounds[bucket].1 += 1;
        Some((u16::try_from(at).ok()?, u16::try_from(bucket).ok()?))
    }

    /// The histograms of a row.
    fn of_row(&self, row: usize) -> [Option<u16>; DELAYS] {
        let at = |delay| self.histograms.iter().position(|known| known.row == row && known.delay == delay);
        std::array::from_fn(|delay| at(delay).and_then(|at| u16::try_from(at).ok()))
    }

    /// Each histogram with the index of its first count; equal bounds share an allocation.
    fn histograms(&self) -> Box<[LayoutHistogram]> {
        let mut all: Vec<LayoutHistogram> = Vec::with_capacity(self.histograms.len());
        for histogram in &self.histograms {
            let bounds = || histogram.bounds.iter().map(|(bound, _)| *bound);
            let same = all.iter().find(|known| known.bounds.iter().copied().eq(bounds()));
            let bounds = same.map_or_else(|| bounds().collect(), |known| Arc::clone(&known.bounds));
            let from = all.last().map_or(0, |last| last.from + last.bounds.len());
            all.push(LayoutHistogram { bounds, from });
        }
        all.into()
    }
}
