//! The sums of the series of one row, and their plain meaning.

use std::cell::Cell;

use super::buckets::RowBuckets;
use super::copies::SERVER;
use super::field::{COUNTS, Count, DELAYS, GAUGES, RowGauge, SeriesField};
use crate::exposition::SeriesLabels;
use crate::reading::{
    CounterSeries, EngineReading, Finished, Latency, PromptCount, Refusal, Refusals, SeriesValue, Speculation,
    TokenCounters,
};
use crate::units::{Ratio, Tokens};

/// A counter's sum so far.
#[derive(Debug, Clone, Copy, Default)]
enum CounterSum {
    #[default]
    Unsaid,
    Of(u64),
    /// One of its values is not a count, or the sum is too large, so it is unknown.
    Refused,
}

impl CounterSum {
    /// Adds `count`. A sum that a page's float could not hold is refused.
    fn plus(self, count: Tokens) -> Self {
        let sum = match self {
            Self::Unsaid => Some(count.count()),
            Self::Of(sum) => sum.checked_add(count.count()),
            Self::Refused => None,
        };
        sum.filter(|sum| *sum < Tokens::LIMIT).map_or(Self::Refused, Self::Of)
    }
}

/// A gauge's value: of several processes that report one thing (`pid`) the highest, of several things their sum or
/// mean.
#[derive(Debug, Default)]
struct Level<'p> {
    /// The first one with its labels, which are not hashed while it is alone.
    first: Option<(SeriesLabels<'p>, f64)>,
    /// The others by a hash of their labels without `pid`.
    others: Vec<(u64, f64)>,
}

/// The most things of a row with a gauge each.
const THINGS: usize = 1024;

impl<'p> Level<'p> {
    /// Adds a value. Returns whether there was room for it.
    fn add(&mut self, labels: SeriesLabels<'p>, value: f64) -> bool {
        let Some((first, highest)) = &mut self.first else {
            self.first = Some((labels, value));
            return true;
        };
        let thing = labels.fingerprint("pid");
        if first.fingerprint("pid") == thing {
            *highest = highest.max(value);
        } else if let Some((_, highest)) = self.others.iter_mut().find(|(other, _)| *other == thing) {
            *highest = highest.max(value);
        } else if self.others.len() < THINGS {
            self.others.push((thing, value));
        } else {
            return false;
        }
        true
    }

    /// Adds the values of another one, which has other labels.
    fn absorb(&mut self, other: Self) {
        if let Some((labels, value)) = other.first {
            self.add(labels, value);
        }
        self.others.extend(other.others);
    }

    fn sum(&self) -> Option<f64> {
        let (_, first) = self.first?;
        Some(first + self.others.iter().map(|(_, value)| value).sum::<f64>())
    }

    fn mean(&self) -> Option<f64> {
        Some(self.sum()? / (1 + self.others.len()) as f64)
    }
}

/// Counters from which a dialect may compute prompts, and output.
const PROMPTS: &[Count] =
    &[Count::Prompt, Count::PromptSeen, Count::EffectiveComputed, Count::EffectiveCached, Count::RoutedPrompt];
const OUTPUTS: &[Count] = &[Count::Output, Count::RoutedOutput];
/// The number of counters that are kept by series: the first ones of [`Count`].
const BY_SERIES: usize = Count::Output as usize + 1;

/// The sums of one row.
#[derive(Debug, Default)]
pub(super) struct RowSums<'p> {
    counts: [CounterSum; COUNTS],
    series: [Vec<SeriesValue>; BY_SERIES],
    gauges: [Level<'p>; GAUGES],
    delays: [RowBuckets; DELAYS],
    /// Computed values that are invalid.
    refused: Cell<u32>,
}

impl<'p> RowSums<'p> {
    /// A counter's sum; `None` if the page does not have it or its value is not a count.
    pub(super) fn count(&self, count: Count) -> Option<u64> {
        match self.counts[count as usize] {
            CounterSum::Of(sum) => Some(sum),
            CounterSum::Unsaid | CounterSum::Refused => None,
        }
    }

    /// Whether the page has the counter, with a valid value or not.
    pub(super) const fn has(&self, count: Count) -> bool {
        !matches!(self.counts[count as usize], CounterSum::Unsaid)
    }

    /// A counter's sum as tokens.
    pub(super) fn tokens(&self, count: Count) -> Option<Tokens> {
        self.count(count).map(Tokens::new)
    }

    /// The sum of two counts; if it is not a count, it is refused and counted.
    pub(super) fn together(&self, one: u64, other: u64) -> Option<u64> {
        self.checked(one.checked_add(other))
    }

    /// The multiple of a count; if it is not a count, it is refused and counted.
    pub(super) fn times(&self, count: u64, factor: u64) -> Option<u64> {
        self.checked(count.checked_mul(factor))
    }

    fn checked(&self, count: Option<u64>) -> Option<u64> {
        let count = count.filter(|count| *count < Tokens::LIMIT);
        if count.is_none() {
            self.refused.set(self.refused.get() + 1);
        }
        count
    }

    /// Whether a value was refused from which prompts, and output, may be computed.
    pub(super) fn refused_tokens(&self) -> [bool; 2] {
        let any =
            |counts: &[Count]| counts.iter().any(|count| matches!(self.counts[*count as usize], CounterSum::Refused));
        let computed = self.refused.get() > 0;
        [computed || any(PROMPTS), computed || any(OUTPUTS)]
    }

    /// Computed values that were refused.
    pub(super) const fn refused(&self) -> u32 {
        self.refused.get()
    }

    /// A gauge that is a count.
    pub(super) fn things(&self, gauge: RowGauge) -> Option<u64> {
        Tokens::from_counter(self.gauges[gauge as usize].sum()?).ok().map(Tokens::count)
    }

