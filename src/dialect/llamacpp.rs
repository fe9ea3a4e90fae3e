//! llama.cpp's server. One model, no labels, no rank, and values of six digits: counters stall and jump.
//!
//! Its prompt counter holds what was computed, without cached tokens. Before late 2026 the cached ones were not told.

use super::field::{Count, Dialect, Entry, Field, Gauge, PageFacts};
use super::sums::Sums;
use crate::reading::{EngineKind, EngineReading, PromptCount};

pub(super) const DIALECT: Dialect =
    Dialect { kind: EngineKind::Llamacpp, field, entry: |field, _| Some(Entry::whole(field)), settle };

fn field(name: &str) -> Option<Field> {
    Some(match name.strip_prefix("llamacpp:").or_else(|| name.strip_prefix("llamacpp_"))? {
        "prompt_tokens_total" => Field::Count(Count::Prompt),
        "prompt_tokens_cached_total" => Field::Count(Count::Cached),
        "tokens_predicted_total" => Field::Count(Count::Output),
        "requests_processing" => Field::Gauge(Gauge::Running),
        "requests_deferred" => Field::Gauge(Gauge::Waiting),
        "kv_cache_usage_ratio" => Field::Gauge(Gauge::Kv),
        "spec_decode_num_drafts_total" => Field::Count(Count::Drafts),
        "spec_decode_num_draft_tokens_total" => Field::Count(Count::Drafted),
        "spec_decode_num_accepted_tokens_total" => Field::Count(Count::Accepted),
        _ => return None,
    })
}

fn settle(sums: &Sums, _: &PageFacts, reading: &mut EngineReading) {
    reading.tokens.prompt = match (sums.tokens(Count::Prompt), sums.tokens(Count::Cached)) {
        (Some(computed), Some(cached)) => PromptCount::Whole(computed + cached),
        // Refused or not told: either way the whole is unknown.
        (Some(computed), None) => PromptCount::ComputedOnly(computed),
        (None, _) => PromptCount::Unknown,
    };
}
