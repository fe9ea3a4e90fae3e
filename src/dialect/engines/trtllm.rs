//! TensorRT-LLM's `trtllm-serve`, 1.3 and later, at `/prometheus/metrics`.
//!
//! Counters move when a request ends; the output of requests with several answers is not counted at all. Its other
//! page, `/metrics`, is JSON that reading consumes, and is never read.

use crate::dialect::definition::{Dialect, PLAIN};
use crate::dialect::field::{Count, Delay, Policy, RowGauge, SeriesField, SeriesPlace};
use crate::reading::EngineKind;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("trtllm"),
    names: &["trtllm_", "trtllm:"],
    owners: &["tensorrt_llm", "tensorrt-llm", "trtllm"],
    paths: &["/prometheus/metrics"],
    ports: &[8000],
    lists_models: true,
    policy: Policy::AT_END,
    field,
    entry: |field, labels| {
        let mut entry = SeriesPlace::keyed(field, labels, "model_name", "");
        if field == SeriesField::Count(Count::Requests) {
            entry.field =
                SeriesField::Count(match labels.get("finished_reason").map_or(&b""[..], |reason| reason.raw()) {
                    b"stop" => Count::Stopped,
                    b"length" => Count::Length,
                    b"cancelled" => Count::Aborted,
                    _ => return None,
                });
        }
        Some(entry)
    },
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    Some(match name.strip_prefix("trtllm_").or_else(|| name.strip_prefix("trtllm:"))? {
        "prompt_tokens_total" => SeriesField::Count(Count::Prompt),
        "prompt_cached_tokens_total" => SeriesField::Count(Count::Cached),
        "generation_tokens_total" => SeriesField::Count(Count::Output),
        "num_requests_running" => SeriesField::Gauge(RowGauge::Running),
        "num_requests_waiting" => SeriesField::Gauge(RowGauge::Waiting),
        "kv_cache_utilization" => SeriesField::Gauge(RowGauge::Kv),
        "request_success_total" => SeriesField::Count(Count::Requests),
        "request_error_total" => SeriesField::Count(Count::Failed),
        // The per-request histograms count the same tokens.
        "spec_decode_num_draft_tokens_total" => SeriesField::Count(Count::Drafted),
        "spec_decode_num_accepted_tokens_total" => SeriesField::Count(Count::Accepted),
        "time_to_first_token_seconds_bucket" => SeriesField::Bucket(Delay::Ttft),
        // One mean per request, not one sample per token.
        "time_per_output_token_seconds_bucket" => SeriesField::Bucket(Delay::Itl),
        "e2e_request_latency_seconds_bucket" => SeriesField::Bucket(Delay::E2e),
        "request_queue_time_seconds_bucket" => SeriesField::Bucket(Delay::Queue),
        _ => return None,
    })
}
