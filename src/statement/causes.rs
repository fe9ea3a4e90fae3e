//! Figures behind the causes of a change: tokens, hits and GPUs in both spans.

use super::Totals;
use crate::ledger::{CostKind, Past};

/// Parts of a whole.
const MILLION: i128 = 1_000_000;

/// Figures of both spans, the earlier first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Causes {
    /// How the tokens a second changed, in parts per million; `None` where there were none.
    pub tokens_ppm: Option<i64>,
    /// The cached share of the prompts, in parts per million.
    pub hits_ppm: [Option<u32>; 2],
    /// Busy GPUs on average, in thousandths.
    pub working_milli: [i64; 2],
    /// Idle GPUs on average, in thousandths.
    pub idle_milli: [i64; 2],
    /// Whether either span has tokens without a price.
    pub has_unpriced: bool,
}

impl Causes {
    /// Of two spans of one length; `None` where either was not watched as a whole.
    pub fn between(before: &Past, after: &Past) -> Option<Self> {
        let length = |past: &Past| (past.until - past.since).millis();
        let is_whole = |past: &Past| past.unwatched.is_empty() && past.began <= past.since;
        if length(before) != length(after) || length(after) <= 0 || !is_whole(before) || !is_whole(after) {
            return None;
        }
        let pasts = [before, after];
        let totals = pasts.map(Totals::of);
        let [then, now] = totals.map(|totals| i128::from(totals.tokens.total().count()));
        let change = (then > 0).then(|| (now - then) * MILLION / then);
        let gpus = |past: &Past, of: fn(i64, i64) -> i64| {
            let cells = past
                .gpu_times
                .iter()
                .filter(|cell| past.cost_accounts[cell.cost_account.index()].kind == CostKind::Gpus);
            let millis: i64 =
                cells.map(|cell| of(cell.allocated.millis(), cell.idle.millis())).fold(0, i64::saturating_add);
            millis.saturating_mul(1_000) / length(past)
        };
        Some(Self {
            tokens_ppm: change.and_then(|ppm| i64::try_from(ppm).ok()),
            hits_ppm: totals.map(|totals| totals.hit_rate_ppm()),
            working_milli: pasts.map(|past| gpus(past, |allocated, idle| allocated - idle)),
            idle_milli: pasts.map(|past| gpus(past, |_, idle| idle)),
            has_unpriced: totals.iter().any(|totals| !totals.unpriced.is_zero()),
        })
    }
}
