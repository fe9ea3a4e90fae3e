//! Spans and times of day.

use jiff::tz::TimeZone;

use crate::units::{Span, Timestamp};

/// A span in its one or two largest units: `0s`, `42s`, `4m`, `2h05`, `13d`.
pub fn duration(span: Span) -> String {
    let seconds = span.millis().max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h{:02}", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Seconds as a source gives its age; `–` when unknown.
pub fn age(seconds: Option<f64>) -> String {
    match seconds {
        Some(s) if s.is_finite() => duration(Span::from_millis((s * 1000.0) as i64)),
        _ => super::UNKNOWN.to_owned(),
    }
}

/// What is left until a change, to the minute, so that it moves once a minute: `9h25m`, `41m`.
pub fn countdown(span: Span) -> String {
    let minutes = span.millis().max(0) / 60_000;
    if minutes >= 48 * 60 {
        format!("{}d", minutes / (24 * 60))
    } else {
        match (minutes / 60, minutes % 60) {
            (0, minutes) => format!("{minutes}m"),
            (hours, minutes) => format!("{hours}h{minutes:02}m"),
        }
    }
}

/// The same to the second: `15:04:07`.
pub fn clock_second(at: Timestamp, zone: &TimeZone) -> String {
    let seconds = at.millis().div_euclid(1_000).rem_euclid(60);
    format!("{}:{seconds:02}", clock_minute(at, zone))
}

/// The time of day in a zone, to the minute: `15:04`; unknown before the first poll.
pub fn clock_minute(at: Timestamp, zone: &TimeZone) -> String {
    if at == Timestamp::default() {
        return "--:--".to_owned();
    }
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(instant) => {
            let local = instant.to_zoned_datetime(zone.clone());
            format!("{:02}:{:02}", local.hour(), local.minute())
        }
        Err(_) => "--:--".to_owned(),
    }
}

/// The local day of the week in three letters: `Mon`.
pub fn weekday(at: Timestamp, zone: &TimeZone) -> String {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let day = local(at, zone).map(|at| usize::from(at.weekday().to_monday_zero_offset().unsigned_abs()));
    day.and_then(|day| NAMES.get(day)).map_or_else(|| "---".to_owned(), |name| (*name).to_owned())
}

/// The local day of the month in two figures: `08`.
pub fn day_of_month(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone).map_or_else(|| "--".to_owned(), |at| format!("{:02}", at.day()))
}

fn local(at: Timestamp, zone: &TimeZone) -> Option<jiff::ZonedDateTime> {
    Some(jiff::Timestamp::from_millisecond(at.millis()).ok()?.to_zoned_datetime(zone.clone()))
}

/// The local days from one instant to another, in full: `27 to 28 Feb 2025`, `27 Feb 2025`.
pub fn days(from: Timestamp, to: Timestamp, zone: &TimeZone) -> Option<String> {
    let (from, to) = (local(from, zone)?, local(to, zone)?);
    let last = to.strftime("%-d %b %Y").to_string();
    let first = match (from.year() == to.year(), from.month() == to.month()) {
        _ if from.date() == to.date() => return Some(last),
        (true, true) => from.strftime("%-d"),
        (true, false) => from.strftime("%-d %b"),
        (false, _) => from.strftime("%-d %b %Y"),
    };
    Some(format!("{first} to {last}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn spans_take_few_cells() {
        let cases = [(0, "0s"), (42, "42s"), (240, "4m"), (7_500, "2h05"), (1_123_200, "13d"), (-5, "0s")];
        for (seconds, text) in cases {
            assert_eq!(duration(Span::from_secs(seconds)), text);
        }
        assert_eq!(countdown(Span::from_secs(9 * 3600 + 25 * 60 + 53)), "9h25m");
        assert_eq!(countdown(Span::from_secs(101 * 60)), "1h41m");
        assert_eq!(
            (countdown(Span::from_secs(305)), countdown(Span::from_secs(3_660))),
            ("5m".to_owned(), "1h01m".to_owned())
        );
        assert_eq!(clock_minute(Timestamp::from_millis(54_247_000), &TimeZone::UTC), "15:04");
    }

    #[test]
    fn days_repeat_nothing() {
        let day = 86_400_000;
        let text = |from, to| days(Timestamp::from_millis(from), Timestamp::from_millis(to), &TimeZone::UTC).unwrap();
        assert_eq!(text(0, day - 1), "1 Jan 1970");
        assert_eq!(text(0, day), "1 to 2 Jan 1970");
        assert_eq!(text(30 * day, 31 * day), "31 Jan to 1 Feb 1970");
        assert_eq!(text(-1, 0), "31 Dec 1969 to 1 Jan 1970");
        let at = Timestamp::from_millis(-1);
        assert_eq!(
            (weekday(at, &TimeZone::UTC), day_of_month(at, &TimeZone::UTC)),
            ("Wed".to_owned(), "31".to_owned())
        );
    }
}
