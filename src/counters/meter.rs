//! One row's token counters to deltas.
//!
//! Hits and prompts are recorded at different moments by several engines, so hits are clamped to prompts cumulatively:
//! what the clamp holds back is given back when the prompts come.

use crate::reading::{PromptCount, TokenCounters};
use crate::units::Tokens;

/// What a row made between two looks.
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

/// The last values of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meter {
    last: TokenCounters,
    before_fall: TokenCounters,
    hits_held: Tokens,
}

impl Meter {
    /// A meter as it was remembered: the last values, those from before a fall that is held, and the hits that ran
    /// ahead of their prompts.
    pub const fn recall(last: TokenCounters, before_fall: TokenCounters, hits_held: Tokens) -> Self {
        Self { last, before_fall, hits_held }
    }

    /// The values from before a fall that is being held.
    pub const fn before_fall(&self) -> TokenCounters {
        self.before_fall
    }

    /// Hits that ran ahead of their prompts.
    pub const fn hits_held(&self) -> Tokens {
        self.hits_held
    }

    /// The last values that were seen.
    pub const fn last(&self) -> TokenCounters {
        self.last
    }

    /// Whether any counter is below its last value.
    pub fn fell(&self, now: TokenCounters) -> bool {
        below(prompt(now), prompt(self.last))
            || below(now.cached, self.last.cached)
            || below(now.output, self.last.output)
    }

    /// Whether, after a fall, every counter is back at or above its value from before it.
    pub fn recovered(&self, now: TokenCounters) -> bool {
        !below(prompt(now), prompt(self.before_fall))
            && !below(now.cached, self.before_fall.cached)
            && !below(now.output, self.before_fall.output)
    }

    /// Takes values as a baseline: nothing was made that we saw.
    pub fn baseline(&mut self, now: TokenCounters) {
        self.last = keep(now, self.last);
        self.hits_held = Tokens::ZERO;
    }

    /// Remembers values during a held fall; the values from before it are kept to compare with.
    pub fn hold(&mut self, now: TokenCounters, first: bool) {
        if first {
            self.before_fall = self.last;
        }
        self.last = keep(now, self.last);
    }

    /// The growth since the last look; a counter that was not there before counts from zero.
    pub fn grow(&mut self, now: TokenCounters) -> Delta {
        let delta = self.delta(now, self.last);
        self.last = keep(now, self.last);
        delta
    }

    /// The growth of a process that began at zero.
    pub fn restart(&mut self, now: TokenCounters) -> Delta {
        self.hits_held = Tokens::ZERO;
        let delta = self.delta(now, TokenCounters::default());
        self.last = now;
        delta
    }

    fn delta(&mut self, now: TokenCounters, then: TokenCounters) -> Delta {
        let prompts = grown(prompt(now), prompt(then));
        let output = grown(now.output, then.output);
        match (now.prompt, now.cached) {
            (_, None) => Delta { miss: prompts, output, ..Delta::default() },
            (PromptCount::ComputedOnly(_), Some(_)) => {
                Delta { miss: prompts, hit: grown(now.cached, then.cached), output, hits_known: true }
            }
            (_, Some(_)) => {
                let hits = grown(now.cached, then.cached) + self.hits_held;
                let hit = hits.min(prompts);
                self.hits_held = hits.saturating_sub(hit);
                Delta { miss: prompts.saturating_sub(hit), hit, output, hits_known: true }
            }
        }
    }
}

const fn prompt(counters: TokenCounters) -> Option<Tokens> {
    match counters.prompt {
        PromptCount::Whole(tokens) | PromptCount::ComputedOnly(tokens) => Some(tokens),
        PromptCount::Unknown => None,
    }
}

fn below(now: Option<Tokens>, then: Option<Tokens>) -> bool {
    matches!((now, then), (Some(now), Some(then)) if now < then)
}

fn grown(now: Option<Tokens>, then: Option<Tokens>) -> Tokens {
    now.unwrap_or_default().saturating_sub(then.unwrap_or_default())
}

/// The new values, and the old ones where a page left a counter out: its next value goes on from there.
fn keep(now: TokenCounters, last: TokenCounters) -> TokenCounters {
    TokenCounters {
        prompt: if now.prompt == PromptCount::Unknown { last.prompt } else { now.prompt },
        cached: now.cached.or(last.cached),
        output: now.output.or(last.output),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(prompt: u64, cached: u64, output: u64) -> TokenCounters {
        TokenCounters {
            prompt: PromptCount::Whole(Tokens::new(prompt)),
            cached: Some(Tokens::new(cached)),
            output: Some(Tokens::new(output)),
        }
    }

    #[test]
    fn hits_that_run_ahead_are_held_and_given_back() {
        let mut meter = Meter::default();
        meter.baseline(counters(1000, 500, 0));
        let first = meter.grow(counters(1010, 560, 5));
        assert_eq!((first.miss.count(), first.hit.count()), (0, 10));
        let second = meter.grow(counters(1110, 560, 5));
        assert_eq!((second.miss.count(), second.hit.count()), (50, 50));
    }

    #[test]
    fn a_counter_that_a_page_left_out_goes_on_from_its_last_value() {
        let mut meter = Meter::default();
        meter.baseline(counters(1000, 0, 100));
        let gone = TokenCounters { output: None, ..counters(1000, 0, 0) };
        assert_eq!(meter.grow(gone).output, Tokens::ZERO);
        assert_eq!(meter.grow(counters(1000, 0, 130)).output, Tokens::new(30));
    }

    #[test]
    fn a_late_counter_counts_from_zero() {
        let mut meter = Meter::default();
        meter.baseline(TokenCounters::default());
        assert_eq!(meter.grow(counters(30, 10, 7)).output, Tokens::new(7));
    }

    #[test]
    fn prompts_without_hits_are_misses_and_said() {
        let mut meter = Meter::default();
        let now = TokenCounters { cached: None, ..counters(10, 0, 1) };
        let delta = meter.restart(now);
        assert_eq!((delta.miss.count(), delta.hits_known), (10, false));
    }
}
