//! Schedules: cost that runs by the calendar alone, for leases of a fixed number of GPUs and for overhead per hour.
//!
//! A lease is an agreement whose terms (rate, dates, number of GPUs) may change between runs. It is known by its name, else
//! by what it is for. Up to when it is posted is saved under that, so changed terms continue where the former ones ended.

use super::leases::subject;
use std::collections::{BTreeMap, BTreeSet};

use super::inventory_view::InventoryView;
use super::resolved_rate::{self, of_overhead, of_schedule};
use super::rounding::{self, Roundings};
use crate::inventory::FleetConfig;
use crate::ledger::{CostAccountId, Ledger};
use crate::pricing::{Lease, Leased};
use crate::reading::NodeName;
use crate::units::Timestamp;

/// The identity of overhead.
const OVERHEAD: &str = "overhead";
/// The prefix of a node whose leases were ended by hand, with the instant of the end.
const ENDED: &str = "ended by hand: ";
/// The prefix of what a lease is for, with the last instant that was paid for it.
const PAID: &str = "paid until: ";
/// The prefix of an agreement's identity, with the instant from which on it was posted.
const SINCE: &str = "since: ";
/// The instant under which an agreement is saved that is posted as far as the ledger is.
const AS_THE_LEDGER: Timestamp = Timestamp::from_millis(0);
/// The instant under which earlier versions saved a lease that was ended by hand.
const ENDED_EARLIER: Timestamp = Timestamp::from_millis(i64::MAX);

/// Up to when the cost that runs by the calendar is posted.
#[derive(Debug)]
pub(super) struct Schedules {
    /// When this watch began: what is new runs from then on.
    began: Timestamp,
    /// Up to when each agreement is posted.
    posted: BTreeMap<String, Timestamp>,
    /// The identities of those that are posted by the calendar. The others are posted with the GPUs that they match.
    by_calendar: BTreeSet<String>,
    /// The last instant that was paid, by what a lease is for. It is before what `posted` says after a lease's end.
    paid: BTreeMap<String, Timestamp>,
    /// From when on each agreement was posted: what the provider rounds is the whole of it. Gone after an end that nothing
    /// extends.
    since: BTreeMap<String, Timestamp>,
    /// When the leases of a node were ended by hand.
    ended: BTreeMap<NodeName, Timestamp>,
    /// The cost accounts of the leases that were posted last.
    paying: BTreeSet<CostAccountId>,
}

/// The identities of a lease: its name, if it has one, and what it is for.
fn identities(lease: &Lease) -> impl Iterator<Item = String> {
    let named = lease.name.as_ref().map(|name| format!("lease {name}"));
    named.into_iter().chain([subject(lease)])
}

impl Schedules {
    /// Schedules that run from the beginning of the watch.
    pub(super) fn new(began: Timestamp) -> Self {
        let (posted, paid, since, ended) = Default::default();
        Self { began, posted, by_calendar: BTreeSet::new(), paid, since, ended, paying: BTreeSet::new() }
    }

    /// The identity of each agreement with up to when it is posted, and the ends by hand.
    pub(super) fn saved(&self) -> Vec<(String, Timestamp)> {
        let Self { began: _, posted, by_calendar, paid, since, ended, paying: _ } = self;
        let ended = ended.iter().map(|(node, at)| (format!("{ENDED}{node}"), *at));
        let until = |(key, until): (&String, &Timestamp)| {
            (key.clone(), if by_calendar.contains(key) { *until } else { AS_THE_LEDGER })
        };
        let paid = paid.iter().map(|(subject, at)| (format!("{PAID}{subject}"), *at));
        let since = since.iter().map(|(key, at)| (format!("{SINCE}{key}"), *at));
        posted.iter().map(until).chain(paid).chain(since).chain(ended).collect()
    }

