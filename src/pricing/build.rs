//! Builds price lists from files, and checks everything that could lead to a wrong price.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::calendar::{Calendars, write_days};
use super::error::{ListFault, ListFaults};
use super::{ClassPrices, ListFile, PriceList, Provenance, TierFile, TierWindow, WindowFile, check_currency};
use crate::suggestion::meant;
use crate::units::Timestamp;

/// The tier of a list without tiers.
const STANDARD: &str = "standard";

impl ListFile {
    /// Validates the list and converts it.
    ///
    /// # Errors
    /// Every mistake in it.
    pub(super) fn build(self, calendars: &Calendars) -> Result<PriceList, Vec<ListFault>> {
        let mut faults = ListFaults::default();
        faults.check("currency", check_currency(&self.currency));
        let instant = |key, text: Option<&str>| parse_instant(text).map_err(|why| format!("{key}: {why}"));
        let from = faults.check("from", instant("from", self.from.as_deref())).flatten();
        let until = faults.check("until", instant("until", self.until.as_deref())).flatten();
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            faults.add("until", format!("it ends at {until}, before it begins at {from}"));
        }
        let zone = faults.check("zone", self.zone.as_deref().map_or(Ok(TimeZone::UTC), parse_zone));
        let holidays = faults.check("holidays", self.holidays(calendars));
        let default_tier = self.default.clone().unwrap_or_else(|| STANDARD.to_owned());
        let missing = |tier: &str| format!("tier \"{tier}\" has no prices: add [list.tiers.{tier}]");
        if !self.tiers.contains_key(&default_tier) {
            faults.add(if self.default.is_some() { "default" } else { "tiers" }, missing(&default_tier));
        }
        let has_calendar = self.holidays.is_some();
        for (nth, window) in self.windows.iter().enumerate() {
            if !self.tiers.contains_key(&window.tier) {
                faults.add_in_window(nth, "tier", missing(&window.tier));
            }
            if window.except_holidays && !has_calendar {
                let why = "except_holidays without a calendar: write holidays = \"cn\"";
                faults.add_in_window(nth, "except_holidays", why);
            }
        }
        let windows: Vec<_> =
            self.windows.into_iter().enumerate().map(|(nth, window)| build_window(window, nth, &mut faults)).collect();
        refuse_overlaps(&windows, &mut faults);
        let (Some(zone), Some(holidays), []) = (zone, holidays, faults.0.as_slice()) else { return Err(faults.0) };
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

    /// The days of its calendar; none without one.
    fn holidays(&self, calendars: &Calendars) -> Result<Vec<Date>, String> {
        let Some(name) = &self.holidays else { return Ok(Vec::new()) };
        calendars.get(name).cloned().ok_or_else(|| {
            let near = meant(name, calendars.keys().map(String::as_str));
            format!("no calendar \"{name}\" under [holidays]{near}")
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

fn parse_zone(zone: &str) -> Result<TimeZone, String> {
    TimeZone::get(zone)
        .map_err(|_| format!("zone \"{zone}\" is not an IANA time zone: write one like \"Asia/Shanghai\""))
}

/// The `nth` window of a list, without the hours and weekdays that are mistakes.
fn build_window(file: WindowFile, nth: usize, faults: &mut ListFaults) -> TierWindow {
    if file.hours.is_empty() {
        let why = "a window without hours: write hours = [\"00:00-24:00\"] for the whole day";
        faults.add_in_window(nth, "hours", why);
    }
    let mut hours = Vec::new();
    for text in &file.hours {
        match TierWindow::parse_hours(text) {
            Ok(own) => hours.push(own),
            Err(why) => faults.add_in_window(nth, "hours", why),
        }
    }
    let mut weekdays = Vec::new();
    for number in file.weekdays {
        match TierWindow::parse_weekday(number) {
            Ok(day) => weekdays.push(day),
            Err(why) => faults.add_in_window(nth, "weekdays", why),
        }
    }
    TierWindow { tier: file.tier, hours, weekdays, except_holidays: file.except_holidays }
}

fn write_window(window: &TierWindow) -> WindowFile {
    WindowFile {
        tier: window.tier.clone(),
        hours: window.hours.iter().map(|(start, end)| format!("{start}-{end}")).collect(),
        weekdays: window.weekdays.iter().map(|day| day.to_monday_one_offset()).collect(),
        except_holidays: window.except_holidays,
    }
}

/// Refuses windows that name different tiers for the same instant, each once.
fn refuse_overlaps(windows: &[TierWindow], faults: &mut ListFaults) {
    for (nth, window) in windows.iter().enumerate() {
        let mut earlier = windows[..nth].iter().filter(|other| other.tier != window.tier);
        let found = earlier.find_map(|other| Some((&other.tier, window.overlaps(other)?)));
        if let Some((first, (day, time))) = found {
            let (second, at) = (&window.tier, time.strftime("%H:%M"));
            let why = format!(
                "windows of \"{first}\" and \"{second}\" overlap on {day:?} at {at}: end one where the other begins"
            );
            faults.add_in_window(nth, "", why);
        }
    }
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
