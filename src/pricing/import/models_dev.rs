//! Reads models.dev's `api.json`: providers with their models, in dollars per million tokens.

use super::decimal;
use super::entry::{Import, RawEntry, entry, is_said};
use super::listed::{Charges, Listing};
use super::tally::ImportTally;
use crate::pricing::TierFile;
use crate::units::Price;

/// The keys of prices by the length of a request.
const BY_LENGTH: [&str; 2] = ["tiers", "context_over_200k"];

/// Reads models.dev's JSON.
///
/// # Errors
/// The JSON is not models.dev's.
pub fn import_models_dev(json: &str) -> Result<Import, String> {
    let providers: RawEntry<'_> = serde_json::from_str(json)
        .map_err(|error| format!("{error}; this reads models.dev's api.json, one object of providers"))?;
    let mut listing = Listing::new("models.dev", "api.json")?;
    let mut tally = ImportTally::default();
    for (provider, value) in &providers {
        let models = entry(value).get("models").map(|models| entry(models)).unwrap_or_default();
        for (model, value) in &models {
            tally.entries += 1;
            let cost = entry(value).get("cost").map(|cost| entry(cost)).unwrap_or_default();
            if let Some(charges) = charges(&cost, &mut tally) {
                listing.add(&format!("{provider}/{model}"), "", charges);
            }
        }
    }
    Ok(listing.finish(tally))
}

/// All prices of a model, or `None` if one cannot be read.
fn charges(cost: &RawEntry<'_>, tally: &mut ImportTally) -> Option<Charges> {
    if BY_LENGTH.iter().any(|key| cost.get(*key).is_some_and(|value| is_said(value))) {
        tally.by_length += 1;
        return None;
    }
    let mut repaired = 0;
    let mut price = |key: &str| decimal::price(cost.get(key).copied(), 0, &mut repaired);
    let read = [price("input"), price("output"), price("cache_read"), price("cache_write"), price("reasoning")];
    let (Ok(miss), Ok(output), Ok(hit), Ok(write), Ok(reasoning)) = read.into() else {
        tally.refused += 1;
        return None;
    };
    let (Some(miss), Some(output)): (Option<Price>, Option<Price>) = (miss, output) else {
        tally.without_tokens += 1;
        return None;
    };
    if reasoning.is_some_and(|price| price != Price::default() && price != output) {
        tally.by_reasoning += 1;
        return None;
    }
    tally.repaired += repaired;
    tally.without_hit += usize::from(hit.is_none());
    let mut tier = TierFile::new(hit.unwrap_or(miss), miss, output);
    tier.classes.extend(write.map(|price| ("write_5m".to_owned(), price)));
    Some(Charges::flat(tier, hit.is_some()))
}
