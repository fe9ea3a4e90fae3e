//! The shape of a price file: the built-in ones in `prices/` and a user's.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{BookError, ClassPrices, GpuRate, PriceList, Window};
use crate::units::{HourlyRate, Price, Timestamp};

/// A file of lists, histories and GPU rates.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceFile {
    /// Holiday calendars by name: days or `first..last` spans of local dates.
    #[serde(default)]
    pub holidays: BTreeMap<String, Vec<String>>,
    /// Price lists.
    #[serde(default, rename = "list")]
    pub lists: Vec<ListFile>,
    /// Which lists price which models, one after the other.
    #[serde(default, rename = "history")]
    pub histories: Vec<HistoryFile>,
    /// GPU rates.
    #[serde(default, rename = "gpu")]
    pub gpus: Vec<GpuFile>,
}

/// A price list as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// Its name.
    pub name: String,
    /// The currency.
    pub currency: String,
    /// RFC 3339 instant at which it came into force.
    pub from: Option<String>,
    /// RFC 3339 instant at which it ended.
    pub until: Option<String>,
    /// IANA zone of its windows; UTC where it has none.
    pub zone: Option<String>,
    /// The tier outside every window.
    pub default: Option<String>,
    /// The calendar that `except_holidays` means.
    pub holidays: Option<String>,
    /// Where the prices were read.
    #[serde(default)]
    pub source: String,
    /// Prices by tier.
    pub tiers: BTreeMap<String, TierFile>,
    /// When which tier holds.
    #[serde(default)]
    pub windows: Vec<WindowFile>,
}

/// Prices a million tokens, as decimal strings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the classes' own names")]
pub struct TierFile {
    pub hit: Price,
    pub miss: Price,
    pub output: Price,
}

/// A window as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowFile {
    /// The tier that holds.
    pub tier: String,
    /// `HH:MM-HH:MM`, several a day.
    pub hours: Vec<String>,
    /// 1 (Monday) to 7; none is every day.
    #[serde(default)]
    pub weekdays: Vec<i8>,
    /// Off on holidays.
    #[serde(default)]
    pub except_holidays: bool,
}

/// Which lists price which models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryFile {
    /// Exact names, compared without case on the last path component.
    pub models: Vec<String>,
    /// Names of lists, oldest first.
    pub lists: Vec<String>,
}

/// A GPU rate as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuFile {
    /// Words of the driver's name.
    pub gpu: String,
    /// Per hour.
    pub rate: HourlyRate,
    /// The month of the observation.
    pub dated: String,
    /// Where it was observed.
    #[serde(default)]
    pub source: String,
}

impl From<GpuFile> for GpuRate {
    fn from(file: GpuFile) -> Self {
        Self { gpu: file.gpu, rate: file.rate, dated: file.dated }
    }
}

impl ListFile {
    /// A list that always holds and has no windows.
    pub fn flat(name: String, currency: String, tiers: BTreeMap<String, TierFile>) -> Self {
        let (source, windows) = (String::new(), Vec::new());
        Self {
            name,
            currency,
            from: None,
            until: None,
            zone: None,
            default: None,
            holidays: None,
            source,
            tiers,
            windows,
        }
    }

    /// Checks the list and makes it usable.
    pub(super) fn build(self, calendars: &BTreeMap<String, Vec<String>>) -> Result<PriceList, BookError> {
        let name = self.name.clone();
        let refuse = |why: String| BookError { list: name.clone(), why };
        let zone = match &self.zone {
            Some(zone) => TimeZone::get(zone).map_err(|_| {
                refuse(format!("zone \"{zone}\" is not an IANA time zone: write one like \"Asia/Shanghai\""))
            })?,
            None => TimeZone::UTC,
        };
        let holidays = match &self.holidays {
            Some(calendar) => {
                let days =
                    calendars.get(calendar).ok_or_else(|| refuse(format!("no calendar [holidays] {calendar}")))?;
                parse_days(days).map_err(&refuse)?
            }
            None => Vec::new(),
        };
        let default_tier = self.default.unwrap_or_else(|| "standard".to_owned());
        let windows = self.windows.into_iter().map(build_window).collect::<Result<Vec<_>, _>>().map_err(&refuse)?;
        let tiers: BTreeMap<_, _> = self
            .tiers
            .into_iter()
            .map(|(tier, p)| (tier, ClassPrices { hit: p.hit, miss: p.miss, output: p.output }))
            .collect();
        if let Some(missing) =
            windows.iter().map(|w| &w.tier).chain([&default_tier]).find(|tier| !tiers.contains_key(*tier))
        {
            return Err(refuse(format!("tier \"{missing}\" has no prices: add [list.tiers.{missing}]")));
        }
        let (from, until) = (
            parse_instant(self.from.as_deref()).map_err(&refuse)?,
            parse_instant(self.until.as_deref()).map_err(&refuse)?,
        );
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            return Err(refuse(format!("it ends at {until}, before it begins at {from}")));
        }
        Ok(PriceList {
            name: self.name,
            currency: self.currency,
            from,
            until,
            zone,
            default_tier,
            windows,
            holidays,
            tiers,
            source: self.source,
        })
    }
}

fn build_window(file: WindowFile) -> Result<Window, String> {
    let hours = file
        .hours
        .iter()
        .map(|hours| Window::parse_hours(hours))
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())?;
    let weekdays =
        file.weekdays.into_iter().map(Window::parse_weekday).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    Ok(Window { tier: file.tier, hours, weekdays, except_holidays: file.except_holidays })
}

/// An RFC 3339 instant, where one is written.
///
/// # Errors
/// What to write instead.
pub fn parse_instant(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    text.map(|text| {
        text.parse::<jiff::Timestamp>()
            .map(|instant| Timestamp::from_millis(instant.as_millisecond()))
            .map_err(|_| format!("\"{text}\" is not an instant: write it like \"2025-09-05T16:00:00Z\""))
    })
    .transpose()
}

fn parse_days(days: &[String]) -> Result<Vec<Date>, String> {
    let parse = |day: &str| {
        day.parse::<Date>().map_err(|_| format!("holiday \"{day}\" is not a date: write it like \"2026-10-01\""))
    };
    let mut all = Vec::new();
    for span in days {
        let (first, last) = span.split_once("..").unwrap_or((span, span));
        let (first, last) = (parse(first)?, parse(last)?);
        all.extend(first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last));
    }
    Ok(all)
}
