//! The layout of a page of GPUs that was read: its text without the values, and the figure and GPU of each value.
//!
//! Most of such a page is labels: a GPU's labels are on one line for each figure, and the rest is the same on every
//! node. So the labels are kept once per GPU, and the rest once for all similar pages. See [`layout`](super::layout).

use std::sync::Arc;

use memchr::{memchr, memrchr};

use super::copies::names_servers;
use super::gpu_field::GpuField;
use super::gpu_rows::{GpuFacts, GpuRows};
use super::layout::HALF_LINE;
use super::learn_layout::offsets;
use super::open_page::NameOwners;
use super::shown_values::GpuValues;
use super::{Hint, WantedSeries, values, wanted};
use crate::exposition::{Limits, Rows, number};
use crate::reading::{EngineKind, GpuHost, GpuState, NodeName, PageReading, Refusals};

/// The most sets of labels of a page that has a layout, and the most bytes of them.
const SETS: usize = 1024;
const SET_BYTES: usize = 64 << 10;

/// A line with a value, and the comments before it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct GpuLayoutLine {
    /// The length of the text up to the labels, or to the value if there are none.
    length: u32,
    /// The labels.
    set: Option<u16>,
    /// The figure and its GPU; `None` if the value is not read.
    value: Option<(GpuField, u16)>,
}

/// The part that similar pages of GPUs share.
#[derive(Debug, PartialEq)]
pub(super) struct GpuLines {
    /// The page up to its last value, without labels and values.
    text: Box<[u8]>,
    lines: Box<[GpuLayoutLine]>,
    /// The text after the line of the last value.
    rest: Box<[u8]>,
    /// Whether the page ends with `# EOF`, and whether it has something that only `OpenMetrics` has.
    ended: bool,
    openmetrics: bool,
}

/// The layout of a page that has only GPUs.
#[derive(Debug)]
pub(super) struct GpuLayout {
    pub(super) lines: Arc<GpuLines>,
    /// The sets of labels, each with its closing brace.
    labels: Box<[u8]>,
    /// The end of each set.
    ends: Box<[u32]>,
    gpus: Box<[(Option<NodeName>, GpuFacts)]>,
    hosts: Box<[GpuHost]>,
}

impl GpuLayout {
    /// Reads a page of this layout; `None` if its layout is different, or a value is not a number.
    pub(super) fn read(&self, page: &[u8], hint: &Hint) -> Option<PageReading> {
        let values = self.values(page)?;
        let gpus = self.gpus.iter().zip(&values);
        let gpus = gpus.map(|((node, facts), values)| (node.clone(), facts.clone().reading(values)));
        Some(PageReading {
            kind: hint.kind.unwrap_or(EngineKind::UNKNOWN),
            engines: Vec::new(),
            instance_starts: Vec::new(),
            aliases: None,
            list_refused: None,
            gpus: gpus.collect(),
            gpu_hosts: self.hosts.to_vec(),
            start: None,
            other_starts: Vec::new(),
            date: hint.date,
            complete: self.lines.ended || !hint.openmetrics.unwrap_or(self.lines.openmetrics),
            refusals: Refusals::default(),
        })
    }

    /// Reads the values of a page with the same text.
    fn values(&self, page: &[u8]) -> Option<Vec<GpuValues>> {
        if page.len() > Limits::default().page {
            return None;
        }
        let mut all = vec![GpuValues::default(); self.gpus.len()];
        let (mut page, mut text) = (page, &self.lines.text[..]);
        for line in &self.lines.lines {
            let (known, later) = text.split_at_checked(line.length as usize)?;
            let mut rest = page.strip_prefix(known)?;
            if let Some(set) = line.set {
                rest = rest.strip_prefix(self.set(set)?)?;
            }
            let end = memchr(b'\n', rest).filter(|end| *end <= HALF_LINE)?;
            if let Some((field, gpu)) = line.value {
                let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                let value = values::known(field, number(rest.get(blanks..end)?)?);
                all.get_mut(usize::from(gpu))?.note(field.what, value);
            }
            (page, text) = (&rest[end + 1..], later);
        }
        (*page == *self.lines.rest).then_some(all)
    }

    fn set(&self, set: u16) -> Option<&[u8]> {
        let set = usize::from(set);
        let from = set.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.labels.get(from as usize..*self.ends.get(set)? as usize)
    }
}

