//! The shape of a price file: the built-in ones in `prices/` and a user's.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::Commitment;
use crate::units::{HourlyRate, Price};

/// A file of lists, histories and GPU rates.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceFile {
    /// Holiday calendars by name: days or `first..last` spans of local dates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holidays: BTreeMap<String, Vec<String>>,
    /// Price lists.
    #[serde(default, rename = "list", skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListFile>,
    /// Which lists price which models, one after the other.
    #[serde(default, rename = "history", skip_serializing_if = "Vec::is_empty")]
    pub histories: Vec<HistoryFile>,
    /// GPU rates.
    #[serde(default, rename = "gpu", skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<GpuFile>,
}

/// A price list as in the file.
///
/// A provider's service tiers (batch, flex, priority) are lists of their own, as are its promotions: a discount is
/// never a percentage of another list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// Its name.
    pub name: String,
    /// The currency.
    pub currency: String,
    /// RFC 3339 instant at which it came into force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// RFC 3339 instant at which it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The IANA zone of its windows; UTC by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The tier outside every window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The calendar that `except_holidays` means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holidays: Option<String>,
    /// Where the prices were read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The program whose prices were imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
    /// The list whose prices it continues, converted at a later rate of exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// The currency that its prices were converted from: before its beginning they are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted_from: Option<String>,
    /// Prices by tier.
    pub tiers: BTreeMap<String, TierFile>,
    /// When which tier holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowFile>,
}

/// Prices a million tokens, as decimal strings.
///
/// Beside the three that every engine counts, a tier may price further classes by their names: `write_5m = "3.75"`, or
/// `request = "5000"` for a million requests. No engine's counter knows them; `margintop price --class` does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the classes' own names")]
pub struct TierFile {
    pub hit: Price,
    pub miss: Price,
    pub output: Price,
    /// Further classes by name.
    pub classes: BTreeMap<String, Price>,
}

/// A window as in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowFile {
    /// The tier that holds.
    pub tier: String,
    /// `HH:MM-HH:MM`, several a day.
    pub hours: Vec<String>,
    /// 1 (Monday) to 7; empty is every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<i8>,
    /// Off on holidays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub except_holidays: bool,
}

/// Which lists price which models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryFile {
    /// Names, compared without case on the last path component; a user's file may write globs.
    pub models: Vec<String>,
    /// Names of lists, oldest first; a ledger reads those of its own currency.
    pub lists: Vec<String>,
}

/// A GPU rate as in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuFile {
    /// Words of the driver's name.
    pub gpu: String,
    /// Per hour.
    pub rate: HourlyRate,
    /// The currency of the rate; US dollars by default.
    #[serde(default = "dollars")]
    pub currency: String,
    /// The month or day of the observation: `2026-11`. Rows of one GPU and commitment are a series.
    pub dated: String,
    /// For how long the GPU is taken.
    #[serde(default, skip_serializing_if = "Commitment::is_on_demand")]
    pub commitment: Commitment,
    /// Where it was observed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

fn dollars() -> String {
    "USD".to_owned()
}

impl TierFile {
    /// A tier of the three classes that every engine counts.
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

/// By hand, since a flattened map would lose the lines of its mistakes.
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
    /// A list that always holds and has no windows.
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
