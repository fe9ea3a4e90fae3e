//! Lines: the values of a page's rows, compared with those of other pages.

use std::cell::OnceCell;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::values::{self, RowKey};
use crate::reading::{EngineReading, TokenCounters};

/// The values of a page's rows at one time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Line(pub(super) Vec<(RowKey, TokenCounters)>);

/// The number of rows up to which rows are searched linearly.
const FEW: usize = 16;

/// Finds the values of rows in a line: at the same index, else by key.
pub(super) struct Finder<'l> {
    line: &'l Line,
    places: OnceCell<HashMap<&'l RowKey, usize>>,
}

impl<'l> Finder<'l> {
    /// The values of a row that has this index in another line.
    pub(super) fn at(&self, place: usize, key: &RowKey) -> Option<&'l TokenCounters> {
        self.find(place, |known| known == key, || key.clone())
    }

    /// The values of the row of a reading that has this index on its page.
    pub(super) fn of(&self, place: usize, reading: &EngineReading) -> Option<&'l TokenCounters> {
        self.find(place, |known| known.is_of(reading), || RowKey::of(reading))
    }

    fn find(
        &self,
        place: usize,
        is_it: impl Fn(&RowKey) -> bool,
        key: impl FnOnce() -> RowKey,
    ) -> Option<&'l TokenCounters> {
        let rows = &self.line.0;
        if let Some((_, values)) = rows.get(place).filter(|(known, _)| is_it(known)) {
            return Some(values);
        }
        if rows.len() <= FEW {
            return rows.iter().find(|(known, _)| is_it(known)).map(|(_, values)| values);
        }
        let all = || rows.iter().enumerate().rev().map(|(place, (key, _))| (key, place)).collect();
        self.places.get_or_init(all).get(&key()).map(|place| &rows[*place].1)
    }
}

impl Line {
    /// A finder for this line.
    pub(super) const fn finder(&self) -> Finder<'_> {
        Finder { line: self, places: OnceCell::new() }
    }

    /// The line of a page.
    pub(super) fn of(rows: &[&EngineReading]) -> Self {
        Self(rows.iter().map(|reading| (RowKey::of(reading), reading.tokens)).collect())
    }

    /// The same counters at zero.
    pub(super) fn zeroed(&self) -> Self {
        Self(self.0.iter().map(|(key, values)| (key.clone(), values::zeroed(values))).collect())
    }

    /// The sum of all counters.
    pub(super) fn total(&self) -> u64 {
        let sum = |values: &TokenCounters| values.numbers().into_iter().flatten().fold(0, u64::saturating_add);
        self.0.iter().map(|(_, values)| sum(values)).fold(0, u64::saturating_add)
    }

    /// Whether a page continues from these values: no counter is below them.
    pub(super) fn goes_on(&self, rows: &[&EngineReading]) -> bool {
        let known = self.finder();
        let fell = |(nth, reading): (usize, &&EngineReading)| {
            known.of(nth, reading).is_some_and(|then| values::fell(&reading.tokens, then))
        };
        !rows.iter().enumerate().any(fell)
    }

    /// The growth of all counters of a page since these values.
    pub(super) fn growth(&self, rows: &[&EngineReading]) -> u64 {
        let known = self.finder();
        let grown = |(nth, reading): (usize, &&EngineReading)| {
            known
                .of(nth, reading)
                .map_or(0, |then| values::growth(&reading.tokens, then).into_iter().fold(0, u64::saturating_add))
        };
        rows.iter().enumerate().map(grown).fold(0, u64::saturating_add)
    }

    /// Whether it has the same rows as another line, in the same order.
    pub(super) fn has_rows_of(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|((one, _), (other, _))| one == other)
    }

    /// Whether no counter is below that of another line.
    pub(super) fn reaches(&self, other: &Self) -> bool {
        let known = self.finder();
        let below = |(nth, (key, then)): (usize, &(RowKey, TokenCounters))| {
            known.at(nth, key).is_some_and(|now| values::fell(now, then))
        };
        !other.0.iter().enumerate().any(below)
    }

    /// Whether any counter is above that of another line.
    pub(super) fn goes_on_in_part(&self, other: &Self) -> bool {
        other.growth_to(self) > 0
    }

    /// Whether every counter is at or above that of an earlier line, by at most one part in `parts` of the earlier line's
    /// distance from `other`.
    pub(super) fn is_just_above(&self, earlier: &Self, other: &Self, parts: u64) -> bool {
        let of = |line: &Self, key: &RowKey| {
            line.0.iter().find(|(known, _)| known == key).map(|(_, values)| values.numbers())
        };
        self.reaches(earlier)
            && self.0.iter().all(|(key, now)| {
                let Some((then, other)) = of(earlier, key).zip(of(other, key)) else { return false };
                now.numbers().into_iter().zip(then).zip(other).all(|((now, then), other)| {
                    let (Some(now), Some(then), Some(other)) = (now, then, other) else { return true };
                    now.saturating_sub(then).saturating_mul(parts) <= other.abs_diff(then)
                })
            })
    }

    /// The largest growth of any counter of a later line since these values.
    pub(super) fn largest_growth_to(&self, later: &Self) -> u64 {
        let known = self.finder();
        let grown = |(nth, (key, now)): (usize, &(RowKey, TokenCounters))| {
            let then = known.at(nth, key);
            then.map_or(0, |then| values::growth(now, then).into_iter().max().unwrap_or_default())
        };
        later.0.iter().enumerate().map(grown).max().unwrap_or_default()
    }

    /// The growth of all counters of a later line since these values.
    pub(super) fn growth_to(&self, later: &Self) -> u64 {
        let known = self.finder();
        let grown = |(nth, (key, now)): (usize, &(RowKey, TokenCounters))| {
            let then = known.at(nth, key);
            then.map_or(0, |then| values::growth(now, then).into_iter().fold(0, u64::saturating_add))
        };
        later.0.iter().enumerate().map(grown).fold(0, u64::saturating_add)
    }
}
