//! llama.cpp's server: one model, no labels, no rank, and values with six digits, so that counters stall and jump.
//!
//! A server with several models is a router: it has a process for each loaded one, and a page for each under `?model=NAME`. A
//! request that names a model wakes it from sleep, and loads it unless the request says `autoload=false`.
//!
//! Its prompt counter holds computed tokens without cached ones. Before late 2026 it did not report cached tokens.

use crate::dialect::definition::{Dialect, METRICS_FIRST, MetricsFlag, PLAIN};
use crate::dialect::field::{Count, Policy, ProcessFacts, RowGauge, SeriesField, SeriesPlace};
use crate::dialect::model_router::ModelRouter;
use crate::dialect::row_sums::RowSums;
use crate::reading::{EngineKind, EngineReading, PromptCount};
use crate::units::Tokens;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("llamacpp"),
    names: &["llamacpp:", "llamacpp_"],
    owners: &["llamacpp"],
    paths: METRICS_FIRST,
    ports: &[8080],
    metrics_flag: Some(MetricsFlag { program: "llama.cpp", flag: "--metrics", status: 501 }),
    lists_models: true,
    names_model: false,
    router: Some(&ROUTER),
    policy: Policy {
        empty_page_hint: Some("no model is loaded and awake there; asking for one's metrics would load or wake it"),
        ..Policy::AT_END
    },
    field,
    entry: |field, labels| Some(SeriesPlace::keyed(field, labels, "model", "")),
    settle,
    ..PLAIN
};

/// Its statuses are those of `server-models.h`.
const ROUTER: ModelRouter = ModelRouter {
    kind: EngineKind::named("llamacpp"),
    model_parameter: "model",
    without_loading: ("autoload", "false"),
    loaded: "loaded",
    not_running: &["unloaded", "loading", "downloading", "downloaded"],
};

fn field(name: &str) -> Option<SeriesField> {
    Some(match name.strip_prefix("llamacpp:").or_else(|| name.strip_prefix("llamacpp_"))? {
        "prompt_tokens_total" => SeriesField::Count(Count::Prompt),
        "prompt_tokens_cached_total" => SeriesField::Count(Count::Cached),
        "tokens_predicted_total" => SeriesField::Count(Count::Output),
        "requests_processing" => SeriesField::Gauge(RowGauge::Running),
        "requests_deferred" => SeriesField::Gauge(RowGauge::Waiting),
        "kv_cache_usage_ratio" => SeriesField::Gauge(RowGauge::Kv),
        "spec_decode_num_drafts_total" => SeriesField::Count(Count::Drafts),
        "spec_decode_num_draft_tokens_total" => SeriesField::Count(Count::Drafted),
        "spec_decode_num_accepted_tokens_total" => SeriesField::Count(Count::Accepted),
        _ => return None,
    })
}

fn settle(sums: &RowSums<'_>, _: &ProcessFacts, reading: &mut EngineReading) {
    // The total is not a plain sum of series.
    reading.series.prompt.clear();
    reading.tokens.prompt = match (sums.count(Count::Prompt), sums.count(Count::Cached)) {
        (Some(computed), Some(cached)) => {
            let whole = sums.together(computed, cached);
            whole.map_or(PromptCount::Unknown, |whole| PromptCount::Whole(Tokens::new(whole)))
        }
        // Whether refused or not reported, the total is unknown.
        (Some(computed), None) => PromptCount::ComputedOnly(Tokens::new(computed)),
        (None, _) => PromptCount::Unknown,
    };
}
