//! Series of a sum that fell while others did not.
//!
//! Such a series keeps its old value until the cause is known: a dip if it returns, a reset if it stays far lower for three
//! pages and grows. If other series rose above its old value on the same page, the series may have exchanged labels: then
//! the sum is that of the page until the fallen series return or stay, and it does not grow before.

use serde::{Deserialize, Serialize};

use super::quarantine_limits::QUARANTINE_PAGES;
use super::series_values::{find, is_anew, same};
use crate::reading::SeriesValue;

/// The number of pages after which fallen values continue from the low ones.
pub(super) const LONGEST_FALL: u8 = 12;
/// The number of pages for which a reset may turn out to be a dip.
pub(super) const ON_TRIAL: u16 = 600;

/// The fallen series without an explanation, and those that were reset recently.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct FallenSeries {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fallen: Vec<Fallen>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reset: Vec<ResetSeries>,
    /// Whether series may have exchanged labels.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    exchanged: bool,
}

/// A series that fell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Fallen {
    series: u64,
    /// Its value before the fall.
    reached: u64,
    /// Its first value after the fall.
    first: u64,
    pages: u8,
}

/// A series that was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct ResetSeries {
    series: u64,
    /// Its value before the reset, which is a permanent part of the sum.
    reached: u64,
    /// The number of pages since the reset.
    pages: u16,
}

/// The effect of a page on the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SumChange {
    /// The amount that the page's sum lacks because series fell.
    pub(super) lacks: u64,
    /// The permanent amount to remove, of series that were not reset after all.
    pub(super) undone: u64,
    /// The permanent amount to add from the next page on, of series that were reset.
    pub(super) ended: u64,
    /// Whether a series was reset.
    pub(super) was_reset: bool,
    /// Whether a reset turned out to be a dip.
    pub(super) was_undone: bool,
    /// Whether the sum is that of the page, and lacks nothing.
    pub(super) exchanged: bool,
}

impl FallenSeries {
    /// Whether no series has fallen or was reset recently.
    pub(super) const fn is_empty(&self) -> bool {
        self.fallen.is_empty() && self.reset.is_empty()
    }

    /// Whether the sum is that of the last page.
    pub(super) const fn is_exchanged(&self) -> bool {
        self.exchanged
    }

    /// Whether the sum is that of the page, since series may have exchanged labels.
    pub(super) fn exchanges(&self, present: &[SeriesValue], now: &[SeriesValue]) -> bool {
        self.change(present, now).exchanged
    }

    /// Whether a series has fallen without an explanation.
    pub(super) const fn is_quarantined(&self) -> bool {
        !self.fallen.is_empty()
    }

    /// The effect of a page on the sum; `present` are the series of the previous page.
    pub(super) fn change(&self, present: &[SeriesValue], now: &[SeriesValue]) -> SumChange {
        if now.is_empty() || self.is_empty() && !any_fell(present, now) {
            SumChange::default()
        } else {
            self.next(present, now).1
        }
    }

    /// Applies a page.
    pub(super) fn advance(&mut self, present: &[SeriesValue], now: &[SeriesValue]) {
        if !self.is_empty() || any_fell(present, now) {
            *self = self.next(present, now).0;
        }
    }

