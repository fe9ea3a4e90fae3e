//! The current growth rate of the counters of a process without a start time, to decide which of several processes a page
//! continues.

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::rate::millis;
use super::values::{COUNTERS, RowKey, growth};
use crate::units::{Moment, Span};

/// The number of pages after which the pace is measured from later values.
const PAGES: u8 = 4;
/// A growth fits a pace if it differs by at most one part in this many, or by a few tokens.
const NEAR: u64 = 4;
const FEW: u64 = 16;
/// A growth is a leap if it exceeds this many times the growth expected from the pace, and a minimum.
const LEAP: u64 = 4;
const MANY: u64 = 100;
/// The most rows of a page that is measured.
pub(super) const ROWS: usize = 64;

/// The values from which the pace is measured: the older of two marks, which are renewed alternately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct OwnPace {
    older: Option<(Line, Moment)>,
    newer: Option<(Line, Moment)>,
    /// The number of pages since the newer mark.
    pages: u8,
}

impl OwnPace {
    pub(super) const fn is_empty(&self) -> bool {
        self.older.is_none()
    }

    /// Records the values of a page.
    pub(super) fn note(&mut self, line: &Line, at: Moment) {
        self.pages = self.pages.saturating_add(1);
        if self.older.is_none() {
            (self.older, self.pages) = (Some((line.clone(), at)), 0);
        } else if self.pages >= PAGES {
            if let Some(newer) = self.newer.take() {
                self.older = Some(newer);
            }
            (self.newer, self.pages) = (Some((line.clone(), at)), 0);
        }
    }

    /// Whether the values `now` are those expected from `last`, read at `seen`, at this pace.
    pub(super) fn fits(&self, last: &Line, seen: Moment, now: &Line, at: Moment) -> bool {
        let is_near = |grown: u64, expected: u64| grown.abs_diff(expected) <= expected / NEAR + FEW;
        self.all(last, seen, now, at, is_near) == Some(true)
    }

    /// Whether a counter grew by far more than at this pace.
    pub(super) fn leaps(&self, last: &Line, seen: Moment, now: &Line, at: Moment) -> bool {
        let is_slow = |grown: u64, expected: u64| grown <= expected.saturating_mul(LEAP).saturating_add(MANY);
        self.all(last, seen, now, at, is_slow) == Some(false)
    }

    /// Whether `holds` is true for the actual and the expected growth of all counters; `None` if the pace is unknown.
    fn all(&self, last: &Line, seen: Moment, now: &Line, at: Moment, holds: impl Fn(u64, u64) -> bool) -> Option<bool> {
        let (first, since) = self.older.as_ref().filter(|(_, since)| seen.since(*since) > Span::default())?;
        let (measured, within) = (u128::from(millis(seen.since(*since))), u128::from(millis(at.since(seen))));
        let of = |line: &Line, key: &RowKey| line.0.iter().find(|(known, _)| known == key).map(|(_, values)| *values);
        Some(now.0.iter().all(|(key, now)| {
            let (Some(first), Some(last)) = (of(first, key), of(last, key)) else { return true };
            let (pace, grown) = (growth(&last, &first), growth(now, &last));
            (0..COUNTERS).all(|i| {
                let expected = u128::from(pace[i]) * within / measured;
                holds(grown[i], u64::try_from(expected).unwrap_or(u64::MAX))
            })
        }))
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { older, newer, pages: _ } = self;
        older.iter_mut().chain(newer).map(|(_, at)| at)
    }
}
