//! GPU cost: the time that each GPU is allocated, from when it is first seen to its release, busy or idle, answering or
//! silent. It is posted to the lease or rate that pays for it.

mod resolved_rate;
mod schedule;

use std::collections::HashMap;

use crate::inventory::{Allocation, FleetConfig, Gpu, Inventory, Node};
use crate::ledger::{CostAccountId, Ledger};
use crate::pricing::{Lease, RentWhen};
use crate::reading::{GpuReading, Label, NodeName, UnitName};
use crate::units::{Moment, Timestamp};
use resolved_rate::{NodeView, resolve};
use schedule::Schedule;

/// The inventory and the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InventoryView<'a> {
    pub(crate) config: &'a FleetConfig,
    pub(crate) inventory: &'a Inventory,
}

/// Up to when allocated time has been posted.
#[derive(Debug)]
pub(super) struct AllocationMeter {
    schedules: Vec<Schedule>,
    allocated: HashMap<NodeName, Moment>,
    serving: HashMap<NodeName, Moment>,
}

impl AllocationMeter {
    /// An empty state. Schedules run from the beginning of the watch.
    pub(super) fn new(config: &FleetConfig, began: Timestamp) -> Self {
        let schedules = schedule::all(&config.leases, config.overhead.per_hour, began);
        Self { schedules, allocated: HashMap::new(), serving: HashMap::new() }
    }

    /// The identity of each schedule, and up to when it is posted.
    pub(super) fn schedules(&self) -> Vec<(String, Timestamp)> {
        self.schedules.iter().map(Schedule::memory).collect()
    }

    /// Continues schedules from where they were posted.
    pub(super) fn restore_schedules(&mut self, schedules: &[(String, Timestamp)]) {
        self.schedules.iter_mut().for_each(|schedule| schedule.restore(schedules));
    }

    /// Continues schedules from an instant; the time before it is not posted.
    pub(super) fn skip_to(&mut self, now: Timestamp) {
        self.schedules.iter_mut().for_each(|schedule| schedule.skip_to(now));
    }

    /// Up to when a node's time is posted: of GPUs paid while allocated, and of those paid while an engine answers.
    pub(super) fn cursors(&self, name: &NodeName) -> (Option<Moment>, Option<Moment>) {
        (self.allocated.get(name).copied(), self.serving.get(name).copied())
    }

    /// Continues a node's time from where it was posted.
    pub(super) fn restore_node(&mut self, name: &NodeName, allocated: Option<Moment>, serving: Option<Moment>) {
        self.allocated.extend(allocated.map(|until| (name.clone(), until)));
        self.serving.extend(serving.map(|until| (name.clone(), until)));
    }

    /// Whether a node was leased by schedule and all of these leases have ended: it was returned, not lost.
    pub(super) fn was_given_back(&self, node: &NodeName, unit: Option<&UnitName>, now: Timestamp) -> bool {
        let mut leases = self.schedules.iter().filter_map(|schedule| schedule.leases(node, unit, now)).peekable();
        leases.peek().is_some() && leases.all(|runs| !runs)
    }

    /// Begins the allocated time of a node whose GPUs were seen.
    pub(super) fn begin(&mut self, name: &NodeName, at: Moment) {
        if !self.allocated.contains_key(name) {
            self.allocated.insert(name.clone(), at);
        }
    }

    /// Forgets a node without GPUs: its next GPUs are allocated from when they are first seen.
    pub(super) fn forget(&mut self, name: &NodeName) {
        self.allocated.remove(name);
        self.serving.remove(name);
    }

