//! SGLang, from 0.5.5 to 0.5.23.
//!
//! A page has two sets of labels. The tokenizer's counters, which are billed, move when a request ends and have no
//! rank. The schedulers' gauges and live counters have `dp_rank` if data parallelism is on, and are repeated by each
//! pipeline stage and, if all schedulers report, by each tensor rank. So an engine with ranks has one row without a
//! rank, for tokens and latencies, and one per rank for the rest.

use crate::dialect::definition::{Dialect, METRICS_FIRST, MetricsFlag, PLAIN, ProcessLabel};
use crate::dialect::field::{Count, CountedPart, Delay, Policy, ProcessFacts, RowGauge, SeriesField, SeriesPlace};
use crate::dialect::row_sums::RowSums;
use crate::exposition::{LabelText, SeriesLabels};
use crate::reading::{EngineKind, EngineReading, EngineRole, LiveTokens, RankWork};
use crate::units::Tokens;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("sglang"),
    names: &["sglang:", "sglang_"],
    owners: &["sglang"],
    paths: METRICS_FIRST,
    ports: &[30000],
    metrics_flag: Some(MetricsFlag { program: "SGLang", flag: "--enable-metrics", status: 404 }),
    // A router's page has the series of its workers.
    processes: &[ProcessLabel::of(b"worker_addr")],
    lists_models: true,
    policy: Policy { attributes_prompts: true, ..Policy::AT_END },
    counts,
    field,
    entry,
    settle,
    ..PLAIN
};

/// A decode node repeats the whole prompt and the prefill node's hits, and produces all of the output.
const fn counts(role: EngineRole) -> CountedPart {
    match role {
        EngineRole::Prefill => CountedPart::NONE,
        EngineRole::Unified | EngineRole::Decode | EngineRole::Proxy => CountedPart::ALL,
    }
}

fn field(name: &str) -> Option<SeriesField> {
    engine_field(name.strip_prefix("sglang:").or_else(|| name.strip_prefix("sglang_"))?)
}

/// The meaning of a name without its prefix `sglang:`.
pub(super) fn engine_field(name: &str) -> Option<SeriesField> {
    Some(match name {
        "prompt_tokens_total" => SeriesField::Count(Count::Prompt),
        "cached_tokens_total" => SeriesField::Count(Count::Cached),
        "generation_tokens_total" => SeriesField::Count(Count::Output),
        "realtime_tokens_total" => SeriesField::Count(Count::LiveComputed),
        "prefill_effective_tokens_total" => SeriesField::Count(Count::EffectiveComputed),
        "num_running_reqs" => SeriesField::Gauge(RowGauge::Running),
        "num_queue_reqs" => SeriesField::Gauge(RowGauge::Waiting),
        "num_grammar_queue_reqs" => SeriesField::Gauge(RowGauge::WaitingMore),
        "token_usage" => SeriesField::Gauge(RowGauge::Kv),
        "full_token_usage" => SeriesField::Gauge(RowGauge::KvExact),
        "dp_attention_tokens_total" => SeriesField::Gauge(RowGauge::StepTokens),
        "dp_attention_pairs_total" => SeriesField::Gauge(RowGauge::StepPairs),
        "eplb_balancedness_sum" => SeriesField::Gauge(RowGauge::ExpertsSum),
        "eplb_balancedness_count" => SeriesField::Gauge(RowGauge::ExpertsCount),
        "num_retracted_requests_total" => SeriesField::Count(Count::Preemptions),
        "num_requests_total" => SeriesField::Count(Count::Requests),
        "num_aborted_requests_total" => SeriesField::Count(Count::Aborted),
        "time_to_first_token_seconds_bucket" => SeriesField::Bucket(Delay::Ttft),
        "inter_token_latency_seconds_bucket" => SeriesField::Bucket(Delay::Itl),
        "time_per_output_token_seconds_bucket" => SeriesField::Bucket(Delay::ItlOld),
        "e2e_request_latency_seconds_bucket" => SeriesField::Bucket(Delay::E2e),
        "queue_time_seconds_bucket" => SeriesField::Bucket(Delay::Queue),
        _ => return None,
    })
}

