//! A counter that is a sum of series, each with its own last value.
//!
//! When a series is evicted from a page (by a client library that bounds its labels, or because a worker ends), the sum
//! falls although no token is lost. The last value of the series is added to the sum until the series returns. If it
//! returns far lower, it was created again and counts from zero, and the old value is added permanently. If another series
//! appears at its value or slightly above, its labels changed: the new series continues it.
//!
//! A series that falls on the page while others do not keeps its old value until the cause is known: a dip if it returns, a
//! reset if it stays far lower for three pages and grows, after which it counts from zero.

use super::series_values::{find, is_anew, same};
use serde::{Deserialize, Serialize};

use super::fallen_series::{FallenSeries, any_fell};
use super::fastest_minute::MIN_EVIDENCE;
use crate::reading::SeriesValue;

/// The most evicted series that may still return; the last values of others are added permanently.
const GONE: usize = 1024;
/// A series that changed its labels grew by at most one part in this many of its value. Otherwise one was evicted and
/// another created.
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
    /// Whether an evicted series returned below its last value, so that its growth waits until it reaches that value.
    #[serde(skip)]
    waits: bool,
    /// What evicted series that returned on the last page had grown by meanwhile.
    #[serde(skip)]
    regrown: u64,
}

/// A series of a page, compared with one that is missing there.
#[derive(Debug, Clone, Copy)]
pub(super) struct ComparedSeries {
    /// The last value of the series, and its value on the page.
    pub(super) then: u64,
    pub(super) value: u64,
    /// The last value of the missing series.
    pub(super) old: u64,
}

/// Whether the series are not saved: there are none, or too many. A series evicted while margintop is not running is then
/// quarantined as a fall.
const fn is_not_saved(series: &[SeriesValue]) -> bool {
    series.is_empty() || series.len() > SAVED
}

impl SeriesSum {
    /// The amount to add to the page's sum; `now` has the page's series, empty if unknown. `below` is how far the page's
    /// sum is below the last accepted one.
    pub(super) fn raise(&self, now: &[SeriesValue], below: u64) -> u64 {
        let change = self.fallen.change(&self.present, now);
        let raise = self.raise_by_gone(now).saturating_sub(change.undone).saturating_add(change.lacks);
        if change.exchanged { raise.max(below) } else { raise }
    }

    /// Whether a series fell, or returned lower, without an explanation.
    pub(super) const fn is_quarantined(&self) -> bool {
        self.fallen.is_quarantined() || self.waits
    }

    /// Whether the last page showed that a series was reset, so that its earlier count may be incomplete.
    pub(super) const fn was_reset(&self) -> bool {
        self.was_reset
    }

    /// Whether the last page showed that a reset was a dip, so that nothing of it is missing.
    pub(super) const fn was_undone(&self) -> bool {
        self.was_undone
    }

    /// What evicted series that returned on the last page had grown by since they left: its time is unknown.
    pub(super) const fn regrown(&self) -> u64 {
        self.regrown
    }

    fn raise_by_gone(&self, now: &[SeriesValue]) -> u64 {
        if now.is_empty() || (self.gone.is_empty() && same(&self.present, now)) {
            return self.gone.iter().fold(self.ended, |sum, gone| sum.saturating_add(gone.value.count()));
        }
        let continued = self.continued(now);
        let gone = self.left(now).chain(&self.gone).filter(|old| continued.binary_search(&old.series).is_err());
        let missing = gone.map(|gone| missing(gone.value.count(), find(now, gone.series)));
        missing.fold(self.ended, u64::saturating_add)
    }

    /// Whether a series of the page is below its own last value, which the sum hides if others grew by more.
    pub(super) fn fell(&self, now: &[SeriesValue]) -> bool {
        any_fell(&self.present, now)
    }

    /// The series of the last page that are missing on this one.
    fn left<'a>(&'a self, now: &'a [SeriesValue]) -> impl Iterator<Item = &'a SeriesValue> {
        self.present.iter().filter(|old| find(now, old.series).is_none())
    }

    /// The series that left this page or earlier ones and continue under other labels: a new series has the old value or
    /// slightly more; or any amount more, if no series kept its labels.
    fn continued(&self, now: &[SeriesValue]) -> Vec<u64> {
        self.matched(now).0
    }

