//! Where it burns: what costs money and earns none, the dearest first.
//!
//! What is counted (idle GPUs, aborted work, silent GPUs) and what is estimated (waiting for the slowest rank, units far
//! below the mean of their role, GPUs held down, work done again) stand apart: an estimate is marked `≈`, has its formula, and never enters the ledger. The
//! lines overlap where two say the same of one GPU, so they are not added up to a loss.

mod lines;
mod reason;

use crate::snapshot::Snapshot;

pub use reason::{Reason, ReasonLine};

/// The lines that have anything to say, the dearest an hour first, then those of unknown amount.
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
