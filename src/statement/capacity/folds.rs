//! The fold of buckets into hours and pools. Buckets are read once. The throughput of nodes and their numbers of GPUs
//! are known only after all buckets, so the sums of each bucket by pool are kept until then.

use std::rc::Rc;

use jiff::tz::TimeZone;

use super::figures::{Capacity, HourCapacity, PoolCapacity};
use super::index::Index;
use super::objectives::Objectives;
use super::pools::{self, Pools};
use super::sums::{BucketSums, HourSums};
use super::throughput::{Best, Measurements};
use crate::ledger::{Classes, Grain, Past};
use crate::natural_order::natural_cmp;
use crate::reading::Label;
use crate::statement::By;
use crate::statement::bucket::Bucket;
use crate::statement::calendar::Period;
use crate::statement::slice::{Slice, gpus_at_least, share_of, slice_of};
use crate::units::{Money, Span, Timestamp};

/// One bucket by pool.
struct PoolBucket {
    at: Timestamp,
    from: Timestamp,
    slice: Slice,
    /// GPU time of each node; shared with the previous bucket if it is equal.
    nodes: Rc<[i64]>,
    /// Whether it is a measurement of pools that work as one.
    is_measure: bool,
    pools: Vec<BucketSums>,
}

/// The sums so far.
pub(super) struct Folds<'a> {
    past: &'a Past,
    pools: &'a Pools<'a>,
    index: Index,
    objectives: Objectives<'a>,
    /// The largest number of GPUs of each node at once; 0 for a node that had none.
    gpus: Vec<i64>,
    /// The tokens of each node, in all quarter hours and in those within its objectives.
    measured: Vec<[Measurements; 2]>,
    noted: Vec<PoolBucket>,
    /// By node, in the current bucket.
    millis: Vec<i64>,
    made: Vec<Classes>,
}

impl<'a> Folds<'a> {
    pub(super) fn new(past: &'a Past, pools: &'a Pools<'a>) -> Self {
        let index = Index::of(past, pools);
        let (objectives, nodes) = (Objectives::new(past, pools, &index), index.len());
        Self {
            past,
            pools,
            index,
            objectives,
            gpus: vec![0; nodes],
            measured: vec![<[Measurements; 2]>::default(); nodes],
            noted: Vec::new(),
            millis: vec![0; nodes],
            made: vec![Classes::default(); nodes],
        }
    }

    /// Adds a bucket; buckets come in order. Time that is stored by day only is not measured.
    pub(super) fn note(&mut self, bucket: &Bucket<'_>) {
        let grain = self.past.grain_of(bucket.at);
        if grain == Some(Grain::Day) {
            return;
        }
        self.sum_nodes(bucket);
        let (slice, from) = slice_of(self.past, bucket);
        if slice.millis <= 0 || self.millis.iter().all(|millis| *millis <= 0) {
            return;
        }
        for (gpus, millis) in self.gpus.iter_mut().zip(&self.millis).filter(|(_, millis)| **millis > 0) {
            *gpus = (*gpus).max(gpus_at_least(&slice, *millis));
        }
        let mut pools = self.sums(bucket);
        // A minute at the edge of the past is too short to measure throughput.
        let is_measure = slice.whole && grain != Some(Grain::Minute);
        if is_measure {
            self.measure(bucket, &slice, &mut pools);
        }
        let last = self.noted.last().map(|noted| &noted.nodes).filter(|nodes| ***nodes == *self.millis);
        let nodes = last.map_or_else(|| Rc::from(&*self.millis), Rc::clone);
        self.noted.push(PoolBucket { at: bucket.at, from, slice, nodes, is_measure, pools });
    }

    /// GPU time and tokens of each node; GPU time below zero is none.
    fn sum_nodes(&mut self, bucket: &Bucket<'_>) {
        self.millis.fill(0);
        self.made.fill(Classes::default());
        for cell in bucket.gpu_times {
            if let Some(Some(node)) = self.index.of_cost_account.get(cell.cost_account.index()) {
                self.millis[*node] += cell.allocated.millis();
            }
        }
        self.millis.iter_mut().for_each(|millis| *millis = (*millis).max(0));
        for cell in bucket.tokens {
            if let Some(node) = self.index.of_account.get(cell.account.index()) {
                self.made[*node] += cell.tokens;
            }
        }
    }

