//! A row's growth as price classes.

use super::{COUNTERS, RowCounters};
use crate::counters::delta::Delta;
use crate::counters::hits::HitClamp;
use crate::counters::quarantine_limits::QUARANTINE_LONGEST;
use crate::reading::{EngineReading, PromptCount, TokenCounters};
use crate::units::{Moment, Tokens};

impl RowCounters {
    /// Takes the first values of counters that were unreadable on the baseline page as their baseline. What they counted in
    /// between is unknown: the hits of prompts since then stay uncertain, and hits of unreadable prompts are not applied to
    /// later prompts. Returns whether prompt or output tokens are missing because of it.
    pub(super) fn adopt_unread(&mut self, now: &TokenCounters, is_refused: bool) -> bool {
        let before = self.last;
        self.last = super::kept(&self.last, now);
        self.unread = is_refused;
        if before.cached.is_none() && self.last.cached.is_some() {
            self.hits.leave_unknown();
        }
        let [prompts, output] = [before.prompt == PromptCount::Unknown, before.output.is_none()];
        let prompts = prompts && self.last.prompt != PromptCount::Unknown;
        if prompts {
            self.hits = HitClamp::default();
        }
        prompts || output && self.last.output.is_some()
    }

    /// Growth without hits from before the baseline: a hit counter that is seen for the first time counts from zero only if
    /// there were as many prompts since.
    pub(super) fn without_earlier_hits(
        &mut self,
        [prompts, hits, output]: [u64; COUNTERS],
        now: &TokenCounters,
    ) -> [u64; COUNTERS] {
        let is_first = self.last.cached.is_none() && matches!(now.prompt, PromptCount::Whole(_));
        let earlier = is_first && !self.hits.can_be(prompts, hits);
        if earlier {
            self.hits.leave_unknown();
        }
        [prompts, if earlier { 0 } else { hits }, output]
    }

    /// Splits growth into price classes. Also returns the misses that it corrects, and the earlier prompts whose hits are
    /// now known.
    pub(super) fn split(
        &mut self,
        reading: &EngineReading,
        grown: [u64; COUNTERS],
        (now, at): (&TokenCounters, Moment),
    ) -> (Delta, [Tokens; 2]) {
        if self.hits_dropped.is_some_and(|hits_dropped| at.since(hits_dropped) >= QUARANTINE_LONGEST) {
            self.hits.forget_uncertain();
            self.hits_dropped = None;
        }
        let [prompts, hits, output] = grown;
        let output = Tokens::new(output);
        match (now.prompt, reading.tokens.cached) {
            // Without a hit counter, hits besides computed prompts could only add to them.
            (counted, None) => {
                let hits_known = matches!(counted, PromptCount::ComputedOnly(_));
                self.hits.note(prompts);
                (Delta { miss: Tokens::new(prompts), output, hits_known, ..Delta::default() }, [Tokens::ZERO; 2])
            }
            (PromptCount::ComputedOnly(_), Some(_)) => {
                let delta = Delta { miss: Tokens::new(prompts), hit: Tokens::new(hits), output, hits_known: true };
                (delta, [Tokens::ZERO; 2])
            }
            (_, Some(_)) if reading.tokens.prompt == PromptCount::Unknown => {
                // They belong to unreadable prompts, and correct no earlier ones.
                self.hits.wait(hits);
                (Delta { output, hits_known: true, ..Delta::default() }, [Tokens::ZERO; 2])
            }
            (_, Some(_)) => {
                let was_uncertain = self.hits.is_uncertain();
                // The first value of the hit counter includes earlier hits: how many of these prompts had hits is unknown.
                let is_first = self.last.cached.is_none() && hits == 0 && reading.tokens.cached > Some(Tokens::ZERO);
                let split = self.hits.take(prompts, hits, is_first || self.lacks_hits(reading));
                if is_first {
                    self.hits.leave_unknown();
                }
                if !was_uncertain && self.hits.is_uncertain() {
                    self.hits_dropped = Some(at);
                }
                let (miss, hit) = (Tokens::new(split.miss), Tokens::new(split.hit));
                let late = [split.corrected, split.settled].map(Tokens::new);
                (Delta { miss, hit, output, hits_known: !split.is_uncertain }, late)
            }
        }
    }

    /// Whether a page lacks a series of hits although it has all of prompts: hits counted meanwhile are unknown.
    fn lacks_hits(&self, reading: &EngineReading) -> bool {
        let [prompts, hits, _] = &self.series;
        hits.lacks(&reading.series.cached) && !prompts.lacks(&reading.series.prompt)
    }
}
