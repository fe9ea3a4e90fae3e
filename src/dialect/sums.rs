//! What the series of one row add up to, and what the sums plainly mean.

use super::buckets::Buckets;
use super::field::{COUNTS, Count, DELAYS, Field, GAUGES, Gauge};
use crate::reading::{EngineReading, Finished, Latency, PromptCount, Speculation, TokenCounters};
use crate::units::{Ratio, Tokens};

/// A counter's sum so far.
#[derive(Debug, Clone, Copy, Default)]
enum Sum {
    #[default]
    Unsaid,
    Of(u64),
    /// One of its values is no count, so the sum is unknown.
    Refused,
}

/// The sums of one row.
#[derive(Debug, Default)]
pub(super) struct Sums {
    counts: [Sum; COUNTS],
    gauges: [Option<f64>; GAUGES],
    delays: [Buckets; DELAYS],
}

impl Sums {
    /// A counter's sum; `None` if the page does not say it or says no count.
    pub(super) fn count(&self, count: Count) -> Option<u64> {
        match self.counts[count as usize] {
            Sum::Of(sum) => Some(sum),
            Sum::Unsaid | Sum::Refused => None,
        }
    }

    /// Whether the page has the counter at all, be its value a count or not.
    pub(super) fn said(&self, count: Count) -> bool {
        !matches!(self.counts[count as usize], Sum::Unsaid)
    }

    /// A counter's sum as tokens.
    pub(super) fn tokens(&self, count: Count) -> Option<Tokens> {
        self.count(count).map(Tokens::new)
    }

    /// A gauge that counts things.
    pub(super) fn things(&self, gauge: Gauge) -> Option<u64> {
        Tokens::from_counter(self.gauges[gauge as usize]?).ok().map(Tokens::count)
    }

    /// A gauge that is a share.
    pub(super) fn share(&self, gauge: Gauge) -> Option<Ratio> {
        Ratio::new(self.gauges[gauge as usize]?)
    }

    /// Adds one value. Whether it was one.
    pub(super) fn add(&mut self, field: Field, bound: f64, value: f64) -> bool {
        match field {
            Field::Count(count) => {
                let sum = &mut self.counts[count as usize];
                let Ok(tokens) = Tokens::from_counter(value) else {
                    *sum = Sum::Refused;
                    return false;
                };
                *sum = match *sum {
                    Sum::Unsaid => Sum::Of(tokens.count()),
                    Sum::Of(sum) => Sum::Of(sum.saturating_add(tokens.count())),
                    Sum::Refused => Sum::Refused,
                };
            }
            Field::Gauge(gauge) => {
                let highest = &mut self.gauges[gauge as usize];
                // A gauge that is not a number now is nothing new: SGLang prints NaN for what it does not measure.
                if value.is_finite() {
                    *highest = Some(highest.map_or(value, |highest| highest.max(value)));
                }
            }
            Field::Bucket(delay) => return self.delays[delay as usize].add(bound, value),
            Field::Start | Field::Created | Field::BlockSize | Field::Adapters => {}
        }
        true
    }

    /// Writes what each field plainly means.
    pub(super) fn tell(&self, reading: &mut EngineReading) {
        reading.tokens = TokenCounters {
            prompt: self.tokens(Count::Prompt).map_or(PromptCount::Unknown, PromptCount::Whole),
            cached: self.tokens(Count::Cached),
            output: self.tokens(Count::Output),
        };
        reading.running = self.things(Gauge::Running);
        reading.waiting = self.things(Gauge::Waiting);
        reading.kv_usage = self.share(Gauge::Kv);
        reading.preemptions = self.count(Count::Preemptions);
        reading.transferred = self.tokens(Count::Transferred);
        let speculation = Speculation {
            drafts: self.count(Count::Drafts),
            drafted: self.count(Count::Drafted),
            accepted: self.count(Count::Accepted),
        };
        reading.speculation = (speculation != Speculation::default()).then_some(speculation);
        reading.finished = Finished {
            requests: self.count(Count::Requests),
            stopped: self.count(Count::Stopped),
            length: self.count(Count::Length),
            aborted: self.count(Count::Aborted),
            failed: self.count(Count::Failed),
            prompt: self.tokens(Count::FinishedPrompt),
            output: self.tokens(Count::FinishedOutput),
            asked: self.count(Count::Asked),
            answers: self.count(Count::Answers),
        };
    }

    pub(super) fn latency(self, like: Option<&Latency>) -> Latency {
        let [ttft, itl, e2e, itl_old] = self.delays;
        let like = |of: fn(&Latency) -> &Option<_>| like.and_then(|like| of(like).as_ref());
        Latency {
            ttft: ttft.finish(like(|l| &l.ttft)),
            itl: itl.finish(like(|l| &l.itl)).or_else(|| itl_old.finish(like(|l| &l.itl))),
            e2e: e2e.finish(like(|l| &l.e2e)),
        }
    }
}
