//! Converts growth to price classes, and splits off the part that may be another row's.

use crate::counters::delta::{Delta, Growth};
use crate::counters::values::COUNTERS;
use crate::reading::{PromptCount, TokenCounters};
use crate::units::Tokens;

/// Growth as price classes, ignoring hits that precede or follow their prompts.
pub(super) fn raw_delta(now: &TokenCounters, [prompts, hits, output]: [u64; COUNTERS]) -> Delta {
    let whole = matches!(now.prompt, PromptCount::Whole(_));
    let miss = if whole { prompts.saturating_sub(hits) } else { prompts };
    let (miss, hit, output) = (Tokens::new(miss), Tokens::new(hits), Tokens::new(output));
    let hits_known = now.cached.is_some() || matches!(now.prompt, PromptCount::ComputedOnly(_));
    Delta { miss, hit, output, hits_known }
}

/// Why growth is disputed that a new series has.
pub(super) const REASON_NEW: &str = "a series that is new on the page has more than comes at once: it was there before";
/// Why growth is disputed that another row or series had.
pub(super) const REASON_TAKEN: &str =
    "a series or row that is gone had this value: another one may have taken its labels";

/// Growth without the part that others may have had, and that part, if any.
pub(super) fn without(
    grown: [u64; COUNTERS],
    taken: [u64; COUNTERS],
    now: &TokenCounters,
) -> ([u64; COUNTERS], Option<Growth>) {
    let mut taken: [u64; COUNTERS] = std::array::from_fn(|i| taken[i].min(grown[i]));
    if matches!(now.prompt, PromptCount::Whole(_)) {
        // Hits are a part of prompts: those of other prompts wait for them as usual.
        taken[1] = taken[1].min(taken[0]);
    }
    let any = taken.iter().any(|taken| *taken > 0);
    let growth = Growth { all: raw_delta(now, taken), ..Growth::default() };
    (std::array::from_fn(|i| grown[i] - taken[i]), any.then_some(growth))
}
