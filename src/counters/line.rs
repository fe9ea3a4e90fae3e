//! Lines: the values of a page's rows, compared with those of other pages.

use serde::{Deserialize, Serialize};

use super::values::{self, RowKey};
use crate::reading::{EngineReading, TokenCounters};

/// The values of a page's rows at one time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Line(pub(super) Vec<(RowKey, TokenCounters)>);

impl Line {
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
        let sum = |values: &TokenCounters| values::values(values).into_iter().flatten().fold(0, u64::saturating_add);
        self.0.iter().map(|(_, values)| sum(values)).fold(0, u64::saturating_add)
    }

    /// Whether a page continues from these values: no counter is below them.
    pub(super) fn goes_on(&self, rows: &[&EngineReading]) -> bool {
        rows.iter().all(|reading| self.values(reading).is_none_or(|then| !values::fell(&reading.tokens, then)))
    }

    /// The growth of all counters of a page since these values.
    pub(super) fn growth(&self, rows: &[&EngineReading]) -> u64 {
        let grown = |reading: &&EngineReading| {
            self.values(reading)
                .map_or(0, |then| values::growth(&reading.tokens, then).into_iter().fold(0, u64::saturating_add))
        };
        rows.iter().map(grown).fold(0, u64::saturating_add)
    }

    /// Whether it has the rows of another line, in the same order.
    pub(super) fn has_rows_of(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|((one, _), (other, _))| one == other)
    }

    /// Whether no counter is below that of another line.
    pub(super) fn reaches(&self, other: &Self) -> bool {
        let below = |(key, then): &(RowKey, TokenCounters)| {
            self.0.iter().find(|(known, _)| known == key).is_some_and(|(_, now)| values::fell(now, then))
        };
        !other.0.iter().any(below)
    }

    /// Whether a counter is above that of another line.
    pub(super) fn goes_on_in_part(&self, other: &Self) -> bool {
        other.growth_to(self) > 0
    }

    /// Whether every counter is at or above that of an earlier line, by at most one part in `parts` of that line's distance
    /// from another one.
    pub(super) fn is_just_above(&self, earlier: &Self, other: &Self, parts: u64) -> bool {
        let of = |line: &Self, key: &RowKey| {
            line.0.iter().find(|(known, _)| known == key).map(|(_, values)| values::values(values))
        };
        self.reaches(earlier)
            && self.0.iter().all(|(key, now)| {
                let Some((then, other)) = of(earlier, key).zip(of(other, key)) else { return false };
                values::values(now).into_iter().zip(then).zip(other).all(|((now, then), other)| {
                    let (Some(now), Some(then), Some(other)) = (now, then, other) else { return true };
                    now.saturating_sub(then).saturating_mul(parts) <= other.abs_diff(then)
                })
            })
    }

    /// The largest growth of any counter of a later line since these values.
    pub(super) fn largest_growth_to(&self, later: &Self) -> u64 {
        let grown = |(key, now): &(RowKey, TokenCounters)| {
            let then = self.0.iter().find(|(known, _)| known == key);
            then.map_or(0, |(_, then)| values::growth(now, then).into_iter().max().unwrap_or_default())
        };
        later.0.iter().map(grown).max().unwrap_or_default()
    }

    /// The growth of all counters of a later line since these values.
    pub(super) fn growth_to(&self, later: &Self) -> u64 {
        let grown = |(key, now): &(RowKey, TokenCounters)| {
            self.0
                .iter()
                .find(|(known, _)| known == key)
                .map_or(0, |(_, then)| values::growth(now, then).into_iter().fold(0, u64::saturating_add))
        };
        later.0.iter().map(grown).fold(0, u64::saturating_add)
    }

    pub(super) fn values(&self, reading: &EngineReading) -> Option<&TokenCounters> {
        self.0.iter().find(|(key, _)| key.is_of(reading)).map(|(_, values)| values)
    }
}
