//! Limits hits to prompt tokens, cumulatively.
//!
//! Engines record hits and prompts at different moments. Since the baseline, hits are counted up to the number of prompt
//! tokens. Hits that come before their prompts wait for them; hits that come later turn earlier misses into hits.
//!
//! Hits far beyond all prompts belong to requests before the baseline, or are wrong, and are dropped. Since they may also
//! belong to prompts being read, it is unknown whether as many later prompt tokens are misses.

use serde::{Deserialize, Serialize};

/// The lead of hits over all prompts since the baseline from which they are dropped.
const FAR: u64 = super::fastest_minute::MIN_JUDGED;

/// Prompts and hits since the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct HitClamp {
    prompts: u64,
    hits: u64,
    /// The hits counted so far.
    counted: u64,
    /// Prompts of pages without a hit counter.
    #[serde(default, skip_serializing_if = "is_zero")]
    unknown: u64,
    /// Dropped hits: for as many prompt tokens it is unknown whether they are misses.
    #[serde(default, alias = "doubtful", skip_serializing_if = "is_zero")]
    uncertain: u64,
}

/// A growth of prompts and hits, split into classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) miss: u64,
    pub(super) hit: u64,
    /// Misses of earlier prompts that turned out to be hits.
    pub(super) corrected: u64,
    /// Earlier prompts whose hits were unknown until now.
    pub(super) settled: u64,
    /// Whether its misses may be hits.
    pub(super) is_uncertain: bool,
}

impl HitClamp {
    /// A clamp with hits that precede their prompts.
    pub(super) fn ahead(hits: u64) -> Self {
        Self { hits, ..Self::default() }
    }

    /// Splits a growth. If the page lacks some of the hits, its misses are uncertain.
    pub(super) fn take(&mut self, prompts: u64, hits: u64, lacks_hits: bool) -> Split {
        self.prompts = self.prompts.saturating_add(prompts);
        let is_far = self.hits.saturating_add(hits).saturating_sub(self.prompts) >= FAR;
        if is_far {
            // They are no evidence about earlier prompts either.
            self.unknown = 0;
            self.uncertain = self.uncertain.saturating_add(hits);
        } else {
            self.hits = self.hits.saturating_add(hits);
        }
        let due = self.hits.min(self.prompts).saturating_sub(self.counted);
        let hit = due.min(prompts);
        self.counted += due;
        let miss = prompts - hit;
        let settled = if lacks_hits { 0 } else { std::mem::take(&mut self.unknown) };
        if lacks_hits {
            self.unknown = self.unknown.saturating_add(miss);
        }
        let is_uncertain = (self.uncertain > 0 || lacks_hits) && miss > 0;
        self.uncertain = self.uncertain.saturating_sub(miss);
        Split { miss, hit, corrected: due - hit, settled, is_uncertain }
    }

    /// Records hits whose prompts are unreadable.
    pub(super) const fn wait(&mut self, hits: u64) {
        self.hits = self.hits.saturating_add(hits);
    }

    /// Records prompts of a page without a hit counter: they are counted as misses, and later hits correct them.
    pub(super) const fn note(&mut self, prompts: u64) {
        self.prompts = self.prompts.saturating_add(prompts);
        self.unknown = self.unknown.saturating_add(prompts);
    }

    /// Makes the hits of earlier prompts permanently unknown: the hit counter does not include them.
    pub(super) const fn leave_unknown(&mut self) {
        self.unknown = 0;
    }

    /// Whether hits seen for the first time, with a growth of prompts, can belong to the prompts since the baseline.
    pub(super) const fn can_be(&self, prompts: u64, hits: u64) -> bool {
        hits <= self.prompts.saturating_add(prompts).saturating_sub(self.counted)
    }

    /// Whether hits were dropped that may belong to later prompts.
    pub(super) const fn is_uncertain(&self) -> bool {
        self.uncertain > 0
    }

    /// Forgets dropped hits: prompts that they belong to would have come by now.
    pub(super) const fn forget_uncertain(&mut self) {
        self.uncertain = 0;
    }

    /// Reverts corrections that could not be made. Their hits go to later prompts.
    pub(super) fn give_back(&mut self, corrected: u64) {
        self.counted = self.counted.saturating_sub(corrected);
    }

    /// Makes the hits of earlier prompts unknown again, since the page that had them is not accepted.
    pub(super) const fn unsettle(&mut self, settled: u64) {
        self.unknown = self.unknown.saturating_add(settled);
    }

    /// Hits that wait for their prompts.
    #[cfg(test)]
    pub(super) const fn pending(self) -> u64 {
        self.hits - self.counted
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(miss: u64, hit: u64, corrected: u64) -> Split {
        Split { miss, hit, corrected, settled: 0, is_uncertain: false }
    }

    #[test]
    fn hits_that_become_known_settle_the_prompts_before_them_once() {
        let mut clamp = HitClamp::default();
        clamp.take(10, 0, false);
        clamp.note(100);
        assert_eq!(clamp.take(10, 60, false), Split { settled: 100, ..split(0, 10, 50) });
        assert_eq!(clamp.take(10, 0, false).settled, 0);
        clamp.note(100);
        clamp.leave_unknown();
        assert_eq!(clamp.take(10, 0, false).settled, 0);
    }

    #[test]
    fn misses_of_pages_that_lack_hits_are_unknown_until_all_of_them_are_there() {
        let mut clamp = HitClamp::default();
        assert_eq!(clamp.take(100, 20, true), Split { is_uncertain: true, ..split(80, 20, 0) });
        assert_eq!(clamp.take(100, 20, true).settled, 0);
        assert_eq!(clamp.take(10, 60, false), Split { settled: 160, ..split(0, 10, 50) });
    }

    #[test]
    fn hits_that_run_ahead_wait() {
        let mut clamp = HitClamp::default();
        assert_eq!(clamp.take(10, 60, false), split(0, 10, 0));
        assert_eq!(clamp.pending(), 50);
        assert_eq!(clamp.take(100, 0, false), split(50, 50, 0));
    }

    #[test]
    fn hits_that_come_late_correct_the_misses() {
        let mut clamp = HitClamp::default();
        assert_eq!(clamp.take(100_000, 0, false), split(100_000, 0, 0));
        assert_eq!(clamp.take(0, 60_000, false), split(0, 0, 60_000));
        assert_eq!(clamp.take(10, 50_000, false), split(0, 10, 39_999 + 1), "and no more than there were prompts");
        assert_eq!(clamp.pending(), 9_990);
    }

    #[test]
    fn hits_far_ahead_of_all_prompts_are_dropped() {
        let mut clamp = HitClamp::default();
        clamp.take(1000, 500, false);
        assert_eq!(clamp.take(200, FAR + 700, false), Split { is_uncertain: true, ..split(200, 0, 0) });
        assert_eq!(clamp.take(200, 100, false), Split { is_uncertain: true, ..split(100, 100, 0) });
        assert_eq!(clamp.take(FAR + 500, 100, false), Split { is_uncertain: true, ..split(FAR + 400, 100, 0) });
        assert_eq!(clamp.take(200, 100, false), split(100, 100, 0), "as many prompts came");
    }

    #[test]
    fn what_cannot_be_corrected_waits_for_later_prompts() {
        let mut clamp = HitClamp::default();
        clamp.take(100, 0, false);
        assert_eq!(clamp.take(0, 30, false).corrected, 30);
        clamp.give_back(30);
        assert_eq!(clamp.take(50, 0, false), split(20, 30, 0));
    }
}
