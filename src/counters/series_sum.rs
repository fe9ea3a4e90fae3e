//! A counter that is a sum of series, each with its own last value.
//!
//! When a series is evicted from a page (by a client library that bounds its labels, or because a worker ends), the sum
//! falls although no token is lost. The last value of the series is added to the sum until the series returns. If it
//! returns far lower, it was created again and counts from zero, and the old value is added permanently.
//!
//! A series that falls on the page while others do not is taken at its old value until it is clear what it is: a dip if
//! it returns, and a reset if it stays far lower for three pages and grows. Then it counts from zero.

use serde::{Deserialize, Serialize};

use super::fallen_series::{FallenSeries, any_fell};
use crate::reading::SeriesValue;

/// The most evicted series that may still return; the last values of others are added permanently.
const GONE: usize = 1024;
/// Of series that change their labels while others do not, each grew by at most one part in this many of its value.
/// Otherwise one was evicted and another one was created.
const RELABELLED: u64 = 16;
/// The most series in a checkpoint.
const SAVED: usize = 256;

/// The series of one counter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct SeriesSum {
    /// The series on the last page, sorted by hash.
    #[serde(default, skip_serializing_if = "is_not_saved")]
    present: Vec<SeriesValue>,
    /// The evicted series that may return, sorted by hash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<SeriesValue>,
    /// The sum of the last values of series that are gone permanently.
    #[serde(default, skip_serializing_if = "is_zero")]
    ended: u64,
    /// The series on the last page that fell while others did not.
    #[serde(default, skip_serializing_if = "FallenSeries::is_empty")]
    fallen: FallenSeries,
    /// Whether the last page showed that a series was reset.
    #[serde(skip)]
    was_reset: bool,
    /// Whether the last page showed that a reset was a dip.
    #[serde(skip)]
    was_undone: bool,
}

impl SeriesSum {
    /// The amount that the page's sum is raised by; `now` has the page's series. An empty list means that they are
    /// unknown.
    pub(super) fn raise(&self, now: &[SeriesValue]) -> u64 {
        let change = self.fallen.change(&self.present, now);
        self.raise_by_gone(now).saturating_sub(change.undone).saturating_add(change.lacks)
    }

    /// Whether a series fell and is not explained.
    pub(super) const fn is_quarantined(&self) -> bool {
        self.fallen.is_quarantined()
    }

    /// Whether the last page showed that a series was reset: what it counted before may be incomplete.
    pub(super) const fn was_reset(&self) -> bool {
        self.was_reset
    }

    /// Whether the last page showed that a reset was a dip: nothing is missing of it.
    pub(super) const fn was_undone(&self) -> bool {
        self.was_undone
    }

    fn raise_by_gone(&self, now: &[SeriesValue]) -> u64 {
        if now.is_empty() || (self.gone.is_empty() && same(&self.present, now)) {
            return self.gone.iter().fold(self.ended, |sum, gone| sum.saturating_add(gone.value.count()));
        }
        let relabelled = self.is_relabelled(now);
        let left = self.present.iter().filter(|old| !relabelled && find(now, old.series).is_none());
        let gone = left.chain(&self.gone).map(|gone| missing(gone.value.count(), find(now, gone.series)));
        gone.fold(self.ended, u64::saturating_add)
    }

    /// Whether a series of the page is below its own last value, which the sum hides if others grew by more.
    pub(super) fn fell(&self, now: &[SeriesValue]) -> bool {
        any_fell(&self.present, now)
    }

    /// Whether the series that left the page continue under other labels: as many new ones appeared, each at the value
    /// of an old one or a little above it.
    fn is_relabelled(&self, now: &[SeriesValue]) -> bool {
        let left = self.present.iter().filter(|old| find(now, old.series).is_none());
        let known = |new: &&SeriesValue| {
            find(&self.present, new.series).is_some() || self.gone.iter().any(|gone| gone.series == new.series)
        };
        let sorted = |mut values: Vec<u64>| {
            values.sort_unstable();
            values
        };
        let left = sorted(left.map(|old| old.value.count()).collect());
        let came = sorted(now.iter().filter(|new| !known(new)).map(|new| new.value.count()).collect());
        let all_changed = left.len() == self.present.len();
        let goes_on = |(left, came): (&u64, &u64)| {
            came >= left && (all_changed || (came - left).saturating_mul(RELABELLED) <= *left)
        };
        !left.is_empty() && left.len() == came.len() && left.iter().zip(&came).all(goes_on)
    }

