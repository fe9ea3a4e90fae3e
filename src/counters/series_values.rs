//! Comparisons of series values between two pages.

use crate::reading::SeriesValue;

/// Whether a series that returns lower was created again: it is far below. Otherwise it is a dip.
pub(super) const fn is_anew(back: u64, reached: u64) -> bool {
    back.saturating_mul(10) <= reached && back < reached
}

/// Whether two pages have the same series.
pub(super) fn same(then: &[SeriesValue], now: &[SeriesValue]) -> bool {
    then.len() == now.len() && then.iter().zip(now).all(|(then, now)| then.series == now.series)
}

pub(super) fn find(list: &[SeriesValue], series: u64) -> Option<u64> {
    list.binary_search_by_key(&series, |value| value.series).ok().map(|at| list[at].value.count())
}