    /// Tokens, cost and revenue of each pool in a bucket.
    fn sums(&self, bucket: &Bucket<'_>) -> Vec<BucketSums> {
        let mut sums = vec![BucketSums::default(); self.pools.all.len()];
        let pool_of = |node: usize| self.index.pool_of[node];
        for cell in bucket.gpu_times {
            let node = self.index.of_cost_account.get(cell.cost_account.index()).copied().flatten();
            if let Some(pool) = node.and_then(pool_of) {
                sums[pool].add_rent(self.past.cost_account(cell.cost_account), cell);
            }
        }
        for cell in bucket.tokens {
            let node = self.index.of_account.get(cell.account.index()).copied();
            if let Some(pool) = node.and_then(pool_of) {
                sums[pool].add_tokens(cell.tariff.map(|tariff| self.past.tariff(tariff)), cell.tokens);
            }
        }
        sums
    }

    /// Adds the tokens of nodes in a completely watched bucket to the measurements, and counts the bucket by the
    /// latency objectives.
    fn measure(&mut self, bucket: &Bucket<'_>, slice: &Slice, sums: &mut [BucketSums]) {
        let Self { pools, index, objectives, measured, .. } = self;
        for (node, made) in self.made.iter().enumerate().filter(|(_, made)| !made.is_zero()) {
            let Some(pool) = index.pool_of[node].filter(|pool| !pools.all[*pool].joint) else { continue };
            let verdict = objectives.of_node(node, bucket.at);
            if objectives.any() {
                objectives.count(pool, verdict);
            }
            let millis = self.millis[node];
            // A node may have more GPUs later, and cannot have had fewer.
            if millis <= 0 || share_of(slice, self.gpus[node], millis) != slice.millis {
                continue;
            }
            let [all, within] = &mut measured[node];
            all.note(*made, slice.millis, millis);
            if verdict == Some(true) {
                within.note(*made, slice.millis, millis);
            }
        }
        for (number, pool) in pools.all.iter().enumerate().filter(|(_, pool)| pool.joint) {
            let _: &pools::Pool = pool;
            let verdict = objectives.of_pool(number, bucket.at);
            sums[number].is_within = verdict == Some(true);
            if objectives.any() && sums[number].has_tokens {
                objectives.count(number, verdict);
            }
        }
    }

    /// The result.
    pub(super) fn done(self, zone: &TimeZone) -> Capacity {
        let best = self.best();
        let pool = |(number, pool): (usize, &pools::Pool)| PoolCapacity {
            best: best[number].per_hour(),
            slo: self.objectives.quarters(number),
            gpus: self.gpus_of(number),
            ..PoolCapacity::named(pool.name.clone())
        };
        let slo = self.past.slo.as_ref();
        let mut done = Capacity {
            measured: Span::ZERO,
            pools: self.pools.all.iter().enumerate().map(pool).collect(),
            hours: Vec::new(),
            slo: slo.map(|slo| (slo.slo.clone(), slo.since)),
            slo_before: slo.and_then(|slo| slo.before.clone()),
            unmeasured: self.pools.unmeasured.clone(),
        };
        let mut hour: Option<(Period, Span, Vec<HourSums>)> = None;
        for noted in &self.noted {
            if !hour.as_ref().is_some_and(|(period, ..)| period.holds(noted.from)) {
                if let Some(hour) = hour.take() {
                    close(&mut done, hour);
                }
                let sums = vec![HourSums::default(); self.pools.all.len()];
                hour = Some((Period::of(By::Hour, zone, noted.from), Span::ZERO, sums));
            }
            let Some((_, measured, sums)) = &mut hour else { continue };
            *measured = *measured + Span::from_millis(noted.slice.millis);
            let allocated = self.allocated(noted);
            for (number, (sum, bucket)) in sums.iter_mut().zip(&noted.pools).enumerate() {
                sum.add(
                    bucket,
                    allocated[number],
                    &best[number],
                    &noted.slice,
                    self.objectives.missed(number, noted.at),
                );
            }
        }
        if let Some(hour) = hour {
            close(&mut done, hour);
        }
        done.pools.retain(|pool| pool.allocated_millis > 0);
        done.pools.sort_by(|a, b| {
            b.spare_cost.cmp(&a.spare_cost).then_with(|| natural_cmp(a.name.as_str(), b.name.as_str()))
        });
        done
    }

