//! What the hardware could have produced: the bounds above which a delta is disputed.

use crate::units::Span;

/// GPUs of a node of which nobody knows how many it has.
pub const UNKNOWN_GPUS: u32 = 8;

/// Bounds on what one GPU produces, in tokens a second. Far above what any engine does today: they tell a counter that is
/// wrong, not a fast one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plausibility {
    /// Output tokens.
    pub output_per_gpu: u64,
    /// Prompt tokens that are computed.
    pub computed_per_gpu: u64,
    /// Prompt tokens that come from a cache.
    pub cached_per_gpu: u64,
}

impl Default for Plausibility {
    fn default() -> Self {
        Self { output_per_gpu: 50_000, computed_per_gpu: 200_000, cached_per_gpu: 5_000_000 }
    }
}

/// The least time that a delta is judged over: a request's tokens may be counted at once when it ends.
const LEAST: Span = Span::from_secs(1);

/// The most that `gpus` GPUs produce in a span at a rate of so many tokens a second and GPU.
pub fn most(per_gpu: u64, gpus: u32, span: Span) -> u64 {
    let millis = u128::from(span.max(LEAST).millis().unsigned_abs());
    let most = u128::from(per_gpu) * u128::from(gpus) * millis / 1000;
    u64::try_from(most).unwrap_or(u64::MAX)
}
