//! LiteLLM's proxy. It counts the tokens of the engines behind it by model; they are never added to the engines' own.
//!
//! Its cached counter exists only for providers that report hits, and is a part of the input tokens.

use crate::dialect::definition::{Dialect, PLAIN};
use crate::dialect::field::{Count, Delay, SeriesField, SeriesPlace};
use crate::reading::{EngineKind, EngineRole};

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("litellm"),
    names: &["litellm_"],
    ports: &[4000],
    field,
    entry: |field, labels| Some(SeriesPlace::keyed(field, labels, "model", "")),
    settle: |_, _, reading| reading.role = Some(EngineRole::Proxy),
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    Some(match name {
        "litellm_input_tokens_metric_created" | "litellm_output_tokens_metric_created" => SeriesField::Created,
        "litellm_input_tokens_metric_total" => SeriesField::Count(Count::Prompt),
        "litellm_input_cached_tokens_metric_total" => SeriesField::Count(Count::Cached),
        "litellm_output_tokens_metric_total" => SeriesField::Count(Count::Output),
        "litellm_llm_api_time_to_first_token_metric_bucket" => SeriesField::Bucket(Delay::Ttft),
        "litellm_request_total_latency_metric_bucket" => SeriesField::Bucket(Delay::E2e),
        _ => return None,
    })
}
