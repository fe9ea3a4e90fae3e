//! TensorRT-LLM's `trtllm-serve`, 1.3 and later, at `/prometheus/metrics`.
//!
//! Counters move when a request ends; with several answers a request its output is not counted at all. Its other page,
//! `/metrics`, is JSON that reading uses up, and is never read.

use super::definition::{Dialect, PLAIN};
use super::field::{Count, Delay, Entry, Field, Gauge, Policy};
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
        let mut entry = Entry::keyed(field, labels, "model_name", "");
        if field == Field::Count(Count::Requests) {
            entry.field = Field::Count(match labels.get("finished_reason").map_or(&b""[..], |reason| reason.raw()) {
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

fn field(name: &str) -> Option<Field> {
    Some(match name.strip_prefix("trtllm_").or_else(|| name.strip_prefix("trtllm:"))? {
        "prompt_tokens_total" => Field::Count(Count::Prompt),
        "prompt_cached_tokens_total" => Field::Count(Count::Cached),
        "generation_tokens_total" => Field::Count(Count::Output),
        "num_requests_running" => Field::Gauge(Gauge::Running),
        "num_requests_waiting" => Field::Gauge(Gauge::Waiting),
        "kv_cache_utilization" => Field::Gauge(Gauge::Kv),
        "request_success_total" => Field::Count(Count::Requests),
        "request_error_total" => Field::Count(Count::Failed),
        // The per-request twins of these are the same tokens.
        "spec_decode_num_draft_tokens_total" => Field::Count(Count::Drafted),
        "spec_decode_num_accepted_tokens_total" => Field::Count(Count::Accepted),
        "time_to_first_token_seconds_bucket" => Field::Bucket(Delay::Ttft),
        // A mean a request, not a sample a token.
        "time_per_output_token_seconds_bucket" => Field::Bucket(Delay::Itl),
        "e2e_request_latency_seconds_bucket" => Field::Bucket(Delay::E2e),
        "request_queue_time_seconds_bucket" => Field::Bucket(Delay::Queue),
        _ => return None,
    })
}
