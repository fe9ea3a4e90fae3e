//! Ray Serve's page of vLLM and SGLang replicas: the engine's names with the prefix `ray_`, and `_` for `:`.
//!
//! Every counter has a gauge of the same name without `_total`, which is not read. Each replica is a row of its own, as
//! a sum over replicas would fall when one leaves. Sums of histograms are computed from the middles of buckets, and are
//! not read.

use super::{sglang, vllm};
use crate::dialect::definition::{Dialect, PLAIN, ProcessLabel};
use crate::dialect::field::{Count, ProcessFacts, SeriesField, SeriesPlace, StartOf};
use crate::dialect::row_sums::RowSums;
use crate::exposition::SeriesLabels;
use crate::reading::{EngineKind, EngineReading};

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("ray"),
    names: &["ray_vllm_", "ray_sglang_"],
    ports: &[8080],
    processes: &[ProcessLabel::of(b"ReplicaId"), ProcessLabel { is_long: true, ..ProcessLabel::of(b"WorkerId") }],
    // The page is made by the node's metrics agent.
    start: StartOf::Neither,
    field,
    entry,
    settle,
    ..PLAIN
};

fn field(name: &str) -> Option<SeriesField> {
    if let Some(name) = name.strip_prefix("ray_vllm_") {
        return vllm::engine_field(name).filter(|field| !is_histogram_sum(*field));
    }
    sglang::engine_field(name.strip_prefix("ray_sglang_")?)
}

const fn is_histogram_sum(field: SeriesField) -> bool {
    matches!(field, SeriesField::Count(Count::FinishedPrompt | Count::FinishedOutput | Count::Answers))
}

fn entry(field: SeriesField, labels: SeriesLabels<'_>) -> Option<SeriesPlace<'_>> {
    let vllm = labels.get("engine").is_some();
    if vllm { vllm::entry(field, labels) } else { sglang::entry(field, labels) }
}

fn settle(sums: &RowSums<'_>, facts: &ProcessFacts, reading: &mut EngineReading) {
    sglang::settle(sums, facts, reading);
    vllm::settle(sums, facts, reading);
}
