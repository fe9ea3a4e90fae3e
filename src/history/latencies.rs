//! Samples of latencies and ends of requests: a sum per minute for an hour, and for a day a sum per quarter hour of the
//! fleet and models, and per hour of units and engines. Quantiles over a span are computed from the added buckets; quantiles of minutes are never
//! averaged.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::query::Subject;
use crate::counters::{SampleCounts, add_by_bounds, steady_growth, sum};
use crate::reading::{EngineRole, Histogram, Latency, ModelName};
use crate::snapshot::{EngineRow, RequestRates, Snapshot};
use crate::units::{Span, Timestamp};

const MINUTE: i64 = Span::MINUTE.millis();
/// The minutes that are kept, and the minutes of a day with the step in which it begins.
const MINUTES: i64 = 61;
const DAY: i64 = 24 * 60;
/// The minutes of a step of a day: of the fleet and models, and of units and engines, which are many.
const QUARTER: i64 = 15;
const HOUR: i64 = 60;
/// The most subjects that are kept: the fleet, models, units, and engines without a unit.
const MOST: usize = 256;

/// A latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LatencyKind {
    ToFirstToken,
    BetweenTokens,
    EndToEnd,
    Queue,
}

impl LatencyKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ToFirstToken, Self::BetweenTokens, Self::EndToEnd, Self::Queue];
}

/// Requests over a span by outcome; `None` if no engine counts them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct RequestCounts {
    pub ended: Option<f64>,
    pub stopped: Option<f64>,
    pub length: Option<f64>,
    pub aborted: Option<f64>,
    pub failed: Option<f64>,
    pub preempted: Option<f64>,
}

/// One histogram without its empty buckets.
#[derive(Debug, Clone)]
struct SparseHistogram {
    bounds: Arc<[f64]>,
    /// Samples in a bucket, not cumulative.
    buckets: Box<[(u16, u32)]>,
    /// Samples in buckets with other bounds: those of engines of different kinds are added when they are read.
    others: Option<Box<SparseHistogram>>,
}

/// The data of a minute or a quarter hour.
#[derive(Debug, Clone, Default)]
struct LatencySums {
    delays: [Option<Box<SparseHistogram>>; 4],
    requests: EndCounts,
}

/// Counts of requests in few bytes, in the order of [`RequestCounts`]; a negative one is unknown.
#[derive(Debug, Clone, Copy)]
struct EndCounts([f32; 6]);

impl Default for EndCounts {
    fn default() -> Self {
        Self([-1.0; 6])
    }
}

impl EndCounts {
    fn add(&mut self, more: &RequestCounts) {
        let RequestCounts { ended, stopped, length, aborted, failed, preempted } = *more;
        for (sum, more) in self.0.iter_mut().zip([ended, stopped, length, aborted, failed, preempted]) {
            if let Some(more) = more {
                *sum = sum.max(0.0) + more as f32;
            }
        }
    }

    fn counts(self) -> RequestCounts {
        let [ended, stopped, length, aborted, failed, preempted] =
            self.0.map(|count| (count >= 0.0).then(|| f64::from(count)));
        RequestCounts { ended, stopped, length, aborted, failed, preempted }
    }
}

/// The sums of one subject, the newest last.
#[derive(Debug)]
struct KeptCounts {
    /// The minute of the first sample, and the last minute to which anything was added.
    first: Option<i64>,
    seen: i64,
    minutes: VecDeque<(i64, LatencySums)>,
    /// The minutes of a step of `day`.
    step: i64,
    day: VecDeque<(i64, LatencySums)>,
}

/// The identity of a row from one snapshot to the next: a hash of its target, rank and instance.
type LatencyRow = u64;

fn id(row: &EngineRow) -> LatencyRow {
    let mut hasher = DefaultHasher::new();
    (&row.target, &row.rank, &row.instance).hash(&mut hasher);
    hasher.finish()
}

/// The latencies of all subjects.
#[derive(Debug, Default)]
pub(super) struct SampleSums {
    last: HashMap<LatencyRow, Arc<Latency>>,
    kept: HashMap<Subject, KeptCounts>,
}

