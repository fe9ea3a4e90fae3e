//! The totals posted to a ledger, to keep every cell, sum and value in range.

use super::{Classes, GpuTimeChange, PostingSums};
use crate::units::{GpuTime, Money, Tokens};

/// Everything posted since the day began, without subtracting reversals. While this total is in range, so is every part of
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Posted {
    tokens: u64,
    worth: Money,
    allocated: i64,
    energy: i64,
}

/// A quarter of the range of a stored cell, since the previous and the next day share its minutes.
const MOST: i64 = i64::MAX / 4;

impl Posted {
    /// The totals of a day's sums.
    pub(super) fn of(sums: &PostingSums) -> Self {
        let tokens = sums.tokens().map(|(.., tokens)| tokens.total()).sum::<Tokens>().count();
        let mut posted = Self { tokens, ..Self::default() };
        for (_, time) in sums.gpu_times() {
            posted.allocated = posted.allocated.saturating_add(time.allocated.millis());
            posted.energy = posted.energy.saturating_add(time.energy);
        }
        posted
    }

    /// Adds tokens and their value, if both stay in range; returns whether they do. A class beyond the range of a counter
    /// is always refused.
    pub(super) fn admit(&mut self, tokens: Classes, worth: Money) -> bool {
        let whole = tokens.miss.checked_add(tokens.hit).and_then(|sum| sum.checked_add(tokens.output));
        let Some(whole) = whole.map(Tokens::count) else { return false };
        let fits = [tokens.miss, tokens.hit, tokens.output].into_iter().all(|part| part.count() <= Tokens::LIMIT);
        match (self.tokens.checked_add(whole), self.worth.checked_add(worth)) {
            (Some(tokens), Some(worth)) if fits && tokens <= MOST.unsigned_abs() => {
                (self.tokens, self.worth) = (tokens, worth);
                true
            }
            _ => false,
        }
    }

    /// Adds GPU time and energy, if both stay in range; returns whether they do.
    pub(super) fn admit_gpu_time(&mut self, change: GpuTimeChange) -> bool {
        let allocated = self.allocated.checked_add(change.allocated.max(0)).filter(|allocated| *allocated <= MOST);
        let energy = self.energy.checked_add(change.energy.max(0)).filter(|energy| *energy <= MOST);
        let (Some(allocated), Some(energy)) = (allocated, energy) else { return false };
        (self.allocated, self.energy) = (allocated, energy);
        true
    }
}

/// The product of GPUs and time; `None` on overflow.
pub(super) fn gpu_time(gpus: u32, millis: i64) -> Option<GpuTime> {
    i64::from(gpus).checked_mul(millis.max(0)).map(GpuTime::from_millis)
}
