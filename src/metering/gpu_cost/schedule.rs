//! Schedules: cost that depends on the calendar only, for leases of a fixed number of GPUs and for overhead per hour.
//!
//! A lease is an agreement whose terms (rate, dates, number of GPUs) may change between runs of the program. It is
//! identified by its name, else by its subject. The instant up to which it is posted is saved under that identity, so
//! changed terms continue where the former ones ended.

use super::leases::subject;
use std::collections::{BTreeMap, BTreeSet};

use super::super::most_gpus::of_unit;
use super::inventory_view::InventoryView;
use super::resolved_rate::{self, of_overhead, of_schedule};
use super::rounding::{self, Roundings};
use crate::inventory::FleetConfig;
use crate::ledger::{CostAccount, CostAccountId, Ledger};
use crate::pricing::{Lease, Leased};
use crate::reading::NodeName;
use crate::units::Timestamp;

/// The identity of overhead.
const OVERHEAD: &str = "overhead";
/// The prefix of a node whose leases were ended by hand, with the instant of the end.
const ENDED: &str = "ended by hand: ";
/// The prefix of a lease's subject, with the last instant paid.
const PAID: &str = "paid until: ";
/// The prefix of an agreement's identity, with the instant from which it was posted.
const SINCE: &str = "since: ";
/// The instant saved for an agreement that is posted as far as the ledger is.
const AS_THE_LEDGER: Timestamp = Timestamp::from_millis(0);
/// The instant that older versions saved for a lease that was ended by hand.
const ENDED_EARLIER: Timestamp = Timestamp::from_millis(i64::MAX);

/// Up to when scheduled cost is posted.
#[derive(Debug)]
pub(super) struct Schedules {
    /// When this run began; new agreements start then.
    began: Timestamp,
    /// Up to when each agreement is posted.
    posted: BTreeMap<String, Timestamp>,
    /// The identities of the scheduled agreements. The others are posted with the GPUs that they cover.
    by_calendar: BTreeSet<String>,
    /// The last instant paid, by the subject of a lease; earlier than in `posted` after a lease's end.
    paid: BTreeMap<String, Timestamp>,
    /// Since when each agreement is posted: the provider rounds the whole time. Removed after an end without an extension.
    since: BTreeMap<String, Timestamp>,
    /// When the leases of each node were ended by hand.
    ended: BTreeMap<NodeName, Timestamp>,
    /// The cost accounts of the leases that were last posted.
    paying: BTreeSet<CostAccountId>,
}

/// The GPUs of the leases of each node or unit: of those that end in an interval, and of those that run at its end.
#[derive(Debug, Default)]
struct PaidGpus(BTreeMap<NodeName, ([u32; 2], Timestamp)>);

impl PaidGpus {
    fn add(&mut self, account: &CostAccount, gpus: u32, from: Timestamp, runs_on: bool) {
        let Some(owner) = account.node.clone().or_else(|| account.unit.as_ref().map(of_unit)) else { return };
        let (sums, since) = self.0.entry(owner).or_insert(([0; 2], from));
        let sum = &mut sums[usize::from(runs_on)];
        *sum = sum.saturating_add(gpus);
        *since = from.min(*since);
    }

    fn most(self) -> Vec<(NodeName, u32, Timestamp)> {
        self.0.into_iter().map(|(owner, ([ended, running], since))| (owner, ended.max(running), since)).collect()
    }
}

/// The identities of a lease: its name, if any, and its subject.
fn identities(lease: &Lease) -> impl Iterator<Item = String> {
    let named = lease.name.as_ref().map(|name| format!("lease {name}"));
    named.into_iter().chain([subject(lease)])
}

impl Schedules {
    /// Schedules that start at the beginning of the run.
    pub(super) fn new(began: Timestamp) -> Self {
        let (posted, paid, since, ended) = Default::default();
        Self { began, posted, by_calendar: BTreeSet::new(), paid, since, ended, paying: BTreeSet::new() }
    }

    /// The identity of each agreement with the instant up to which it is posted, and the ends by hand.
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