impl SampleSums {
    /// Adds the difference of a snapshot from the last one.
    pub(super) fn add(&mut self, snapshot: &Snapshot, covers: Span) {
        let minute = snapshot.at.millis().div_euclid(MINUTE);
        let mut grown: HashMap<Subject, ([Vec<Histogram>; 4], RequestCounts)> = HashMap::new();
        let stages = Stages::of(snapshot);
        let mut seen = HashMap::with_capacity(snapshot.engines.len());
        for (nth, row) in snapshot.engines.iter().enumerate().filter(|(_, row)| !row.in_engine_row) {
            let mut delays = [const { None }; 4];
            // Of a row that is first seen, it is not known how much of the step was watched.
            let mut watched = covers;
            if let Some(samples) = snapshot.samples.get(nth) {
                let id = id(row);
                match self.last.get(&id) {
                    Some(before) => delays = growth(samples, before),
                    None => watched = Span::ZERO,
                }
                seen.insert(id, Arc::clone(samples));
            }
            let requests = RequestCounts::of(row.requests_per_minute, watched);
            if delays.iter().all(Option::is_none) && requests == RequestCounts::default() {
                continue;
            }
            for subject in subjects(row) {
                let is_whole = !matches!(subject, Subject::Fleet | Subject::Model(_));
                let (sums, counts) = grown.entry(subject).or_default();
                for ((sums, more), kind) in sums.iter_mut().zip(&delays).zip(LatencyKind::ALL) {
                    if let Some(more) = more.as_ref().filter(|_| is_whole || stages.has(row, kind)) {
                        add_by_bounds(sums, more);
                    }
                }
                counts.add(&if is_whole || stages.ends(row) { requests } else { requests.without_ends() });
            }
        }
        self.last = seen;
        for (subject, (delays, requests)) in grown {
            if self.kept.contains_key(&subject) || self.kept.len() < MOST {
                let step = if matches!(subject, Subject::Fleet | Subject::Model(_)) { QUARTER } else { HOUR };
                let kept = self.kept.entry(subject).or_insert_with(|| KeptCounts::new(step));
                kept.add(minute, &delays, requests);
            }
        }
        let oldest = minute - DAY - HOUR;
        self.kept.retain(|_, kept| kept.seen >= oldest);
    }

    /// The samples of a latency since an instant; `None` if there are none.
    pub(super) fn delay(
        &self,
        subject: &Subject,
        kind: LatencyKind,
        since: Timestamp,
        span: Span,
    ) -> Option<Histogram> {
        let (sums, _) = self.kept.get(subject)?.since(since, span);
        let histograms: Vec<Histogram> = sums
            .filter_map(|(_, sums)| sums.delays[kind as usize].as_deref())
            .flat_map(SparseHistogram::each)
            .collect();
        sum(&histograms).filter(|sum| sum.counts.last().is_some_and(|all| *all > 0))
    }

    /// When the first of the samples since an instant were taken, to the step in which they are kept; a step that began
    /// before its first sample is known from that on.
    pub(super) fn began(&self, subject: &Subject, since: Timestamp, span: Span) -> Option<Timestamp> {
        let kept = self.kept.get(subject)?;
        let first = Timestamp::from_millis(kept.first? * MINUTE);
        let (mut sums, step) = kept.since(since, span);
        let has_samples = |sums: &LatencySums| sums.delays.iter().any(Option::is_some);
        let (slot, _) = sums.find(|(_, sums)| has_samples(sums))?;
        Some(Timestamp::from_millis(slot * step).max(since).max(first))
    }

    /// The requests since an instant.
    pub(super) fn requests(&self, subject: &Subject, since: Timestamp, span: Span) -> RequestCounts {
        let mut counts = RequestCounts::default();
        if let Some(kept) = self.kept.get(subject) {
            kept.since(since, span).0.for_each(|(_, sums)| counts.add(&sums.requests.counts()));
        }
        counts
    }

