//! Dynamo's front end. It counts each client request once, however many workers it passed; its tokens are never added
//! to theirs.
//!
//! A worker's own page is read as that of the engine behind it.

use crate::dialect::definition::{Dialect, PLAIN};
use crate::dialect::field::{Count, Delay, ProcessFacts, RowGauge, SeriesField, SeriesPlace};
use crate::dialect::row_sums::RowSums;
use crate::reading::{EngineKind, EngineReading, EngineRole};

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("dynamo"),
    names: &["dynamo_frontend_"],
    ports: &[8000, 8081],
    field,
    entry: |field, labels| Some(SeriesPlace::keyed(field, labels, "model", "")),
    settle,
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    Some(match name.strip_prefix("dynamo_frontend_")? {
        "input_sequence_tokens_sum" => SeriesField::Count(Count::Prompt),
        "input_sequence_tokens_count" => SeriesField::Count(Count::PromptSeen),
        "cached_tokens_sum" => SeriesField::Count(Count::Cached),
        "cached_tokens_count" => SeriesField::Count(Count::CachedSeen),
        "output_tokens_total" => SeriesField::Count(Count::Output),
        "output_sequence_tokens_sum" => SeriesField::Count(Count::FinishedOutput),
        "inflight_requests" => SeriesField::Gauge(RowGauge::Running),
        "queued_requests" => SeriesField::Gauge(RowGauge::Waiting),
        "time_to_first_token_seconds_bucket" => SeriesField::Bucket(Delay::Ttft),
        "inter_token_latency_seconds_bucket" => SeriesField::Bucket(Delay::Itl),
        "request_duration_seconds_bucket" => SeriesField::Bucket(Delay::E2e),
        _ => return None,
    })
}

fn settle(sums: &RowSums<'_>, _: &ProcessFacts, reading: &mut EngineReading) {
    reading.role = Some(EngineRole::Proxy);
    // The counter moves while a stream runs and was seen to fall short; the sum is right, but only after a stream has
    // ended. Both only grow, and neither is ever too high.
    reading.tokens.output = reading.tokens.output.max(reading.finished.output);
    reading.series.output.clear();
    // If the backend does not report hits, they are unknown, not zero.
    let seen = |count| sums.count(count).unwrap_or(0);
    if seen(Count::CachedSeen).saturating_mul(2) < seen(Count::PromptSeen) {
        reading.tokens.cached = None;
        reading.series.cached.clear();
    }
}