    /// Continues from saved schedules. What the configuration does not have is forgotten, so that it runs from its return
    /// if it comes back. Applies ends by hand to the leases, and the beginning of the watch to new ones.
    pub(super) fn restore(&mut self, config: &mut FleetConfig, saved: &[(String, Timestamp)], last: Timestamp) {
        let ends = saved.iter().filter_map(|(key, at)| Some((NodeName::new(key.strip_prefix(ENDED)?), *at)));
        self.ended.extend(ends);
        let paid = saved.iter().filter_map(|(key, at)| Some((key.strip_prefix(PAID)?.to_owned(), *at)));
        self.paid.extend(paid);
        for lease in config.leases.iter().filter(|lease| lease.is_schedule()) {
            self.restore_earlier(lease, saved);
        }
        let known = current(config);
        let since = saved.iter().filter_map(|(key, at)| Some((key.strip_prefix(SINCE)?.to_owned(), *at)));
        self.since.extend(since.filter(|(key, _)| known.contains(key)));
        let until = |until: Timestamp| if until == AS_THE_LEDGER { last } else { until };
        let saved = saved.iter().filter(|(key, _)| known.contains(key));
        self.posted.extend(saved.map(|(key, posted)| (key.clone(), until(*posted))));
        for (node, at) in &self.ended {
            config.leases.iter_mut().for_each(|lease| lease.end(node, *at));
        }
        for lease in config.leases.iter_mut().filter(|lease| lease.is_schedule()) {
            if self.posted_until(lease).is_none() {
                lease.from = Some(lease.from.map_or(self.began, |from| from.max(self.began)));
            }
        }
    }

    /// Continues a lease that an earlier version saved by its terms.
    fn restore_earlier(&mut self, lease: &Lease, saved: &[(String, Timestamp)]) {
        if identities(lease).any(|key| saved.iter().any(|(known, _)| *known == key)) {
            return;
        }
        let exact = saved.iter().find(|(key, _)| *key == resolved_rate::earlier_identity(lease));
        if let (Some((_, ENDED_EARLIER)), Leased::Node(node)) = (exact, &lease.leased) {
            self.ended.entry(node.clone()).or_insert(self.began);
            return;
        }
        let what = subject(lease);
        let of_subject = format!(" x {} at ", what.split_once(' ').map_or("", |(_, what)| what));
        let before = saved.iter().filter(|(key, until)| key.contains(&of_subject) && *until != ENDED_EARLIER);
        if let Some(until) = exact.map(|(_, until)| *until).or_else(|| before.map(|(_, until)| *until).max()) {
            self.posted.insert(what, until);
        }
    }

    /// Continues from an instant.
    pub(super) fn skip_to(&mut self, config: &FleetConfig, now: Timestamp) {
        self.began = self.began.max(now);
        self.note(config, now);
    }

    /// Up to when a lease is posted; `None` if it is new.
    fn posted_until(&self, lease: &Lease) -> Option<Timestamp> {
        identities(lease).find_map(|key| self.posted.get(&key)).copied()
    }

    /// Posts the cost up to an instant, and what rounding adds to the leases that end before.
    pub(super) fn run_to(
        &mut self,
        ledger: &mut Ledger,
        roundings: &mut Roundings,
        view: InventoryView<'_>,
        now: Timestamp,
    ) {
        let leases = &view.config.leases;
        let (mut ended, mut paying) = (std::mem::take(&mut self.paying), BTreeSet::new());
        for lease in view.config.leases.iter().filter(|lease| lease.is_schedule()) {
            let last = self.posted_until(lease).unwrap_or(self.began);
            let Some((from, to)) = lease.overlap(last, now) else {
                if lease.runs_at(now) {
                    paying.insert(ledger.cost_account(&of_schedule(lease, view)));
                }
                continue;
            };
            let (cost_account, gpus) = (of_schedule(lease, view), lease.gpus.unwrap_or(0));
            let id = ledger.cost_account(&cost_account);
            let _ = if lease.runs_at(now) { paying.insert(id) } else { ended.insert(id) };
            roundings.resume(ledger, leases, lease, &cost_account, from);
            ledger.rent(id, gpus, from, to);
            let paid = self.paid.entry(subject(lease)).or_insert(to);
            *paid = (*paid).max(to);
            let began = self.begin(lease, from);
            if lease.until == Some(to) && !roundings.end(ledger, leases, lease, (&cost_account, gpus), (began, to)) {
                for key in identities(lease) {
                    self.since.remove(&key);
                }
            }
        }
        ended.difference(&paying).for_each(|account| ledger.end_rent(*account));
        self.paying = paying;
        if let Some(rate) = view.config.overhead.per_hour {
            let last = self.posted.get(OVERHEAD).copied().unwrap_or(self.began);
            let id = ledger.cost_account(&of_overhead(rate));
            ledger.rent(id, 1, last.min(now), now);
        }
        self.note(view.config, now);
    }

