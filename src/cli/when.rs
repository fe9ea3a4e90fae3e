//! Points in time as people write them, in the ledger's zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::suggestion::meant;
use crate::units::{Span, Timestamp, parse_span};

/// A point in time before its zone and the present are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// An instant.
    At(Timestamp),
    /// A local date and time.
    Local(DateTime),
    /// So long ago.
    Ago(Span),
    /// The beginning of a day so many days ago.
    DaysAgo(i32),
    /// A time of today.
    Today(Time),
}

/// The forms of a time, as the end of a message.
const FORMS: &str = "write now, today, yesterday, 11:30 (of today), 15m, 24h or 7d (ago), 2025-02, 2025-02-27, 2025-02-27T12:00, 2025-02-27T12:00Z or 2025-02-27T12:00+08:00";

impl When {
    /// Reads `2025-02-27T12:00:00Z`, `2025-02-27 12:00+08:00`, `2025-02-27 12:00`, `2025-02-27`, `2025-02`, `today`,
    /// `yesterday`, `now`, `24h`, `7d`, or `11:30` for a time of today.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            "now" => return Ok(Self::Ago(Span::ZERO)),
            "today" => return Ok(Self::DaysAgo(0)),
            "yesterday" => return Ok(Self::DaysAgo(1)),
            _ => {}
        }
        let instant = || text.parse().ok().map(|at: jiff::Timestamp| Self::At(of(at)));
        let month =
            || format!("{text}-01").parse().ok().map(|first: Date| Self::Local(first.to_datetime(Time::midnight())));
        let local = || text.parse().ok().map(Self::Local);
        let of_today = || text.contains(':').then(|| text.parse().ok().map(Self::Today)).flatten();
        ago(text).or_else(instant).or_else(local).or_else(month).or_else(of_today).ok_or_else(|| {
            let near = meant(text, ["now", "today", "yesterday"]);
            let or = if near.is_empty() { ": " } else { " If not, " };
            format!("\"{text}\" is not a time{near}{or}{FORMS}")
        })
    }

    /// The beginning of the day so many days before that of an instant.
    pub(super) fn midnight_before(at: Timestamp, days: i32, zone: &TimeZone) -> Timestamp {
        Self::DaysAgo(days).resolve(zone, at)
    }

    /// Whether it depends on the present: it is counted back from it, or a time of its day.
    pub(super) const fn depends_on_present(self) -> bool {
        match self {
            Self::At(_) | Self::Local(_) => false,
            Self::Ago(_) | Self::DaysAgo(_) | Self::Today(_) => true,
        }
    }

    /// The instant.
    pub(super) fn resolve(self, zone: &TimeZone, now: Timestamp) -> Timestamp {
        let local = |local: DateTime| zone.to_ambiguous_timestamp(local).compatible().map_or(now, of);
        let today = || zone.to_datetime(now.instant()).date();
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now - span,
            Self::Local(time) => local(time),
            Self::DaysAgo(days) => {
                let day = today().checked_sub(jiff::Span::new().days(days));
                day.map_or(now, |day| local(day.to_datetime(Time::midnight())))
            }
            Self::Today(time) => local(today().to_datetime(time)),
        }
    }
}

/// `24h`, `7d`, `15m`, `2w`; a bare number is none of them.
fn ago(text: &str) -> Option<When> {
    let spelt = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let span = spelt.then(|| parse_span(text)).flatten()?;
    // A million hours is more than a century.
    let millis = i64::try_from(span.as_millis()).ok()?;
    (millis <= 1_000_000 * 3_600_000).then(|| When::Ago(Span::from_millis(millis)))
}

/// The same time of day so many days before.
pub(super) fn days_before(at: Timestamp, days: i32, zone: &TimeZone) -> Timestamp {
    let local = zone.to_datetime(at.instant()).checked_sub(jiff::Span::new().days(days));
    let there = local.and_then(|local| zone.to_ambiguous_timestamp(local).compatible());
    there.map_or_else(|_| at - Span::from_secs(86_400 * i64::from(days)), of)
}

/// An instant in the words of a zone: `2025-02-27 12:00+08:00`.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.instant().to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M%:z").to_string()
}

/// Two instants as [`local`] names them; to the second, if they are in one minute.
pub(super) fn local_span(since: Timestamp, until: Timestamp, zone: &TimeZone) -> String {
    let [first, last] = [since, until].map(|at| local(at, zone));
    if first != last {
        return format!("{first} to {last}");
    }
    format!("{} to {}", local_second(since, zone), local_second(until, zone))
}

/// The same to the second, where it is not the beginning of a minute.
pub(super) fn local_second(at: Timestamp, zone: &TimeZone) -> String {
    if at == at.minute() {
        return local(at, zone);
    }
    at.instant().to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
}

fn of(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millisecond())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> String {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let now = When::parse("2025-02-28T04:30:00Z").unwrap().resolve(&zone, Timestamp::default());
        local(When::parse(text).unwrap().resolve(&zone, now), &zone)
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("2025-02-27T04:00:00Z", "2025-02-27 12:00+08:00"),
            ("2025-02-27 12:00+08:00", "2025-02-27 12:00+08:00"),
            ("2025-02-27 12:00", "2025-02-27 12:00+08:00"),
            ("2025-02-27", "2025-02-27 00:00+08:00"),
            ("2025-02", "2025-02-01 00:00+08:00"),
            ("today", "2025-02-28 00:00+08:00"),
            ("yesterday", "2025-02-27 00:00+08:00"),
            ("24h", "2025-02-27 12:30+08:00"),
            ("7d", "2025-02-21 12:30+08:00"),
            ("1d 12h", "2025-02-27 00:30+08:00"),
            ("now", "2025-02-28 12:30+08:00"),
            ("11:30", "2025-02-28 11:30+08:00"),
            ("09:05:00", "2025-02-28 09:05+08:00"),
        ] {
            assert_eq!(resolved(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_what_to_write() {
        for text in
            ["", "soon", "-1h", "2025-13-01", "99999999999999h", "h", "2025-02-30", "é", "25:00", "11:60", "1130"]
        {
            assert!(When::parse(text).is_err_and(|why| why.contains(FORMS)), "{text}");
        }
        assert!(
            When::parse("yesterdy").is_err_and(|why| why.contains("is it \"yesterday\"? If not, write now, today"))
        );
    }

    /// Class: a message that names other words than are read.
    #[test]
    fn every_form_that_a_message_names_is_read() {
        let forms = FORMS.trim_start_matches("write ").replace(" or ", ", ");
        let words: Vec<&str> = forms.split(", ").filter_map(|form| form.split(' ').next()).collect();
        assert!(words.len() > 9, "{words:?}");
        for word in words {
            assert!(When::parse(word).is_ok(), "{word}");
        }
    }

    #[test]
    fn yesterday_at_this_hour_goes_by_the_wall() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = When::parse("2025-03-30T12:00+02:00").unwrap().resolve(&zone, Timestamp::default());
        assert_eq!(local(days_before(at, 1, &zone), &zone), "2025-03-29 12:00+01:00");
    }
}
