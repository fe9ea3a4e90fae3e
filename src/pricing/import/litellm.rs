//! Reads LiteLLM's `model_prices_and_context_window.json`: an object of entries by model, in dollars per token.

use super::decimal::{self, Refused};
use super::entry::{Import, RawEntry, entry, is_said};
use super::listed::{Charges, Listing};
use super::off_peak::{OffPeak, off_peak};
use super::tally::ImportTally;
use crate::pricing::{TierFile, WindowFile};
use crate::units::Price;

/// A provider's service tiers: the suffix of their keys, and their names.
const SERVICES: [(&str, &str); 4] = [("", ""), ("_batches", "batches"), ("_flex", "flex"), ("_priority", "priority")];
/// The keys of the price of hits.
const HIT_KEYS: [&str; 2] = ["cache_read_input_token_cost", "input_cost_per_token_cache_hit"];
/// The classes of cache writes, and their keys.
const WRITE_KEYS: [(&str, &str); 2] =
    [("write_5m", "cache_creation_input_token_cost"), ("write_1h", "cache_creation_input_token_cost_above_1hr")];
/// The entry that documents the others.
const EXPLANATION: &str = "sample_spec";
/// Prices by the time of day.
const OFF_PEAK: &str = "off_peak_pricing";
/// The tier of those hours.
const OFF_PEAK_TIER: &str = "offpeak";

/// Reads LiteLLM's JSON.
///
/// # Errors
/// The JSON is not LiteLLM's file.
pub fn import_litellm(json: &str) -> Result<Import, String> {
    let entries: RawEntry<'_> = serde_json::from_str(json).map_err(|error| {
        format!("{error}; this reads LiteLLM's model_prices_and_context_window.json, one object of entries by model")
    })?;
    let mut listing = Listing::new("LiteLLM", "model_prices_and_context_window.json")?;
    let mut tally = ImportTally::default();
    for (name, value) in entries.iter().filter(|(name, _)| *name != EXPLANATION) {
        tally.entries += 1;
        // An entry that is not an object has no prices.
        let entry = entry(value);
        if !is_readable(&entry, &mut tally) {
            continue;
        }
        match entry.get(OFF_PEAK).filter(|value| is_said(value)) {
            Some(block) => add_timed(&mut listing, name, &entry, &super::entry(block), &mut tally),
            None => add_flat(&mut listing, name, &entry, &mut tally),
        }
    }
    Ok(listing.finish(tally))
}

fn add_flat(listing: &mut Listing, name: &str, entry: &RawEntry<'_>, tally: &mut ImportTally) {
    for (ending, service) in SERVICES {
        match LitellmPrices::of(entry, ending).tier(tally) {
            Ok(Some((tier, has_hit))) => listing.add(name, service, Charges::flat(tier, has_hit)),
            Ok(None) if service.is_empty() => tally.without_tokens += 1,
            Ok(None) => {}
            Err(Refused) => tally.refused += 1,
        }
    }
}

/// Adds an entry with prices by time of day: both tiers with their hours, or nothing.
fn add_timed(listing: &mut Listing, name: &str, entry: &RawEntry<'_>, block: &RawEntry<'_>, tally: &mut ImportTally) {
    let Some(OffPeak { hours, zone }) = off_peak(block) else {
        tally.by_time += 1;
        return;
    };
    let standard = match LitellmPrices::of(entry, "").tier(tally) {
        Ok(Some(standard)) => standard,
        Ok(None) => return tally.without_tokens += 1,
        Err(Refused) => return tally.refused += 1,
    };
    let lower = LitellmPrices { entry, block: Some(block), ending: "" };
    let Ok(Some((off_peak, _))) = lower.tier(&mut ImportTally::default()) else {
        tally.refused += 1;
        return;
    };
    let services = SERVICES.iter().filter(|(ending, _)| !ending.is_empty());
    tally.timed_services += services.filter(|(ending, _)| LitellmPrices::of(entry, ending).is_given()).count();
    tally.windows += 1;
    let window =
        |(hours, weekdays)| WindowFile { tier: OFF_PEAK_TIER.to_owned(), hours, weekdays, except_holidays: false };
    let (tier, has_hit) = standard;
    let mut charges = Charges::flat(tier, has_hit);
    charges.tiers.insert(OFF_PEAK_TIER.to_owned(), off_peak);
    charges.windows = hours.into_iter().map(window).collect();
    charges.zone = zone;
    listing.add(name, "", charges);
}

