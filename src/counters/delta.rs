//! What a row produced between two pages, and whether that is plausible.

use super::values::RowKey;
use crate::reading::TokenCounters;
use crate::units::{Moment, Timestamp, Tokens};

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

    /// Both together.
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
    /// The disputed growth, with the bound that it exceeds.
    pub disputed: Option<Disputed>,
    /// Since when growth was disputed that the counters took back: they are where they were without it.
    pub took_back: Option<Timestamp>,
    /// The start of its interval, if that is before the process's last page because a fall was quarantined.
    pub from: Option<Moment>,
    /// Whether it is of a process that began in its interval, at an instant that is not known to a tenth of it, or of a counter
    /// that no page had yet: then it is no rate.
    pub began: bool,
    /// Whether a counter that stood at nothing, or was not there, has so much at once that its earlier pages may have been
    /// wrong.
    pub leapt: bool,
    /// Whether nothing proves that its process made it: another one may have.
    pub unproven: bool,
    /// Since when each counter (prompt, cached, output) that returns on this page was missing: its growth is of all that time.
    pub late: [Option<Moment>; 3],
    /// The name under which the row was on earlier pages, if it has another one from this page on.
    pub was: Option<RowKey>,
    /// Whether the row was reset.
    pub reset: Reset,
    /// Whether the reset of a part of it turned out to have been a dip: no longer is anything missing of it.
    pub regained: bool,
    /// Whether a counter is quarantined, so that the rate is unknown.
    pub quarantined: bool,
    /// Whether each counter (prompt, cached, output) is on the page.
    pub present: [bool; 3],
}

/// Whether a row was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reset {
    /// It was not, or so long ago that it is certain.
    #[default]
    No,
    /// It begins anew, for good: its count from before may be incomplete.
    Certain,
    /// It was reset on this page, and this may turn out to have been a dip.
    Begins,
    /// It was reset before, and this may turn out to have been a dip: what is posted meanwhile may be taken back.
    OnTrial,
    /// Its reset was a dip: what was posted since is a part of this growth.
    Undone,
}

impl Reset {
    /// Whether it was reset on this page.
    pub const fn is_new(self) -> bool {
        matches!(self, Self::Certain | Self::Begins)
    }

    /// Whether what is posted may be taken back.
    pub const fn is_on_trial(self) -> bool {
        matches!(self, Self::Begins | Self::OnTrial)
    }
}

/// Plausible growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Growth {
    /// Of all requests.
    pub all: Delta,
    /// Misses of earlier pages that turn out to be hits.
    pub corrected: Tokens,
    /// Prompts of earlier pages whose hits were unknown until this one.
    pub settled: Tokens,
    /// Of finished requests, if the engine counts them apart.
    pub finished: Option<Delta>,
}

/// Disputed growth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// The tokens.
    pub growth: Growth,
    /// The counters before it.
    pub before: TokenCounters,
    /// The counters after it.
    pub after: TokenCounters,
    /// When the counter last moved before it.
    pub since: Moment,
    /// The exceeded bound, in words.
    pub bound: String,
}
