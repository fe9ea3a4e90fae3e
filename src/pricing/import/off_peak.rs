//! Reads LiteLLM's `off_peak_pricing`: hours in UTC, on weekdays of a zone.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::entry::RawEntry;
use crate::pricing::TierWindow;

/// The minutes of a day.
const DAY: i32 = 1440;

/// When a block applies: hours with their weekdays, in the local time of a zone; `None` is UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OffPeak {
    pub(super) hours: Vec<(Vec<String>, Vec<i8>)>,
    pub(super) zone: Option<String>,
}

/// Reads when a block applies; `None` if windows cannot express it.
///
/// Hours are in UTC and weekdays in the block's zone. A price list has one zone, so the hours are converted to it,
/// which is possible if the zone has a fixed offset.
pub(super) fn off_peak(block: &RawEntry<'_>) -> Option<OffPeak> {
    let value = |key: &str| block.get(key).and_then(|value| serde_json::from_str::<Value>(value.get()).ok());
    let mut rules = Vec::new();
    if let Some(hours) = value("hours_utc") {
        rules.push((spans(&hours)?, weekdays(value("weekdays").as_ref())?));
    }
    match value("windows") {
        None | Some(Value::Null) => {}
        Some(Value::Array(windows)) => {
            for window in &windows {
                rules.push((spans(&window["hours_utc"])?, weekdays(window.get("weekdays"))?));
            }
        }
        Some(_) => return None,
    }
    if rules.is_empty() {
        return None;
    }
    let of_weekdays = rules.iter().any(|(_, days)| !days.is_empty());
    let zone = value("weekday_timezone").and_then(|zone| zone.as_str().map(str::to_owned));
    let zone = zone.filter(|zone| of_weekdays && zone != "UTC");
    let offset = zone.as_deref().map_or(Some(0), fixed_offset)?;
    let moved = |(spans, days): (Vec<(i32, i32)>, Vec<i8>)| {
        let text = |(start, end)| format!("{}-{}", clock(start + offset), clock(end + offset));
        (spans.into_iter().map(text).collect(), days)
    };
    Some(OffPeak { hours: rules.into_iter().map(moved).collect(), zone })
}

/// Parses one or several hours such as `"16:30-00:30"`.
fn spans(value: &Value) -> Option<Vec<(i32, i32)>> {
    let one = |value: &Value| {
        let (start, end) = TierWindow::parse_hours(value.as_str()?).ok()?;
        Some((minute(start)?, minute(end)?))
    };
    match value {
        Value::Array(all) if !all.is_empty() => all.iter().map(one).collect(),
        Value::String(_) => one(value).map(|span| vec![span]),
        _ => None,
    }
}

fn minute(time: Time) -> Option<i32> {
    let whole = time.second() == 0 && time.subsec_nanosecond() == 0;
    whole.then(|| i32::from(time.hour()) * 60 + i32::from(time.minute()))
}

fn clock(minute: i32) -> String {
    let minute = minute.rem_euclid(DAY);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Parses weekdays, as numbers from 1 (Monday) or names of at least three letters. A missing value means every day.
fn weekdays(value: Option<&Value>) -> Option<Vec<i8>> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Some(Vec::new()) };
    let days = value.as_array().filter(|days| !days.is_empty())?;
    days.iter().map(weekday).collect()
}

fn weekday(value: &Value) -> Option<i8> {
    if let Some(number) = value.as_i64() {
        return i8::try_from(number).ok().filter(|day| (1..=7).contains(day));
    }
    let name = value.as_str()?.to_lowercase();
    let called = |day: &Weekday| {
        let full = format!("{day:?}").to_lowercase();
        name.len() >= 3 && full.starts_with(&name)
    };
    Weekday::Monday.cycle_forward().take(7).find(called).map(Weekday::to_monday_one_offset)
}

/// The offset of a zone from UTC in minutes, if it is fixed.
fn fixed_offset(zone: &str) -> Option<i32> {
    let zone = TimeZone::get(zone).ok()?;
    let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().ok()?;
    let seconds = zone.to_offset(start).seconds();
    (zone.following(start).next().is_none() && seconds % 60 == 0).then_some(seconds / 60)
}