    /// As [`Self::continued`], with the values of new series that continue none.
    fn matched(&self, now: &[SeriesValue]) -> (Vec<u64>, Vec<u64>) {
        let present = &self.present;
        let is_known =
            |new: &&SeriesValue| find(present, new.series).is_some() || find(&self.gone, new.series).is_some();
        let mut came: Vec<u64> = now.iter().filter(|new| !is_known(new)).map(|new| new.value.count()).collect();
        if came.is_empty() || present.is_empty() {
            return (Vec::new(), Vec::new());
        }
        came.sort_unstable();
        let left: Vec<SeriesValue> = self.left(now).copied().collect();
        let all_changed = left.len() == present.len();
        if let ([old], [new], true) = (&left[..], &came[..], all_changed)
            && *new < old.value.count()
            && *new >= old.value.count() / 2
        {
            // The page that shows the only series under other labels lacks a part of it: a fall as any other.
            return (vec![old.series], Vec::new());
        }
        let returned = self.gone.iter().filter(|gone| find(now, gone.series).is_none()).copied().collect();
        let mut continued = match_values(left, &mut came, all_changed);
        continued.extend(match_values(returned, &mut came, all_changed));
        continued.sort_unstable();
        (continued, came)
    }

    /// Whether all series are new, none continues under other labels, and their sum is far lower: a process restarted with
    /// other labels.
    fn began_anew(&self, now: &[SeriesValue], continued: &[u64]) -> bool {
        let sum = |all: &[SeriesValue]| all.iter().fold(0_u64, |sum, one| sum.saturating_add(one.value.count()));
        let has_left = !self.present.is_empty() && self.left(now).count() == self.present.len();
        let is_known = |new: &SeriesValue| find(&self.gone, new.series).is_some();
        has_left && continued.is_empty() && !now.iter().any(is_known) && is_anew(sum(now), sum(&self.present))
    }

    /// Whether a series of the last page is missing on this one.
    pub(super) fn misses(&self, now: &[SeriesValue]) -> bool {
        if now.is_empty() || self.left(now).next().is_none() {
            return false;
        }
        let continued = self.continued(now);
        self.left(now).any(|old| continued.binary_search(&old.series).is_err())
    }

    /// The last value of a series, even if it was evicted.
    fn known(&self, series: u64) -> Option<u64> {
        find(&self.present, series).or_else(|| find(&self.gone, series))
    }

    /// The series of a page whose growth is a jump, if any series is missing there.
    pub(super) fn jumped(&self, now: &[SeriesValue], is_jump: impl Fn(u64) -> bool) -> Vec<u64> {
        if self.gone.is_empty() && same(&self.present, now) {
            return Vec::new();
        }
        let jumps = |new: &&SeriesValue| {
            let grown = self.known(new.series).and_then(|then| new.value.count().checked_sub(then));
            grown.is_some_and(|grown| grown >= MIN_EVIDENCE && is_jump(grown))
        };
        now.iter().filter(jumps).map(|new| new.series).collect()
    }

    /// The series of a page that are below their last values.
    pub(super) fn fallen(&self, now: &[SeriesValue]) -> Vec<u64> {
        let fell = |new: &&SeriesValue| find(&self.present, new.series) > Some(new.value.count());
        now.iter().filter(fell).map(|new| new.series).collect()
    }

    /// The known series that are not on a page and do not continue under new labels; each with whether it left on this
    /// page.
    pub(super) fn missing(&self, now: &[SeriesValue]) -> Vec<(u64, bool)> {
        let continued = self.continued(now);
        let left = self.left(now).map(|old| (old.series, true));
        let gone = self.gone.iter().filter(|gone| find(now, gone.series).is_none()).map(|gone| (gone.series, false));
        left.chain(gone).filter(|(series, _)| continued.binary_search(series).is_err()).collect()
    }

    /// The sum of the series that are new on a page and continue no other one.
    pub(super) fn came(&self, now: &[SeriesValue]) -> u64 {
        if now.is_empty() || self.present.is_empty() || same(&self.present, now) {
            return 0;
        }
        self.matched(now).1.into_iter().fold(0, u64::saturating_add)
    }

