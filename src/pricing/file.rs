//! The format of price files: the built-in ones in `prices/`, and a user's.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::Commitment;
use crate::units::{HourlyRate, Price};

/// A price file: calendars, price lists, histories and GPU rates.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceFile {
    /// Holiday calendars by name: days or `first..last` spans of local dates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holidays: BTreeMap<String, Vec<String>>,
    /// Price lists.
    #[serde(default, rename = "list", skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListFile>,
    /// The models' lists, in chronological order.
    #[serde(default, rename = "history", skip_serializing_if = "Vec::is_empty")]
    pub histories: Vec<HistoryFile>,
    /// GPU rates.
    #[serde(default, rename = "gpu", skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<GpuFile>,
}

/// A price list in a file.
///
/// A provider's service tiers (batch, flex, priority) and its promotions are separate lists; a discount is never a
/// percentage of another list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// The name.
    pub name: String,
    /// The currency.
    pub currency: String,
    /// The RFC 3339 instant at which it came into force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The RFC 3339 instant at which it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The IANA time zone of its windows; UTC by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The tier outside every window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The calendar that `except_holidays` refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holidays: Option<String>,
    /// Where the prices were read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The program that the prices were imported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
    /// The list that it continues with the same prices, converted at a later exchange rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// The currency that its prices were converted from. Such prices are unknown before `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted_from: Option<String>,
    /// Prices by tier.
    pub tiers: BTreeMap<String, TierFile>,
    /// The times at which each tier applies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowFile>,
}

/// Prices per million tokens, as decimal strings.
///
/// Besides the three classes that every engine counts, a tier may price further classes by name: `write_5m = "3.75"`, or
/// `request = "5000"` for a million requests. Engines do not count them; `margintop price --class` uses them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the classes' own names")]
pub struct TierFile {
    pub hit: Price,
    pub miss: Price,
    pub output: Price,
    /// Further classes by name.
    pub classes: BTreeMap<String, Price>,
}

/// A window in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowFile {
    /// The tier that applies.
    pub tier: String,
    /// `HH:MM-HH:MM`, several per day.
    pub hours: Vec<String>,
    /// Weekdays from 1 (Monday) to 7; empty means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<i8>,
    /// Whether the window does not apply on holidays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub except_holidays: bool,
}

/// The lists of some models over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryFile {
    /// Model names, compared without case by the last path component; a user's file may use globs.
    pub models: Vec<String>,
    /// Names of lists, the oldest first; a ledger uses those of its currency.
    pub lists: Vec<String>,
}

/// A GPU rate in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuFile {
    /// The words that the driver's name must contain.
    pub gpu: String,
    /// The rate per GPU and hour.
    pub rate: HourlyRate,
    /// The currency of the rate; US dollars by default.
    #[serde(default = "dollars")]
    pub currency: String,
    /// The month or day of the observation: `2026-11`. Entries of one GPU and commitment form a series.
    pub dated: String,
    /// The term of the rental.
    #[serde(default, skip_serializing_if = "Commitment::is_on_demand")]
    pub commitment: Commitment,
    /// Where the rate was observed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

fn dollars() -> String {
    "USD".to_owned()
}

impl TierFile {
    /// A tier with the three classes that every engine counts.
    pub fn new(hit: Price, miss: Price, output: Price) -> Self {
        Self { hit, miss, output, classes: BTreeMap::new() }
    }
}

impl Serialize for TierFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3 + self.classes.len()))?;
        for (class, price) in [("hit", self.hit), ("miss", self.miss), ("output", self.output)] {
            map.serialize_entry(class, &price)?;
        }
        for (class, price) in &self.classes {
            map.serialize_entry(class, price)?;
        }
        map.end()
    }
}

/// Implemented by hand, since `#[serde(flatten)]` loses the lines of errors.
impl<'de> Deserialize<'de> for TierFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WrittenPrices)
    }
}

struct WrittenPrices;

impl<'de> Visitor<'de> for WrittenPrices {
    type Value = TierFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("prices by class")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TierFile, A::Error> {
        let mut classes = BTreeMap::new();
        while let Some((class, price)) = map.next_entry::<String, Price>()? {
            classes.insert(class, price);
        }
        let mut take = |class: &'static str| classes.remove(class).ok_or_else(|| Error::missing_field(class));
        Ok(TierFile { hit: take("hit")?, miss: take("miss")?, output: take("output")?, classes })
    }
}

impl ListFile {
    /// A list without dates or windows.
    pub fn flat(name: String, currency: String, tiers: BTreeMap<String, TierFile>) -> Self {
        let (source, windows) = (String::new(), Vec::new());
        let (from, until, zone, default, holidays) = (None, None, None, None, None);
        let (imported, follows, converted_from) = (None, None, None);
        Self {
            name,
            currency,
            from,
            until,
            zone,
            default,
            holidays,
            source,
            imported,
            follows,
            converted_from,
            tiers,
            windows,
        }
    }
}
