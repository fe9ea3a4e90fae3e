//! Splits processes that were taken for one whose start time changes.

use super::identity::Processes;
use super::line::Line;
use super::page::{InstancePage, Outcome};
use super::process_id::ProcessId;
use crate::units::Timestamp;

impl Processes {
    /// Splits a process whose start times turn out to be those of two. The process of the page continues from its own line:
    /// its earlier growth may be missing, since only the higher of the two was counted.
    pub(super) fn split_starts(&mut self, page: &InstancePage<'_>, start: Timestamp, id: ProcessId) -> Option<Outcome> {
        let process = self.get_mut(id).filter(|process| process.starts.len() > 1)?;
        if !process.by_start.note(start, Line::of(page.rows), page.at) {
            return None;
        }
        let (lines, other, seen) = process.by_start.take_latest()?;
        let (its, others) = process.starts.iter().partition(|known| lines.has(**known));
        process.keep_starts(others);
        process.return_to(&other, &process.shown());
        process.last_seen = seen;
        let believed = process.trial.take().map(|_| id);
        let added = self.add(None, page.at);
        if let Some(process) = self.get_mut(added) {
            (process.starts, process.by_start) = (its, lines);
        }
        let outcome = self.baseline(page, added);
        Some(Outcome { believed: believed.into_iter().collect(), lost: true, ..outcome })
    }
}