    /// Whether any series was missing on the last page.
    pub(super) fn has_gone(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Whether a known series is not on a page.
    pub(super) fn lacks(&self, now: &[SeriesValue]) -> bool {
        let is_as_before = self.gone.is_empty() && same(&self.present, now);
        !now.is_empty() && !is_as_before && !self.missing(now).is_empty()
    }

    /// The values of a series of a page and of a missing one, if both are known.
    pub(super) fn beside(&self, now: &[SeriesValue], series: u64, missing: u64) -> Option<ComparedSeries> {
        let (then, value) = self.known(series).zip(find(now, series))?;
        Some(ComparedSeries { then, value, old: self.known(missing)? })
    }

    /// Accepts the page's series as the last ones; `raised` is the amount that was added to the page's sum.
    pub(super) fn advance(&mut self, now: &[SeriesValue], raised: u64) {
        if now.is_empty() {
            return;
        }
        let was_exchanged = self.fallen.exchanges(&self.present, now);
        self.accept(now);
        if was_exchanged && !self.fallen.is_exchanged() {
            // The fallen series keep their low values, and the sum does not fall.
            self.ended = self.ended.saturating_add(raised.saturating_sub(self.raise_by_gone(now)));
        }
    }

    fn accept(&mut self, now: &[SeriesValue]) {
        let change = self.fallen.change(&self.present, now);
        self.fallen.advance(&self.present, now);
        self.ended = self.ended.saturating_sub(change.undone).saturating_add(change.ended);
        (self.was_reset, self.was_undone) = (change.was_reset, change.was_undone);
        (self.waits, self.regrown) = (false, 0);
        if self.gone.is_empty() && same(&self.present, now) {
            self.present.copy_from_slice(now);
            return;
        }
        let continued = self.continued(now);
        self.was_reset |= self.began_anew(now, &continued);
        self.gone.retain(|gone| continued.binary_search(&gone.series).is_err());
        for old in std::mem::take(&mut self.present) {
            if find(now, old.series).is_none() && continued.binary_search(&old.series).is_err() {
                let at = self.gone.partition_point(|gone| gone.series < old.series);
                self.gone.insert(at, old);
            }
        }
        let regrown = |gone: &SeriesValue| find(now, gone.series)?.checked_sub(gone.value.count());
        self.regrown = self.gone.iter().filter_map(regrown).fold(0, u64::saturating_add);
        let mut ended = 0_u64;
        self.gone.retain(|gone| match find(now, gone.series) {
            None => true,
            Some(back) if is_anew(back, gone.value.count()) => {
                ended = ended.saturating_add(gone.value.count());
                false
            }
            Some(back) => back < gone.value.count(),
        });
        // What it grew by between its last page and its end is missing.
        self.was_reset |= ended > 0;
        while self.gone.len() > GONE {
            ended = ended.saturating_add(self.gone.remove(0).value.count());
        }
        self.ended = self.ended.saturating_add(ended);
        self.waits = self.gone.iter().any(|gone| find(now, gone.series).is_some());
        self.present = now.to_vec();
    }
}

/// Finds for each old series, the highest first, the lowest new value that it may have grown to: any value not below it, or
/// within a part of it. Removes these from the new values, which are sorted, and returns the old series.
fn match_values(mut old: Vec<SeriesValue>, came: &mut Vec<u64>, by_any: bool) -> Vec<u64> {
    old.sort_unstable_by_key(|old| std::cmp::Reverse(old.value));
    let (mut above, mut matched) = (Vec::new(), Vec::new());
    for SeriesValue { series, value } in old {
        let value = value.count();
        while let Some(new) = came.pop_if(|new| *new >= value) {
            above.push(new);
        }
        let most = value.saturating_add(value / RELABELLED);
        if above.pop_if(|new| by_any || *new <= most).is_some() {
            matched.push(series);
        }
    }
    came.extend(above.into_iter().rev());
    matched
}

/// The part of an evicted series' last value that the page's sum lacks.
fn missing(reached: u64, back: Option<u64>) -> u64 {
    match back {
        Some(back) if !is_anew(back, reached) => reached.saturating_sub(back),
        _ => reached,
    }
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
        let raise = sum.raise(&page, 0);
        sum.advance(&page, raise);
        values.iter().map(|(_, value)| value).sum::<u64>() + raise
    }

