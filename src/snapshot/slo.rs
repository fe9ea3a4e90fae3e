//! The latency objectives, and how far they are met now.

use serde::Serialize;

use crate::ledger::Slo;
use crate::units::Ratio;

/// The objectives of `[slo]`, and the part of the window's work within them. Latencies are in seconds; `None` is no
/// objective.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SloStatus {
    /// Time to first token.
    pub ttft_p99_seconds: Option<f64>,
    /// Time between tokens.
    pub itl_p99_seconds: Option<f64>,
    /// Time of the whole request.
    pub e2e_p99_seconds: Option<f64>,
    /// Share of the requests and tokens within: the lowest of the objectives. `None` without samples.
    pub within: Option<Ratio>,
    /// Output tokens a second within the objectives: each engine's output times its share. An estimate, since a page
    /// does not tell which request met which objective; `None` if no engine with output has samples.
    pub goodput_per_second: Option<f64>,
}

impl SloStatus {
    /// Objectives without any result yet.
    pub fn of(slo: &Slo) -> Self {
        let [ttft_p99_seconds, itl_p99_seconds, e2e_p99_seconds] =
            slo.limits().map(|limit| limit.map(|limit| limit.as_secs_f64()));
        Self { ttft_p99_seconds, itl_p99_seconds, e2e_p99_seconds, ..Self::default() }
    }
}
