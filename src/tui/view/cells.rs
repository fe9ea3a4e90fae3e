//! Cells used by several lists.

use super::latencies::bounded;
use super::list::{figure, said};
use crate::reading::{EngineRole, Health};
use crate::snapshot::{EngineRow, GpuRow};
use crate::tui::format;
use crate::tui::theme::{Ink, Role};
use crate::tui::widgets::gauge::Gauge;
use crate::tui::widgets::heat_cell::Heat;
use crate::tui::widgets::table::Cell;
use crate::units::Ratio;

/// The cache usage from which a warning is shown.
const FULL: f64 = 0.9;

/// The heat cell of a GPU.
pub(super) fn heat(gpu: &GpuRow) -> Heat {
    match gpu.state {
        Health::Live => Heat::of(gpu.heat.map(Ratio::get)),
        Health::Stale => Heat::Silent,
        Health::Lost => Heat::Lost,
        Health::Never => Heat::Unknown,
    }
}

/// The hit rate of an engine; one that only decodes has none of its own.
pub(super) fn hit(row: &EngineRow) -> Cell<'static> {
    match row.cache_hit_rate {
        _ if row.role == EngineRole::Decode => Cell::unknown(),
        None if row.cached_total.is_none() && row.prompt_total.is_some() => Cell::dim("n/a"),
        rate => figure(&format::percent(rate)),
    }
}

/// A latency, with a warning if it is above `objective` (both in seconds).
pub(super) fn latency((seconds, is_above): (Option<f64>, bool), objective: Option<f64>) -> Cell<'static> {
    let text = bounded(seconds, is_above);
    let is_beyond = seconds.zip(objective).is_some_and(|(seconds, objective)| seconds > objective);
    if is_beyond { said(Role::Warning, text.trim()) } else { figure(&text) }
}

/// The share of requests within the latency objectives, with a warning below 99 %.
pub(super) fn within(share: Option<Ratio>) -> Cell<'static> {
    let text = format::percent1(share);
    if share.is_some_and(|share| share.get() < 0.99) { said(Role::Warning, text.trim()) } else { figure(&text) }
}

/// The gauge of a KV cache.
pub(super) fn gauge(kv: Option<Ratio>) -> Cell<'static> {
    let kv = kv.map(Ratio::get);
    let ink = if kv.is_some_and(|kv| kv >= FULL) { Role::Warning.into() } else { Ink::Mixed(Role::Output, 70) };
    Cell::Gauge(Gauge::of(kv, ink))
}

/// A cache's usage in percent, with a warning if it is nearly full.
pub(super) fn full(kv: Option<Ratio>) -> Cell<'static> {
    match kv {
        Some(kv) if kv.get() >= FULL => said(Role::Warning, format::percent(Some(kv)).trim()),
        kv => figure(&format::percent(kv)),
    }
}
