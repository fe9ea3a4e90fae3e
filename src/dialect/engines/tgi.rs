//! Text Generation Inference: one model, no labels. Its token totals are the sums of histograms, and it does not report
//! hits.

use crate::dialect::definition::{Dialect, PLAIN};
use crate::dialect::field::{Count, Delay, Policy, RowGauge, SeriesField, SeriesPlace};
use crate::reading::EngineKind;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("tgi"),
    names: &["tgi_"],
    ports: &[3000, 8080],
    lists_models: true,
    names_model: false,
    policy: Policy::AT_END,
    field,
    entry: |field, labels| Some(SeriesPlace::keyed(field, labels, "", "")),
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    Some(match name.strip_prefix("tgi_")? {
        "request_input_length_sum" => SeriesField::Count(Count::Prompt),
        "request_generated_tokens_sum" => SeriesField::Count(Count::Output),
        "batch_current_size" => SeriesField::Gauge(RowGauge::Running),
        "queue_size" => SeriesField::Gauge(RowGauge::Waiting),
        "request_success" => SeriesField::Count(Count::Requests),
        "request_failure" => SeriesField::Count(Count::Failed),
        "request_mean_time_per_token_duration_bucket" => SeriesField::Bucket(Delay::Itl),
        "request_duration_bucket" => SeriesField::Bucket(Delay::E2e),
        "request_queue_duration_bucket" => SeriesField::Bucket(Delay::Queue),
        _ => return None,
    })
}