    #[test]
    fn a_series_that_is_evicted_keeps_what_it_reached() {
        let mut sum = SeriesSum::default();
        assert_eq!(total(&mut sum, &[(1, 100), (2, 50)]), 150);
        assert_eq!(total(&mut sum, &[(1, 110)]), 160, "gone, not fallen");
        assert_eq!(total(&mut sum, &[(1, 110), (2, 60)]), 170, "it returns and goes on");
        assert_eq!(total(&mut sum, &[(1, 110)]), 170);
        assert!(!sum.was_reset());
        assert_eq!(total(&mut sum, &[(1, 110), (2, 5)]), 175, "it returns anew and counts from zero");
        assert!(sum.was_reset(), "its tokens between its last page and its end are missing");
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
    fn a_process_that_began_anew_with_other_labels_was_reset() {
        let was_reset = |then: &[(u64, u64)], now: &[(u64, u64)]| {
            let mut sum = SeriesSum::default();
            total(&mut sum, then);
            total(&mut sum, now);
            sum.was_reset()
        };
        assert!(was_reset(&[(1, 90_000)], &[(2, 600)]) && was_reset(&[(1, 50_000), (2, 40_000)], &[(3, 600)]));
        assert!(!was_reset(&[(1, 90_000)], &[(2, 90_600)]), "the same with other labels");
        assert!(!was_reset(&[(1, 90_000), (2, 500)], &[(2, 600)]), "one was evicted");
        assert!(!was_reset(&[(1, 90_000), (2, 500)], &[(2, 600), (3, 5)]), "and one created");
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

    /// The class of errors: an evicted series returns under other labels.
    #[test]
    fn a_series_that_returns_under_other_labels_is_the_same() {
        let mut sum = SeriesSum::default();
        assert_eq!(total(&mut sum, &[(1, 8000), (2, 2000)]), 10_000);
        assert_eq!(total(&mut sum, &[(1, 8100)]), 10_100, "one is evicted");
        assert_eq!(total(&mut sum, &[(7, 8200)]), 10_200, "the labels of the other one change");
        assert_eq!(total(&mut sum, &[(7, 8300), (8, 2010)]), 10_310, "and it returns");
        assert_eq!(total(&mut sum, &[(7, 8300)]), 10_310);
        assert_eq!(total(&mut sum, &[(5, 8400), (6, 2020)]), 10_420, "at the same time");
        assert_eq!(total(&mut sum, &[(3, 8500)]), 10_520, "the labels change while one is evicted");
        assert_eq!(total(&mut sum, &[(3, 8500), (4, 700)]), 11_220, "another one is new");
        assert_eq!(total(&mut sum, &[(3, 8500), (4, 700), (9, 2020)]), 11_220);
    }

    /// The class of errors: a single series besides evicted ones, after a restart.
    #[test]
    fn evicted_series_and_the_one_beside_them_outlive_a_restart() {
        let mut sum = SeriesSum::default();
        total(&mut sum, &[(1, 8000), (2, 2000)]);
        assert_eq!(total(&mut sum, &[(1, 8100)]), 10_100);
        for _ in 0..2 {
            let saved = serde_json::to_string(&sum).unwrap_or_default();
            sum = serde_json::from_str(&saved).unwrap_or_default();
        }
        assert_eq!(total(&mut sum.clone(), &[(7, 8200), (8, 2010)]), 10_210);
        assert_eq!(total(&mut sum, &[(1, 2001)]), 4001, "the other one did not return under these labels");
    }

    /// The class of errors: labels change repeatedly while series are evicted and return.
    #[test]
    fn labels_may_change_at_any_page() {
        let mut sum = SeriesSum::default();
        let hash = |label: u64| label.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for second in 0..60_u64 {
            let zone = 10 * (second / 9);
            let evicted = (8..13).contains(&(second % 16)) && second < 44;
            let (x, y) = ((hash(zone + 1), 800_000 + second * 1000), (hash(zone + 2), 400_000 + second * 300));
            let reached = if evicted { 400_000 + (second / 16 * 16 + 7) * 300 } else { y.1 };
            let mut page = if evicted { vec![x] } else { vec![x, y] };
            page.sort_unstable();
            assert_eq!(total(&mut sum, &page), x.1 + reached, "second {second}");
        }
    }

    #[test]
    fn a_page_without_series_says_nothing_of_them() {
        let mut sum = SeriesSum::default();
        total(&mut sum, &[(1, 100), (2, 50)]);
        total(&mut sum, &[(1, 100)]);
        assert_eq!(sum.raise(&[], 0), 50);
    }
}