/// The layout of a page that has only GPUs, each identified by labels on every line of its figures; `None` for other
/// pages. The caller compares its result with that of the general reader.
pub(super) fn layout(page: &[u8], reading: &PageReading) -> Option<GpuLayout> {
    if !reading.engines.is_empty() || reading.gpus.is_empty() || names_servers(page) {
        return None;
    }
    let (mut names, mut gpu_rows, mut values) = (NameOwners::default(), GpuRows::default(), Vec::new());
    let mut rows = Rows::new(page, Limits::default(), |name, kind| wanted(&mut names, name, kind));
    for row in rows.by_ref() {
        let WantedSeries::Gpu(field) = row.tag else { return None };
        // Figures in labels that change, and figures that are added up.
        if field.what.is_in_labels() || row.labels.get("GPU_I_ID").is_some() {
            return None;
        }
        let gpu = u16::try_from(gpu_rows.take(field, &row)?).ok()?;
        values.push((offsets(page, row.name, row.labels.as_bytes())?, (field, gpu)));
    }
    if gpu_rows.has_repeated() {
        return None;
    }
    let (tally, is_whole) = (rows.tally(), rows.unreadable().is_empty());
    if !is_whole || tally.bad > 0 || tally.over_limit > 0 || names.first().is_some() {
        return None;
    }
    let mut cut = SplitGpuPage::default();
    let rest = cut.lines(page, &values)?;
    let SplitGpuPage { text, lines, labels, ends } = cut;
    // Names and UUIDs are those of the reading, so that all later readings share them.
    let facts = gpu_rows.facts(GpuState::Answering).into_iter().zip(&reading.gpus);
    let facts = facts.map(|(facts, (node, gpu))| (node.clone(), facts.sharing(gpu)));
    let (ended, openmetrics) = (tally.ended, tally.openmetrics);
    Some(GpuLayout {
        lines: Arc::new(GpuLines { text: text.into(), lines: lines.into(), rest: rest.into(), ended, openmetrics }),
        labels: labels.into(),
        ends: ends.into(),
        gpus: facts.collect(),
        hosts: reading.gpu_hosts.clone().into(),
    })
}

/// A page cut into its parts.
#[derive(Debug, Default)]
struct SplitGpuPage {
    text: Vec<u8>,
    lines: Vec<GpuLayoutLine>,
    labels: Vec<u8>,
    ends: Vec<u32>,
}

/// A series that is read: its start on the page, the start of its value, and its meaning.
type FoundGpuValue = ((usize, usize), (GpuField, u16));

impl SplitGpuPage {
    /// Cuts a page into lines. `values` are the series that are read, in the order of the page. Returns the text after
    /// the last line with a value.
    fn lines<'p>(&mut self, page: &'p [u8], values: &[FoundGpuValue]) -> Option<&'p [u8]> {
        let (mut values, mut at, mut begun, mut from) = (values.iter().peekable(), 0, 0, 0);
        while at < page.len() {
            let end = at + memchr(b'\n', &page[at..])?;
            let line = &page[at..end];
            let value = values.next_if(|((start, _), _)| (at..end).contains(start));
            let first = line.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
            let name = first.map(|first| (first, line[first]));
            if let Some((first, byte)) = name.filter(|(_, byte)| !matches!(byte, b'#' | b'\r')) {
                // A name between braces is parsed with its labels.
                if matches!(byte, b'{' | b'"') {
                    return None;
                }
                let braces = memchr(b'{', line).zip(memrchr(b'}', line)).filter(|(open, close)| open < close);
                let (known, ends) = match (braces, value) {
                    (Some((open, close)), _) => (at + open + 1, at + close + 1),
                    (None, Some(((_, value), _))) => (*value, *value),
                    (None, None) => {
                        let blank = at + first + line[first..].iter().position(|byte| matches!(byte, b' ' | b'\t'))?;
                        (blank, blank)
                    }
                };
                // Braces after the value belong to an exemplar.
                if ends - at > HALF_LINE || value.is_some_and(|((_, value), _)| *value != ends) {
                    return None;
                }
                self.text.extend_from_slice(&page[from..known]);
                let set = if known < ends { Some(self.set(&page[known..ends])?) } else { None };
                let length = u32::try_from(self.text.len() - begun).ok()?;
                self.lines.push(GpuLayoutLine { length, set, value: value.map(|(_, value)| *value) });
                (begun, from) = (self.text.len(), end + 1);
            }
            at = end + 1;
        }
        values.next().is_none().then(|| &page[from..])
    }

    /// The number of a set of labels, added if it is new.
    fn set(&mut self, set: &[u8]) -> Option<u16> {
        let mut from = 0;
        for (nth, end) in self.ends.iter().enumerate() {
            if self.labels[from..*end as usize] == *set {
                return u16::try_from(nth).ok();
            }
            from = *end as usize;
        }
        if self.ends.len() >= SETS || self.labels.len() + set.len() > SET_BYTES {
            return None;
        }
        self.labels.extend_from_slice(set);
        self.ends.push(u32::try_from(self.labels.len()).ok()?);
        u16::try_from(self.ends.len() - 1).ok()
    }
}