    /// Restores saved schedules. Agreements that are no longer configured are dropped, and start anew if they return.
    /// Applies ends by hand to the leases, and the start of the run to new ones.
    pub(super) fn restore(&mut self, config: &mut FleetConfig, saved: &[(String, Timestamp)], last: Timestamp) {
        self.ended.extend(ended_by_hand(saved));
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

    /// Restores a lease that an older version saved by its terms.
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

    /// Posts the cost up to an instant, and the rounding of the leases that end before it. Returns how many GPUs were paid for
    /// at once, by node or unit, and from when.
    pub(super) fn run_to(
        &mut self,
        ledger: &mut Ledger,
        roundings: &mut Roundings,
        view: InventoryView<'_>,
        now: Timestamp,
    ) -> Vec<(NodeName, u32, Timestamp)> {
        let leases = &view.config.leases;
        let (mut ended, mut paying) = (std::mem::take(&mut self.paying), BTreeSet::new());
        let mut paid_gpus = PaidGpus::default();
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
            ledger.post_gpu_time(id, gpus, from, to);
            paid_gpus.add(&cost_account, gpus, from, lease.runs_at(now));
            let paid = self.paid.entry(subject(lease)).or_insert(to);
            *paid = (*paid).max(to);
            let began = self.begin(lease, from);
            if lease.until == Some(to) && !roundings.end(ledger, leases, lease, (&cost_account, gpus), (began, to)) {
                for key in identities(lease) {
                    self.since.remove(&key);
                }
            }
        }
        ended.difference(&paying).for_each(|account| ledger.end_cost(*account));
        self.paying = paying;
        if let Some(rate) = view.config.overhead.per_hour {
            let last = self.posted.get(OVERHEAD).copied().unwrap_or(self.began);
            let id = ledger.cost_account(&of_overhead(rate));
            ledger.post_gpu_time(id, 1, last.min(now), now);
        }
        self.note(view.config, now);
        paid_gpus.most()
    }

    /// Records since when a lease is posted: `from` if it is new.
    fn begin(&mut self, lease: &Lease, from: Timestamp) -> Timestamp {
        let began = self.began(lease).unwrap_or(from);
        for key in identities(lease) {
            self.since.entry(key).or_insert(began);
        }
        began
    }

    /// Since when a lease is posted; `None` if it is new. Its own start date applies if that is later.
    fn began(&self, lease: &Lease) -> Option<Timestamp> {
        let since = identities(lease).find_map(|key| self.since.get(&key)).copied();
        lease.from.into_iter().chain(since).max()
    }

    /// Records that all agreements are posted up to an instant.
    fn note(&mut self, config: &FleetConfig, now: Timestamp) {
        for key in current(config) {
            let until = self.posted.entry(key).or_insert(now);
            *until = (*until).max(now);
        }
        let schedules = config.leases.iter().filter(|lease| lease.is_schedule());
        self.by_calendar = schedules.flat_map(identities).chain([OVERHEAD.to_owned()]).collect();
    }

    /// Ends the leases of a node by hand: reverses what was posted after `at`, also if a lease's own end was set to an
    /// earlier date after that.
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
        }
        if view.config.leases.iter().any(|lease| lease.node() == Some(node) && runs(&lease)) {
            self.ended.insert(node.clone(), at);
        }
        for what in of_node().map(subject).collect::<BTreeSet<_>>() {
            if let Some(paid) = self.paid.get_mut(&what) {
                *paid = next.map_or(at, |next| (*paid).min(next.max(at)));
            }
        }
    }
}

/// The identities in the current configuration.
fn current(config: &FleetConfig) -> BTreeSet<String> {
    let overhead = config.overhead.per_hour.map(|_| OVERHEAD.to_owned());
    config.leases.iter().flat_map(identities).chain(overhead).collect()
}

/// The nodes whose leases were ended by hand, with the instants, of saved schedules.
pub(in crate::metering) fn ended_by_hand(saved: &[(String, Timestamp)]) -> impl Iterator<Item = (NodeName, Timestamp)> {
    saved.iter().filter_map(|(key, at)| Some((NodeName::new(key.strip_prefix(ENDED)?), *at)))
}