/// Whether all of an entry's prices can be read; otherwise none is used.
fn is_readable(entry: &RawEntry<'_>, tally: &mut ImportTally) -> bool {
    let by_length = |key: &str| key == "tiered_pricing" || (key.contains("_above_") && key.contains("_tokens"));
    let tiered = entry.iter().any(|(key, value)| by_length(key) && is_said(value));
    let block = entry.get(OFF_PEAK).map(|block| super::entry(block)).unwrap_or_default();
    let apart = reasons_apart(entry, None) || reasons_apart(&block, Some(entry));
    tally.by_length += usize::from(tiered);
    tally.by_reasoning += usize::from(apart && !tiered);
    !tiered && !apart
}

/// Whether reasoning tokens and output have different prices.
fn reasons_apart(entry: &RawEntry<'_>, base: Option<&RawEntry<'_>>) -> bool {
    let price = |key: &str| {
        let value = entry.get(key).or_else(|| base?.get(key));
        decimal::price(value.copied(), 6, &mut 0).ok().flatten()
    };
    let reasoning = price("output_cost_per_reasoning_token");
    reasoning.is_some() && reasoning != price("output_cost_per_token")
}

/// The prices of an entry in one service tier, and those of a block that override them.
struct LitellmPrices<'a> {
    entry: &'a RawEntry<'a>,
    block: Option<&'a RawEntry<'a>>,
    ending: &'static str,
}

impl<'a> LitellmPrices<'a> {
    const fn of(entry: &'a RawEntry<'a>, ending: &'static str) -> Self {
        Self { entry, block: None, ending }
    }

    /// Whether there are prices for input and output.
    fn is_given(&self) -> bool {
        ["input_cost_per_token", "output_cost_per_token"].into_iter().all(|key| self.written(key).is_some())
    }

    fn written(&self, key: &str) -> Option<&'a serde_json::value::RawValue> {
        let key = format!("{key}{}", self.ending);
        let said = |entry: &'a RawEntry<'a>| entry.get(&key).copied().filter(|value| is_said(value));
        self.block.and_then(said).or_else(|| said(self.entry))
    }

    /// The tier, and whether it has a price of hits; `None` without a price for input or output.
    fn tier(&self, tally: &mut ImportTally) -> Result<Option<(TierFile, bool)>, Refused> {
        let miss = self.price("input_cost_per_token", tally)?;
        let output = self.price("output_cost_per_token", tally)?;
        let (Some(miss), Some(output)) = (miss, output) else { return Ok(None) };
        let hit = self.hit(tally)?;
        tally.without_hit += usize::from(hit.is_none());
        let mut tier = TierFile::new(hit.unwrap_or(miss), miss, output);
        for (class, key) in WRITE_KEYS {
            tier.classes.extend(self.price(key, tally)?.map(|price| (class.to_owned(), price)));
        }
        Ok(Some((tier, hit.is_some())))
    }

    /// The price of hits from any of its keys, in the block before the entry; `None` if two keys have different values.
    fn hit(&self, tally: &mut ImportTally) -> Result<Option<Price>, Refused> {
        for entry in self.block.into_iter().chain([self.entry]) {
            let only = LitellmPrices { entry, block: None, ending: self.ending };
            let mut found = None;
            for key in HIT_KEYS {
                match (found, only.price(key, tally)?) {
                    (Some(one), Some(other)) if one != other => return Err(Refused),
                    (known, price) => found = known.or(price),
                }
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn price(&self, key: &str, tally: &mut ImportTally) -> Result<Option<Price>, Refused> {
        decimal::price(self.written(key), 6, &mut tally.repaired)
    }
}
