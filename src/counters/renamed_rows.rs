//! Rows of a process under new names: each continues the values of a row that left the page.
//!
//! Several at once are paired one to one, the closest first. A new row that may continue one that left, but grew too much
//! to be certain, does not count as new either: its growth is unknown.

use super::fastest_minute::{MIN_JUDGED, MINUTE};
use super::process::Process;
use super::process_row::ProcessRow;
use super::values;
use crate::reading::{EngineReading, TokenCounters};

/// The most rows that are paired at once.
const ROWS: usize = 16;

impl Process {
    /// The row that a reading continues under another name: it left the page, and its counters continue at its pace.
    pub(super) fn renamed(&self, reading: &EngineReading, page: &[&EngineReading]) -> Option<usize> {
        let is_new = |other: &&&EngineReading| self.index.find_reading(&self.rows, other).is_none();
        let new: Vec<&EngineReading> = page.iter().filter(is_new).take(ROWS + 1).copied().collect();
        if new.len() > ROWS {
            return None;
        }
        // Of several, only rows that left together are considered.
        let mut left = self.off_page(page);
        left.retain(|place| new.len() == 1 || self.rows[*place].left.is_none());
        let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
        for (nth, other) in new.iter().enumerate() {
            let of = |place: &usize| Some((self.rows[*place].goes_on_as(other)?, nth, *place));
            pairs.extend(left.iter().filter_map(of));
        }
        pairs.sort_unstable();
        let ours = new.iter().position(|other| (&other.rank, &other.model) == (&reading.rank, &reading.model))?;
        let (mut taken, mut used) = (vec![false; new.len()], vec![false; self.rows.len()]);
        for (_, nth, place) in pairs {
            if taken[nth] || used[place] {
                continue;
            }
            if nth == ours {
                return Some(place);
            }
            (taken[nth], used[place]) = (true, true);
        }
        None
    }

    /// The rows that are not on a page.
    pub(super) fn off_page(&self, page: &[&EngineReading]) -> Vec<usize> {
        let mut present = vec![false; self.rows.len()];
        let places = page.iter().filter_map(|reading| self.index.find_reading(&self.rows, reading));
        places.for_each(|place| present[place] = true);
        (0..self.rows.len()).filter(|place| !present[*place]).collect()
    }

    /// The rows that left with a page and have values large enough to distinguish a continued row from a new one.
    pub(super) fn large_left(&self, page: &[&EngineReading]) -> Vec<(usize, TokenCounters)> {
        let is_large = |last: &TokenCounters| last.numbers().into_iter().flatten().any(|value| value >= MIN_JUDGED);
        let left = self.off_page(page).into_iter().filter(|place| self.rows[*place].left.is_none());
        left.map(|place| (place, self.rows[place].counters.last())).filter(|(_, last)| is_large(last)).collect()
    }

    /// Whether a new row may be one of some that left, after more growth than allows certainty.
    pub(super) fn may_be_of(&self, reading: &EngineReading, left: &[(usize, TokenCounters)]) -> bool {
        let mut above = left.iter().filter(|(_, last)| !values::fell(&reading.tokens, last));
        above.any(|(place, _)| self.rows[*place].is_like(reading))
    }
}

impl ProcessRow {
    /// Whether a reading has the row's rank or its model.
    fn is_like(&self, reading: &EngineReading) -> bool {
        self.key.rank == reading.rank || self.key.model == reading.model
    }

    /// The distance of a reading above the last values, if it continues them at the row's pace.
    fn goes_on_as(&self, reading: &EngineReading) -> Option<u64> {
        let last = self.counters.last();
        let goes_on = self.is_like(reading)
            && !values::fell(&reading.tokens, &last)
            && self.counters.paces(&reading.tokens, &last, MINUTE);
        goes_on.then(|| values::growth(&reading.tokens, &last).into_iter().fold(0, u64::saturating_add))
    }
}
