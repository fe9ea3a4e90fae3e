//! The buckets of an instant: its quarter hour, and its day in the ledger's time zone.

use jiff::tz::TimeZone;

use crate::units::{Span, Timestamp};

const QUARTER: i64 = Span::QUARTER_HOUR.millis();

/// The time zone, and the last day that was looked up.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    zone: TimeZone,
    last: Option<Day>,
}

/// One local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) begins: Timestamp,
    pub(super) ends: Timestamp,
}

impl Calendar {
    pub(super) const fn new(zone: TimeZone) -> Self {
        Self { zone, last: None }
    }

    /// The time zone.
    pub(super) fn zone(&self) -> TimeZone {
        self.zone.clone()
    }

    /// The day of an instant, which has 23 to 25 hours.
    pub(super) fn day(&mut self, at: Timestamp) -> Day {
        if let Some(day) = self.last.filter(|day| day.begins <= at && at < day.ends) {
            return day;
        }
        let day = self.find(at).unwrap_or_else(|| utc_day(at));
        self.last = Some(day);
        day
    }

    /// The date of the day, as text.
    pub(super) fn date(&self, day: Day) -> String {
        let zoned =
            jiff::Timestamp::from_millisecond(day.begins.millis()).map(|at| at.to_zoned_datetime(self.zone.clone()));
        zoned.map_or_else(|_| day.begins.to_string(), |zoned| zoned.date().to_string())
    }

    fn find(&self, at: Timestamp) -> Option<Day> {
        let zoned = jiff::Timestamp::from_millisecond(at.millis()).ok()?.to_zoned_datetime(self.zone.clone());
        let begins = zoned.start_of_day().ok()?.timestamp();
        let ends = zoned.tomorrow().ok()?.start_of_day().ok()?.timestamp();
        let instant = |at: jiff::Timestamp| Timestamp::from_millis(at.as_millisecond());
        Some(Day { begins: instant(begins), ends: instant(ends) })
    }
}

/// The start of the quarter hour of an instant. UTC offsets are whole quarters, so it is within one local hour.
pub(super) const fn quarter(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis().div_euclid(QUARTER) * QUARTER)
}

/// The first quarter hour that begins at an instant or after it.
pub(super) const fn next_quarter(at: Timestamp) -> Timestamp {
    Timestamp::from_millis((at.millis() + QUARTER - 1).div_euclid(QUARTER) * QUARTER)
}

fn utc_day(at: Timestamp) -> Day {
    const DAY: i64 = Span::DAY.millis();
    let begins = Timestamp::from_millis(at.millis().div_euclid(DAY) * DAY);
    Day { begins, ends: begins + Span::from_millis(DAY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_23_to_25_hours() -> Result<(), jiff::Error> {
        let mut calendar = Calendar::new(TimeZone::get("Europe/Berlin")?);
        let hours = |calendar: &mut Calendar, text: &str| -> Result<i64, jiff::Error> {
            let at = Timestamp::from_millis(text.parse::<jiff::Timestamp>()?.as_millisecond());
            let day = calendar.day(at);
            Ok((day.ends - day.begins).millis() / 3_600_000)
        };
        assert_eq!(hours(&mut calendar, "2026-03-29T12:00:00Z")?, 23);
        assert_eq!(hours(&mut calendar, "2026-10-25T12:00:00Z")?, 25);
        assert_eq!(hours(&mut calendar, "2026-11-23T12:00:00Z")?, 24);
        Ok(())
    }

    #[test]
    fn a_day_is_called_by_its_local_date() -> Result<(), jiff::Error> {
        let mut calendar = Calendar::new(TimeZone::get("Asia/Shanghai")?);
        let day =
            calendar.day(Timestamp::from_millis("2025-02-27T18:00:00Z".parse::<jiff::Timestamp>()?.as_millisecond()));
        assert_eq!(calendar.date(day), "2025-02-28");
        Ok(())
    }
}