    /// Clears everything after a minute, as the clock was set back.
    pub(super) fn forget_from(&mut self, minute: i64) {
        for kept in self.kept.values_mut() {
            kept.first = kept.first.filter(|first| *first < minute);
            kept.minutes.retain(|(at, _)| *at < minute);
            let step = kept.step;
            kept.day.retain(|(at, _)| *at * step < minute);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let of = |sums: &LatencySums| {
            let buckets = |sparse: &SparseHistogram| {
                size_of::<SparseHistogram>() + sparse.buckets.len() * size_of::<(u16, u32)>()
            };
            let all = sums.delays.iter().flatten().flat_map(|sparse| sparse.chain());
            size_of::<(i64, LatencySums)>() + all.map(buckets).sum::<usize>()
        };
        let kept = self.kept.values().flat_map(|kept| kept.minutes.iter().chain(&kept.day));
        let last: usize = self.last.capacity() * size_of::<(LatencyRow, Arc<Latency>)>();
        kept.map(|(_, sums)| of(sums)).sum::<usize>() + self.kept.capacity() * size_of::<(Subject, KeptCounts)>() + last
    }
}

/// The new samples of a row.
fn growth(now: &Arc<Latency>, before: &Arc<Latency>) -> [Option<Histogram>; 4] {
    if Arc::ptr_eq(now, before) {
        return [const { None }; 4];
    }
    let (now, before) = (now.all(), before.all());
    std::array::from_fn(|nth| match (now[nth], before[nth]) {
        (Some(now), Some(before)) => steady_growth(now, before).map(SampleCounts::to_histogram),
        // The first samples of a known row.
        (Some(now), None) => Some(now.clone()),
        (None, _) => None,
    })
}

/// Which models are served in two stages: their requests pass through an engine of prefill and one of decode, and both count
/// them.
struct Stages<'s> {
    /// The models with an engine of decode.
    decoded: HashSet<Option<&'s ModelName>>,
    /// The models with an engine of prefill that measures the time to the first token, and the queue.
    prefilled: [HashSet<Option<&'s ModelName>>; 2],
}

impl<'s> Stages<'s> {
    fn of(snapshot: &'s Snapshot) -> Self {
        let mut stages = Self { decoded: HashSet::new(), prefilled: [HashSet::new(), HashSet::new()] };
        for (nth, row) in snapshot.engines.iter().enumerate() {
            let model = row.model.as_ref();
            match (row.role, snapshot.samples.get(nth)) {
                (EngineRole::Decode, _) => drop(stages.decoded.insert(model)),
                (EngineRole::Prefill, Some(samples)) => {
                    let [first, _, _, queue] = samples.all();
                    for (models, samples) in stages.prefilled.iter_mut().zip([first, queue]) {
                        if samples.is_some() {
                            models.insert(model);
                        }
                    }
                }
                _ => {}
            }
        }
        stages
    }

    /// Whether a latency of a model is measured by this row, and not by one of the other stage: the wait for the first token
    /// and in the queue by prefill, where that measures it, and what follows by decode.
    fn has(&self, row: &EngineRow, kind: LatencyKind) -> bool {
        let model = &row.model.as_ref();
        let [first, queue] = &self.prefilled;
        match (row.role, kind) {
            (EngineRole::Decode, LatencyKind::ToFirstToken) => !first.contains(model),
            (EngineRole::Decode, LatencyKind::Queue) => !queue.contains(model),
            (EngineRole::Prefill, LatencyKind::BetweenTokens | LatencyKind::EndToEnd) => !self.decoded.contains(model),
            _ => true,
        }
    }

    /// Whether a model's requests end at this row.
    fn ends(&self, row: &EngineRow) -> bool {
        row.role != EngineRole::Prefill || !self.decoded.contains(&row.model.as_ref())
    }
}

/// The subjects that a row's samples are added to.
fn subjects(row: &EngineRow) -> impl Iterator<Item = Subject> {
    let model = row.model.clone().map(Subject::Model);
    let place = row.unit.clone().map_or_else(|| Subject::Engine(row.target.clone(), None), Subject::Unit);
    [Some(Subject::Fleet), model, Some(place)].into_iter().flatten()
}

impl KeptCounts {
    /// No sums yet, with steps of so many minutes for a day.
    const fn new(step: i64) -> Self {
        Self { first: None, seen: 0, minutes: VecDeque::new(), step, day: VecDeque::new() }
    }

