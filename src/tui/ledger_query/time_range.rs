//! Which time ranges of the past a query is about.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::{Against, MoneyQuery};
use crate::ledger::{Detail, Grain};
use crate::statement::{By, Period, bridge_minutes, month_of};
use crate::units::{Span, Timestamp};

/// A time range, and the grain in which it is queried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// Its beginning.
    pub since: Timestamp,
    /// Its end, exclusive.
    pub until: Timestamp,
    /// The grain.
    pub finest: Grain,
    /// Whether the cost of GPUs at work is divided among the accounts, or only the accounts are queried.
    pub detail: Detail,
}

/// The local day that holds an instant, so far.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> TimeRange {
    let since = Period::of(By::Day, zone, at).begin;
    TimeRange { since, until: at.max(since), finest: Grain::Quarter, detail: Detail::Borne }
}

/// Today, the month, and both ends of the bridge, the earlier first.
pub fn time_ranges(query: MoneyQuery, zone: &TimeZone) -> [TimeRange; 4] {
    let MoneyQuery { at, minute: now, against, .. } = query;
    let hours = |then: Timestamp| [then, now].map(|end| (end - Span::HOUR, end));
    let ends = match against {
        Against::Quarter => bridge_minutes(now),
        Against::Yesterday => hours(days_before(now, 1, zone)),
        Against::LastWeek => hours(days_before(now, 7, zone)),
    };
    let detail = Detail::Accounts;
    let [before, after] = ends.map(|(since, until)| TimeRange { since, until, finest: Grain::Minute, detail });
    let month = TimeRange { since: month_of(zone, at).0, until: at, finest: Grain::Day, detail };
    [day_of(at, zone), month, before, after]
}

/// The same time of day some days before, by the local clock.
fn days_before(at: Timestamp, days: i64, zone: &TimeZone) -> Timestamp {
    let local = jiff::Timestamp::from_millisecond(at.millis()).ok().map(|at| at.to_zoned_datetime(zone.clone()));
    let before = local.and_then(|local| local.checked_sub(days.days()).ok());
    before.map_or(at - Span::from_secs(days * 86_400), |then| Timestamp::from_millis(then.timestamp().as_millisecond()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn both_ends_are_whole_minutes_that_are_over() {
        let query = MoneyQuery {
            at: at("2026-11-23T15:04:07Z"),
            minute: at("2026-11-23T15:03:00Z"),
            against: Against::Quarter,
            by: By::Model,
        };
        let [today, month, before, after] = time_ranges(query, &TimeZone::UTC);
        assert_eq!((today.since, today.until), (at("2026-11-23T00:00:00Z"), query.at));
        assert_eq!(month.since, at("2026-11-01T00:00:00Z"));
        assert_eq!((before.since, before.until), (at("2026-11-23T14:47:00Z"), at("2026-11-23T14:48:00Z")));
        assert_eq!((after.since, after.until), (at("2026-11-23T15:02:00Z"), at("2026-11-23T15:03:00Z")));
    }

    #[test]
    fn a_week_ago_is_the_same_hour_by_the_local_clock() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // Clocks went back on the 25th: the same hour is 169 hours ago.
        let query = MoneyQuery {
            at: at("2026-10-28T11:00:30Z"),
            minute: at("2026-10-28T11:00:00Z"),
            against: Against::LastWeek,
            by: By::Model,
        };
        let [_, _, before, after] = time_ranges(query, &zone);
        assert_eq!((before.until, after.until), (at("2026-10-21T10:00:00Z"), at("2026-10-28T11:00:00Z")));
        assert_eq!((after.until - after.since).millis(), 3_600_000);
    }
}
