//! How fast the counters of a process without a start time grow at present, to tell which of several a page continues.

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::quarantined::millis;
use super::values::{COUNTERS, growth};
use crate::units::{Moment, Span};

/// The number of pages after which the present pace is measured from a later one.
const PAGES: u8 = 4;
/// The most rows of pages that are measured.
pub(super) const ROWS: usize = 64;

/// The values from which the present pace is measured: the older of two that are renewed in turn.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct OwnPace {
    older: Option<(Line, Moment)>,
    newer: Option<(Line, Moment)>,
    /// The number of pages since the newer one.
    pages: u8,
}

impl OwnPace {
    pub(super) const fn is_empty(&self) -> bool {
        self.older.is_none()
    }

    /// Notes the values of a page.
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

    /// By how many tokens values are beyond those that the last ones, read at a moment, grow to at this pace; `None` if it
    /// is not known. Any process may grow more slowly than before.
    pub(super) fn exceeds(&self, last: &Line, seen: Moment, now: &Line, at: Moment) -> Option<u64> {
        let (first, since) = self.older.as_ref().filter(|(_, since)| seen.since(*since) > Span::default())?;
        let (measured, within) = (u128::from(millis(seen.since(*since))), u128::from(millis(at.since(seen))));
        let mut sum = 0_u64;
        for (key, now) in &now.0 {
            let of = |line: &Line| line.0.iter().find(|(known, _)| known == key).map(|(_, values)| *values);
            let (Some(first), Some(last)) = (of(first), of(last)) else { continue };
            let (pace, grown) = (growth(&last, &first), growth(now, &last));
            for i in 0..COUNTERS {
                let expected = u128::from(pace[i]) * within / measured;
                let beyond = u128::from(grown[i]).saturating_sub(expected);
                sum = sum.saturating_add(u64::try_from(beyond).unwrap_or(u64::MAX));
            }
        }
        Some(sum)
    }

    pub(super) fn moments_mut(&mut self) -> impl Iterator<Item = &mut Moment> {
        let Self { older, newer, pages: _ } = self;
        older.iter_mut().chain(newer).map(|(_, at)| at)
    }
}