    /// Adds to the minute, and to its step of the day.
    fn add(&mut self, minute: i64, delays: &[Vec<Histogram>; 4], requests: RequestCounts) {
        self.seen = minute;
        if delays.iter().any(|delays| !delays.is_empty()) {
            self.first.get_or_insert(minute);
        }
        add(&mut self.minutes, (minute, MINUTES), delays, requests);
        add(&mut self.day, (minute.div_euclid(self.step), DAY / self.step + 1), delays, requests);
    }

    /// The sums since an instant and the milliseconds of each: minutes for a span of up to an hour, otherwise steps of the day.
    fn since(&self, since: Timestamp, span: Span) -> (impl Iterator<Item = &(i64, LatencySums)>, i64) {
        let by_minute = span <= Span::from_secs(3_600);
        let (ring, length) = if by_minute { (&self.minutes, MINUTE) } else { (&self.day, self.step * MINUTE) };
        let first = since.millis().div_euclid(length);
        (ring.iter().filter(move |(slot, _)| *slot >= first), length)
    }
}

/// Adds to a slot of a ring of this size.
fn add(
    ring: &mut VecDeque<(i64, LatencySums)>,
    (slot, most): (i64, i64),
    delays: &[Vec<Histogram>; 4],
    requests: RequestCounts,
) {
    if ring.back().is_none_or(|(last, _)| *last < slot) {
        ring.push_back((slot, LatencySums::default()));
    }
    if let Some((_, sums)) = ring.back_mut() {
        sums.add(delays, requests);
    }
    while ring.front().is_some_and(|(first, _)| slot - first >= most) {
        ring.pop_front();
    }
}

impl LatencySums {
    fn add(&mut self, delays: &[Vec<Histogram>; 4], requests: RequestCounts) {
        for (known, more) in self.delays.iter_mut().zip(delays).filter(|(_, more)| !more.is_empty()) {
            let mut sums: Vec<Histogram> = known.take().iter().flat_map(|known| known.each()).collect();
            for more in more {
                add_by_bounds(&mut sums, more);
            }
            *known = SparseHistogram::of_all(&sums);
        }
        self.requests.add(&requests);
    }
}

impl SparseHistogram {
    fn of(histogram: &Histogram) -> Self {
        let mut below = 0;
        let buckets = histogram.counts.iter().enumerate().filter_map(|(nth, count)| {
            let inside = count.saturating_sub(std::mem::replace(&mut below, *count));
            (inside > 0).then(|| (nth as u16, u32::try_from(inside).unwrap_or(u32::MAX)))
        });
        Self { bounds: Arc::clone(&histogram.bounds), buckets: buckets.collect(), others: None }
    }

    /// Histograms with different bounds.
    fn of_all(histograms: &[Histogram]) -> Option<Box<Self>> {
        let before = |others, histogram: &Histogram| Some(Box::new(Self { others, ..Self::of(histogram) }));
        histograms.iter().rev().fold(None, before)
    }

    /// This one and those with other bounds.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |one| one.others.as_deref())
    }

    /// The histogram of each set of bounds.
    fn each(&self) -> impl Iterator<Item = Histogram> {
        self.chain().map(Self::whole)
    }

    fn whole(&self) -> Histogram {
        let mut counts = vec![0_u64; self.bounds.len()];
        for (nth, inside) in &self.buckets {
            if let Some(count) = counts.get_mut(usize::from(*nth)) {
                *count = u64::from(*inside);
            }
        }
        let mut below = 0;
        for count in &mut counts {
            below += *count;
            *count = below;
        }
        Histogram { bounds: Arc::clone(&self.bounds), counts: counts.into() }
    }
}

impl RequestCounts {
    fn of(rates: RequestRates, covers: Span) -> Self {
        let minutes = covers.as_secs_f64() / 60.0;
        let RequestRates { ended, stopped, length, aborted, failed, preempted } = rates;
        let [ended, stopped, length, aborted, failed, preempted] =
            [ended, stopped, length, aborted, failed, preempted].map(|rate| rate.map(|rate| rate * minutes));
        Self { ended, stopped, length, aborted, failed, preempted }
    }

    /// The same of an engine that hands its requests on: it only preempts them.
    fn without_ends(self) -> Self {
        Self { preempted: self.preempted, ..Self::default() }
    }

