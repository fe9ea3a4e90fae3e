//! The fold of buckets into hours and pools.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::objectives::Objectives;
use super::pools::{self, Pools};
use super::throughput::{Best, NODE};
use super::{Capacity, FULL, HourCapacity, PoolCapacity, Sums};
use crate::ledger::{Classes, CostKind, Grain, Past};
use crate::reading::NodeName;
use crate::statement::By;
use crate::statement::bucket::Bucket;
use crate::statement::calendar::Period;
use crate::statement::nodes::{Slice, nodes_of, share_of};
use crate::units::{Money, Span};

/// Sums under construction: those of the present hour by pool, and all that was closed.
pub(super) struct Folds<'a> {
    past: &'a Past,
    pools: &'a Pools<'a>,
    gpus: &'a HashMap<&'a NodeName, i64>,
    objectives: Objectives<'a>,
    best: Vec<Best>,
    hour: Option<(Period, Span, Vec<Sums>)>,
    done: Capacity,
}

impl<'a> Folds<'a> {
    pub(super) fn new(past: &'a Past, pools: &'a Pools<'a>, gpus: &'a HashMap<&'a NodeName, i64>) -> Self {
        let pool = |(number, pool): (usize, &pools::Pool)| PoolCapacity {
            name: pool.name.clone(),
            best: None,
            slo: None,
            gpus: alike(pools.of_node.iter().filter(|(_, of)| **of == number).filter_map(|(node, _)| gpus.get(node))),
            held_millis: 0,
            needed_millis: 0,
            needed_peak: 0,
            cost: Some(Money::ZERO),
            spare_cost: Some(Money::ZERO),
            last_node: Some(Money::ZERO),
            one_more: Some(Money::ZERO),
        };
        let done = Capacity {
            measured: Span::ZERO,
            pools: pools.all.iter().enumerate().map(pool).collect(),
            hours: Vec::new(),
            slo: past.slo.as_ref().map(|slo| (slo.slo.clone(), slo.since)),
            slo_before: past.slo.as_ref().and_then(|slo| slo.before.clone()),
            unmeasured: pools.unmeasured.clone(),
        };
        let objectives = Objectives::new(past, pools);
        Self { past, pools, gpus, objectives, best: vec![Best::default(); pools.all.len()], hour: None, done }
    }

    /// Notes in how many quarter hours objectives for latency were held.
    pub(super) fn note_objectives(&mut self, bucket: &Bucket<'_>) {
        if nodes_of(self.past, bucket).is_some_and(|(slice, ..)| slice.whole) {
            self.objectives.note(bucket);
        }
    }

    /// Notes what nodes made in a bucket that was watched from its beginning to its end. A minute at the edge of the past is
    /// too short for what a node can do; a quarter hour in which objectives for latency were missed, or are not known where
    /// they are in others, is no measurement.
    pub(super) fn note_best(&mut self, bucket: &Bucket<'_>) {
        if self.past.grain_of(bucket.at) == Some(Grain::Minute) {
            return;
        }
        let Some((slice, _, nodes)) = nodes_of(self.past, bucket).filter(|(slice, ..)| slice.whole) else { return };
        let mut made: HashMap<&NodeName, Classes> = HashMap::new();
        for cell in bucket.tokens {
            *made.entry(&self.past.account(cell.account).node).or_default() += cell.tokens;
        }
        let sums = self.sums(bucket, &slice, &nodes);
        for (number, _) in self.pools.all.iter().enumerate().filter(|(_, pool)| pool.joint) {
            if self.objectives.excludes(number, None, bucket.at) {
                continue;
            }
            self.best[number].note(sums[number].tokens, sums[number].busy_millis);
        }
        for (node, tokens) in made {
            let Some(number) = self.pools.of_node.get(node).copied() else { continue };
            let all = nodes.get(node).map(|millis| share_of(&slice, self.gpus[node], *millis)) == Some(slice.millis);
            if all && !self.pools.all[number].joint && !self.objectives.excludes(number, Some(node), bucket.at) {
                self.best[number].note(tokens, slice.millis);
            }
        }
    }

    /// Adds a bucket to its hour.
    pub(super) fn fold(&mut self, bucket: &Bucket<'_>, zone: &TimeZone) {
        let Some((slice, from, nodes)) = nodes_of(self.past, bucket) else { return };
        if !self.hour.as_ref().is_some_and(|(period, ..)| period.holds(from)) {
            self.close();
            let sums = vec![Sums::default(); self.pools.all.len()];
            self.hour = Some((Period::of(By::Hour, zone, from), Span::ZERO, sums));
        }
        let sums = self.sums(bucket, &slice, &nodes);
        let Some((_, measured, hour)) = &mut self.hour else { return };
        *measured = *measured + Span::from_millis(slice.millis);
        for (number, ((sums, hour), best)) in sums.into_iter().zip(hour).zip(&self.best).enumerate() {
            let missed = self.objectives.missed(number, bucket.at);
            hour.add(sums.with_need(best, &slice, missed));
        }
    }