/// The row of a series. Pipeline stages other than the first repeat it, and the part of a priority is in the total
/// already.
pub(super) fn entry(field: SeriesField, labels: SeriesLabels<'_>) -> Option<SeriesPlace<'_>> {
    let mut entry = SeriesPlace::whole(field);
    for (key, value) in labels {
        match key {
            b"le" => entry.bound = value.number().unwrap_or(f64::NAN),
            b"model_name" => entry.place.model = Some(value),
            // A server that runs it, such as Triton, prints a name of its own.
            b"model" if entry.place.model.is_none() => entry.place.model = Some(value),
            b"dp_rank" => entry.place.rank = Some(value),
            b"tp_rank" => entry.place.copy = value.number().unwrap_or(0.0) as u32,
            b"engine_type" => entry.role = role(value),
            b"mode" => entry.field = SeriesField::Count(mode(field, value)?),
            b"kind" => entry.field = kind(field, value)?,
            b"pp_rank" if !value.is("0") => return None,
            b"priority" if !value.raw().is_empty() => return None,
            // Without streaming, the first token arrives with the last one.
            b"is_streaming" if field == SeriesField::Bucket(Delay::Ttft) && !value.is("true") => return None,
            _ => entry.note(key),
        }
    }
    Some(entry)
}

fn role(engine_type: LabelText<'_>) -> Option<EngineRole> {
    match engine_type.raw() {
        b"unified" => Some(EngineRole::Unified),
        b"prefill" => Some(EngineRole::Prefill),
        b"decode" => Some(EngineRole::Decode),
        _ => None,
    }
}

/// The two live counters have the label `mode`.
fn mode(field: SeriesField, mode: LabelText<'_>) -> Option<Count> {
    match (field, mode.raw()) {
        (SeriesField::Count(Count::LiveComputed), b"prefill_compute") => Some(Count::LiveComputed),
        (SeriesField::Count(Count::LiveComputed), b"prefill_cache") => Some(Count::LiveCached),
        (SeriesField::Count(Count::LiveComputed), b"decode") => Some(Count::LiveOutput),
        (SeriesField::Count(Count::EffectiveComputed), b"input") => Some(Count::EffectiveComputed),
        (SeriesField::Count(Count::EffectiveComputed), b"device_hit" | b"host_hit" | b"storage_hit") => {
            Some(Count::EffectiveCached)
        }
        _ => None,
    }
}

/// For steps that ranks take together: the work of a rank, and its difference from the busiest rank.
fn kind(field: SeriesField, kind: LabelText<'_>) -> Option<SeriesField> {
    match (field, kind.raw()) {
        (SeriesField::Gauge(RowGauge::StepTokens), b"imbalance") => {
            Some(SeriesField::Gauge(RowGauge::StepTokensMissing))
        }
        (SeriesField::Gauge(RowGauge::StepPairs), b"imbalance") => Some(SeriesField::Gauge(RowGauge::StepPairsMissing)),
        (SeriesField::Gauge(RowGauge::StepTokens | RowGauge::StepPairs), b"scheduled") => Some(field),
        (SeriesField::Gauge(RowGauge::StepTokens | RowGauge::StepPairs), _) => None,
        (field, _) => Some(field),
    }
}

pub(super) fn settle(sums: &RowSums<'_>, facts: &ProcessFacts, reading: &mut EngineReading) {
    let more = sums.things(RowGauge::WaitingMore);
    reading.waiting = reading.waiting.map(|waiting| waiting.saturating_add(more.unwrap_or(0)));
    // `token_usage` is rounded to hundredths.
    reading.kv_usage = sums.share(RowGauge::KvExact).or(reading.kv_usage);
    reading.live = live(sums, facts, reading);
    reading.work = work(sums);
}

fn work(sums: &RowSums<'_>) -> RankWork {
    let both = |one, other| Some([sums.number(one)?, sums.number(other)?]);
    let steps = both(RowGauge::StepPairs, RowGauge::StepPairsMissing)
        .or_else(|| both(RowGauge::StepTokens, RowGauge::StepTokensMissing));
    RankWork { steps, experts: both(RowGauge::ExpertsSum, RowGauge::ExpertsCount) }
}

/// Counters that move while requests run. Decode steps do not count a request's first token, which prefill produces:
/// the row that counts requests adds it when they end. A prefill node's one token per request is not output.
fn live(sums: &RowSums<'_>, facts: &ProcessFacts, reading: &EngineReading) -> Option<LiveTokens> {
    let first_tokens = sums.tokens(Count::Requests).filter(|_| reading.role != Some(EngineRole::Prefill));
    let decoded = sums.tokens(Count::LiveOutput);
    let output = match (decoded, first_tokens) {
        (Some(decoded), first) => sums.together(decoded.count(), first.unwrap_or_default().count()).map(Tokens::new),
        (None, Some(first)) if facts.ranked && facts.live && reading.rank.is_none() => Some(first),
        (None, _) => None,
    };
    // The effective counters exclude the repeated prefill of a retracted request.
    let computed = sums.tokens(Count::EffectiveComputed).or_else(|| sums.tokens(Count::LiveComputed));
    let cached = sums.tokens(Count::EffectiveCached).or_else(|| sums.tokens(Count::LiveCached));
    let live = LiveTokens { computed, cached, output };
    (live != LiveTokens::default()).then_some(live)
}