    fn add(&mut self, more: &Self) {
        let add = |sum: &mut Option<f64>, more: Option<f64>| {
            if let Some(more) = more {
                *sum.get_or_insert(0.0) += more;
            }
        };
        add(&mut self.ended, more.ended);
        add(&mut self.stopped, more.stopped);
        add(&mut self.length, more.length);
        add(&mut self.aborted, more.aborted);
        add(&mut self.failed, more.failed);
        add(&mut self.preempted, more.preempted);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn histogram(counts: &[u64]) -> Histogram {
        let bounds: Vec<f64> = (1..counts.len()).map(|bound| bound as f64).chain([f64::INFINITY]).collect();
        Histogram { bounds: bounds.into(), counts: counts.into() }
    }

    #[test]
    fn buckets_that_are_left_out_come_back_empty() {
        for counts in [&[0, 3, 3, 7][..], &[0, 0, 0, 0], &[5, 5, 5, 5]] {
            assert_eq!(SparseHistogram::of(&histogram(counts)).whole(), histogram(counts));
        }
    }

    #[test]
    fn the_quantile_of_a_span_is_that_of_all_its_samples() {
        let mut kept = KeptCounts::new(QUARTER);
        // Ten minutes of a hundred quick requests, then one of ten slow ones.
        let delays = |histogram: Histogram| [vec![histogram], Vec::new(), Vec::new(), Vec::new()];
        for minute in 0..10 {
            kept.add(minute, &delays(histogram(&[100, 100, 100, 100])), RequestCounts::default());
        }
        kept.add(10, &delays(histogram(&[0, 0, 10, 10])), RequestCounts::default());
        let of = |since: i64, span: i64| {
            let since = Timestamp::from_millis(since * MINUTE);
            let (sums, _) = kept.since(since, Span::from_secs(span * 60));
            let all: Vec<Histogram> =
                sums.filter_map(|(_, sums)| sums.delays[0].as_deref()).flat_map(SparseHistogram::each).collect();
            let sum = sum(&all).unwrap();
            (crate::counters::quantile(&sum, 0.99).unwrap(), *sum.counts.last().unwrap())
        };
        assert_eq!(of(10, 15), (2.99, 10));
        let (tail, samples) = of(0, 15);
        assert!(tail < 1.0 && samples == 1_010, "{tail} {samples}: ten slow ones of a thousand are no p99");
        assert_eq!(of(0, 360).1, 1_010, "quarters have the same samples");
    }

    #[test]
    fn no_more_is_kept_than_an_hour_of_minutes_and_a_day_of_steps() {
        for (step, steps) in [(QUARTER, 97), (HOUR, 25)] {
            let mut kept = KeptCounts::new(step);
            for minute in 0..3_000 {
                kept.add(
                    minute,
                    &[vec![histogram(&[1, 1])], Vec::new(), Vec::new(), Vec::new()],
                    RequestCounts::default(),
                );
            }
            assert_eq!((kept.minutes.len(), kept.day.len()), (61, steps));
        }
    }

    /// Class: a latency of an hour shown as one of the day.
    #[test]
    fn samples_of_a_day_are_those_of_the_day_for_units_and_engines_too() {
        let mut sums = SampleSums::default();
        let engine = Subject::Engine(crate::reading::TargetId::new("http://gpu-0001:8000"), None);
        let mut kept = KeptCounts::new(HOUR);
        for minute in 0..24 * 60 {
            kept.add(minute, &[vec![histogram(&[1, 1])], Vec::new(), Vec::new(), Vec::new()], RequestCounts::default());
        }
        sums.kept.insert(engine.clone(), kept);
        let of = |hours: i64| {
            let (until, span) = (Timestamp::from_millis(24 * 60 * MINUTE), Span::from_secs(hours * 3_600));
            let all = sums.delay(&engine, LatencyKind::ToFirstToken, until - span, span).unwrap();
            (*all.counts.last().unwrap(), until - sums.began(&engine, until - span, span).unwrap())
        };
        assert_eq!([of(1), of(6), of(24)], [1, 6, 24].map(|hours| (60 * hours as u64, Span::from_secs(hours * 3_600))));
    }
}
