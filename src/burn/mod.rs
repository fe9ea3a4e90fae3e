//! What costs money without earning any, the most expensive first.
//!
//! Counted lines (idle GPUs, silent GPUs, models without a price) are separate from estimated ones (waiting for the slowest
//! rank, aborted work, units far below the mean of their role, throttled GPUs, repeated work). An estimate is marked `≈`, has its formula,
//! and never enters the ledger. Lines may overlap in a GPU, so their sum is an estimate too.

mod lines;
mod reason;
mod rent;

use crate::snapshot::Snapshot;

pub use reason::{Reason, ReasonLine};
pub use rent::rent_of;

/// The lines that apply, the most expensive per hour first, then those of unknown amount.
pub fn lines(snapshot: &Snapshot) -> Vec<ReasonLine> {
    let all = [
        lines::idle(snapshot),
        lines::imbalance(snapshot),
        lines::aborted(snapshot),
        lines::below_mean(snapshot),
        lines::silent(snapshot),
        lines::unpriced(snapshot),
        lines::throttled(snapshot),
        lines::preempted(snapshot),
    ];
    let mut lines: Vec<ReasonLine> = all.into_iter().flatten().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.per_hour));
    lines
}