    /// From when on a lease is posted, which is `from` if it is new.
    fn begin(&mut self, lease: &Lease, from: Timestamp) -> Timestamp {
        let began = self.began(lease).unwrap_or(from);
        for key in identities(lease) {
            self.since.entry(key).or_insert(began);
        }
        began
    }

    /// From when on a lease was posted; `None` if it is new. A date of its own is later than that of the one before it.
    fn began(&self, lease: &Lease) -> Option<Timestamp> {
        let since = identities(lease).find_map(|key| self.since.get(&key)).copied();
        lease.from.into_iter().chain(since).max()
    }

    /// Notes that all agreements are posted up to an instant.
    fn note(&mut self, config: &FleetConfig, now: Timestamp) {
        for key in current(config) {
            let until = self.posted.entry(key).or_insert(now);
            *until = (*until).max(now);
        }
        let schedules = config.leases.iter().filter(|lease| lease.is_schedule());
        self.by_calendar = schedules.flat_map(identities).chain([OVERHEAD.to_owned()]).collect();
    }

    /// Ends the leases of a node by hand: takes back what was posted after `at`, also where a lease's own end was set
    /// before it after that was posted.
    pub(super) fn end(
        &mut self,
        ledger: &mut Ledger,
        roundings: &mut Roundings,
        view: InventoryView<'_>,
        node: &NodeName,
        at: Timestamp,
    ) {
        let of_node = || view.config.leases.iter().filter(|lease| lease.is_schedule() && lease.node() == Some(node));
        let next = of_node().filter_map(|lease| lease.from).filter(|from| *from >= at).min();
        let runs =
            |lease: &&Lease| lease.until.is_none_or(|until| until >= at) && lease.from.is_none_or(|from| from < at);
        for lease in of_node().filter(runs) {
            let (cost_account, gpus) = (of_schedule(lease, view), lease.gpus.unwrap_or(0));
            let posted = lease.overlap(at, self.posted_until(lease).unwrap_or(self.began)).map(|(_, to)| to);
            let paid = self.paid.get(&subject(lease)).copied().or(posted).unwrap_or(at);
            let to = next.map_or(paid, |next| paid.min(next));
            if at < to {
                let id = ledger.cost_account(&cost_account);
                ledger.refund(id, gpus, at, to);
            }
            if let Some(began) = self.began(lease).filter(|_| lease.until != Some(at)) {
                let paused = roundings.forget(ledger, &view.config.leases, lease, &cost_account);
                rounding::close(ledger, &cost_account, lease, gpus, (began + paused, at));
            }
            self.ended.insert(node.clone(), at);
        }
        for what in of_node().map(subject).collect::<BTreeSet<_>>() {
            if let Some(paid) = self.paid.get_mut(&what) {
                *paid = next.map_or(at, |next| (*paid).min(next.max(at)));
            }
        }
    }
}

/// The identities of the present configuration.
fn current(config: &FleetConfig) -> BTreeSet<String> {
    let overhead = config.overhead.per_hour.map(|_| OVERHEAD.to_owned());
    config.leases.iter().flat_map(identities).chain(overhead).collect()
}
