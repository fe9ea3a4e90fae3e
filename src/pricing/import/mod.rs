//! Other programs' prices as a price file of ours: LiteLLM's map, `OpenRouter`'s models, models.dev's catalogue.
//!
//! They give prices as floats or decimal strings, some of them noise of an earlier calculation. They are read as decimals,
//! and a noisy one becomes the shortest decimal within a billionth of it. What a price list of ours cannot say, or an
//! engine's counters cannot see, is left out and counted. No list without a price of hits stands before a built-in one
//! that has it.

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

/// Reads whichever of the three it is.
///
/// # Errors
/// Why it is none of them.
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
