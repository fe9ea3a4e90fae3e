//! The objectives for latency, and how far they are held now.

use serde::Serialize;

use crate::ledger::Slo;
use crate::units::Ratio;

/// The objectives of `[slo]`, and what of the window's work is within them. Latencies are in seconds; `None` is no
/// objective.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SloStatus {
    /// Arrival to first token.
    pub ttft_p99_seconds: Option<f64>,
    /// Between tokens.
    pub itl_p99_seconds: Option<f64>,
    /// Arrival to last token.
    pub e2e_p99_seconds: Option<f64>,
    /// Share of the requests and tokens that are within: the least of the objectives'. `None` without samples.
    pub within: Option<Ratio>,
    /// Output tokens a second of work that is within: each engine's output by its own share. An estimate, since a page
    /// does not say which request met which objective; `None` where no engine with an output has samples.
    pub goodput_per_second: Option<f64>,
}

impl SloStatus {
    /// Objectives of which nothing is known yet.
    pub fn of(slo: &Slo) -> Self {
        let [ttft_p99_seconds, itl_p99_seconds, e2e_p99_seconds] =
            slo.limits().map(|limit| limit.map(|limit| limit.as_secs_f64()));
        Self { ttft_p99_seconds, itl_p99_seconds, e2e_p99_seconds, ..Self::default() }
    }
}
