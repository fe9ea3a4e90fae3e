//! NVIDIA NIM: vLLM's names without their prefix. It does not report cached tokens.

use super::vllm;
use crate::dialect::definition::{Dialect, PLAIN};
use crate::dialect::field::{Count, SeriesField, SeriesPlace};
use crate::reading::EngineKind;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("nim"),
    names: &["num_request_max", "num_requests_running", "gpu_cache_usage_perc"],
    shared_names: &[
        "num_requests_waiting",
        "prompt_tokens_total",
        "generation_tokens_total",
        "time_to_first_token_seconds",
        "time_per_output_token_seconds",
        "e2e_request_latency_seconds",
        "request_success_total",
        "request_failure_total",
    ],
    ports: &[8000],
    lists_models: true,
    field: |name| match name {
        "request_success_total" => Some(SeriesField::Count(Count::Requests)),
        "request_failure_total" => Some(SeriesField::Count(Count::Failed)),
        "num_requests_running"
        | "num_requests_waiting"
        | "gpu_cache_usage_perc"
        | "prompt_tokens_total"
        | "generation_tokens_total"
        | "time_to_first_token_seconds_bucket"
        | "time_per_output_token_seconds_bucket"
        | "e2e_request_latency_seconds_bucket" => vllm::engine_field(name),
        _ => None,
    },
    entry: |field, labels| Some(SeriesPlace::keyed(field, labels, "model_name", "")),
    ..PLAIN
};
