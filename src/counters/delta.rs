//! The growth of a row between two pages, and whether it is plausible.

use super::values::RowKey;
use crate::reading::TokenCounters;
use crate::units::{Moment, Span, Timestamp, Tokens};

/// Tokens by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delta {
    /// Computed prompt tokens.
    pub miss: Tokens,
    /// Cached prompt tokens.
    pub hit: Tokens,
    /// Output tokens.
    pub output: Tokens,
    /// Whether the hits are known. If not, they are counted in `miss`.
    pub hits_known: bool,
}

impl Delta {
    /// Whether there are no tokens.
    pub fn is_zero(&self) -> bool {
        [self.miss, self.hit, self.output].iter().all(|tokens| *tokens == Tokens::ZERO)
    }

    /// The sum of two deltas.
    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            miss: self.miss + other.miss,
            hit: self.hit + other.hit,
            output: self.output + other.output,
            hits_known: self.hits_known && other.hits_known,
        }
    }
}

/// The result of one page for one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is another thing that a page may say")]
pub struct Step {
    /// The plausible growth.
    pub grown: Option<Growth>,
    /// What the plausible growth was judged by.
    pub basis: Option<GrowthBasis>,
    /// Disputed growth, with the bound that it exceeds.
    pub disputed: Option<Disputed>,
    /// Since when growth was disputed that the counters have reverted; they continue from the values without it.
    pub took_back: Option<Timestamp>,
    /// As `took_back`, for growth that a person has decided on.
    pub decided_back: Option<Timestamp>,
    /// The start of the step's interval, if that is before the process's last page because a fall was quarantined.
    pub from: Option<Moment>,
    /// Whether the growth has no rate: its process began in the interval at an instant that is not known to a tenth of it,
    /// or no earlier page had the counter.
    pub began: bool,
    /// Whether a counter that was zero or missing is suddenly so high that its earlier pages may have been wrong.
    pub leapt: bool,
    /// Whether another process may have produced the growth.
    pub unproven: bool,
    /// For each counter (prompt, cached, output) that returns on this page, since when it was missing; its growth is of all
    /// that time.
    pub late: [Option<Moment>; 3],
    /// The row's name on earlier pages, if it has another name from this page on.
    pub was: Option<RowKey>,
    /// Whether the row was reset.
    pub reset: Reset,
    /// Whether much of the growth is of series that were missing on earlier pages, or of a part that was reset pages ago.
    pub returned: bool,
    /// Whether a partial reset turned out to be a dip, so that nothing of it is missing.
    pub regained: bool,
    /// Whether a counter is quarantined, so that the rate is unknown.
    pub quarantined: bool,
    /// Whether each counter (prompt, cached, output) is on the page.
    pub present: [bool; 3],
}

impl Step {
    /// Whether the growth includes what a part of the row made on earlier pages: since it was reset, or while it was missing.
    pub fn catches_up(&self) -> bool {
        self.returned && self.grown.is_some()
    }
}

/// What a plausible growth was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrowthBasis {
    /// The counters before the growth.
    pub before: TokenCounters,
    /// The counters after it.
    pub after: TokenCounters,
    /// The growth of each counter.
    pub grown: [u64; 3],
    /// When a counter last changed before the growth.
    pub since: Moment,
    /// How long each counter had not changed.
    pub within: [Span; 3],
    /// Whether the engine has counted hits before.
    pub shows_hits: bool,
}

/// Whether a row was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reset {
    /// No reset, or one so long ago that it is certain.
    #[default]
    No,
    /// The row counts from zero, permanently; its earlier count may be incomplete.
    Certain,
    /// The row was reset on this page, which may turn out to be a dip.
    Begins,
    /// The row was reset before, which may turn out to be a dip: what is posted meanwhile may be reversed.
    OnTrial,
    /// The reset was a dip: this growth includes what was posted since.
    Undone,
}

impl Reset {
    /// Whether it was reset on this page.
    pub const fn is_new(self) -> bool {
        matches!(self, Self::Certain | Self::Begins)
    }

    /// Whether postings may be reversed.
    pub const fn is_on_trial(self) -> bool {
        matches!(self, Self::Begins | Self::OnTrial)
    }
}

/// Plausible growth of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Growth {
    /// The growth of all requests.
    pub all: Delta,
    /// Misses of earlier pages that turned out to be hits.
    pub corrected: Tokens,
    /// Prompt tokens of earlier pages whose hits were unknown until this page.
    pub settled: Tokens,
    /// The growth of finished requests, if the engine counts them separately.
    pub finished: Option<Delta>,
}

/// Disputed growth of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// The tokens.
    pub growth: Growth,
    /// The counters before the growth.
    pub before: TokenCounters,
    /// The counters after the growth.
    pub after: TokenCounters,
    /// When the counter last changed before the growth.
    pub since: Moment,
    /// The exceeded bound, as text.
    pub bound: String,
}
