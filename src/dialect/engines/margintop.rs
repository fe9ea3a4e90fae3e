//! margintop's own agent: the counters of a node's engines under one set of names for all of them.
//!
//! [`crate::http`] writes these names. The labels `engine_address` and `engine_process` identify a process; `engine` names its
//! program, whose rules apply to the row. A counter that was a sum of several series has one line for each, told apart by the label
//! `series`, so that a series that leaves the engine's page leaves this one too.

use crate::dialect::definition::{Dialect, PLAIN, ProcessLabel};
use crate::dialect::field::{Count, Delay, ProcessFacts, RowGauge, SeriesField, SeriesPlace};
use crate::dialect::row_sums::RowSums;
use crate::exposition::{LabelText, SeriesLabels};
use crate::reading::{EngineKind, EngineReading, EngineRole, LiveTokens, PromptCount, RankWork};

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("margintop"),
    names: &[
        "margintop_prompt_tokens_",
        "margintop_computed_prompt_tokens_",
        "margintop_cached_tokens_",
        "margintop_output_tokens_",
        "margintop_ttft_",
        "margintop_itl_",
        "margintop_e2e_",
        "margintop_queue_",
        "margintop_engine_",
    ],
    processes: &[ProcessLabel::of(b"engine_address"), ProcessLabel::of(b"engine_process")],
    field,
    entry,
    settle,
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    Some(match name.strip_prefix("margintop_")? {
        "prompt_tokens_total" => SeriesField::Count(Count::Prompt),
        "computed_prompt_tokens_total" => SeriesField::Count(Count::EffectiveComputed),
        "cached_tokens_total" => SeriesField::Count(Count::Cached),
        "output_tokens_total" => SeriesField::Count(Count::Output),
        "ttft_seconds_bucket" => SeriesField::Bucket(Delay::Ttft),
        "itl_seconds_bucket" => SeriesField::Bucket(Delay::Itl),
        "e2e_seconds_bucket" => SeriesField::Bucket(Delay::E2e),
        "queue_seconds_bucket" => SeriesField::Bucket(Delay::Queue),
        name => engine_field(name.strip_prefix("engine_")?)?,
    })
}

fn engine_field(name: &str) -> Option<SeriesField> {
    Some(match name {
        "live_computed_prompt_tokens_total" => SeriesField::Count(Count::LiveComputed),
        "live_cached_tokens_total" => SeriesField::Count(Count::LiveCached),
        "live_output_tokens_total" => SeriesField::Count(Count::LiveOutput),
        "transferred_tokens_total" => SeriesField::Count(Count::Transferred),
        "preemptions_total" => SeriesField::Count(Count::Preemptions),
        "draft_rounds_total" => SeriesField::Count(Count::Drafts),
        "draft_tokens_total" => SeriesField::Count(Count::Drafted),
        "accepted_draft_tokens_total" => SeriesField::Count(Count::Accepted),
        "requests_total" => SeriesField::Count(Count::Requests),
        "requests_stopped_total" => SeriesField::Count(Count::Stopped),
        "requests_at_length_limit_total" => SeriesField::Count(Count::Length),
        "requests_aborted_total" => SeriesField::Count(Count::Aborted),
        "requests_failed_total" => SeriesField::Count(Count::Failed),
        "finished_prompt_tokens_total" => SeriesField::Count(Count::FinishedPrompt),
        "finished_output_tokens_total" => SeriesField::Count(Count::FinishedOutput),
        "requests_asking_for_answers_total" => SeriesField::Count(Count::Asked),
        "answers_total" => SeriesField::Count(Count::Answers),
        "requests_running" => SeriesField::Gauge(RowGauge::Running),
        "requests_waiting" => SeriesField::Gauge(RowGauge::Waiting),
        "kv_usage_ratio" => SeriesField::Gauge(RowGauge::Kv),
        "rank_work_total" => SeriesField::Gauge(RowGauge::StepTokens),
        "rank_work_missing_total" => SeriesField::Gauge(RowGauge::StepTokensMissing),
        "expert_balancedness_sum" => SeriesField::Gauge(RowGauge::ExpertsSum),
        "expert_balancedness_count" => SeriesField::Gauge(RowGauge::ExpertsCount),
        "scrape_timestamp_seconds" => SeriesField::SampledAt,
        "adapters_info" => SeriesField::Adapters,
        _ => return None,
    })
}

#[allow(clippy::unnecessary_wraps, reason = "other dialects leave series out")]
fn entry(field: SeriesField, labels: SeriesLabels<'_>) -> Option<SeriesPlace<'_>> {
    let mut entry = SeriesPlace::whole(field);
    for (key, value) in labels {
        match key {
            b"le" => entry.bound = value.number().unwrap_or(f64::NAN),
            b"engine" => entry.place.program = Some(value),
            b"model" => entry.place.model = Some(value),
            b"model_version" => entry.place.version = Some(value),
            b"rank" => entry.place.rank = Some(value),
            b"role" => entry.role = role(value),
            _ => entry.note(key),
        }
    }
    Some(entry)
}

fn role(role: LabelText<'_>) -> Option<EngineRole> {
    match role.raw() {
        b"unified" => Some(EngineRole::Unified),
        b"prefill" => Some(EngineRole::Prefill),
        b"decode" => Some(EngineRole::Decode),
        b"proxy" => Some(EngineRole::Proxy),
        _ => None,
    }
}

fn settle(sums: &RowSums<'_>, _: &ProcessFacts, reading: &mut EngineReading) {
    if reading.tokens.prompt == PromptCount::Unknown
        && let Some(computed) = sums.tokens(Count::EffectiveComputed)
    {
        reading.tokens.prompt = PromptCount::ComputedOnly(computed);
    }
    let live = LiveTokens {
        computed: sums.tokens(Count::LiveComputed),
        cached: sums.tokens(Count::LiveCached),
        output: sums.tokens(Count::LiveOutput),
    };
    reading.live = (live != LiveTokens::default()).then_some(live);
    let both = |one, other| Some([sums.number(one)?, sums.number(other)?]);
    reading.work = RankWork {
        steps: both(RowGauge::StepTokens, RowGauge::StepTokensMissing),
        experts: both(RowGauge::ExpertsSum, RowGauge::ExpertsCount),
    };
}
