//! The times of day at which a tier applies.

use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::units::Timestamp;

/// Hours on some days at which a tier applies. Weekday and holiday are those of the instant's local date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierWindow {
    /// The tier that applies.
    pub tier: String,
    /// Local times, half-open; an end at or before the start is on the next day.
    pub hours: Vec<(Time, Time)>,
    /// The weekdays on which it applies; empty means every day.
    pub weekdays: Vec<Weekday>,
    /// Whether it does not apply on the list's holidays.
    pub except_holidays: bool,
}

/// The reason that a window is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowError {
    /// Not of the form `HH:MM-HH:MM`.
    Hours(String),
    /// A weekday outside 1 (Monday) to 7 (Sunday).
    Weekday(i8),
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hours(text) => write!(f, "hours \"{text}\": write them like \"16:30-00:30\""),
            Self::Weekday(day) => write!(f, "weekday {day}: write 1 (Monday) to 7 (Sunday)"),
        }
    }
}

impl std::error::Error for WindowError {}

impl TierWindow {
    /// Parses `"16:30-00:30"`.
    ///
    /// # Errors
    /// [`WindowError::Hours`] if it is not two times of day, with at most millisecond precision, the ledger's resolution.
    pub fn parse_hours(text: &str) -> Result<(Time, Time), WindowError> {
        let refuse = || WindowError::Hours(text.to_owned());
        let (start, end) = text.split_once('-').ok_or_else(refuse)?;
        let parse = |time: &str| match time.trim() {
            "24:00" => Some(Time::midnight()),
            other => other.parse::<Time>().ok().filter(|time| time.subsec_nanosecond() % 1_000_000 == 0),
        };
        Ok((parse(start).ok_or_else(refuse)?, parse(end).ok_or_else(refuse)?))
    }

    /// Converts a weekday number; 1 is Monday.
    ///
    /// # Errors
    /// [`WindowError::Weekday`] outside 1 to 7.
    pub fn parse_weekday(day: i8) -> Result<Weekday, WindowError> {
        Weekday::from_monday_one_offset(day).map_err(|_| WindowError::Weekday(day))
    }

    /// Whether the window applies at a local date and time.
    pub fn holds(&self, date: Date, time: Time, holidays: &[Date]) -> bool {
        let day = self.weekdays.is_empty() || self.weekdays.contains(&date.weekday());
        let working = !(self.except_holidays && holidays.contains(&date));
        day && working && self.hours.iter().any(|(start, end)| in_hours(time, *start, *end))
    }

    /// A weekday and a time, not on a holiday, at which this window and another both apply.
    pub fn overlaps(&self, other: &Self) -> Option<(Weekday, Time)> {
        let on = |window: &Self, day| window.weekdays.is_empty() || window.weekdays.contains(&day);
        let day = Weekday::Monday.cycle_forward().take(7).find(|day| on(self, *day) && on(other, *day))?;
        // Overlapping hours overlap at the start of one of them, or at midnight.
        let starts = self.hours.iter().chain(&other.hours).map(|(start, _)| *start).chain([Time::midnight()]);
        let holds = |window: &Self, time| window.hours.iter().any(|(start, end)| in_hours(time, *start, *end));
        starts.into_iter().find(|time| holds(self, *time) && holds(other, *time)).map(|time| (day, time))
    }

    /// Whether the window depends on the date, so that the tier may change at midnight.
    pub fn depends_on_date(&self) -> bool {
        self.except_holidays || !self.weekdays.is_empty()
    }
}

fn in_hours(time: Time, start: Time, end: Time) -> bool {
    if start < end { start <= time && time < end } else { time >= start || time < end }
}

/// The local date and time of an instant.
pub(super) fn local(zone: &TimeZone, at: Timestamp) -> Option<(Date, Time)> {
    let instant = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    let civil = zone.to_datetime(instant);
    Some((civil.date(), civil.time()))
}

/// Every instant at which local time in `zone` is `time` on `date`: two when clocks go back; in a gap, its end.
pub(super) fn instants(zone: &TimeZone, date: Date, time: Time) -> Vec<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    [ambiguous.earlier(), ambiguous.later()]
        .into_iter()
        .flatten()
        .map(|instant| Timestamp::from_millis(instant.as_millisecond()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_over_midnight_is_half_open() -> Result<(), WindowError> {
        let (start, end) = TierWindow::parse_hours("16:30-00:30")?;
        let at = |h, m| Time::constant(h, m, 0, 0);
        assert!(in_hours(at(16, 30), start, end));
        assert!(in_hours(at(0, 29), start, end));
        assert!(!in_hours(at(0, 30), start, end));
        assert!(!in_hours(at(16, 29), start, end));
        Ok(())
    }

    #[test]
    fn overlaps_are_of_hours_and_weekdays() -> Result<(), WindowError> {
        let window = |hours: &[&str], days: &[i8]| -> Result<TierWindow, WindowError> {
            let hours = hours.iter().map(|hours| TierWindow::parse_hours(hours)).collect::<Result<_, _>>()?;
            let weekdays = days.iter().map(|day| TierWindow::parse_weekday(*day)).collect::<Result<_, _>>()?;
            Ok(TierWindow { tier: String::new(), hours, weekdays, except_holidays: false })
        };
        let night = window(&["22:00-06:00"], &[])?;
        let overlap = |hours: &[&str], days: &[i8]| window(hours, days).map(|other| night.overlaps(&other));
        assert_eq!(overlap(&["06:00-22:00"], &[])?, None);
        assert_eq!(overlap(&["05:59-07:00"], &[3])?, Some((Weekday::Wednesday, Time::constant(5, 59, 0, 0))));
        assert_eq!(overlap(&["23:00-00:00"], &[7])?.map(|(day, _)| day), Some(Weekday::Sunday));
        assert_eq!(overlap(&["12:00-12:00"], &[])?.map(|(day, _)| day), Some(Weekday::Monday));
        let (monday, tuesday) = (window(&["00:00-24:00"], &[1])?, window(&["00:00-24:00"], &[2])?);
        assert_eq!(monday.overlaps(&tuesday), None);
        Ok(())
    }

    #[test]
    fn says_how_hours_are_written() {
        let message = TierWindow::parse_hours("16.30 to 0.30").map_err(|e| e.to_string());
        assert_eq!(message, Err("hours \"16.30 to 0.30\": write them like \"16:30-00:30\"".to_owned()));
        assert!(TierWindow::parse_weekday(0).is_err());
    }
}
