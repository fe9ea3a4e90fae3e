//! Builds price lists from files, and checks everything that could lead to a wrong price.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::calendar::{Calendars, write_days};
use super::error::ListFault;
use super::{ClassPrices, ListFile, PriceList, Provenance, TierFile, TierWindow, WindowFile, check_currency};
use crate::units::Timestamp;
use crate::words::meant;

/// The tier of a list without tiers.
const STANDARD: &str = "standard";

impl ListFile {
    /// Validates the list and converts it.
    pub(super) fn build(self, calendars: &Calendars) -> Result<PriceList, ListFault> {
        check_currency(&self.currency).map_err(|why| ListFault::new("currency", why))?;
        let zone = self.zone.as_deref().map_or(Ok(TimeZone::UTC), parse_zone)?;
        let holidays = match &self.holidays {
            Some(name) => calendars.get(name).cloned().ok_or_else(|| {
                let near = meant(name, calendars.keys().map(String::as_str));
                ListFault::new("holidays", format!("no calendar \"{name}\" under [holidays]{near}"))
            })?,
            None => Vec::new(),
        };
        let default_tier = self.default.unwrap_or_else(|| STANDARD.to_owned());
        let windows = self.windows.into_iter().map(build_window).collect::<Result<Vec<_>, _>>()?;
        if self.holidays.is_none() && windows.iter().any(|window| window.except_holidays) {
            return Err(ListFault::new("windows", "except_holidays without a calendar: write holidays = \"cn\""));
        }
        refuse_overlaps(&windows)?;
        let named = windows.iter().map(|window| &window.tier).chain([&default_tier]);
        if let Some(missing) = named.into_iter().find(|tier| !self.tiers.contains_key(*tier)) {
            return Err(ListFault::new(
                "tiers",
                format!("tier \"{missing}\" has no prices: add [list.tiers.{missing}]"),
            ));
        }
        let instant = |key, text: Option<&str>| parse_instant(text).map_err(|why| ListFault::new(key, why));
        let (from, until) = (instant("from", self.from.as_deref())?, instant("until", self.until.as_deref())?);
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            return Err(ListFault::new("until", format!("it ends at {until}, before it begins at {from}")));
        }
        let (tiers, extra) = split_tiers(self.tiers);
        Ok(PriceList {
            name: self.name,
            currency: self.currency,
            from,
            until,
            zone,
            default_tier,
            windows,
            calendar: self.holidays,
            holidays,
            tiers,
            extra,
            source: self.source,
            provenance: Provenance::default(),
            follows: self.follows,
            converted_from: self.converted_from,
        })
    }
}

impl From<&PriceList> for ListFile {
    /// The list as in a file, without its source.
    fn from(list: &PriceList) -> Self {
        let tier = |(tier, prices): (&String, &ClassPrices)| {
            let classes = list.extra.get(tier).cloned().unwrap_or_default();
            let (hit, miss, output) = (prices.hit, prices.miss, prices.output);
            (tier.clone(), TierFile { hit, miss, output, classes })
        };
        Self {
            name: list.name.clone(),
            currency: list.currency.clone(),
            from: list.from.map(|from| from.to_string()),
            until: list.until.map(|until| until.to_string()),
            zone: list.zone.iana_name().map(str::to_owned),
            default: Some(list.default_tier.clone()),
            holidays: list.calendar.clone(),
            source: String::new(),
            imported: None,
            follows: list.follows.clone(),
            converted_from: list.converted_from.clone(),
            tiers: list.tiers.iter().map(tier).collect(),
            windows: list.windows.iter().map(write_window).collect(),
        }
    }
}

type Extra = BTreeMap<String, BTreeMap<String, crate::units::Price>>;

/// Splits the prices of each tier into the three classes that engines count and the further ones.
fn split_tiers(tiers: BTreeMap<String, TierFile>) -> (BTreeMap<String, ClassPrices>, Extra) {
    let (mut core, mut extra) = (BTreeMap::new(), Extra::new());
    for (tier, prices) in tiers {
        if !prices.classes.is_empty() {
            extra.insert(tier.clone(), prices.classes);
        }
        core.insert(tier, ClassPrices { hit: prices.hit, miss: prices.miss, output: prices.output });
    }
    (core, extra)
}

fn parse_zone(zone: &str) -> Result<TimeZone, ListFault> {
    TimeZone::get(zone).map_err(|_| {
        ListFault::new("zone", format!("zone \"{zone}\" is not an IANA time zone: write one like \"Asia/Shanghai\""))
    })
}

fn build_window(file: WindowFile) -> Result<TierWindow, ListFault> {
    let refuse = |why: &dyn std::fmt::Display| ListFault::new("windows", why);
    if file.hours.is_empty() {
        return Err(refuse(&"a window without hours: write hours = [\"00:00-24:00\"] for the whole day"));
    }
    let hours = file.hours.iter().map(|hours| TierWindow::parse_hours(hours)).collect::<Result<_, _>>();
    let weekdays = file.weekdays.into_iter().map(TierWindow::parse_weekday).collect::<Result<_, _>>();
    Ok(TierWindow {
        tier: file.tier,
        hours: hours.map_err(|error| refuse(&error))?,
        weekdays: weekdays.map_err(|error| refuse(&error))?,
        except_holidays: file.except_holidays,
    })
}

fn write_window(window: &TierWindow) -> WindowFile {
    WindowFile {
        tier: window.tier.clone(),
        hours: window.hours.iter().map(|(start, end)| format!("{start}-{end}")).collect(),
        weekdays: window.weekdays.iter().map(|day| day.to_monday_one_offset()).collect(),
        except_holidays: window.except_holidays,
    }
}

/// Refuses windows that name different tiers for the same instant.
fn refuse_overlaps(windows: &[TierWindow]) -> Result<(), ListFault> {
    for (nth, window) in windows.iter().enumerate() {
        for other in windows[..nth].iter().filter(|other| other.tier != window.tier) {
            if let Some((day, time)) = window.overlaps(other) {
                let (first, second, at) = (&other.tier, &window.tier, time.strftime("%H:%M"));
                let why = format!(
                    "windows of \"{first}\" and \"{second}\" overlap on {day:?} at {at}: end one where the other begins"
                );
                return Err(ListFault::new("windows", why));
            }
        }
    }
    Ok(())
}

/// Parses an optional RFC 3339 instant, truncated to milliseconds.
///
/// # Errors
/// A message with the expected format.
pub fn parse_instant(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    text.map(|text| {
        text.parse::<jiff::Timestamp>()
            .map(|instant| Timestamp::from_millis(instant.as_millisecond()))
            .map_err(|_| format!("\"{text}\" is not an instant: write it like \"2025-09-05T16:00:00Z\""))
    })
    .transpose()
}

/// The calendars as in a file.
pub(super) fn write_calendars(calendars: &Calendars) -> BTreeMap<String, Vec<String>> {
    calendars.iter().map(|(name, days)| (name.clone(), write_days(days))).collect()
}
