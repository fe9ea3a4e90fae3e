//! Hours, days and months of a zone, unambiguous where its clocks are set.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::By;
use crate::reading::Label;
use crate::units::{Span, Timestamp};

/// An hour, a day or a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Its beginning.
    pub begin: Timestamp,
    /// Its end, exclusive.
    pub end: Timestamp,
    /// Its name: `2025-02-27 12:00+08:00`, `2025-02-27`, `2025-02`.
    pub key: Label,
}

impl Period {
    /// The period that holds an instant. What is no time has days.
    pub fn of(by: By, zone: &TimeZone, at: Timestamp) -> Self {
        match by {
            By::Hour => hour(zone, at),
            By::Month => month(zone, at),
            _ => day(zone, at),
        }
    }

    /// Whether it holds an instant.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.begin <= at && at < self.end
    }
}

/// The month that holds an instant: its first and its next month's first instant.
pub fn month_of(zone: &TimeZone, at: Timestamp) -> (Timestamp, Timestamp) {
    let month = month(zone, at);
    (month.begin, month.end)
}

fn hour(zone: &TimeZone, at: Timestamp) -> Period {
    const HOUR: i64 = Span::HOUR.millis();
    let instant = at.instant();
    let offset = zone.to_offset(instant);
    // By the offset that holds at the instant: an hour that is shown twice is two hours.
    let shift = i64::from(offset.seconds()) * 1000;
    let begin = Timestamp::from_millis((at.millis() + shift).div_euclid(HOUR) * HOUR - shift);
    let (civil, minutes) = (zone.to_datetime(instant), offset.seconds().abs() / 60);
    let sign = if offset.is_negative() { '-' } else { '+' };
    let key = format!("{} {:02}:00{sign}{:02}:{:02}", civil.date(), civil.hour(), minutes / 60, minutes % 60);
    Period { begin, end: begin + Span::from_millis(HOUR), key: Label::new(&key) }
}

fn day(zone: &TimeZone, at: Timestamp) -> Period {
    let date = zone.to_datetime(at.instant()).date();
    let end = date.tomorrow().map_or(Timestamp::from_millis(i64::MAX), |next| midnight(zone, next));
    Period { begin: midnight(zone, date), end, key: Label::new(&date.to_string()) }
}

fn month(zone: &TimeZone, at: Timestamp) -> Period {
    let date = zone.to_datetime(at.instant()).date();
    let end = date.last_of_month().tomorrow();
    Period {
        begin: midnight(zone, date.first_of_month()),
        end: end.map_or(Timestamp::from_millis(i64::MAX), |next| midnight(zone, next)),
        key: Label::new(&format!("{:04}-{:02}", date.year(), date.month())),
    }
}

/// The first instant of a day.
fn midnight(zone: &TimeZone, date: Date) -> Timestamp {
    let first = zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight())).compatible();
    Timestamp::from_millis(first.map_or(0, jiff::Timestamp::as_millisecond))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn key(by: By, zone: &str, text: &str) -> String {
        Period::of(by, &TimeZone::get(zone).unwrap(), at(text)).key.to_string()
    }

    #[test]
    fn an_hour_that_is_shown_twice_is_two() {
        assert_eq!(key(By::Hour, "Europe/Berlin", "2025-10-26T00:30:00Z"), "2025-10-26 02:00+02:00");
        assert_eq!(key(By::Hour, "Europe/Berlin", "2025-10-26T01:30:00Z"), "2025-10-26 02:00+01:00");
        assert_eq!(key(By::Hour, "Asia/Shanghai", "2025-02-27T04:59:59Z"), "2025-02-27 12:00+08:00");
        assert_eq!(key(By::Hour, "America/St_Johns", "2025-01-01T00:00:00Z"), "2024-12-31 20:00-03:30");
    }

    #[test]
    fn days_have_23_24_or_25_hours() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (text, hours) in [("2025-03-30T12:00:00Z", 23), ("2025-10-26T12:00:00Z", 25), ("2025-06-01T12:00:00Z", 24)]
        {
            let day = Period::of(By::Day, &zone, at(text));
            assert_eq!((day.end - day.begin).millis(), hours * 3_600_000, "{text}");
            assert!(day.holds(at(text)) && !day.holds(day.end));
        }
    }

    #[test]
    fn months() {
        assert_eq!(key(By::Month, "Asia/Shanghai", "2025-02-28T16:00:00Z"), "2025-03");
        let (begin, end) = month_of(&TimeZone::UTC, at("2024-02-29T23:59:59Z"));
        assert_eq!((begin, end), (at("2024-02-01T00:00:00Z"), at("2024-03-01T00:00:00Z")));
    }
}