    /// Renames a node.
    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        for cursors in [&mut self.allocated, &mut self.serving] {
            if let Some(until) = cursors.remove(from) {
                cursors.entry(to.clone()).or_insert(until);
            }
        }
    }

    /// Posts all time that does not depend on engines. Nodes of an earlier watch that were not reported yet wait.
    pub(super) fn run_to(&mut self, ledger: &mut Ledger, view: InventoryView<'_>, at: Moment) {
        for schedule in &mut self.schedules {
            schedule.run_to(ledger, &view.inventory.nodes, at.wall);
        }
        for (name, _) in view.inventory.nodes.iter().filter(|(_, node)| !node.awaited) {
            self.run_node(ledger, view, name, at, RentWhen::Held);
        }
    }

    /// Posts the time of a node's GPUs up to `at`: of those paid while allocated, or of those paid while an engine
    /// answers.
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
        if gap.millis() <= 0 {
            return;
        }
        let (from, to) = (at.wall - gap, at.wall);
        *last = at;
        let gpus = node.gpus.values().filter_map(|id| view.inventory.gpus.get(id));
        let names: Vec<_> = gpus.map(Gpu::name).collect();
        let place = Place { config: view.config, name, node, when };
        let mut start = from;
        for end in lease_edges(&view.config.leases, from, to).into_iter().chain([to]) {
            place.post(ledger, &names, start, end);
            start = end;
        }
    }

    /// Takes back what was posted for a GPU after it was last seen, and posts what rounding adds to its lease.
    pub(super) fn release(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        name: &NodeName,
        gpu: &Gpu,
        allocation: Allocation,
    ) {
        let Some(until) = self.allocated.get(name) else { return };
        let (from, to) = (until.wall - until.since(gpu.answered), until.wall);
        let unit = view.inventory.node(name).and_then(|node| node.unit.as_ref());
        let on = NodeView { name, unit, gpus: allocation.gpus };
        let Some(rate) = resolve(ledger, view.config, on, gpu.name(), from) else { return };
        if rate.when() == RentWhen::Held && from < to {
            let account = ledger.cost_account(&rate.cost_account);
            ledger.refund(account, 1, from, to);
        }
        if let (Some(lease), Some(began)) = (rate.lease, allocation.since) {
            resolved_rate::close(ledger, &rate.cost_account, lease, 1, began.max(lease.from.unwrap_or(began)), from);
        }
    }

    /// Ends a node's leases by hand: takes back what was posted after `at` by a counter-entry.
    pub(super) fn end(&mut self, ledger: &mut Ledger, view: InventoryView<'_>, name: &NodeName, at: Timestamp) {
        for schedule in &mut self.schedules {
            schedule.end(ledger, &view.inventory.nodes, name, at);
        }
        let until = self.allocated.remove(name);
        self.serving.remove(name);
        let (Some(until), Some(node)) = (until, view.inventory.node(name)) else { return };
        // The time before the first allocation was never posted.
        let at = node.allocated_from.map_or(at, |from| at.max(from));
        for gpu in node.gpus.values().filter_map(|id| view.inventory.gpus.get(id)) {
            let found = resolve(ledger, view.config, NodeView::now(name, node), gpu.name(), at);
            let Some(rate) = found.filter(|found| found.when() == RentWhen::Held) else { continue };
            let account = ledger.cost_account(&rate.cost_account);
            if at < until.wall {
                ledger.refund(account, 1, at, until.wall);
            } else {
                ledger.rent(account, 1, until.wall, at);
            }
            if let (Some(lease), Some(began)) = (rate.lease, node.allocated_from) {
                resolved_rate::close(ledger, &rate.cost_account, lease, 1, began.max(lease.from.unwrap_or(began)), at);
            }
        }
    }
}

/// Whether the cost of a node's GPUs is known at an instant: a lease by schedule runs, or one of them has a rate.
pub(crate) fn knows_cost(
    ledger: &Ledger,
    view: InventoryView<'_>,
    name: &NodeName,
    unit: Option<&UnitName>,
    at: Timestamp,
) -> bool {
    let scheduled = |lease: &Lease| lease.is_schedule() && lease.covers(name, unit, "") && lease.runs_at(at);
    let ids = view.inventory.node(name).into_iter().flat_map(|node| node.gpus.values());
    let mut gpus = ids.filter_map(|id| view.inventory.gpus.get(id));
    view.config.leases.iter().any(scheduled)
        || gpus.any(|gpu| resolved_rate::is_known(ledger, view.config, name, unit, gpu.name(), at))
}

/// The account that pays for a GPU's energy, if its lease has a power price.
pub(super) fn power_account(
    ledger: &mut Ledger,
    view: InventoryView<'_>,
    name: &NodeName,
    reading: &GpuReading,
    at: Timestamp,
) -> Option<CostAccountId> {
    let node = view.inventory.node(name)?;
    let product = reading.name.as_ref().map_or("", Label::as_str);
    let rate = resolve(ledger, view.config, NodeView::now(name, node), product, at)
        .filter(|found| found.cost_account.power.is_some())?;
    Some(ledger.cost_account(&rate.cost_account))
}

/// The GPUs of a node whose time is posted.
struct Place<'a> {
    config: &'a FleetConfig,
    name: &'a NodeName,
    node: &'a Node,
    when: RentWhen,
}

impl Place<'_> {
    /// Posts the time of GPUs by name over an interval in which no lease begins or ends.
    fn post(&self, ledger: &mut Ledger, names: &[&str], from: Timestamp, to: Timestamp) {
        let mut found: Vec<(&str, Option<CostAccountId>, u32)> = Vec::new();
        for name in names {
            if let Some(group) = found.iter_mut().find(|(known, ..)| known == name) {
                group.2 += 1;
                continue;
            }
            let rate = resolve(ledger, self.config, NodeView::now(self.name, self.node), name, from);
            let rate = rate.filter(|found| found.when() == self.when);
            found.push((name, rate.map(|found| ledger.cost_account(&found.cost_account)), 1));
        }
        for (name, account, count) in found {
            let Some(account) = account else { continue };
            ledger.rent(account, count, from, to);
            self.close(ledger, name, count, from, to);
        }
    }

    /// Posts what rounding adds to a lease that ends with the interval.
    fn close(&self, ledger: &mut Ledger, gpu: &str, count: u32, from: Timestamp, to: Timestamp) {
        let Some(rate) = resolve(ledger, self.config, NodeView::now(self.name, self.node), gpu, from) else { return };
        let ends = rate.lease.filter(|lease| lease.until == Some(to));
        if let (Some(lease), Some(began)) = (ends, self.node.allocated_from) {
            resolved_rate::close(ledger, &rate.cost_account, lease, count, began.max(lease.from.unwrap_or(began)), to);
        }
    }
}

/// The instants inside an interval at which a lease begins or ends.
fn lease_edges(leases: &[Lease], from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let mut edges: Vec<_> = leases
        .iter()
        .flat_map(|lease| [lease.from, lease.until])
        .flatten()
        .filter(|edge| *edge > from && *edge < to)
        .collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}
