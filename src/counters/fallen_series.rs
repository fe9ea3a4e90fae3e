//! Series of a sum that fell while others did not.
//!
//! Such a series is taken at its old value until it is clear what it is: a dip if it returns, and a reset if it stays far
//! lower for three pages and grows.

use serde::{Deserialize, Serialize};

use super::row::QUARANTINE_PAGES;
use super::series_sum::{find, is_anew, same};
use crate::reading::SeriesValue;

/// The number of pages after which a series that fell goes on as it is.
const LONGEST_FALL: u8 = 12;

/// The series that fell and are not explained.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct FallenSeries(Vec<Fallen>);

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Fallen {
    series: u64,
    /// Its value before.
    reached: u64,
    /// Its first value since.
    first: u64,
    pages: u8,
}

impl FallenSeries {
    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the sum of a page lacks of them, and of those that fall on it; `present` are the series of the page before.
    pub(super) fn lacks(&self, present: &[SeriesValue], now: &[SeriesValue]) -> u64 {
        if now.is_empty() || self.is_empty() && !any_fell(present, now) {
            return 0;
        }
        let lacks = |fallen: &Fallen| find(now, fallen.series).map_or(0, |value| fallen.reached.saturating_sub(value));
        self.with(present, now).iter().map(lacks).fold(0, u64::saturating_add)
    }

    /// Notes a page. Returns what the sum lacks from now on of series that were reset, and whether any was.
    pub(super) fn settle(&mut self, present: &[SeriesValue], now: &[SeriesValue]) -> (u64, bool) {
        if self.is_empty() && !any_fell(present, now) {
            return (0, false);
        }
        let (mut ended, mut was_reset) = (0_u64, false);
        let mut all = self.with(present, now);
        all.retain(|fallen| {
            let Some(value) = find(now, fallen.series).filter(|value| *value < fallen.reached) else { return false };
            let stays = fallen.pages >= QUARANTINE_PAGES && value > fallen.first;
            if stays && is_anew(fallen.first, fallen.reached) {
                ended = ended.saturating_add(fallen.reached);
            } else if fallen.pages >= LONGEST_FALL {
                ended = ended.saturating_add(fallen.reached - value);
            } else {
                return true;
            }
            was_reset = true;
            false
        });
        self.0 = all;
        (ended, was_reset)
    }

    /// The series that fell, with those that fall on a page; no more of these if all do, as then the counter falls.
    fn with(&self, present: &[SeriesValue], now: &[SeriesValue]) -> Vec<Fallen> {
        let known = |old: &SeriesValue| self.0.iter().find(|fallen| fallen.series == old.series);
        let goes_on = |old: &SeriesValue| {
            old.value.count() > 0 && known(old).is_none() && find(now, old.series) >= Some(old.value.count())
        };
        if !present.iter().any(goes_on) {
            return self.0.clone();
        }
        let fallen = |old: &SeriesValue| {
            let value = find(now, old.series)?;
            let reached = old.value.count();
            let new = || (value < reached).then_some(Fallen { series: old.series, reached, first: value, pages: 1 });
            known(old).map(|fallen| Fallen { pages: fallen.pages.saturating_add(1), ..*fallen }).or_else(new)
        };
        present.iter().filter_map(fallen).collect()
    }
}

/// Whether a series of a page is below its value on the page before.
pub(super) fn any_fell(present: &[SeriesValue], now: &[SeriesValue]) -> bool {
    if same(present, now) {
        return present.iter().zip(now).any(|(old, new)| new.value < old.value);
    }
    present.iter().any(|old| find(now, old.series).is_some_and(|value| value < old.value.count()))
}
