//! Labels that Prometheus added to all series of a target, as the start times of a federated page show them.
//!
//! An engine gives its start time no labels. What stands there was added to every series of that process, so it names the
//! process whatever the label is called (`cluster`, `zone`, `node`).

use memchr::memmem;

use super::START;
use super::copies::{Copies, SERVER};
use super::process::{NAMES, ProcessLabels};
use crate::exposition::{LabelText, Limits, Rows, SeriesLabels, fnv1a};

/// The most such labels, and the most start times that are looked at.
const LABELS: usize = 8;
const STARTS: usize = 1024;
/// Labels that some servers add to a target and engines to their own series: alone they do not name a process.
const OF_ENGINES: [&[u8]; 4] = [b"model_name", b"model", b"engine", b"rank"];

/// The names of the labels beyond [`NAMES`] that name processes on one page; mostly none.
#[derive(Debug, Default)]
pub(super) struct TargetLabels<'p>(Vec<&'p [u8]>);

impl<'p> TargetLabels<'p> {
    /// Those of a page: none if the other labels tell its start times apart.
    pub(super) fn of(page: &'p [u8]) -> Self {
        let starts = starts(page);
        let known: Vec<ProcessLabels<'p>> =
            starts.iter().map(|labels| ProcessLabels::of(*labels, &Self::default())).collect();
        let mut all = Self::default();
        for (name, _) in starts.iter().copied().flatten() {
            let is_known = NAMES.contains(&name) || name == SERVER.as_bytes() || all.0.contains(&name);
            if !is_known && all.0.len() < LABELS {
                all.0.push(name);
            }
        }
        let is_told = |at: usize| known[..at].iter().all(|other| *other != known[at]);
        let are_alike = !(0..known.len()).all(is_told);
        let is_unnamed = known.iter().any(|labels| !labels.is_named());
        let names_target = all.0.iter().any(|name| !OF_ENGINES.contains(name));
        if are_alike || is_unnamed && names_target { all } else { Self::default() }
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A hash of those of a series; 0 if it has none of them.
    pub(super) fn hash(&self, labels: SeriesLabels<'p>) -> u64 {
        let values = self.0.iter().filter_map(|name| Some((*name, value(labels, name)?)));
        values.fold(0, |hash, (name, value)| fnv1a(&[&hash.to_le_bytes(), name, value.raw()]))
    }

    /// Their values on a series.
    pub(super) fn values(&self, labels: SeriesLabels<'p>) -> impl Iterator<Item = LabelText<'p>> {
        self.0.iter().filter_map(move |name| value(labels, name))
    }
}

/// The value of a label, unless it is empty.
fn value<'p>(labels: SeriesLabels<'p>, name: &[u8]) -> Option<LabelText<'p>> {
    labels.into_iter().find_map(|(key, value)| (key == name && !value.raw().is_empty()).then_some(value))
}

/// The labels of the start times of a page, without the copies of a second server.
fn starts(page: &[u8]) -> Vec<SeriesLabels<'_>> {
    let mut copies: Option<Copies<'_>> = None;
    let mut starts = Vec::new();
    let mut after = 0;
    for at in memmem::find_iter(page, START) {
        let begin = memchr::memrchr(b'\n', &page[..at]).map_or(0, |feed| feed + 1);
        if begin < after || page[begin..].trim_ascii_start().first() == Some(&b'#') {
            continue;
        }
        let end = memchr::memchr(b'\n', &page[at..]).map_or(page.len(), |feed| at + feed + 1);
        after = end;
        let mut rows = Rows::new(&page[begin..end], Limits::default(), |name, _| (name == START).then_some(()));
        let Some(row) = rows.next() else { continue };
        if starts.len() < STARTS && !copies.get_or_insert_with(|| Copies::of(page)).is_copy(row.labels) {
            starts.push(row.labels);
        }
    }
    starts
}
