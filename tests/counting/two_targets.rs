//! Polls of two targets, `one` and `two`, each second.

use crate::support;

use margintop::fleet::Fleet;
use margintop::reading::PageReading;
use margintop::units::{Moment, Span};
use support::{answered, at, moment};

/// The time so many milliseconds after the beginning of a test.
pub fn after(millis: i64) -> Moment {
    at(moment("2025-02-20T10:00:00Z").wall + Span::from_millis(millis))
}

/// Polls both targets in each of these seconds, `two` 137 ms after `one`. A page is that of a second, and of the milliseconds since
/// the beginning at which it is polled.
pub fn poll(
    fleet: &mut Fleet,
    seconds: std::ops::Range<i64>,
    one: impl Fn(i64, i64) -> PageReading,
    two: impl Fn(i64, i64) -> PageReading,
) {
    for second in seconds {
        let [first, then] = [second * 1000, second * 1000 + 137];
        fleet.apply(answered("one", after(first), one(second, first)));
        fleet.apply(answered("two", after(then), two(second, then)));
    }
}
