//! What a ledger of a case holds, as the rules say it: tokens, rent and overhead by the minute.

use std::collections::{BTreeMap, BTreeSet};

use super::amounts::{energy, rent, share, tokens};
use super::case::Case;
use super::drive::WATTS;
use super::paid::{Rent, rents};
use super::prices::price;
use super::terms::{Config, Lease};

pub const MINUTE: i64 = 60_000;

/// Tokens of one engine in a part of a minute in which nothing changes.
#[derive(Debug, Clone)]
pub struct Made {
    pub at: i64,
    pub engine: usize,
    /// Miss, hit, output.
    pub tokens: [i128; 3],
    pub revenue: Option<i128>,
    /// The part of the revenue that is overhead, if its cost is known.
    pub overhead: i128,
    pub costed: bool,
}

/// A rent in a part of a minute; overhead by the hour has no node and no unit.
#[derive(Debug, Clone)]
pub struct Owed {
    pub at: i64,
    pub rent: Rent,
    pub cost: Option<i128>,
    pub is_overhead: bool,
    /// What the provider's rounding adds at the end of a lease.
    pub is_rounding: bool,
}

/// The past of a case.
#[derive(Debug, Default)]
pub struct Books {
    pub made: Vec<Made>,
    pub owed: Vec<Owed>,
    /// In how many parts the time was cut.
    cuts: usize,
    /// From when on agreements of a number of GPUs are paid.
    since: BTreeMap<String, i64>,
    /// Those that ended, and may be extended.
    ended: BTreeMap<String, Ended>,
}

/// The last end of an agreement. Extended, it is one agreement, whose time is rounded as a whole.
#[derive(Debug, Default)]
struct Ended {
    until: i64,
    /// How long it did not run between its ends and extensions.
    paused: i64,
    runs: bool,
}

/// What holds between two polls that follow one another in the ledger.
struct Interval<'a> {
    config: &'a Config,
    /// The configuration before an absence that the interval is.
    before: Option<&'a Config>,
    from: i64,
    to: i64,
    work: Vec<[u64; 3]>,
}

impl Books {
    /// The past that the rules say a case has.
    pub fn of(case: &Case) -> Self {
        let mut books = Self::default();
        let (mut last, mut before) = (case.runs[0].polls[0].0, None);
        let mut open: Vec<[u64; 3]> = vec![[0; 3]; case.engines().count()];
        let mut latest = open.clone();
        for (nth_run, run) in case.runs.iter().enumerate() {
            // What a configuration lacks begins anew when it is back.
            let is_known = |known: &String| run.config.leases.iter().any(|lease| lease.identity() == known);
            books.since.retain(|known, _| is_known(known));
            books.ended.retain(|known, _| is_known(known));
            for (nth, (at, work)) in run.polls.iter().enumerate() {
                // What is made finishes at the next poll.
                let made_before = std::mem::replace(&mut latest, work.clone());
                let work = if case.is_finished { &made_before } else { work };
                // What was made before the first poll was made before the watch.
                if nth_run > 0 || nth > 0 {
                    for (open, work) in open.iter_mut().zip(work) {
                        *open = std::array::from_fn(|class| open[class] + work[class]);
                    }
                }
                if run.killed.is_some_and(|written| nth > written) {
                    continue;
                }
                let work = std::mem::replace(&mut open, vec![[0; 3]; work.len()]);
                let before = before.filter(|_| nth == 0);
                books.post(case, &Interval { config: &run.config, before, from: last, to: *at, work });
                last = *at;
            }
            before = Some(&run.config);
        }
        books
    }

    fn post(&mut self, case: &Case, interval: &Interval<'_>) {
        self.round(case, interval);
        let cuts = interval.cuts();
        for span in cuts.windows(2) {
            let (from, to) = (span[0], span[1]);
            self.cuts += 1;
            let rents = rents(case, interval.config, interval.before, from);
            for (nth, (node, engine)) in case.engines().enumerate() {
                let tokens = interval.part(nth, from, to);
                if tokens == [0; 3] {
                    continue;
                }
                let here = |rent: &&Rent| {
                    rent.rate.is_some()
                        && (rent.node.as_deref() == Some(node.name) || (rent.node.is_none() && rent.unit == node.unit))
                };
                let costed = rents.iter().any(|rent| here(&rent));
                let revenue = price(interval.config, engine.model, engine.tenant, from).map(|price| {
                    (0..3).map(|class| self::tokens(tokens[class], price.prices[class], price.paid)).sum()
                });
                let part = interval.config.of_revenue.unwrap_or(0) * 1000;
                let overhead = if costed { share(revenue.unwrap_or(0), part) } else { 0 };
                self.made.push(Made { at: from, engine: nth, tokens, revenue, overhead, costed });
            }
            self.owe(rents, interval, from, to);
        }
    }

