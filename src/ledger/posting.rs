//! Postings: the tokens of an interval, and the entries created from them.

use serde::{Deserialize, Serialize};

use super::apportion::running;
use super::{Classes, RevenueAccountId, TariffId};
use crate::units::{Span, Timestamp, Tokens};

/// How precisely the time of a posting's tokens is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Between two polls one interval apart.
    Seen,
    /// Somewhere in a gap: if the gap spans a price change, the bounds are recorded.
    Estimated,
}

/// The source of a posting: a row of a target's pages, and its process. A rate is the sum over its sources. The default has
/// no name; such sources are distinguished by their times.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostingSource {
    /// The row's number; 0 if unnamed.
    pub row: u64,
    /// The process's number at its address.
    pub process: u32,
    /// The number of the address, whose processes may answer by turns.
    pub address: u64,
}

impl PostingSource {
    pub(super) const fn is_named(self) -> bool {
        self.row != 0
    }

    /// The key that distinguishes it.
    pub(super) const fn key(self) -> (u64, u32) {
        (self.row, self.process)
    }
}

/// Tokens produced in `(from, to]`, to be posted.
#[derive(Debug, Clone, Copy)]
pub struct Posting {
    /// The revenue account.
    pub account: RevenueAccountId,
    /// The time of the earlier poll.
    pub from: Timestamp,
    /// The time of the later poll.
    pub to: Timestamp,
    /// The tokens.
    pub tokens: Classes,
    /// Whether the hits are known. Unknown hits are priced as misses and recorded as uncertain.
    pub hits_known: bool,
    /// How precisely their time is known.
    pub timing: Timing,
    /// The source.
    pub source: PostingSource,
}

impl Posting {
    /// The tokens up to an instant, by cumulative floors.
    pub(crate) fn upto(&self, end: Timestamp) -> Classes {
        let part = |tokens| Tokens::new(running(tokens, self.from, self.to, end));
        Classes { miss: part(self.tokens.miss), hit: part(self.tokens.hit), output: part(self.tokens.output) }
    }

    /// The minute in which the interval ends.
    pub(super) fn last_minute(&self) -> Timestamp {
        (self.to - Span::from_millis(1)).max(self.from).minute()
    }
}

/// An entry of the ledger, kept so that it can be reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The revenue account.
    pub account: RevenueAccountId,
    /// The prices; `None` is "unpriced".
    pub tariff: Option<TariffId>,
    /// The minute.
    pub minute: Timestamp,
    /// The tokens.
    pub tokens: Classes,
    /// The misses among them whose hits are unknown.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unsure: Tokens,
    /// Whether it is unproven that they were produced while observed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unproven: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(tokens: &Tokens) -> bool {
    *tokens == Tokens::ZERO
}

impl Entry {
    /// Whether another entry has the same account, tariff, minute and proof.
    pub fn merges(&self, other: &Self) -> bool {
        let of = |entry: &Self| (entry.account, entry.tariff, entry.minute, entry.unproven);
        of(self) == of(other)
    }

    /// Adds the other entry's tokens.
    pub fn merge(&mut self, other: Self) {
        self.tokens += other.tokens;
        self.unsure += other.unsure;
    }

    /// The same entry with some of its tokens, and as many misses with unknown hits as possible.
    #[must_use]
    pub(crate) fn part(self, tokens: Classes) -> Self {
        Self { tokens, unsure: self.unsure.min(tokens.miss), ..self }
    }

    /// The entry without the tokens of `taken`.
    #[must_use]
    pub(crate) fn without(self, taken: &Self) -> Self {
        let tokens = self.tokens.less(taken.tokens);
        Self { tokens, unsure: self.unsure.saturating_sub(taken.unsure).min(tokens.miss), ..self }
    }
}
