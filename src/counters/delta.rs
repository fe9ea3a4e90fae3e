//! What a row produced between two pages, and whether the hardware could have.

use crate::reading::TokenCounters;
use crate::units::{Moment, Tokens};

/// Tokens by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delta {
    /// Prompt tokens computed.
    pub miss: Tokens,
    /// Prompt tokens from a cache.
    pub hit: Tokens,
    /// Output tokens.
    pub output: Tokens,
    /// Whether the hits are known. If not, `miss` holds them too.
    pub hits_known: bool,
}

impl Delta {
    /// Whether nothing was produced.
    pub fn is_zero(&self) -> bool {
        [self.miss, self.hit, self.output].iter().all(|tokens| *tokens == Tokens::ZERO)
    }
}

/// What one page says of one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// What it produced, believed.
    pub grown: Option<Growth>,
    /// What it would have produced, and why that is not believed.
    pub disputed: Option<Disputed>,
    /// Since when, if that was before the process's last page: a fall was held.
    pub from: Option<Moment>,
    /// Whether it began anew, so that what it held before may be incomplete.
    pub reset: bool,
    /// Whether a movement waits to be explained: nothing is known of its rate.
    pub quarantined: bool,
    /// Whether each counter (prompt, cached, output) is on the page.
    pub told: [bool; 3],
}

/// Tokens that are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Growth {
    /// Of all requests.
    pub all: Delta,
    /// Misses of earlier pages that turn out to have been hits.
    pub corrected: Tokens,
    /// Of finished requests, where the engine counts them apart.
    pub finished: Option<Delta>,
}

/// Tokens that are not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// How many.
    pub growth: Growth,
    /// The counters before.
    pub before: TokenCounters,
    /// The counters after.
    pub after: TokenCounters,
    /// When the counter last moved before.
    pub since: Moment,
    /// The bound that is exceeded, in words.
    pub bound: String,
}
