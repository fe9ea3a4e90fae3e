//! Tokens of classes that a gateway counts separately and engines do not: cache writes and reasoning.

use crate::pricing::Quote;
use crate::units::{Money, Price, Tokens};

/// A gateway's counts of them. Cache writes are part of its prompt tokens, reasoning of its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ReconciledClasses {
    pub(super) writes: u64,
    pub(super) writes_1h: u64,
    pub(super) reasoning: u64,
}

/// A class with tokens.
pub(super) struct Class {
    pub(super) word: &'static str,
    pub(super) tokens: u64,
    /// Their cost beyond the ledger's prices; `None` if the list has no price for them.
    pub(super) extra: Option<Money>,
}

impl ReconciledClasses {
    pub(super) fn add(&mut self, other: Self) {
        self.writes = self.writes.saturating_add(other.writes);
        self.writes_1h = self.writes_1h.saturating_add(other.writes_1h);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
    }

    /// Each class that has tokens. The ledger prices a cache write as a computed prompt token and reasoning as output.
    pub(super) fn all(self, quote: Option<&Quote<'_>>) -> Vec<Class> {
        let class = |word, name: &str, tokens, own: fn(&Quote<'_>) -> Price| Class {
            word,
            tokens,
            extra: quote.and_then(|quote| {
                let (price, own) = (quote.class(name)?, own(quote));
                Some(price.of(Tokens::new(tokens)) - own.of(Tokens::new(tokens)))
            }),
        };
        let all = [
            class("cache writes", "write_5m", self.writes, |quote| quote.prices.miss),
            class("cache writes, 1 h", "write_1h", self.writes_1h, |quote| quote.prices.miss),
            class("reasoning", "reasoning", self.reasoning, |quote| quote.prices.output),
        ];
        all.into_iter().filter(|class| class.tokens > 0).collect()
    }
}
