//! What a row has shown: the most that each of its counters grew in a minute.
//!
//! It is used for processes without a start time: growth far above the fastest minute is another process's.

use serde::{Deserialize, Serialize};

use super::values::COUNTERS;
use crate::units::{Moment, Span};

/// The place of output among the counters.
const OUTPUT: usize = COUNTERS - 1;
pub(super) const MINUTE: Span = Span::from_secs(60);
/// Growth of at least this many times the fastest minute is another process's.
const OTHERS_RATIO: u64 = 50;
/// Growth that comes so many times as fast as ever may be another process's: it waits until it is known whether it goes on.
const LEAP_RATIO: u64 = 20;
/// Growth of at most this many times the fastest minute is the row's own.
const OWN_RATIO: u64 = 2;
/// Growth of fewer tokens is not disputed for being unusual: it is posted, on trial.
pub(super) const MIN_DISPUTED: u64 = 100_000;
/// Growth of fewer tokens is posted at once.
pub(super) const MIN_JUDGED: u64 = 10_000;
/// Growth of fewer tokens proves nothing.
pub(super) const MIN_EVIDENCE: u64 = 1000;
/// Fewer output tokens come at once from requests that end together, and fewer a second from an engine that gets much to do
/// after it had little.
const BURST: u64 = 4000;
const BURST_A_SECOND: u64 = 1000;

/// Whether so many output tokens are more than come at once after that time: what has them at first has them from before.
pub(super) fn is_beyond_burst(output: u64, within: Span) -> bool {
    let millis = u128::from(within.millis().max(1).unsigned_abs());
    u128::from(output) >= u128::from(BURST) + u128::from(BURST_A_SECOND) * millis / 1000
}

/// The fastest minute of each counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct FastestMinute {
    fastest: [u64; COUNTERS],
    /// The growth in the present minute.
    current: [u64; COUNTERS],
    since: Option<Moment>,
    /// The most output tokens that one page added.
    #[serde(default)]
    at_once: u64,
}

impl FastestMinute {
    /// Adds a growth.
    pub(super) fn note(&mut self, at: Moment, growth: [u64; COUNTERS]) {
        if self.since.is_none_or(|since| at.since(since) >= MINUTE) {
            (self.current, self.since) = ([0; COUNTERS], Some(at));
        }
        for (i, grown) in growth.into_iter().enumerate() {
            self.current[i] = self.current[i].saturating_add(grown);
            self.fastest[i] = self.fastest[i].max(self.current[i]);
        }
        self.at_once = self.at_once.max(growth[OUTPUT]);
    }

    /// When the present minute began.
    pub(super) const fn since_mut(&mut self) -> Option<&mut Moment> {
        let Self { fastest: _, current: _, since, at_once: _ } = self;
        since.as_mut()
    }

    /// Whether there was any growth.
    pub(super) fn any(&self) -> bool {
        self.fastest.iter().any(|fastest| *fastest > 0)
    }

    /// Whether a growth is probable within a time, by the fastest minute.
    pub(super) fn suggests(&self, growth: [u64; COUNTERS], within: Span) -> bool {
        let millis = u128::from(within.millis().max(1000).unsigned_abs());
        let likely =
            |i: usize| u128::from(self.fastest[i]) * u128::from(OWN_RATIO) * millis / 60_000 + u128::from(MIN_EVIDENCE);
        (0..COUNTERS).all(|i| u128::from(growth[i]) <= likely(i))
    }

    /// Whether a growth is possible within a time, by the fastest minute.
    pub(super) fn explains(&self, growth: [u64; COUNTERS], within: Span) -> bool {
        let minutes = (within.millis().max(MINUTE.millis()) as u64).div_ceil(60_000);
        (0..COUNTERS)
            .all(|i| growth[i] <= self.fastest[i].saturating_mul(minutes).saturating_mul(OWN_RATIO).max(MIN_EVIDENCE))
    }

