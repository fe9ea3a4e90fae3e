//! The fastest growth that a row has shown: the maximum growth of each counter in a minute.
//!
//! It is used for processes without a start time: growth far above the fastest minute is assumed to be another process's.

use serde::{Deserialize, Serialize};

use super::values::COUNTERS;
use crate::units::{Moment, Span};

/// The index of output among the counters.
pub(super) const OUTPUT: usize = COUNTERS - 1;
pub(super) const MINUTE: Span = Span::from_secs(60);
/// Growth of at least this many times the fastest minute is assumed to be another process's.
const OTHERS_RATIO: u64 = 50;
/// Growth this many times faster than ever may be another process's: it is quarantined until later pages continue it or
/// not.
const LEAP_RATIO: u64 = 20;
/// Growth of prompts and of output, each this many times faster than ever, may together be another process's.
const DOUBLE_LEAP_RATIO: u64 = 10;
/// Growth of at most this many times the fastest minute is the row's own.
const OWN_RATIO: u64 = 2;
/// Unusual growth below this many tokens is not disputed but posted on trial.
pub(super) const MIN_DISPUTED: u64 = 100_000;
/// Growth below this many tokens is posted at once.
pub(super) const MIN_JUDGED: u64 = 10_000;
/// Growth below this many tokens is no evidence.
pub(super) const MIN_EVIDENCE: u64 = 1000;
/// The most output tokens expected at once, when requests end together, and the most per second from an engine whose load
/// rises.
const BURST: u64 = 4000;
const BURST_A_SECOND: u64 = 1000;

/// Whether this many output tokens exceed a burst after this time, so that a new counter must have had some before.
pub(super) fn is_beyond_burst(output: u64, within: Span) -> bool {
    let millis = u128::from(within.millis().max(1).unsigned_abs());
    u128::from(output) >= u128::from(BURST) + u128::from(BURST_A_SECOND) * millis / 1000
}

/// The fastest minute of each counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct FastestMinute {
    fastest: [u64; COUNTERS],
    /// The growth in the current minute.
    current: [u64; COUNTERS],
    since: Option<Moment>,
    /// The most output tokens on one page.
    #[serde(default)]
    at_once: u64,
}

impl FastestMinute {
    /// Adds growth.
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

    /// When the current minute began.
    pub(super) const fn since_mut(&mut self) -> Option<&mut Moment> {
        let Self { fastest: _, current: _, since, at_once: _ } = self;
        since.as_mut()
    }

    /// Whether there was any growth.
    pub(super) fn any(&self) -> bool {
        self.fastest.iter().any(|fastest| *fastest > 0)
    }

    /// Whether growth is likely within a time, given the fastest minute.
    pub(super) fn suggests(&self, growth: [u64; COUNTERS], within: Span) -> bool {
        let millis = u128::from(within.millis().max(1000).unsigned_abs());
        let likely =
            |i: usize| u128::from(self.fastest[i]) * u128::from(OWN_RATIO) * millis / 60_000 + u128::from(MIN_EVIDENCE);
        (0..COUNTERS).all(|i| u128::from(growth[i]) <= likely(i))
    }

    /// Whether growth is possible within a time, given the fastest minute.
    pub(super) fn explains(&self, growth: [u64; COUNTERS], within: Span) -> bool {
        let minutes = (within.millis().max(MINUTE.millis()) as u64).div_ceil(60_000);
        (0..COUNTERS)
            .all(|i| growth[i] <= self.fastest[i].saturating_mul(minutes).saturating_mul(OWN_RATIO).max(MIN_EVIDENCE))
    }

    /// Whether growth since each counter last changed is so far beyond the fastest minute that it may be another process's.
    pub(super) fn is_far_beyond(&self, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS]) -> bool {
        growth.iter().any(|grown| *grown >= MIN_JUDGED) && self.is_unusual(growth, since_moved)
    }

    /// Whether output tokens grew so much faster than ever that they may be another process's. Prompt tokens alone can do
    /// that, since a long prompt is counted at once.
    pub(super) fn is_leap(&self, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS], at: Moment) -> bool {
        // A burst of a size seen before is not suspicious.
        let is_new = growth[OUTPUT] > self.at_once.saturating_mul(OWN_RATIO);
        self.any()
            && is_new
            && is_beyond_burst(growth[OUTPUT], since_moved[OUTPUT])
            && self.leaps(OUTPUT, growth, since_moved, at)
    }

    /// Whether many prompt tokens grew so much faster than ever that they may be another process's.
    pub(super) fn is_prompt_leap(&self, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS], at: Moment) -> bool {
        let is_much = growth[0] >= MIN_DISPUTED && growth[0] > self.fastest[0].saturating_mul(OWN_RATIO);
        self.any() && is_much && self.leaps(0, growth, since_moved, at)
    }

    /// Whether prompts and output both grew much faster than ever, and more than a burst: they may be another process's.
    pub(super) fn is_double_leap(&self, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS], at: Moment) -> bool {
        self.any()
            && growth[0] >= MIN_JUDGED
            && is_beyond_burst(growth[OUTPUT], since_moved[OUTPUT])
            && [0, OUTPUT].into_iter().all(|i| self.outgrows(DOUBLE_LEAP_RATIO, i, growth, since_moved, at))
    }

    /// Whether a counter grew far faster than ever.
    pub(super) fn leaps(&self, i: usize, growth: [u64; COUNTERS], since_moved: [Span; COUNTERS], at: Moment) -> bool {
        self.outgrows(LEAP_RATIO, i, growth, since_moved, at)
    }

    /// Whether a counter grew so many times faster than ever.
    fn outgrows(
        &self,
        ratio: u64,
        i: usize,
        growth: [u64; COUNTERS],
        since_moved: [Span; COUNTERS],
        at: Moment,
    ) -> bool {
        let millis = u128::from(since_moved[i].millis().max(1).unsigned_abs());
        let present = self.since.map_or(MINUTE, |since| at.since(since).clamp(Span::from_millis(1), MINUTE));
        let usual = |tokens: u64, within: Span| {
            u128::from(tokens) * millis / u128::from(within.millis().unsigned_abs()) * u128::from(ratio)
        };
        u128::from(growth[i]) >= usual(self.fastest[i], MINUTE).max(usual(self.current[i], present))
    }

    /// Whether growth is far beyond the fastest minute.
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
