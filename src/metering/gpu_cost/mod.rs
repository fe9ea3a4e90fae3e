//! GPU cost: the time that each GPU is allocated, from when it is first seen to its release, busy or idle, answering or
//! silent. It is posted to the lease or rate that pays for it.

mod ends;
mod inventory_view;
mod known;
mod leases;
mod named;
mod payers;
mod power;
mod resolved_rate;
mod rounding;
mod schedule;
mod without;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::inventory::{FleetConfig, Node, Tracked};
use crate::ledger::{CostAccountId, Ledger};
use crate::pricing::{Lease, RentWhen};
use crate::reading::NodeName;
use crate::units::{Moment, Span, Timestamp};
pub(super) use ends::ReleasedGpu;
pub(crate) use inventory_view::InventoryView;
use known::given_back;
pub(crate) use known::{knows_cost, seen_after, was_given_back};
pub(super) use power::payments;
pub(super) use resolved_rate::rate_edges;
use resolved_rate::{NodeView, resolve};
use rounding::Roundings;
use schedule::Schedules;
pub(super) use schedule::ended_by_hand;

/// Up to when allocated time has been posted.
#[derive(Debug)]
pub(super) struct AllocationMeter {
    schedules: Schedules,
    /// The rounding added at the ends of leases.
    roundings: Roundings,
    allocated: Tracked<NodeName, Moment>,
    serving: Tracked<NodeName, Moment>,
    /// The accounts that a node's time was last posted to: of GPUs paid while allocated, and of GPUs paid while an engine
    /// answers.
    paying: HashMap<NodeName, [BTreeSet<CostAccountId>; 2]>,
    /// Nodes of an earlier run whose cost is no longer known, since no source reports their GPUs.
    abandoned: HashSet<NodeName>,
    /// Requests to end leases that are applied but not yet in a checkpoint.
    ended: Vec<i64>,
}

impl AllocationMeter {
    /// An empty state. Schedules begin at `began`.
    pub(super) fn new(began: Timestamp) -> Self {
        let (allocated, serving, abandoned) = (Tracked::default(), Tracked::default(), HashSet::new());
        Self {
            schedules: Schedules::new(began),
            roundings: Roundings::default(),
            allocated,
            serving,
            paying: HashMap::new(),
            abandoned,
            ended: Vec::new(),
        }
    }

    /// The identity of each schedule with the instant up to which it is posted, and the ends of leases that may be
    /// extended.
    pub(super) fn schedules(&self) -> Vec<(String, Timestamp)> {
        let mut saved = self.schedules.saved();
        saved.extend(self.roundings.saved());
        saved
    }

    /// Restores schedules from where they were posted, and applies ends by hand to the leases.
    pub(super) fn restore_schedules(
        &mut self,
        config: &mut FleetConfig,
        schedules: &[(String, Timestamp)],
        last: Timestamp,
    ) {
        self.schedules.restore(config, schedules, last);
        self.roundings.restore(&config.leases, schedules);
    }

    /// Continues schedules from `now`; the time before is not posted.
    pub(super) fn skip_to(&mut self, config: &FleetConfig, now: Timestamp) {
        self.schedules.skip_to(config, now);
    }

    /// Up to when a node's time is posted: of GPUs paid while allocated, and of GPUs paid while an engine answers.
    pub(super) fn cursors(&self, name: &NodeName) -> (Option<Moment>, Option<Moment>) {
        let Self { schedules: _, roundings: _, allocated, serving, paying: _, abandoned: _, ended: _ } = self;
        (allocated.get(name).copied(), serving.get(name).copied())
    }

    /// Takes the nodes whose time changed since the last call.
    pub(super) fn take_touched(&mut self) -> Vec<NodeName> {
        let mut touched = self.allocated.take_touched();
        touched.append(&mut self.serving.take_touched());
        touched
    }

    /// Restores up to when a node's time is posted.
    pub(super) fn restore_node(&mut self, name: &NodeName, allocated: Option<Moment>, serving: Option<Moment>) {
        for (cursors, until) in [(&mut self.allocated, allocated), (&mut self.serving, serving)] {
            if let Some(until) = until {
                cursors.insert(name.clone(), until);
            }
        }
    }

    /// Begins the allocated time of a node whose GPUs were seen.
    pub(super) fn begin(&mut self, name: &NodeName, at: Moment) {
        if !self.allocated.contains_key(name) {
            self.allocated.insert(name.clone(), at);
        }
    }

    /// Up to when the time of a node's serving leases is posted.
    pub(super) fn served_until(&self, name: &NodeName) -> Option<Moment> {
        self.serving.get(name).copied()
    }

    /// Continues the time of a node's serving leases from a moment, since no engine served before.
    pub(super) fn serve_from(&mut self, name: &NodeName, from: Moment) {
        self.serving.insert(name.clone(), from);
    }

    /// Forgets a node without GPUs; later GPUs are allocated from when they are first seen.
    pub(super) fn forget(&mut self, name: &NodeName) {
        self.allocated.remove(name);
        self.serving.remove(name);
        self.paying.remove(name);
    }

