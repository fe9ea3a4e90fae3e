//! Reads `OpenRouter`'s `api/v1/models`: a list of models with prices per token as decimal strings.

use serde_json::value::RawValue;

use super::decimal::{self, Refused};
use super::entry::{Import, RawEntry, entry, is_said, text};
use super::listed::{Charges, Listing};
use super::tally::ImportTally;
use crate::pricing::{TierFile, TierWindow, WindowFile};
use crate::units::Price;

/// The keys of an override that applies by time of day.
const HOURS: [&str; 2] = ["utc_start", "utc_end"];
/// The keys of prices for anything but text tokens, which are not read.
const OTHER_PRICES: [&str; 11] = [
    "image",
    "image_token",
    "image_output",
    "audio",
    "audio_output",
    "input_audio_cache",
    "web_search",
    "discount",
    "overrides",
    "request",
    "internal_reasoning",
];
/// The keys of prices of text tokens.
const PRICES: [&str; 5] = ["prompt", "completion", "input_cache_read", "input_cache_write", "input_cache_write_1h"];

/// Reads `OpenRouter`'s JSON.
///
/// # Errors
/// The JSON is not `OpenRouter`'s.
pub fn import_openrouter(json: &str) -> Result<Import, String> {
    let whole: RawEntry<'_> = serde_json::from_str(json).map_err(|error| refusal(&error))?;
    let data = whole.get("data").map_or("null", |data| data.get());
    let models: Vec<&RawValue> = serde_json::from_str(data).map_err(|error| refusal(&error))?;
    let mut listing = Listing::new("OpenRouter", "api/v1/models")?;
    let mut tally = ImportTally::default();
    for model in models {
        tally.entries += 1;
        // A model that is not an object has no prices.
        let model = entry(model);
        let pricing = model.get("pricing").map(|pricing| entry(pricing)).unwrap_or_default();
        let Some(id) = model.get("id").and_then(|id| text(id)).filter(|id| !id.is_empty()) else {
            tally.without_tokens += 1;
            continue;
        };
        if let Some(charges) = charges(&pricing, &mut tally) {
            listing.add(&id, "", charges);
        }
    }
    Ok(listing.finish(tally))
}

fn refusal(error: &serde_json::Error) -> String {
    format!("{error}; this reads OpenRouter's api/v1/models, one object with a list of models under \"data\"")
}

/// All prices of a model, or `None` if one cannot be read.
fn charges(pricing: &RawEntry<'_>, tally: &mut ImportTally) -> Option<Charges> {
    let prices = ModelPrices { base: pricing, over: None };
    if prices.reasons_apart() {
        tally.by_reasoning += 1;
        return None;
    }
    if !prices.is_nothing("discount") {
        tally.discounted += 1;
        return None;
    }
    let (tier, has_hit) = match prices.tier(tally) {
        Ok(Some(tier)) => tier,
        Ok(None) => {
            tally.without_tokens += 1;
            return None;
        }
        Err(Refused) => {
            tally.refused += 1;
            return None;
        }
    };
    tally.without_hit += usize::from(!has_hit);
    let mut charges = Charges::flat(tier, has_hit);
    let overrides = pricing.get("overrides").filter(|all| is_said(all));
    let Some(overrides) = overrides else { return Some(charges) };
    let Ok(overrides) = serde_json::from_str::<Vec<RawEntry<'_>>>(overrides.get()) else {
        tally.refused += 1;
        return None;
    };
    if overrides.iter().any(|over| !is_by_time(over)) {
        tally.by_length += 1;
        return None;
    }
    if add_windows(&mut charges, pricing, &overrides).is_none() {
        tally.by_time += 1;
        return None;
    }
    tally.windows += 1;
    Some(charges)
}

/// Whether an override has a time of day as its only condition.
fn is_by_time(over: &RawEntry<'_>) -> bool {
    let is_condition = |key: &&String| !OTHER_PRICES.contains(&key.as_str()) && !PRICES.contains(&key.as_str());
    let said = |key: &&String| over.get(*key).is_some_and(|value| is_said(value));
    let mut conditions = over.keys().filter(is_condition).filter(said);
    over.keys().any(|key| HOURS.contains(&key.as_str())) && conditions.all(|key| HOURS.contains(&key.as_str()))
}