    /// Whether a growth since each counter last moved is so far beyond anything shown that it may be another process's.
    pub(super) fn is_far_beyond(&self, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS]) -> bool {
        growth.iter().any(|grown| *grown >= MIN_JUDGED) && self.is_unusual(growth, since_moved)
    }

    /// Whether output tokens came so much faster than ever shown that they may be another process's. Prompts alone may come so: a
    /// long one is counted at once.
    pub(super) fn is_leap(&self, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS], at: Moment) -> bool {
        // What came at once before may come again.
        let is_new = growth[OUTPUT] > self.at_once.saturating_mul(OWN_RATIO);
        self.any()
            && is_new
            && is_beyond_burst(growth[OUTPUT], since_moved[OUTPUT])
            && self.leaps(OUTPUT, growth, since_moved, at)
    }

    /// Whether so many prompts came so much faster than ever shown that they may be another process's.
    pub(super) fn is_prompt_leap(&self, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS], at: Moment) -> bool {
        let is_much = growth[0] >= MIN_DISPUTED && growth[0] > self.fastest[0].saturating_mul(OWN_RATIO);
        self.any() && is_much && self.leaps(0, growth, since_moved, at)
    }

    /// Whether a counter grew far faster than ever shown.
    fn leaps(&self, i: usize, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS], at: Moment) -> bool {
        let millis = u128::from(since_moved[i].millis().max(1).unsigned_abs());
        let present = self.since.map_or(MINUTE, |since| at.since(since).clamp(Span::from_millis(1), MINUTE));
        let usual = |tokens: u64, within: Span| {
            u128::from(tokens) * millis / u128::from(within.millis().unsigned_abs()) * u128::from(LEAP_RATIO)
        };
        u128::from(growth[i]) >= usual(self.fastest[i], MINUTE).max(usual(self.current[i], present))
    }

    /// Whether a growth is far beyond anything shown.
    pub(super) fn is_unusual(&self, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS]) -> bool {
        let far = |i: usize| {
            let minutes = u128::from((since_moved[i].millis().max(MINUTE.millis()) as u64).div_ceil(60_000));
            u128::from(growth[i]) >= u128::from(self.fastest[i]) * u128::from(OTHERS_RATIO) * minutes
        };
        let moved = || (0..COUNTERS).filter(|i| growth[*i] > 0);
        self.any() && growth.iter().any(|grown| *grown >= MIN_EVIDENCE) && moved().all(far)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::default() + Span::from_secs(seconds)
    }

    #[test]
    fn another_processs_total_is_far_beyond_a_minute() {
        let mut shown = FastestMinute::default();
        let second = [Span::from_secs(1); COUNTERS];
        assert!(!shown.is_far_beyond([8_000_000, 0, 800_000], second), "nothing shown yet");
        for seconds in 0..200 {
            shown.note(at(seconds), [100, 0, 100]);
        }
        assert!(shown.is_far_beyond([8_000_000, 0, 800_000], second));
        assert!(!shown.is_far_beyond([8_000_000, 0, 400], second), "one counter alone grows like that");
        assert!(!shown.is_far_beyond([9_000, 0, 9_000], second), "a burst");
        assert!(!shown.is_unusual([12_000, 0, 12_000], second) && shown.is_unusual([400_000, 0, 400_000], second));
        assert!(!shown.is_far_beyond([900_000, 0, 900_000], [Span::from_secs(3600); COUNTERS]), "an hour's growth");
    }

    #[test]
    fn tokens_that_come_too_fast_for_an_engine_are_anothers() {
        let mut shown = FastestMinute::default();
        let second = [Span::from_secs(1); COUNTERS];
        assert!(!shown.is_leap([50_000, 20_000, 50_000], second, at(0)), "nothing shown yet");
        for seconds in 0..5 {
            shown.note(at(seconds), [100, 50, 100]);
        }
        for now in [5, 200] {
            assert!(shown.is_leap([50_000, 20_000, 50_000], second, at(now)), "500 times as fast");
            assert!(!shown.is_leap([50_000, 20_000, 4_900], second, at(now)), "much to do at once");
            assert!(!shown.is_leap([900_000, 0, 100], second, at(now)), "long prompts");
            assert!(shown.is_leap([50_000, 50, 50_000], second, at(now)), "the hits go on");
            let prompts = |tokens: u64| shown.is_prompt_leap([tokens, 0, 100], second, at(now));
            assert!(prompts(310_000) && !prompts(90_000), "a long prompt may be counted at once");
            assert!(!shown.is_leap([50_000, 20_000, 50_000], [Span::from_secs(60); COUNTERS], at(now)), "in a minute");
        }
        let mut fast = FastestMinute::default();
        fast.note(at(0), [40_000, 0, 40_000]);
        assert!(!fast.is_leap([40_000, 0, 40_000], second, at(1)), "its own pace");
    }
}