    /// What is added at the ends of leases whose time is rounded up to minutes.
    fn round(&mut self, case: &Case, interval: &Interval<'_>) {
        for lease in interval.config.leases.iter().filter(|lease| lease.is_schedule()) {
            let known = interval.before.is_none_or(|before| before.leases.iter().any(|old| old.is_same(lease)));
            let from = lease.from.map_or(interval.from, |from| from.max(interval.from));
            let to = lease.until.map_or(interval.to, |until| until.min(interval.to));
            if !known || from >= to {
                continue;
            }
            let paused = self.extend(lease, from);
            let since = *self.since.entry(lease.identity().to_owned()).or_insert(from);
            if lease.until != Some(to) {
                continue;
            }
            self.ended.insert(lease.identity().to_owned(), Ended { until: to, paused, runs: false });
            let allocated = to - paused - lease.from.map_or(since, |from| from.max(since));
            let added = (MINUTE - allocated % MINUTE) % MINUTE;
            if lease.is_rounded && added > 0 {
                let owed = lease.of_schedule(case, interval.config, from);
                let cost = owed.rate.map(|rate| rent(added, rate));
                self.owed.push(Owed { at: to - 1, rent: owed, cost, is_overhead: false, is_rounding: true });
            }
        }
    }

    /// An agreement runs: what rounding added at its end before is taken back. Gives how long it did not run in between.
    fn extend(&mut self, lease: &Lease, from: i64) -> i64 {
        let Some(ended) = self.ended.get_mut(lease.identity()) else { return 0 };
        if lease.from.is_some_and(|begins| begins >= ended.until) {
            self.ended.remove(lease.identity());
            return 0;
        }
        if !ended.runs {
            let end = ended.until - 1;
            let of_lease = |owed: &Owed| owed.rent.node.as_deref().or(owed.rent.unit) == Some(lease.subject);
            self.owed.retain(|owed| !(owed.is_rounding && owed.at == end && of_lease(owed)));
            ended.paused += from - ended.until;
            ended.runs = true;
        }
        ended.paused
    }

    fn owe(&mut self, rents: Vec<Rent>, interval: &Interval<'_>, from: i64, to: i64) {
        let millis = to - from;
        // Every GPU is known on both sides of an absence: it is rented throughout (`rules.md`, section 5).
        for owed in rents {
            let power = owed.power.map_or(0, |(kwh, pue)| energy(owed.gpus * WATTS * millis, kwh, pue));
            let cost = owed.rate.map(|rate| rent(millis, rate) + power);
            self.owed.push(Owed { at: from, rent: owed, cost, is_overhead: false, is_rounding: false });
        }
        let had = interval.before.is_none_or(|before| before.per_hour.is_some());
        if let Some(cents) = interval.config.per_hour.filter(|_| had) {
            let none = Rent { node: None, unit: None, lease: String::new(), rate: None, gpus: 0, power: None };
            let cost = Some(rent(millis, cents * 10_000));
            self.owed.push(Owed { at: from, rent: none, cost, is_overhead: true, is_rounding: false });
        }
    }
}

impl Interval<'_> {
    /// The instants at which it is cut: each minute, and each instant at which a price or a rent begins or ends.
    fn cuts(&self) -> Vec<i64> {
        let first = self.from - self.from % MINUTE + MINUTE;
        let mut cuts: BTreeSet<i64> = (first..self.to).step_by(60_000).collect();
        let lists = self.config.lists.iter().flat_map(|list| [list.from, list.until]);
        let leases = self.config.leases.iter().flat_map(|lease| [lease.from, lease.until]);
        let euros = self.config.euro.iter().map(|(since, _)| Some(*since));
        cuts.extend(lists.chain(leases).chain(euros).flatten().filter(|at| self.from < *at && *at < self.to));
        cuts.extend([self.from, self.to]);
        cuts.into_iter().collect()
    }

    /// Tokens of an engine between two instants: cumulative floors of each class (`economics.md`, 5.5).
    fn part(&self, engine: usize, from: i64, to: i64) -> [i128; 3] {
        let [prompt, hit, output] = self.work[engine].map(i128::from);
        let upto = |count: i128, at: i64| count * i128::from(at - self.from) / i128::from(self.to - self.from);
        [prompt - hit, hit, output].map(|count| upto(count, to) - upto(count, from))
    }
}

impl Books {
    /// How many nodes were allocated, if they were the same ones with as many paid GPUs all the time: a ledger holds GPU time
    /// and not how many GPUs a node has, so that the average of others is an estimate.
    pub fn nodes(&self) -> Option<usize> {
        let mut allocated: BTreeMap<i64, BTreeMap<&str, i64>> = BTreeMap::new();
        for owed in self.owed.iter().filter(|owed| !owed.is_overhead && !owed.is_rounding) {
            let nodes = allocated.entry(owed.at).or_default();
            if let Some(node) = owed.rent.node.as_deref() {
                *nodes.entry(node).or_default() += owed.rent.gpus;
            }
        }
        let first = allocated.values().next()?;
        (self.cuts == allocated.len() && allocated.values().all(|nodes| nodes == first)).then_some(first.len())
    }
}
