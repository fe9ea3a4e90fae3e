//! Rows of one process that exchange labels: ranks that are renumbered, models that swap positions.
//!
//! If each of several rows continues the values of another one of them, they exchanged labels, and each is continued under
//! its new labels. If one continues the values of a row that left the page, that is one of two explanations (`row::taken`).

use super::process::Process;
use super::row::PageContext;
use super::values::{fell, growth};
use crate::reading::{EngineReading, TokenCounters};
use crate::units::Span;

/// A row whose values do not continue its own last ones.
struct Moved {
    place: usize,
    now: TokenCounters,
    fell: bool,
    /// The row that it continues instead.
    from: Option<usize>,
}

impl Process {
    /// Determines which row each row of a page continues, before the page is applied.
    pub(super) fn follow_labels(&mut self, page: &[&EngineReading], context: &PageContext) {
        if self.rows.len() < 2 {
            return;
        }
        self.rows.iter_mut().for_each(|row| row.counters.may_be_of(None));
        self.index.fit(&self.rows);
        let places: Vec<Option<usize>> =
            page.iter().map(|reading| self.index.find_reading(&self.rows, reading)).collect();
        let left = self.left(&places);
        let falls = |(reading, place): (&&EngineReading, &Option<usize>)| {
            place.is_some_and(|place| fell(&reading.tokens, &self.rows[place].counters.last()))
        };
        if left.is_empty() && !page.iter().zip(&places).any(falls) {
            return;
        }
        let within = context.at.since(context.last_page);
        let mut moved = self.moved(page, &places, within);
        for row in 0..moved.len() {
            moved[row].from = self.source(&moved[row], &moved, &left, within);
        }
        let cycle = if context.identified { in_cycle(&moved) } else { vec![false; moved.len()] };
        self.change_places(&moved, &cycle);
        for row in moved.iter().zip(cycle).filter(|(_, is_in)| !is_in).map(|(row, _)| row) {
            // A row that falls to another one's values may also be a dip.
            let from = row.from.filter(|from| !row.fell || left.contains(from));
            let values = from.map(|from| self.rows[from].counters.last());
            self.rows[row.place].counters.may_be_of(values);
        }
    }

    /// The rows of the last page that are missing on this one.
    fn left(&self, places: &[Option<usize>]) -> Vec<usize> {
        let known = places.iter().flatten().filter(|place| self.rows[**place].left.is_none()).count();
        if self.rows.iter().filter(|row| row.left.is_none()).count() == known {
            return Vec::new();
        }
        let mut present = vec![false; self.rows.len()];
        places.iter().flatten().for_each(|place| present[*place] = true);
        (0..self.rows.len()).filter(|place| !present[*place] && self.rows[*place].left.is_none()).collect()
    }

    fn moved(&self, page: &[&EngineReading], places: &[Option<usize>], within: Span) -> Vec<Moved> {
        let moved = |(reading, place): (&&EngineReading, &Option<usize>)| {
            let place = (*place)?;
            let row = &self.rows[place].counters;
            let now = row.effective(reading);
            let fell = fell(&now, &row.last());
            (!row.is_quarantined() && (fell || row.outpaces(&now, within))).then_some(Moved {
                place,
                now,
                fell,
                from: None,
            })
        };
        page.iter().zip(places).filter_map(moved).collect()
    }

    /// The row that a page's row continues, if not its own: the closest one.
    fn source(&self, row: &Moved, moved: &[Moved], left: &[usize], within: Span) -> Option<usize> {
        let own = self.rows[row.place].counters.last();
        let others = moved.iter().map(|other| other.place).filter(|place| *place != row.place);
        let goes_on = |place: &usize| self.rows[*place].counters.is_continued_by(&row.now, &own, within);
        let distance = |place: &usize| -> u64 {
            growth(&row.now, &self.rows[*place].counters.last()).into_iter().fold(0, u64::saturating_add)
        };
        others.chain(left.iter().copied()).filter(goes_on).min_by_key(distance)
    }

    /// Gives rows that exchanged labels each other's counters.
    fn change_places(&mut self, moved: &[Moved], cycle: &[bool]) {
        let in_cycle = moved.iter().zip(cycle).filter(|(_, is_in)| **is_in);
        let changed: Vec<_> =
            in_cycle.filter_map(|(row, _)| Some((row.place, self.rows[row.from?].counters.clone()))).collect();
        if changed.is_empty() {
            return;
        }
        for (place, counters) in changed {
            self.rows[place].counters = counters;
        }
        // Its earlier values have the former labels.
        self.trial = None;
    }
}

/// Which rows exchanged labels: each continues another one, in a cycle in which at least one falls.
fn in_cycle(moved: &[Moved]) -> Vec<bool> {
    let next = |row: usize| moved[row].from.and_then(|from| moved.iter().position(|other| other.place == from));
    let is_in = |row: usize| {
        let (mut at, mut falls) = (row, moved[row].fell);
        for _ in 0..moved.len() {
            let Some(other) = next(at) else { return false };
            if other == row {
                return falls;
            }
            falls |= moved[other].fell;
            at = other;
        }
        false
    };
    (0..moved.len()).map(is_in).collect()
}