    /// The state after a page, and the effect of the page on the sum.
    fn next(&self, present: &[SeriesValue], now: &[SeriesValue]) -> (Self, SumChange) {
        let (mut next, mut change) = (Self::default(), SumChange::default());
        let (all, exchanged) = self.with(present, now);
        change.exchanged = exchanged;
        for fallen in all {
            let Some(value) = find(now, fallen.series).filter(|value| *value < fallen.reached) else { continue };
            let lacks = if exchanged { 0 } else { fallen.reached - value };
            change.lacks = change.lacks.saturating_add(lacks);
            let stays = fallen.pages >= QUARANTINE_PAGES && value > fallen.first && !exchanged;
            if stays && is_anew(fallen.first, fallen.reached) {
                change.ended = change.ended.saturating_add(fallen.reached);
                next.reset.push(ResetSeries { series: fallen.series, reached: fallen.reached, pages: 0 });
            } else if fallen.pages >= LONGEST_FALL {
                change.ended = change.ended.saturating_add(lacks);
            } else {
                next.fallen.push(fallen);
                continue;
            }
            change.was_reset = true;
        }
        for reset in &self.reset {
            let values = find(present, reset.series).zip(find(now, reset.series));
            match values.filter(|(before, now)| *now >= reset.reached && before.saturating_mul(2) <= reset.reached) {
                // It was a dip: the growth includes what was counted meanwhile.
                Some((before, value)) => {
                    let reached = reset.reached.saturating_add(before);
                    change.was_undone = true;
                    change.undone = change.undone.saturating_add(reset.reached);
                    change.lacks = change.lacks.saturating_add(reached.saturating_sub(value));
                    if value < reached {
                        next.fallen.push(Fallen { series: reset.series, reached, first: value, pages: 0 });
                    }
                }
                None if reset.pages < ON_TRIAL => next.reset.push(ResetSeries { pages: reset.pages + 1, ..*reset }),
                None => {}
            }
        }
        next.fallen.sort_unstable_by_key(|fallen| fallen.series);
        next.exchanged = exchanged && !next.fallen.is_empty();
        (next, change)
    }

    /// The fallen series, including those that fall on this page, and whether they may have exchanged labels. If all series
    /// fall, the counter as a whole falls and none is added.
    fn with(&self, present: &[SeriesValue], now: &[SeriesValue]) -> (Vec<Fallen>, bool) {
        let known = |old: &SeriesValue| self.fallen.iter().find(|fallen| fallen.series == old.series);
        let goes_on = |old: &SeriesValue| {
            let value = old.value.count();
            value > 0 && (self.exchanged || known(old).is_none()) && find(now, old.series) >= Some(value)
        };
        if !present.iter().any(goes_on) {
            return (self.fallen.clone(), false);
        }
        let fallen = |old: &SeriesValue| {
            let value = find(now, old.series)?;
            let reached = old.value.count();
            let new = || (value < reached).then_some(Fallen { series: old.series, reached, first: value, pages: 1 });
            known(old).map(|fallen| Fallen { pages: fallen.pages.saturating_add(1), ..*fallen }).or_else(new)
        };
        let all: Vec<Fallen> = present.iter().filter_map(fallen).collect();
        let is_new = all.iter().any(|fallen| fallen.pages == 1);
        let exchange = || exchanged(present.iter().filter(|old| known(old).is_none()), now) > 0;
        let exchanged = self.exchanged || is_new && exchange();
        (all, exchanged)
    }
}

/// How many values of a page can at most continue values of the page before, each one; both are sorted.
fn most_that_go_on(then: &[u64], now: &[u64]) -> usize {
    let mut left = now.iter();
    then.iter().filter(|then| left.any(|now| now >= *then)).count()
}

/// The part of the series' growth that is none if they exchanged labels: sorted, the values did not grow by it. Zero where
/// an exchange of labels explains no fall.
fn exchanged<'a>(then: impl Iterator<Item = &'a SeriesValue>, now: &[SeriesValue]) -> u64 {
    let pairs = then.filter_map(|old| Some((old.value.count(), find(now, old.series)?)));
    let (mut then, mut now): (Vec<u64>, Vec<u64>) = pairs.unzip();
    let by_label_go_on = then.iter().zip(&now).filter(|(then, now)| then <= now).count();
    let growth = |then: &[u64], now: &[u64]| {
        then.iter().zip(now).fold(0_u64, |sum, (then, now)| sum.saturating_add(now.saturating_sub(*then)))
    };
    let by_label = growth(&then, &now);
    then.sort_unstable();
    now.sort_unstable();
    if most_that_go_on(&then, &now) <= by_label_go_on {
        // Under whatever labels, as many values fell: a series was reset beside others that grow.
        return 0;
    }
    by_label.saturating_sub(growth(&then, &now))
}

/// Whether a series of a page is below its value on the previous page.
pub(super) fn any_fell(present: &[SeriesValue], now: &[SeriesValue]) -> bool {
    if same(present, now) {
        return present.iter().zip(now).any(|(old, new)| new.value < old.value);
    }
    present.iter().any(|old| find(now, old.series).is_some_and(|value| value < old.value.count()))
}