    /// A gauge that is a share; values outside 0 to 1 are ignored.
    pub(super) fn share(&self, gauge: RowGauge) -> Option<Ratio> {
        Ratio::new(self.gauges[gauge as usize].mean()?)
    }

    /// The sum of a gauge, unchanged.
    pub(super) fn number(&self, gauge: RowGauge) -> Option<f64> {
        self.gauges[gauge as usize].sum().filter(|sum| sum.is_finite())
    }

    /// Whether the row has anything besides latencies.
    pub(super) fn says_more_than_delays(&self) -> bool {
        self.counts.iter().any(|sum| !matches!(sum, CounterSum::Unsaid)) || self.has_gauges()
    }

    /// Whether the row has a gauge.
    pub(super) fn has_gauges(&self) -> bool {
        self.gauges.iter().any(|level| level.first.is_some())
    }

    /// Adds one value, or returns why it is refused.
    pub(super) fn add(
        &mut self,
        field: SeriesField,
        bound: f64,
        value: f64,
        labels: SeriesLabels<'p>,
    ) -> Result<(), Refusal> {
        match field {
            SeriesField::Count(count) => self.add_count(count, value, || labels.fingerprint(SERVER))?,
            SeriesField::Gauge(gauge) => {
                // A gauge that is not a number now, or a share outside 0 to 1, is not an error: SGLang prints NaN for
                // what it does not measure, and others -1.
                if gauge.range().contains(&value) && !self.gauges[gauge as usize].add(labels, value) {
                    return Err(Refusal::NoCount);
                }
            }
            SeriesField::Bucket(delay) => self.delays[delay as usize].add(bound, value)?,
            SeriesField::Created
            | SeriesField::BlockSize
            | SeriesField::Adapters
            | SeriesField::Router
            | SeriesField::SampledAt => {}
        }
        Ok(())
    }

    /// Adds one value of a counter, or returns why it is refused. `series` is the hash of its labels.
    pub(super) fn add_count(&mut self, count: Count, value: f64, series: impl FnOnce() -> u64) -> Result<(), Refusal> {
        let at = count as usize;
        let value = Tokens::from_counter(value).inspect_err(|_| self.counts[at] = CounterSum::Refused)?;
        match self.series.get_mut(at) {
            Some(known) => known.push(SeriesValue { series: series(), value }),
            None => add(&mut self.counts[at], value)?,
        }
        Ok(())
    }

    /// Sets a gauge of which the row has one value, unless the value is to be ignored.
    pub(super) fn set_gauge(&mut self, gauge: RowGauge, value: f64) {
        if gauge.range().contains(&value) {
            self.gauges[gauge as usize].first = Some((SeriesLabels::default(), value));
        }
    }

    /// Makes a counter unknown, also if other lines of the page have a value of it.
    pub(super) const fn refuse(&mut self, count: Count) {
        self.counts[count as usize] = CounterSum::Refused;
    }

    /// Adds the gauges of the same row under fewer labels.
    pub(super) fn absorb(&mut self, other: Self) {
        for (ours, theirs) in self.gauges.iter_mut().zip(other.gauges) {
            ours.absorb(theirs);
        }
    }

    /// Adds up the series of each counter when all are read. A series that is on the page twice counts once; if its
    /// values differ, the counter is unknown. Returns how many counters were refused for that.
    pub(super) fn close(&mut self, refused: &mut Refusals) {
        for (sum, series) in self.counts.iter_mut().zip(&mut self.series) {
            series.sort_unstable();
            series.dedup();
            let said_otherwise = series.windows(2).any(|pair| pair[0].series == pair[1].series);
            let total = series.iter().fold(*sum, |sum, series| sum.plus(series.value));
            let total = if said_otherwise { CounterSum::Refused } else { total };
            if matches!((&total, *sum), (CounterSum::Refused, CounterSum::Unsaid)) {
                refused.count(if said_otherwise { Refusal::Conflicting } else { Refusal::TooLarge });
            }
            *sum = total;
            if matches!(sum, CounterSum::Refused) {
                series.clear();
            }
        }
    }

    /// Writes the plain meaning of each field.
    pub(super) fn write_to(&mut self, reading: &mut EngineReading) {
        reading.tokens = TokenCounters {
            prompt: self.tokens(Count::Prompt).map_or(PromptCount::Unknown, PromptCount::Whole),
            cached: self.tokens(Count::Cached),
            output: self.tokens(Count::Output),
        };
        let [prompt, cached, output] = std::mem::take(&mut self.series);
        reading.series = CounterSeries { prompt, cached, output };
        reading.running = self.things(RowGauge::Running);
        reading.waiting = self.things(RowGauge::Waiting);
        reading.kv_usage = self.share(RowGauge::Kv);
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
        let [ttft, itl, e2e, queue, itl_old] = self.delays;
        let like = |of: fn(&Latency) -> &Option<_>| like.and_then(|like| of(like).as_ref());
        Latency {
            ttft: ttft.finish(like(|l| &l.ttft)),
            itl: itl.finish(like(|l| &l.itl)).or_else(|| itl_old.finish(like(|l| &l.itl))),
            e2e: e2e.finish(like(|l| &l.e2e)),
            queue: queue.finish(like(|l| &l.queue)),
        }
    }
}

/// Adds to a plain sum, unless that makes it invalid.
fn add(sum: &mut CounterSum, value: Tokens) -> Result<(), Refusal> {
    let was_refused = matches!(sum, CounterSum::Refused);
    *sum = sum.plus(value);
    if was_refused || !matches!(sum, CounterSum::Refused) { Ok(()) } else { Err(Refusal::TooLarge) }
}