    /// The time for which nodes of each pool were allocated in a bucket.
    fn allocated(&self, noted: &PoolBucket) -> Vec<i64> {
        let mut allocated = vec![0; self.pools.all.len()];
        for (node, millis) in noted.nodes.iter().enumerate().filter(|(_, millis)| **millis > 0) {
            if let Some(pool) = self.index.pool_of[node] {
                allocated[pool] += share_of(&noted.slice, self.gpus[node], *millis);
            }
        }
        allocated
    }

    /// The best throughput of each pool. A quarter hour outside of the latency objectives is no measurement; nor is one
    /// without a latency, if others of the pool have one.
    fn best(&self) -> Vec<Best> {
        let mut best = vec![Best::default(); self.pools.all.len()];
        let judged = |pool: usize| self.objectives.quarters(pool).is_some();
        for (node, measured) in self.measured.iter().enumerate() {
            let Some(pool) = self.index.pool_of[node] else { continue };
            let whole = |millis, gpu_millis| {
                share_of(&Slice { millis, whole: true }, self.gpus[node].max(1), gpu_millis) == millis
            };
            measured[usize::from(judged(pool))].give(&mut best[pool], whole);
        }
        for (number, _) in self.pools.all.iter().enumerate().filter(|(_, pool)| pool.joint) {
            for noted in self.noted.iter().filter(|noted| noted.is_measure) {
                let sums = &noted.pools[number];
                if sums.is_within || !judged(number) {
                    best[number].note(sums.tokens, sums.busy(self.allocated(noted)[number]));
                }
            }
        }
        best
    }

    /// GPUs of a node of a pool, if all have the same number.
    fn gpus_of(&self, pool: usize) -> Option<u32> {
        let of_pool = self.gpus.iter().zip(&self.index.pool_of).filter(|(gpus, of)| **gpus > 0 && **of == Some(pool));
        let mut gpus = of_pool.map(|(gpus, _)| *gpus);
        let first = gpus.next()?;
        gpus.all(|number| number == first).then(|| u32::try_from(first).ok())?
    }
}

/// Ends an hour.
fn close(done: &mut Capacity, (period, measured, sums): (Period, Span, Vec<HourSums>)) {
    let mut hour = HourCapacity {
        period,
        measured,
        allocated_millis: 0,
        needed: 0,
        spare_cost: Some(Money::ZERO),
        one_more: None,
    };
    for (sums, pool) in sums.into_iter().zip(&mut done.pools) {
        let spare = sums.spare_cost(measured);
        let known = |amount: Money| (!sums.revenue.unknown).then_some(amount);
        hour.allocated_millis += sums.allocated_millis;
        hour.needed += sums.needed;
        hour.spare_cost = plus(hour.spare_cost, spare);
        hour.one_more = hour.one_more.max(known(sums.one_more));
        pool.allocated_millis += sums.allocated_millis;
        pool.needed_millis += sums.needed * measured.millis();
        pool.needed_peak = pool.needed_peak.max(sums.needed);
        pool.cost = plus(pool.cost, sums.cost.get());
        pool.spare_cost = plus(pool.spare_cost, spare);
        pool.last_node = plus(pool.last_node, known(sums.last_node));
        pool.one_more = plus(pool.one_more, known(sums.one_more));
    }
    done.measured = done.measured + measured;
    done.hours.push(hour);
}

fn plus(sum: Option<Money>, amount: Option<Money>) -> Option<Money> {
    Some(sum? + amount?)
}

impl PoolCapacity {
    /// A pool without sums.
    fn named(name: Label) -> Self {
        let none = Some(Money::ZERO);
        Self {
            name,
            best: None,
            slo: None,
            gpus: None,
            allocated_millis: 0,
            needed_millis: 0,
            needed_peak: 0,
            cost: none,
            spare_cost: none,
            last_node: none,
            one_more: none,
        }
    }
}