/// Adds a tier and a window for each override. `None` if two of them overlap, or one cannot be read.
fn add_windows(charges: &mut Charges, pricing: &RawEntry<'_>, overrides: &[RawEntry<'_>]) -> Option<()> {
    let mut windows: Vec<TierWindow> = Vec::new();
    for (nth, over) in overrides.iter().enumerate() {
        let prices = ModelPrices { base: pricing, over: Some(over) };
        if prices.reasons_apart() {
            return None;
        }
        let (tier, _) = prices.tier(&mut ImportTally::default()).ok().flatten()?;
        let [start, end] = HOURS.map(|key| over.get(key).and_then(|time| text(time)));
        let hours = format!("{}-{}", minutes(&start?)?, minutes(&end?)?);
        let name = format!("override {}", nth + 1);
        let (weekdays, except_holidays) = (Vec::new(), false);
        let parsed = vec![TierWindow::parse_hours(&hours).ok()?];
        let window = TierWindow { tier: name.clone(), hours: parsed, weekdays, except_holidays };
        if windows.iter().any(|other| window.overlaps(other).is_some()) {
            return None;
        }
        windows.push(window);
        charges.windows.push(WindowFile {
            tier: name.clone(),
            hours: vec![hours],
            weekdays: Vec::new(),
            except_holidays,
        });
        charges.tiers.insert(name, tier);
    }
    Some(())
}

/// The hours and minutes of a time: `16:30` for `16:30`, `16:30:00` or `16:30Z`.
fn minutes(time: &str) -> Option<&str> {
    let time = time.trim_end_matches('Z');
    let time = time.strip_suffix(":00").filter(|short| short.contains(':')).unwrap_or(time);
    (time.len() == 5).then_some(time)
}

/// A model's prices, and those of an override that replace them.
struct ModelPrices<'a> {
    base: &'a RawEntry<'a>,
    over: Option<&'a RawEntry<'a>>,
}

impl ModelPrices<'_> {
    fn price(&self, key: &str, tally: &mut ImportTally) -> Result<Option<Price>, Refused> {
        let said = |entry: &RawEntry<'_>| decimal::price(entry.get(key).copied(), 6, &mut tally.repaired);
        match self.over.map(said).transpose()?.flatten() {
            Some(price) => Ok(Some(price)),
            None => decimal::price(self.base.get(key).copied(), 6, &mut tally.repaired),
        }
    }

    /// Whether a price is missing or zero.
    fn is_nothing(&self, key: &str) -> bool {
        matches!(self.price(key, &mut ImportTally::default()), Ok(None)) || {
            self.price(key, &mut ImportTally::default()) == Ok(Some(Price::default()))
        }
    }

    /// Whether reasoning has a price, not zero, that differs from the output's.
    fn reasons_apart(&self) -> bool {
        let price = |key: &str| self.price(key, &mut ImportTally::default());
        !self.is_nothing("internal_reasoning") && price("internal_reasoning") != price("completion")
    }

    /// The tier, and whether it has a price of hits; `None` without a price for input or output.
    fn tier(&self, tally: &mut ImportTally) -> Result<Option<(TierFile, bool)>, Refused> {
        let (miss, output) = (self.price("prompt", tally)?, self.price("completion", tally)?);
        let (Some(miss), Some(output)) = (miss, output) else { return Ok(None) };
        let hit = self.price("input_cache_read", tally)?;
        let mut tier = TierFile::new(hit.unwrap_or(miss), miss, output);
        for (class, key) in
            [("write_5m", "input_cache_write"), ("write_1h", "input_cache_write_1h"), ("request", "request")]
        {
            let price = self.price(key, tally)?.filter(|price| *price != Price::default());
            tier.classes.extend(price.map(|price| (class.to_owned(), price)));
        }
        Ok(Some((tier, hit.is_some())))
    }
}
