//! vLLM, from V0 to 0.33 and its Rust front end.
//!
//! Prompt tokens include cached ones. The ranks of a data-parallel engine are on one page with the label `engine`; a
//! label `pid` separates processes that report the same engine.

use crate::dialect::definition::{Dialect, METRICS_FIRST, PLAIN, ProcessLabel};
use crate::dialect::field::{Count, Delay, Policy, ProcessFacts, RowGauge, SeriesField, SeriesPlace};
use crate::dialect::row_sums::RowSums;
use crate::dialect::stack_router;
use crate::exposition::{LabelText, SeriesLabels};
use crate::reading::{EngineKind, EngineReading, EngineRole};
use crate::units::Tokens;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("vllm"),
    names: &["vllm:", "vllm_"],
    owners: &["vllm"],
    paths: METRICS_FIRST,
    // Further instances on a machine use the next ports.
    ports: &[8000, 8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009, 8010, 8011, 8012, 8013, 8014, 8015],
    // A router's page reports the servers behind it.
    processes: &[ProcessLabel { is_routed: true, ..ProcessLabel::of(b"server") }],
    lists_models: true,
    policy: Policy { infers_role: true, ..Policy::PLAIN },
    field,
    entry,
    settle,
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    let name = name.strip_prefix("vllm:").or_else(|| name.strip_prefix("vllm_"))?;
    engine_field(name).or_else(|| stack_router::field(name))
}

/// The meaning of a name without its prefix `vllm:`.
pub(super) fn engine_field(name: &str) -> Option<SeriesField> {
    Some(match name {
        "prompt_tokens_total" => SeriesField::Count(Count::Prompt),
        "prompt_tokens_cached_total" => SeriesField::Count(Count::Cached),
        "prompt_tokens_by_source_total" => SeriesField::Count(Count::Transferred),
        "generation_tokens_total" => SeriesField::Count(Count::Output),
        "prompt_tokens_created" | "generation_tokens_created" => SeriesField::Created,
        "prefix_cache_queries_total" => SeriesField::Count(Count::Queries),
        "prefix_cache_hits_total" => SeriesField::Count(Count::Hits),
        "gpu_prefix_cache_queries_total" => SeriesField::Count(Count::OldQueries),
        "gpu_prefix_cache_hits_total" => SeriesField::Count(Count::OldHits),
        "external_prefix_cache_hits_total" => SeriesField::Count(Count::ExternalHits),
        "num_requests_running" => SeriesField::Gauge(RowGauge::Running),
        "num_requests_waiting" => SeriesField::Gauge(RowGauge::Waiting),
        "kv_cache_usage_perc" | "gpu_cache_usage_perc" => SeriesField::Gauge(RowGauge::Kv),
        "num_preemptions_total" => SeriesField::Count(Count::Preemptions),
        "request_success_total" => SeriesField::Count(Count::Requests),
        "request_prompt_tokens_sum" => SeriesField::Count(Count::FinishedPrompt),
        "request_generation_tokens_sum" => SeriesField::Count(Count::FinishedOutput),
        "request_params_n_count" => SeriesField::Count(Count::Asked),
        "request_params_n_sum" => SeriesField::Count(Count::Answers),
        "spec_decode_num_drafts_total" => SeriesField::Count(Count::Drafts),
        "spec_decode_num_draft_tokens_total" => SeriesField::Count(Count::Drafted),
        "spec_decode_num_accepted_tokens_total" => SeriesField::Count(Count::Accepted),
        "time_to_first_token_seconds_bucket" => SeriesField::Bucket(Delay::Ttft),
        "inter_token_latency_seconds_bucket" => SeriesField::Bucket(Delay::Itl),
        "time_per_output_token_seconds_bucket" => SeriesField::Bucket(Delay::ItlOld),
        "e2e_request_latency_seconds_bucket" => SeriesField::Bucket(Delay::E2e),
        "request_queue_time_seconds_bucket" => SeriesField::Bucket(Delay::Queue),
        "cache_config_info" => SeriesField::BlockSize,
        "lora_requests_info" => SeriesField::Adapters,
        _ => return None,
    })
}

pub(super) fn entry(field: SeriesField, labels: SeriesLabels<'_>) -> Option<SeriesPlace<'_>> {
    let mut entry = SeriesPlace::whole(field);
    for (key, value) in labels {
        match key {
            b"le" => entry.bound = value.number().unwrap_or(f64::NAN),
            b"engine" => entry.place.rank = Some(value),
            b"model_name" => entry.place.model = Some(value),
            // Triton prints its own names for the model of a vLLM that runs in it, and a router the shorter one.
            b"model" if entry.place.model.is_none() => entry.place.model = Some(value),
            b"version" => entry.place.version = Some(value),
            b"source" if field == SeriesField::Count(Count::Transferred) && !value.is("external_kv_transfer") => {
                return None;
            }
            b"finished_reason" => entry.field = SeriesField::Count(end(value)),
            // A Dynamo worker passes this page on and adds labels of its own.
            b"dynamo_component" => entry.role = role(value),
            _ => entry.note(key),
        }
    }
    Some(entry)
}

fn end(finished_reason: LabelText<'_>) -> Count {
    match finished_reason.raw() {
        b"stop" | b"repetition" => Count::Stopped,
        b"length" => Count::Length,
        b"abort" => Count::Aborted,
        b"error" => Count::Failed,
        _ => Count::Requests,
    }
}

fn role(component: LabelText<'_>) -> Option<EngineRole> {
    match component.raw() {
        b"prefill" => Some(EngineRole::Prefill),
        b"decode" => Some(EngineRole::Decode),
        _ => None,
    }
}

/// Cached tokens without a counter of their own, and the total of finished requests.
pub(super) fn settle(sums: &RowSums<'_>, facts: &ProcessFacts, reading: &mut EngineReading) {
    let ends = [Count::Stopped, Count::Length, Count::Aborted, Count::Failed, Count::Requests];
    if ends.iter().any(|end| sums.count(*end).is_some()) {
        let ended = ends.iter().filter_map(|end| sums.count(*end));
        reading.finished.requests = ended.map(Some).reduce(|sum, end| sums.together(sum?, end?)).flatten();
    }
    if reading.tokens.cached.is_none() && !sums.has(Count::Cached) {
        reading.tokens.cached = hits(sums, facts);
    }
    stack_router::settle(sums, facts, reading);
}

/// Cached tokens as counted at look-up, as before 0.16. The `gpu_` counters that 0.9.2 to 0.11 print beside the plain
/// ones count the same hits and are used only without them.
fn hits(sums: &RowSums<'_>, facts: &ProcessFacts) -> Option<Tokens> {
    if let Some(local) = sums.count(Count::Hits) {
        return sums.together(local, sums.count(Count::ExternalHits).unwrap_or(0)).map(Tokens::new);
    }
    let hits = sums.count(Count::OldHits)?;
    if facts.ranked {
        return Some(Tokens::new(hits));
    }
    // 0.8 counts blocks and 0.9.0 tokens under the same name. A block holds 16 tokens or more, and look-ups cover what
    // prompts hold, so queries far below the prompt's tokens are blocks.
    let blocks = sums.count(Count::OldQueries)?.saturating_mul(4) < sums.count(Count::Prompt)?;
    let size = if blocks { facts.block? } else { 1 };
    sums.times(hits, size).map(Tokens::new)
}
