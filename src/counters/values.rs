//! The three counters of a row as an array, and comparisons of two readings of them.

use serde::{Deserialize, Serialize};

use crate::reading::{EngineReading, LiveTokens, ModelName, PromptCount, Rank, TokenCounters};
use crate::units::Tokens;

/// The number of counters of a row: prompt, cached, output, in this order.
pub(super) const COUNTERS: usize = 3;

/// The key of a row within its process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct RowKey {
    /// The rank; `None` if the page does not split the row by rank.
    pub rank: Option<Rank>,
    /// The model; `None` if the page names none.
    pub model: Option<ModelName>,
}

impl RowKey {
    /// The key of a reading's row.
    pub fn of(reading: &EngineReading) -> Self {
        Self { rank: reading.rank.clone(), model: reading.model.clone() }
    }

    /// Whether a reading is of this row.
    pub fn is_of(&self, reading: &EngineReading) -> bool {
        self.rank == reading.rank && self.model == reading.model
    }
}

/// The counters, each known value raised by the last values of its evicted series.
pub(super) fn raised(counters: &TokenCounters, by: [u64; COUNTERS]) -> TokenCounters {
    let raise = |tokens: Tokens, more: u64| Tokens::new(tokens.count().saturating_add(more));
    TokenCounters {
        prompt: match counters.prompt {
            PromptCount::Whole(tokens) => PromptCount::Whole(raise(tokens, by[0])),
            PromptCount::ComputedOnly(tokens) => PromptCount::ComputedOnly(raise(tokens, by[0])),
            PromptCount::Unknown => PromptCount::Unknown,
        },
        cached: counters.cached.map(|tokens| raise(tokens, by[1])),
        output: counters.output.map(|tokens| raise(tokens, by[2])),
    }
}

/// The counters, each known value lowered.
pub(super) fn lowered(counters: &TokenCounters, by: [u64; COUNTERS]) -> TokenCounters {
    let lower = |tokens: Tokens, less: u64| tokens.saturating_sub(Tokens::new(less));
    TokenCounters {
        prompt: match counters.prompt {
            PromptCount::Whole(tokens) => PromptCount::Whole(lower(tokens, by[0])),
            PromptCount::ComputedOnly(tokens) => PromptCount::ComputedOnly(lower(tokens, by[0])),
            PromptCount::Unknown => PromptCount::Unknown,
        },
        cached: counters.cached.map(|tokens| lower(tokens, by[1])),
        output: counters.output.map(|tokens| lower(tokens, by[2])),
    }
}

/// Whether any counter is below its earlier value.
pub(super) fn fell(now: &TokenCounters, then: &TokenCounters) -> bool {
    now.numbers().into_iter().zip(then.numbers()).any(|pair| matches!(pair, (Some(now), Some(then)) if now < then))
}

/// The growth of each counter. A counter that is unknown now has no growth; one that was unknown before counts from zero.
pub(super) fn growth(now: &TokenCounters, then: &TokenCounters) -> [u64; COUNTERS] {
    let (now, then) = (now.numbers(), then.numbers());
    std::array::from_fn(|i| now[i].map_or(0, |now| now.saturating_sub(then[i].unwrap_or(0))))
}

/// The new values, and the old ones for counters that a page lacks, which continue from there.
pub(super) fn kept(now: &TokenCounters, then: &TokenCounters) -> TokenCounters {
    TokenCounters {
        prompt: if now.prompt == PromptCount::Unknown { then.prompt } else { now.prompt },
        cached: now.cached.or(then.cached),
        output: now.output.or(then.output),
    }
}

/// The counters at zero.
pub(super) fn zeroed(tokens: &TokenCounters) -> TokenCounters {
    let zero = |tokens: Option<Tokens>| tokens.map(|_| Tokens::ZERO);
    TokenCounters {
        prompt: match tokens.prompt {
            PromptCount::Whole(_) => PromptCount::Whole(Tokens::ZERO),
            PromptCount::ComputedOnly(_) => PromptCount::ComputedOnly(Tokens::ZERO),
            PromptCount::Unknown => PromptCount::Unknown,
        },
        cached: zero(tokens.cached),
        output: zero(tokens.output),
    }
}

/// Which counters are below an earlier value.
pub(super) fn fallen(now: &TokenCounters, then: &TokenCounters) -> [bool; COUNTERS] {
    let (now, then) = (now.numbers(), then.numbers());
    std::array::from_fn(|i| matches!((now[i], then[i]), (Some(now), Some(then)) if now < then))
}

/// The values of `one` for the chosen counters, those of `other` for the rest.
pub(super) fn chosen(of_one: [bool; COUNTERS], one: &TokenCounters, other: &TokenCounters) -> TokenCounters {
    TokenCounters {
        prompt: if of_one[0] { one.prompt } else { other.prompt },
        cached: if of_one[1] { one.cached } else { other.cached },
        output: if of_one[2] { one.output } else { other.output },
    }
}

/// The earlier values, with zero for each counter that fell.
pub(super) fn zero_where_fell(then: &TokenCounters, now: &TokenCounters) -> TokenCounters {
    let (fell, zero) = (fallen(now, then), zeroed(then));
    TokenCounters {
        prompt: if fell[0] { zero.prompt } else { then.prompt },
        cached: if fell[1] { zero.cached } else { then.cached },
        output: if fell[2] { zero.output } else { then.output },
    }
}

/// The sum of the live counters of a page, if it has any.
pub(super) fn live_total(page: &[&EngineReading]) -> Option<u64> {
    let of = |live: LiveTokens| [live.computed, live.cached, live.output].into_iter().flatten().map(Tokens::count);
    page.iter()
        .filter_map(|reading| reading.live)
        .map(|live| of(live).fold(0, u64::saturating_add))
        .reduce(u64::saturating_add)
}
