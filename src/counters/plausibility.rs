//! Plausibility: the bounds above which a delta is disputed.

use super::Delta;
use crate::units::Span;

/// The number of GPUs assumed for a node without known GPUs.
pub const UNKNOWN_GPUS: u32 = 8;

/// Bounds on the production of one GPU, in tokens per second. They are far above any current engine, so that they find
/// wrong counters, not fast engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plausibility {
    /// Output tokens.
    pub output_per_gpu: u64,
    /// Computed prompt tokens.
    pub computed_per_gpu: u64,
    /// Cached prompt tokens.
    pub cached_per_gpu: u64,
}

impl Default for Plausibility {
    fn default() -> Self {
        Self { output_per_gpu: 50_000, computed_per_gpu: 200_000, cached_per_gpu: 5_000_000 }
    }
}

/// The bounds on the growth of one process. A proxy has none, since it can be in front of any number of GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// No bounds.
    None,
    /// The bounds of this many GPUs.
    Gpus(Plausibility, u32),
}

/// The minimum time that a delta is checked over, as the tokens of a request may be counted at once when it ends.
const LEAST: Span = Span::from_secs(1);

impl Bounds {
    /// The number of GPUs that it assumes; zero without bounds.
    pub const fn gpus(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Gpus(_, gpus) => gpus as u64,
        }
    }

    /// The bound that a delta exceeds, as text. `since` is the time since each counter last changed, `shows_hits` whether
    /// the engine has counted hits before.
    pub(super) fn exceeded_by(&self, delta: &Delta, since: [Span; 3], shows_hits: bool) -> Option<String> {
        let Self::Gpus(per_gpu, gpus) = *self else { return None };
        // Only an engine that counts hits is known to have a cache that all prompts may have come from.
        let may_be_hits = !delta.hits_known && shows_hits;
        let prompt = if may_be_hits { per_gpu.cached_per_gpu } else { per_gpu.computed_per_gpu };
        let classes = [
            ("prompt tokens", delta.miss, prompt, since[0]),
            ("cached prompt tokens", delta.hit, per_gpu.cached_per_gpu, since[1]),
            ("output tokens", delta.output, per_gpu.output_per_gpu, since[2]),
        ];
        let above = classes.into_iter().find(|(_, tokens, rate, span)| tokens.count() > most(*rate, gpus, *span));
        above.map(|(class, tokens, rate, span)| {
            let seconds = span.max(LEAST).as_secs_f64();
            format!("{} {class} in {seconds:.1} s; {gpus} GPUs produce at most {rate} a second each", tokens.count())
        })
    }
}

/// The most tokens that `gpus` GPUs produce in a span of at least a second, at `per_gpu` tokens per second each.
pub fn most(per_gpu: u64, gpus: u32, span: Span) -> u64 {
    let millis = u128::from(span.max(LEAST).millis().unsigned_abs());
    let most = u128::from(per_gpu) * u128::from(gpus) * millis / 1000;
    u64::try_from(most).unwrap_or(u64::MAX)
}
