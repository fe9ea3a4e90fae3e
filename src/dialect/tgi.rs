//! Text Generation Inference. One model, no labels; its token totals are the sums of histograms, and hits are not told.

use super::definition::{Dialect, PLAIN};
use super::field::{Count, Delay, Entry, Field, Gauge, Policy};
use crate::reading::EngineKind;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("tgi"),
    names: &["tgi_"],
    ports: &[3000, 8080],
    lists_models: true,
    names_model: false,
    policy: Policy::AT_END,
    field,
    entry: |field, labels| Some(Entry::keyed(field, labels, "", "")),
    ..PLAIN
};

fn field(name: &str) -> Option<Field> {
    Some(match name.strip_prefix("tgi_")? {
        "request_input_length_sum" => Field::Count(Count::Prompt),
        "request_generated_tokens_sum" => Field::Count(Count::Output),
        "batch_current_size" => Field::Gauge(Gauge::Running),
        "queue_size" => Field::Gauge(Gauge::Waiting),
        "request_success" => Field::Count(Count::Requests),
        "request_failure" => Field::Count(Count::Failed),
        "request_mean_time_per_token_duration_bucket" => Field::Bucket(Delay::Itl),
        "request_duration_bucket" => Field::Bucket(Delay::E2e),
        "request_queue_duration_bucket" => Field::Bucket(Delay::Queue),
        _ => return None,
    })
}
