//! LMDeploy. Each data-parallel rank is a separate server; cached tokens are counted when a request ends.

use crate::dialect::definition::{Dialect, PLAIN};
use crate::dialect::field::{Count, Delay, RowGauge, SeriesField, SeriesPlace};
use crate::reading::EngineKind;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("lmdeploy"),
    names: &["lmdeploy:", "lmdeploy_"],
    owners: &["lmdeploy"],
    ports: &[23333],
    lists_models: true,
    field,
    entry: |field, labels| Some(SeriesPlace::keyed(field, labels, "model_name", "engine")),
    settle: |sums, _, reading| {
        // A request waits in the front end first, then in the engine.
        let front = sums.things(RowGauge::WaitingMore).unwrap_or(0);
        reading.waiting = reading.waiting.map(|waiting| waiting.saturating_add(front));
    },
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    Some(match name.strip_prefix("lmdeploy:").or_else(|| name.strip_prefix("lmdeploy_"))? {
        "prompt_tokens_total" => SeriesField::Count(Count::Prompt),
        "cached_tokens_total" => SeriesField::Count(Count::Cached),
        "generation_tokens_total" => SeriesField::Count(Count::Output),
        "num_requests_running" => SeriesField::Gauge(RowGauge::Running),
        "num_requests_waiting" => SeriesField::Gauge(RowGauge::Waiting),
        "num_api_requests_waiting" => SeriesField::Gauge(RowGauge::WaitingMore),
        "gpu_cache_usage_perc" => SeriesField::Gauge(RowGauge::Kv),
        "request_success_total" => SeriesField::Count(Count::Requests),
        "time_to_first_token_seconds_bucket" => SeriesField::Bucket(Delay::Ttft),
        "iter_token_latency_bucket" => SeriesField::Bucket(Delay::Itl),
        "e2e_request_latency_seconds_bucket" => SeriesField::Bucket(Delay::E2e),
        _ => return None,
    })
}