    /// What each pool held, made, cost and earned in a bucket.
    fn sums(&self, bucket: &Bucket<'_>, slice: &Slice, nodes: &HashMap<&NodeName, i64>) -> Vec<Sums> {
        let mut sums = vec![Sums::default(); self.pools.all.len()];
        for (node, millis) in nodes {
            if let Some(number) = self.pools.of_node.get(node) {
                sums[*number].held_millis += share_of(slice, self.gpus[node], *millis);
            }
        }
        let mut times = vec![(0_i64, 0_i64); sums.len()];
        for cell in bucket.rents {
            let account = self.past.cost_account(cell.cost_account);
            let node = account.node.as_ref().filter(|_| account.kind == CostKind::Gpus);
            let Some(number) = node.and_then(|node| self.pools.of_node.get(node).copied()) else { continue };
            sums[number].cost.add(account.cost(cell));
            times[number].0 += cell.held.millis();
            times[number].1 += cell.held.millis() - cell.idle.millis();
        }
        for (sums, (held, busy)) in sums.iter_mut().zip(times) {
            sums.busy_millis = scaled(sums.held_millis, busy.clamp(0, held.max(0)), held);
        }
        for cell in bucket.tokens {
            let Some(number) = self.pools.of_account(self.past.account(cell.account)) else { continue };
            sums[number].tokens += cell.tokens;
            let value = cell.tariff.map(|tariff| {
                let tariff = self.past.tariff(tariff);
                let value = tariff.value(cell.tokens);
                value - tariff.overhead_of(value)
            });
            sums[number].revenue.add(value);
        }
        sums
    }

    /// Ends the present hour.
    pub(super) fn close(&mut self) {
        let Some((period, measured, sums)) = self.hour.take() else { return };
        let mut hour =
            HourCapacity { period, measured, held_millis: 0, needed: 0, spare_cost: Some(Money::ZERO), one_more: None };
        for (sums, pool) in sums.into_iter().zip(&mut self.done.pools) {
            let spare = sums.spare_cost(measured);
            let known = |amount: Money| (!sums.revenue.unknown).then_some(amount);
            hour.held_millis += sums.held_millis;
            hour.needed += sums.needed;
            hour.spare_cost = plus(hour.spare_cost, spare);
            hour.one_more = hour.one_more.max(known(sums.one_more));
            pool.held_millis += sums.held_millis;
            pool.needed_millis += sums.needed * measured.millis();
            pool.needed_peak = pool.needed_peak.max(sums.needed);
            pool.cost = plus(pool.cost, sums.cost.get());
            pool.spare_cost = plus(pool.spare_cost, spare);
            pool.last_node = plus(pool.last_node, known(sums.last_node));
            pool.one_more = plus(pool.one_more, known(sums.one_more));
        }
        self.done.measured = self.done.measured + measured;
        self.done.hours.push(hour);
    }

    pub(super) fn done(mut self) -> Capacity {
        for (number, (pool, best)) in self.done.pools.iter_mut().zip(&self.best).enumerate() {
            pool.best = best.per_hour();
            pool.slo = self.objectives.quarters(number);
        }
        self.done.pools.retain(|pool| pool.held_millis > 0);
        self.done.pools.sort_by(|a, b| b.spare_cost.cmp(&a.spare_cost).then_with(|| a.name.cmp(&b.name)));
        self.done
    }
}

impl Sums {
    /// A bucket's sums with what its load needed. No load needs more nodes than did it, unless they missed their objectives.
    fn with_need(mut self, best: &Best, slice: &Slice, missed: bool) -> Self {
        let held = scaled(self.held_millis, NODE, slice.millis);
        let need = best.need(self.tokens, Span::from_millis(slice.millis)).unwrap_or(held);
        let need = if missed { need } else { need.min(held) };
        self.needed = (need + NODE - 1) / NODE;
        if need == 0 || self.revenue.unknown {
            return self;
        }
        let part = |of: i64| self.revenue.sum.scaled(of, need).unwrap_or_default();
        self.last_node = part((need - (held - NODE).max(0)).clamp(0, need.min(NODE)));
        if i128::from(need) * 100 >= i128::from(held) * i128::from(FULL) {
            self.one_more = part(NODE.min(need));
        }
        self
    }

    fn add(&mut self, quarter: Self) {
        self.held_millis += quarter.held_millis;
        self.busy_millis += quarter.busy_millis;
        self.needed = self.needed.max(quarter.needed);
        self.tokens += quarter.tokens;
        self.cost.sum += quarter.cost.sum;
        self.cost.unknown |= quarter.cost.unknown;
        self.revenue.sum += quarter.revenue.sum;
        self.revenue.unknown |= quarter.revenue.unknown;
        self.last_node += quarter.last_node;
        self.one_more += quarter.one_more;
    }

    /// The part of the cost for nodes beyond those that were needed all through the hour.
    fn spare_cost(&self, measured: Span) -> Option<Money> {
        let spare = (self.held_millis - self.needed * measured.millis()).max(0);
        if self.held_millis == 0 { Some(Money::ZERO) } else { self.cost.get()?.scaled(spare, self.held_millis) }
    }
}

fn plus(sum: Option<Money>, amount: Option<Money>) -> Option<Money> {
    Some(sum? + amount?)
}

/// An amount times a quotient, rounded down; nothing of nothing.
fn scaled(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(amount) * i128::from(numerator);
    product.checked_div(i128::from(denominator)).and_then(|part| i64::try_from(part).ok()).unwrap_or_default()
}

/// The number that all are, if they are one number.
fn alike<'n>(numbers: impl Iterator<Item = &'n i64>) -> Option<u32> {
    let mut numbers = numbers.copied();
    let first = numbers.next()?;
    numbers.all(|number| number == first).then(|| u32::try_from(first).ok())?
}
