//! The two minutes that a profit bridge compares.

use crate::units::{Span, Timestamp};

/// How long after a minute's end its last tokens are in the ledger.
const SETTLED: Span = Span::from_secs(10);

/// The end of the last minute whose tokens are all in the ledger at an instant.
pub fn settled_minute(at: Timestamp) -> Timestamp {
    (at - SETTLED).minute()
}

/// The begin and end of both minutes, the earlier first: one that ended a quarter of an hour before `until`, and the one
/// that ends then.
pub fn bridge_minutes(until: Timestamp) -> [(Timestamp, Timestamp); 2] {
    [until - Span::QUARTER_HOUR, until].map(|end| (end - Span::MINUTE, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_whole_minutes_a_quarter_of_an_hour_apart() {
        let minute = |count: i64| Timestamp::from_millis(count * 60_000);
        let within = |count: i64, seconds: i64| minute(count) + Span::from_secs(seconds);
        assert_eq!([9, 10].map(|seconds| settled_minute(within(20, seconds))), [minute(19), minute(20)]);
        assert_eq!(bridge_minutes(minute(20)), [(minute(4), minute(5)), (minute(19), minute(20))]);
    }
}