    /// Whether a series of the last page is missing on this one.
    pub(super) fn misses(&self, now: &[SeriesValue]) -> bool {
        !now.is_empty() && !self.is_relabelled(now) && self.present.iter().any(|old| find(now, old.series).is_none())
    }

    /// Accepts the page's series as the last ones.
    pub(super) fn advance(&mut self, now: &[SeriesValue]) {
        if now.is_empty() {
            return;
        }
        let change = self.fallen.change(&self.present, now);
        self.fallen.advance(&self.present, now);
        self.ended = self.ended.saturating_sub(change.undone).saturating_add(change.ended);
        (self.was_reset, self.was_undone) = (change.was_reset, change.was_undone);
        if self.gone.is_empty() && same(&self.present, now) {
            self.present.copy_from_slice(now);
            return;
        }
        let relabelled = self.is_relabelled(now);
        for old in std::mem::take(&mut self.present) {
            if !relabelled && find(now, old.series).is_none() {
                let at = self.gone.partition_point(|gone| gone.series < old.series);
                self.gone.insert(at, old);
            }
        }
        let mut ended = 0_u64;
        self.gone.retain(|gone| match find(now, gone.series) {
            None => true,
            Some(back) if is_anew(back, gone.value.count()) => {
                ended = ended.saturating_add(gone.value.count());
                false
            }
            Some(back) => back < gone.value.count(),
        });
        while self.gone.len() > GONE {
            ended = ended.saturating_add(self.gone.remove(0).value.count());
        }
        self.ended = self.ended.saturating_add(ended);
        self.present = now.to_vec();
    }
}

/// Whether a series that returns lower was created again: it is far below. Otherwise it is a dip.
pub(super) const fn is_anew(back: u64, reached: u64) -> bool {
    back.saturating_mul(10) <= reached && back < reached
}

/// The part of an evicted series' last value that the page's sum lacks.
fn missing(reached: u64, back: Option<u64>) -> u64 {
    match back {
        Some(back) if !is_anew(back, reached) => reached.saturating_sub(back),
        _ => reached,
    }
}

/// Whether two pages have the same series.
pub(super) fn same(then: &[SeriesValue], now: &[SeriesValue]) -> bool {
    then.len() == now.len() && then.iter().zip(now).all(|(then, now)| then.series == now.series)
}

pub(super) fn find(list: &[SeriesValue], series: u64) -> Option<u64> {
    list.binary_search_by_key(&series, |value| value.series).ok().map(|at| list[at].value.count())
}

