//! The labels of the start times of a federated page.
//!
//! An engine's own start time has no labels. Labels on it were added by Prometheus to every series of that target, so
//! they identify the process, whatever their key (`cluster`, `zone`, `node`).

use memchr::memmem;

use super::copies::{Copies, SERVER};
use super::process::{NAMES, ProcessLabels};
use super::target_labels::TargetLabels;
use crate::exposition::{Limits, Rows, SeriesLabels};

/// When a process started.
pub(super) const START: &str = "process_start_time_seconds";
/// The most such labels, and the most start times that are compared.
const LABELS: usize = 8;
const STARTS: usize = 1024;
/// Labels that some servers add to a target and engines to their own series: by themselves they do not identify a
/// process.
const OF_ENGINES: [&[u8]; 4] = [b"model_name", b"model", b"engine", b"rank"];

/// The labels beyond [`NAMES`] that identify processes on a page: none if the other ones tell its start times apart.
pub(super) fn target_labels(page: &[u8]) -> TargetLabels<'_> {
    let starts = starts(page);
    let none = TargetLabels::default();
    let known: Vec<ProcessLabels<'_>> = starts.iter().map(|labels| ProcessLabels::of(*labels, &none)).collect();
    let mut names = Vec::new();
    for (name, _) in starts.iter().copied().flatten() {
        let is_known = NAMES.contains(&name) || name == SERVER.as_bytes() || names.contains(&name);
        if !is_known && names.len() < LABELS {
            names.push(name);
        }
    }
    let is_distinct = |at: usize| known[..at].iter().all(|other| *other != known[at]);
    let are_alike = !(0..known.len()).all(is_distinct);
    let is_unnamed = known.iter().any(|labels| !labels.is_named());
    let names_target = names.iter().any(|name| !OF_ENGINES.contains(name));
    if are_alike || is_unnamed && names_target { TargetLabels::new(names) } else { none }
}

/// The labels of the start times of a page, without the copies of a second server.
fn starts(page: &[u8]) -> Vec<SeriesLabels<'_>> {
    let of_starts = || Copies::of(page, Limits::default(), |name, _| name == START);
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
        if starts.len() < STARTS && !copies.get_or_insert_with(of_starts).is_copy(row.labels) {
            starts.push(row.labels);
        }
    }
    starts
}
