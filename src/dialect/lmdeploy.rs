//! LMDeploy. Each data-parallel rank is a server of its own; cached tokens are counted when a request ends.

use super::definition::{Dialect, PLAIN};
use super::field::{Count, Delay, Entry, Field, Gauge};
use crate::reading::EngineKind;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("lmdeploy"),
    names: &["lmdeploy:", "lmdeploy_"],
    owners: &["lmdeploy"],
    ports: &[23333],
    lists_models: true,
    field,
    entry: |field, labels| Some(Entry::keyed(field, labels, "model_name", "engine")),
    settle: |sums, _, reading| {
        // A request waits in the front end first, then in the engine.
        let front = sums.things(Gauge::WaitingMore).unwrap_or(0);
        reading.waiting = reading.waiting.map(|waiting| waiting.saturating_add(front));
    },
    ..PLAIN
};

fn field(name: &str) -> Option<Field> {
    Some(match name.strip_prefix("lmdeploy:").or_else(|| name.strip_prefix("lmdeploy_"))? {
        "prompt_tokens_total" => Field::Count(Count::Prompt),
        "cached_tokens_total" => Field::Count(Count::Cached),
        "generation_tokens_total" => Field::Count(Count::Output),
        "num_requests_running" => Field::Gauge(Gauge::Running),
        "num_requests_waiting" => Field::Gauge(Gauge::Waiting),
        "num_api_requests_waiting" => Field::Gauge(Gauge::WaitingMore),
        "gpu_cache_usage_perc" => Field::Gauge(Gauge::Kv),
        "request_success_total" => Field::Count(Count::Requests),
        "time_to_first_token_seconds_bucket" => Field::Bucket(Delay::Ttft),
        "iter_token_latency_bucket" => Field::Bucket(Delay::Itl),
        "e2e_request_latency_seconds_bucket" => Field::Bucket(Delay::E2e),
        _ => return None,
    })
}
