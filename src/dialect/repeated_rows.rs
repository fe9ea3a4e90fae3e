//! Rows that repeat tokens of other rows of their page: sums that a recording rule leaves beside their parts, under the same
//! names, and copies of one process under other labels.

use super::field::Count;
use super::open_page::{OpenPage, OpenRow};
use super::rows::PageRows;
use crate::reading::{EngineReading, InstanceId, Repeats};
use crate::units::Timestamp;

/// A sum is computed some seconds before or after its parts were read: it may differ from their sum by this part of it.
const NEAR: u64 = 16;

impl OpenPage<'_> {
    /// Whether each row is the sum of others; nothing if all rows have the same labels, as nearly always.
    pub(super) fn sums(&self) -> Vec<Repeats> {
        let named = |line: &OpenRow<'_>| self.processes[line.process].labels.named(&self.targets);
        let first = self.lines.first().map(named);
        if self.lines.iter().all(|line| Some(named(line)) == first) {
            return Vec::new();
        }
        self.lines.iter().map(|line| self.sum(line)).collect()
    }

    fn sum(&self, line: &OpenRow<'_>) -> Repeats {
        // Only the rows with the most labels are added up: others may be sums themselves.
        let is_whole = |part: &OpenRow<'_>| !self.lines.iter().any(|other| self.is_part(other, part));
        let parts: Vec<_> = self.lines.iter().filter(|part| self.is_part(part, line) && is_whole(part)).collect();
        let is_own = |other: &&OpenRow<'_>| other.process == line.process && other.place.model == line.place.model;
        let own: Vec<_> = self.lines.iter().filter(is_own).collect();
        let total = |lines: &[&OpenRow<'_>], count| {
            lines.iter().filter_map(|line| line.sums.count(count)).reduce(u64::saturating_add)
        };
        let totals = [Count::Prompt, Count::Output].map(|count| total(&own, count).zip(total(&parts, count)));
        let [Some(prompt), Some(output)] = totals else { return Repeats::No };
        if [prompt, output] == [(0, 0); 2] {
            return Repeats::Undecided;
        }
        let agrees = |(sum, parts): (u64, u64)| sum.abs_diff(parts) <= sum.max(parts) / NEAR;
        if agrees(prompt) && agrees(output) { Repeats::Sum } else { Repeats::No }
    }

    /// Whether a row has all labels of another one that identify its process, and more. A sum may be over models too.
    fn is_part(&self, part: &OpenRow<'_>, whole: &OpenRow<'_>) -> bool {
        let (ours, theirs) = (&self.processes[part.process], &self.processes[whole.process]);
        ours.dialect.kind == theirs.dialect.kind
            && (part.place.model == whole.place.model || whole.place.model.is_none())
            && ours.labels.extends(&theirs.labels, &self.targets)
    }
}

impl PageRows {
    /// Marks rows with equal tokens of processes with one start time, to the hundredth of a second.
    pub(super) fn mark_copies(&mut self) {
        if self.instance_starts.len() < 2 {
            return;
        }
        let total = |row: &EngineReading| Some((row.tokens.whole_prompt()?.count(), row.tokens.output?.count()));
        let totals = self.engines.iter().enumerate().filter_map(|(nth, row)| Some((total(row)?, nth)));
        let mut totals: Vec<_> = totals.filter(|((prompt, output), _)| *prompt > 0 && *output > 0).collect();
        totals.sort_unstable();
        for pair in totals.chunk_by(|(one, _), (other, _)| one == other).filter(|equal| equal.len() > 1) {
            let places: Vec<usize> = pair.iter().map(|(_, nth)| *nth).collect();
            for nth in &places {
                if places.iter().any(|other| other != nth && self.are_copies(*nth, *other)) {
                    self.engines[*nth].repeats = Repeats::Copy;
                }
            }
        }
    }

    fn are_copies(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.engines[one], &self.engines[other]);
        let start = |row: &EngineReading| self.exact_start(row.instance.as_ref()?);
        one.instance != other.instance
            && (one.kind, &one.model, &one.rank, &one.tokens) == (other.kind, &other.model, &other.rank, &other.tokens)
            && start(one).is_some_and(|start_of_one| Some(start_of_one) == start(other))
    }

    fn exact_start(&self, id: &InstanceId) -> Option<Timestamp> {
        let start = self.instance_starts.iter().find(|(known, _)| known == id).map(|(_, start)| *start);
        start.filter(|start| !id.is_version() && start.millis() % 1000 != 0)
    }
}
