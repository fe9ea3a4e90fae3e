//! Triton with the TensorRT-LLM backend. Token totals are the sums of histograms; a label separates the meanings of one
//! metric; first-response times are in milliseconds. Hits are reported in blocks only, which does not give tokens.

use crate::dialect::definition::{Dialect, PLAIN};
use crate::dialect::field::{Count, Delay, RowGauge, SeriesField, SeriesPlace};
use crate::exposition::SeriesLabels;
use crate::reading::EngineKind;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("triton"),
    names: &["nv_trt_llm_", "nv_llm_", "nv_inference_"],
    ports: &[8002],
    field,
    entry,
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    Some(match name {
        "nv_llm_input_token_len_sum" => SeriesField::Count(Count::Prompt),
        "nv_llm_output_token_len_sum" => SeriesField::Count(Count::Output),
        "nv_trt_llm_request_metrics" => SeriesField::Gauge(RowGauge::Running),
        "nv_trt_llm_kv_cache_block_metrics" => SeriesField::Gauge(RowGauge::Kv),
        "nv_inference_first_response_histogram_ms_bucket" => SeriesField::Bucket(Delay::Ttft),
        _ => return None,
    })
}

fn entry(field: SeriesField, labels: SeriesLabels<'_>) -> Option<SeriesPlace<'_>> {
    let mut entry = SeriesPlace::keyed(field, labels, "model", "");
    // Each version of a model is loaded, unloaded and counted separately.
    entry.place.version = labels.get("version");
    match field {
        SeriesField::Gauge(RowGauge::Running) => match labels.get("request_type")?.raw() {
            b"scheduled" => {}
            b"waiting" => entry.field = SeriesField::Gauge(RowGauge::Waiting),
            _ => return None,
        },
        SeriesField::Gauge(RowGauge::Kv) if !labels.has("kv_cache_block_type", "fraction") => return None,
        SeriesField::Bucket(_) => entry.bound /= 1000.0,
        _ => {}
    }
    Some(entry)
}