    /// Renames a node.
    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        self.roundings.rename(from, to);
        if let Some(paying) = self.paying.remove(from) {
            // Accounts that do not pay under the new name end at the next posting.
            for (known, mut accounts) in self.paying.entry(to.clone()).or_default().iter_mut().zip(paying) {
                known.append(&mut accounts);
            }
        }
        for cursors in [&mut self.allocated, &mut self.serving] {
            if let Some(until) = cursors.remove(from) {
                let _ = cursors.get_or_insert_with(to, || until);
            }
        }
    }

    /// Posts all time that does not depend on engines. Nodes of an earlier run wait for their first report. Returns how many
    /// GPUs leases of a number of them pay for, by node, and from when.
    pub(super) fn run_to(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        at: Moment,
    ) -> Vec<(NodeName, u32, Timestamp)> {
        let scheduled = self.schedules.run_to(ledger, &mut self.roundings, view, at.wall);
        for (name, node) in &view.inventory.nodes {
            let unit = node.unit.as_ref();
            if !view.inventory.is_abandoned(node) {
                self.abandoned.remove(name);
            } else if !self.abandoned.contains(name) && !knows_cost(ledger, view, name, unit, at.wall) {
                ledger.forget_cost(name, node.reported.wall);
                self.abandoned.insert(name.clone());
            }
        }
        for (name, _) in view.inventory.nodes.iter().filter(|(_, node)| !node.awaited) {
            self.run_node(ledger, view, name, at, RentWhen::Held);
        }
        scheduled
    }

    /// Posts the time of a node's GPUs up to `at`: of GPUs paid while allocated, or of those paid while an engine answers.
    pub(super) fn run_node(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        name: &NodeName,
        at: Moment,
        when: RentWhen,
    ) {
        let Some(node) = view.inventory.node(name).filter(|node| !node.gpus.is_empty()) else { return };
        let cursor = match when {
            RentWhen::Held => &mut self.allocated,
            RentWhen::Serving => &mut self.serving,
        };
        let Some(last) = cursor.get_mut(name) else {
            cursor.insert(name.clone(), at);
            return;
        };
        let gap = at.since(*last);
        let (from, to) = (at.wall - gap, at.wall);
        // A node that reports again after the program was stopped was not silent.
        let silent = if node.awaited { Span::ZERO } else { at.since(node.reported) };
        let to = match given_back(view, name, node, at.wall) {
            // The node's next report shows whether it is kept without a lease.
            Some(end) => end.max(at.wall - silent).min(to),
            None => to,
        };
        if to < at.wall && silent >= view.config.release_after {
            *last = at;
        } else if from < to {
            *last = Moment { wall: to, boot: at.boot - (at.wall - to) };
        }
        let gpus = NodeGpus { view, name, node, when };
        if !self.paying.contains_key(name) {
            self.paying.insert(name.clone(), Default::default());
        }
        let Some(known) = self.paying.get_mut(name).map(|known| &mut known[usize::from(when == RentWhen::Serving)])
        else {
            return;
        };
        let (mut start, mut ended, mut paying) = (from, BTreeSet::new(), std::mem::take(known));
        for end in rate_edges(ledger, &view.config.leases, from, to).into_iter().chain([to]) {
            // Between two leases, a node that is silent for long counts as returned.
            let is_silent = silent >= view.config.release_after && start >= at.wall - silent;
            if start < end && !(is_silent && given_back(view, name, node, start).is_some()) {
                ended.append(&mut paying);
                paying = gpus.post(ledger, &mut self.roundings, start, end);
            }
            start = end;
        }
        ended.difference(&paying).for_each(|account| ledger.end_cost(*account));
        *known = paying;
    }
}

/// The GPUs of a node whose time is posted.
struct NodeGpus<'a> {
    view: InventoryView<'a>,
    name: &'a NodeName,
    node: &'a Node,
    when: RentWhen,
}

impl NodeGpus<'_> {
    /// Posts GPU time, by GPU name and lease, over an interval in which no lease begins or ends. Returns the accounts.
    fn post(
        &self,
        ledger: &mut Ledger,
        roundings: &mut Roundings,
        from: Timestamp,
        to: Timestamp,
    ) -> BTreeSet<CostAccountId> {
        // GPUs of several names may have one account: an account has one posting an interval, which gives its rate.
        let mut accounts: BTreeMap<CostAccountId, u32> = BTreeMap::new();
        let leases = &self.view.config.leases;
        // GPUs without a lease are paid while allocated.
        if self.when == RentWhen::Serving && !leases.iter().any(|lease| lease.when == RentWhen::Serving) {
            return BTreeSet::new();
        }
        let mut groups: Vec<(&str, Option<&Lease>, u32)> = Vec::new();
        for (_, gpu, lease) in payers::of_node(self.view, self.name, self.node, from) {
            if resolved_rate::when(lease) != Some(self.when) {
                continue;
            }
            let same = |known: Option<&Lease>| known.map(std::ptr::from_ref) == lease.map(std::ptr::from_ref);
            match groups.iter_mut().find(|(name, known, _)| *name == gpu.name() && same(*known)) {
                Some((.., count)) => *count += 1,
                None => groups.push((gpu.name(), lease, 1)),
            }
        }
        for (name, lease, count) in groups {
            let rate = resolve(ledger, NodeView::now(self.name, self.node), name, lease, from);
            let account = ledger.cost_account(&rate.cost_account);
            if let Some(lease) = rate.lease {
                roundings.resume(ledger, leases, lease, &rate.cost_account, from);
            }
            *accounts.entry(account).or_default() += count;
            let ends = rate.lease.filter(|lease| lease.until == Some(to));
            if let (Some(lease), Some(began)) = (ends, self.node.allocated_from) {
                let began = began.max(lease.from.unwrap_or(began));
                roundings.end(ledger, leases, lease, (&rate.cost_account, count), (began, to));
            }
        }
        for (account, count) in &accounts {
            ledger.post_gpu_time(*account, *count, from, to);
        }
        accounts.into_keys().collect()
    }
}
