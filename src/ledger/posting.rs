//! What is written: tokens of an interval, and the lines that they become.

use serde::{Deserialize, Serialize};

use super::apportion::running;
use super::{AccountId, Classes, TariffId};
use crate::units::{Span, Timestamp, Tokens};

/// How sure it is when the tokens of a posting were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Between two looks one interval apart.
    Seen,
    /// Somewhere in a gap: where a price edge lies in it, the bounds are kept.
    Estimated,
}

/// Tokens made in `(from, to]`.
#[derive(Debug, Clone, Copy)]
pub struct Posting {
    /// Who earned.
    pub account: AccountId,
    /// The earlier look.
    pub from: Timestamp,
    /// The later look.
    pub to: Timestamp,
    /// What was made.
    pub tokens: Classes,
    /// Whether the hits are known; unknown ones are priced as misses and said.
    pub hits_known: bool,
    /// How sure the instants are.
    pub timing: Timing,
}

impl Posting {
    /// What was made up to an instant, by cumulative floors.
    pub(super) fn upto(&self, end: Timestamp) -> Classes {
        let part = |tokens| Tokens::new(running(tokens, self.from, self.to, end));
        Classes { miss: part(self.tokens.miss), hit: part(self.tokens.hit), output: part(self.tokens.output) }
    }

    /// The minute in which its interval ends.
    pub(super) fn last_minute(&self) -> Timestamp {
        (self.to - Span::from_millis(1)).max(self.from).minute()
    }
}

/// One line of the ledger, so that it can be taken back by its counter-entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Who earned.
    pub account: AccountId,
    /// The prices; `None` is "unpriced".
    pub tariff: Option<TariffId>,
    /// The minute.
    pub minute: Timestamp,
    /// How many.
    pub tokens: Classes,
}

impl Entry {
    /// Whether another line is for the same account, tariff and minute.
    pub fn merges(&self, other: &Self) -> bool {
        (self.account, self.tariff, self.minute) == (other.account, other.tariff, other.minute)
    }

    /// Adds the other line's tokens.
    pub fn merge(&mut self, other: Self) {
        self.tokens += other.tokens;
    }
}
