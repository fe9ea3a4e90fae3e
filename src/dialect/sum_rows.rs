//! Rows that are sums over other rows of their page: a recording rule that adds up over `instance` leaves its series beside
//! those of the instances, under the same names.

use super::field::Count;
use super::open_page::{OpenPage, OpenRow};
use crate::reading::SumOfOthers;

/// A sum is computed some seconds before or after its parts were read: it may differ from their sum by this part of it.
const NEAR: u64 = 16;

impl OpenPage<'_> {
    /// Whether each row is the sum of others; nothing if all rows have the same labels, as nearly always.
    pub(super) fn sums(&self) -> Vec<SumOfOthers> {
        let named = |line: &OpenRow<'_>| self.processes[line.process].labels.named_parts();
        let first = self.lines.first().map(named);
        if self.lines.iter().all(|line| Some(named(line)) == first) {
            return Vec::new();
        }
        self.lines.iter().map(|line| self.sum(line)).collect()
    }

    fn sum(&self, line: &OpenRow<'_>) -> SumOfOthers {
        // Only the rows with the most labels are added up: others may be sums themselves.
        let is_whole = |part: &OpenRow<'_>| !self.lines.iter().any(|other| self.is_part(other, part));
        let parts: Vec<_> = self.lines.iter().filter(|part| self.is_part(part, line) && is_whole(part)).collect();
        let own =
            self.lines.iter().filter(|other| other.process == line.process && other.place.model == line.place.model);
        let own: Vec<_> = own.collect();
        let total = |lines: &[&OpenRow<'_>], count| {
            lines.iter().filter_map(|line| line.sums.count(count)).reduce(u64::saturating_add)
        };
        let totals = [Count::Prompt, Count::Output].map(|count| total(&own, count).zip(total(&parts, count)));
        let [Some(prompt), Some(output)] = totals else { return SumOfOthers::No };
        if [prompt, output] == [(0, 0); 2] {
            return SumOfOthers::Undecided;
        }
        let agrees = |(sum, parts): (u64, u64)| sum.abs_diff(parts) <= sum.max(parts) / NEAR;
        if agrees(prompt) && agrees(output) { SumOfOthers::Yes } else { SumOfOthers::No }
    }

    /// Whether a row has all labels of another one that identify its process, and more.
    fn is_part(&self, part: &OpenRow<'_>, whole: &OpenRow<'_>) -> bool {
        let (ours, theirs) = (&self.processes[part.process], &self.processes[whole.process]);
        ours.dialect.kind == theirs.dialect.kind
            && part.place.model == whole.place.model
            && ours.labels.extends(&theirs.labels)
    }
}
