//! Imports other programs' prices into a price file: LiteLLM's, `OpenRouter`'s and models.dev's.
//!
//! Those programs write prices as floats or decimal strings, some with floating-point noise. Prices are parsed as decimals,
//! and a noisy one is replaced by the shortest decimal within a billionth. Prices that a price list cannot express, or of
//! classes that engines do not count, are left out and tallied. A list without a price of hits never replaces a built-in
//! list that has one.

mod decimal;
mod entry;
mod listed;
mod litellm;
mod models_dev;
mod off_peak;
mod openrouter;
mod tally;
#[cfg(test)]
mod tests;

use serde_json::value::RawValue;

use entry::{RawEntry, entry};

pub use entry::Import;
pub use litellm::import_litellm;
pub use models_dev::import_models_dev;
pub use openrouter::import_openrouter;
pub use tally::ImportTally;

/// Detects which of the three formats `json` has, and reads it.
///
/// # Errors
/// The JSON has none of these formats.
pub fn import_prices(json: &str) -> Result<Import, String> {
    let entries: RawEntry<'_> = serde_json::from_str(json).map_err(|error| {
        format!(
            "{error}; this reads LiteLLM's model_prices_and_context_window.json, OpenRouter's api/v1/models, or models.dev's \
             api.json: one object"
        )
    })?;
    let is_list = |value: &RawValue| value.get().starts_with('[');
    let has_models = |value: &RawValue| entry(value).get("models").is_some_and(|models| models.get().starts_with('{'));
    if entries.get("data").is_some_and(|data| is_list(data)) {
        import_openrouter(json)
    } else if !entries.is_empty() && entries.values().all(|value| has_models(value)) {
        import_models_dev(json)
    } else {
        import_litellm(json)
    }
}