/// Whether the series are not saved: a single one, whose value is the counter's, or too many. One that is evicted while
/// margintop is not running is then quarantined as a fall.
#[allow(clippy::ptr_arg, reason = "serde passes the field")]
fn is_not_saved(present: &Vec<SeriesValue>) -> bool {
    present.len() < 2 || present.len() > SAVED
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Tokens;

    fn page(values: &[(u64, u64)]) -> Vec<SeriesValue> {
        values.iter().map(|(series, value)| SeriesValue { series: *series, value: Tokens::new(*value) }).collect()
    }

    fn total(sum: &mut SeriesSum, values: &[(u64, u64)]) -> u64 {
        let page = page(values);
        let raise = sum.raise(&page);
        sum.advance(&page);
        values.iter().map(|(_, value)| value).sum::<u64>() + raise
    }

    #[test]
    fn a_series_that_is_evicted_keeps_what_it_reached() {
        let mut sum = SeriesSum::default();
        assert_eq!(total(&mut sum, &[(1, 100), (2, 50)]), 150);
        assert_eq!(total(&mut sum, &[(1, 110)]), 160, "gone, not fallen");
        assert_eq!(total(&mut sum, &[(1, 110), (2, 60)]), 170, "it returns and goes on");
        assert_eq!(total(&mut sum, &[(1, 110)]), 170);
        assert_eq!(total(&mut sum, &[(1, 110), (2, 5)]), 175, "it returns anew and counts from zero");
        assert_eq!(total(&mut sum, &[(1, 110), (2, 9), (3, 4)]), 183, "a new one counts from zero");
        assert_eq!(total(&mut sum, &[(1, 110)]), 183);
        assert_eq!(total(&mut sum, &[(1, 110), (2, 5), (3, 4)]), 183, "one that returns a little lower is waited for");
        assert_eq!(total(&mut sum, &[(1, 110), (2, 12), (3, 4)]), 186);
    }

    #[test]
    fn series_that_get_other_labels_are_the_same() {
        let mut sum = SeriesSum::default();
        assert_eq!(total(&mut sum, &[(1, 100), (2, 50)]), 150);
        assert_eq!(total(&mut sum, &[(8, 55), (9, 101)]), 156, "a label was added to each");
        assert_eq!(total(&mut sum, &[(7, 103), (8, 56)]), 159, "one of them changed");
        assert_eq!(total(&mut sum, &[(1, 110), (2, 60)]), 170, "and goes");
        assert_eq!(total(&mut sum, &[(1, 110), (3, 5)]), 175, "a new one is lower");
    }

    #[test]
    fn a_series_that_is_evicted_for_a_new_one_is_not_continued_by_it() {
        let mut sum = SeriesSum::default();
        assert_eq!(total(&mut sum, &[(1, 100), (2, 50), (3, 70)]), 220);
        assert_eq!(total(&mut sum, &[(1, 100), (2, 50), (4, 90)]), 310, "90 are new");
        assert_eq!(total(&mut sum, &[(1, 100), (2, 50), (5, 91)]), 311, "as good as the same value");
    }

    #[test]
    fn a_series_that_is_reset_while_others_grow_counts_from_zero() {
        let mut sum = SeriesSum::default();
        assert_eq!(total(&mut sum, &[(1, 9000), (2, 500)]), 9500);
        assert_eq!((total(&mut sum, &[(1, 9010), (2, 3)]), sum.is_quarantined()), (9510, true));
        assert_eq!(total(&mut sum, &[(1, 9020), (2, 6)]), 9520);
        assert_eq!((total(&mut sum, &[(1, 9030), (2, 9)]), sum.was_reset()), (9530, true));
        assert_eq!((total(&mut sum, &[(1, 9040), (2, 12)]), sum.is_quarantined()), (9552, false));
    }

    #[test]
    fn a_reset_of_a_series_that_was_a_dip_is_undone() {
        let mut sum = SeriesSum::default();
        assert_eq!(total(&mut sum, &[(1, 9000), (2, 500)]), 9500);
        for page in 1..8 {
            total(&mut sum, &[(1, 9000), (2, 10 + page)]);
        }
        assert_eq!(total(&mut sum, &[(1, 9000), (2, 20)]), 9520, "counted from zero");
        assert_eq!(total(&mut sum, &[(1, 9000), (2, 510)]), 9520, "its growth was counted already");
        assert_eq!(total(&mut sum, &[(1, 9000), (2, 515)]), 9520);
        assert_eq!(total(&mut sum, &[(1, 9000), (2, 530)]), 9530);
        for page in 1..8 {
            total(&mut sum, &[(1, 9000), (2, 10 + page)]);
        }
        assert_eq!(total(&mut sum, &[(1, 9000), (2, 900)]), 9900, "again");
    }

    #[test]
    fn a_series_that_dips_while_others_grow_goes_on() {
        let mut sum = SeriesSum::default();
        assert_eq!(total(&mut sum, &[(1, 9000), (2, 500)]), 9500);
        for page in 1..5 {
            assert_eq!(total(&mut sum, &[(1, 9000 + page), (2, 300)]), 9500 + page);
        }
        assert_eq!(total(&mut sum, &[(1, 9010), (2, 510)]), 9520);
        assert!(!sum.is_quarantined() && !sum.was_reset());
        assert_eq!(total(&mut sum, &[(1, 5), (2, 7)]), 12, "all of them fall: the counter does");
    }

    #[test]
    fn a_page_without_series_says_nothing_of_them() {
        let mut sum = SeriesSum::default();
        total(&mut sum, &[(1, 100), (2, 50)]);
        total(&mut sum, &[(1, 100)]);
        assert_eq!(sum.raise(&[]), 50);
    }
}
