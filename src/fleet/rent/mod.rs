//! Rent: what each GPU costs, from its first sight to its release, whatever it does and whoever is silent.

mod letting;
mod schedule;

use std::collections::{BTreeMap, HashMap};

use super::Site;
use super::gpus::Gpu;
use super::nodes::Node;
use crate::ledger::{LandlordId, Ledger};
use crate::pricing::{Lease, RentWhen};
use crate::reading::{GpuId, Label, NodeName, UnitName};
use crate::units::{Moment, Timestamp};
use letting::letting;
use schedule::Schedule;

/// What stands where, for rent to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) site: &'a Site,
    pub(super) nodes: &'a BTreeMap<NodeName, Node>,
    pub(super) gpus: &'a BTreeMap<GpuId, Gpu>,
}

/// Up to when rent has been posted.
#[derive(Debug)]
pub(super) struct Rents {
    schedules: Vec<Schedule>,
    held: HashMap<NodeName, Moment>,
    serving: HashMap<NodeName, Moment>,
}

impl Rents {
    /// No rent yet; schedules run from the beginning of the watch.
    pub(super) fn new(site: &Site, began: Timestamp) -> Self {
        let schedules = schedule::all(&site.leases, site.overhead.per_hour, began);
        Self { schedules, held: HashMap::new(), serving: HashMap::new() }
    }

    /// Up to when schedules are posted, by what tells one from the others.
    pub(super) fn schedules(&self) -> Vec<(String, Timestamp)> {
        self.schedules.iter().map(Schedule::memory).collect()
    }

    /// Schedules go on from where they were posted.
    pub(super) fn recall(&mut self, schedules: &[(String, Timestamp)]) {
        self.schedules.iter_mut().for_each(|schedule| schedule.recall(schedules));
    }

    /// Up to when a node's rent is posted: of GPUs that are held, and of those that are paid while they serve.
    pub(super) fn cursors(&self, name: &NodeName) -> (Option<Moment>, Option<Moment>) {
        (self.held.get(name).copied(), self.serving.get(name).copied())
    }

    /// A node's rent goes on from where it was posted.
    pub(super) fn recall_node(&mut self, name: &NodeName, held: Option<Moment>, serving: Option<Moment>) {
        self.held.extend(held.map(|until| (name.clone(), until)));
        self.serving.extend(serving.map(|until| (name.clone(), until)));
    }

    /// Whether a node was leased by schedule and none of its leases runs any more: it was given back, not lost.
    pub(super) fn gave_back(&self, node: &NodeName, unit: Option<&UnitName>, now: Timestamp) -> bool {
        let mut leases = self.schedules.iter().filter_map(|schedule| schedule.leases(node, unit, now)).peekable();
        leases.peek().is_some() && leases.all(|runs| !runs)
    }

    /// A node's GPUs were seen: from now on they are held.
    pub(super) fn begin(&mut self, name: &NodeName, at: Moment) {
        if !self.held.contains_key(name) {
            self.held.insert(name.clone(), at);
        }
    }

    /// A node holds no GPUs any more: what it gets next is rented from its first sight.
    pub(super) fn forget(&mut self, name: &NodeName) {
        self.held.remove(name);
        self.serving.remove(name);
    }

    /// Posts all rent that runs whatever the engines do. Nodes that are remembered and not seen yet wait.
    pub(super) fn run_to(&mut self, ledger: &mut Ledger, held: Held<'_>, at: Moment) {
        for schedule in &mut self.schedules {
            schedule.run_to(ledger, held.nodes, at.wall);
        }
        for (name, _) in held.nodes.iter().filter(|(_, node)| !node.awaited) {
            self.run_node(ledger, held, name, at, RentWhen::Held);
        }
    }

    /// Posts the rent of a node's GPUs that are held, or of those that are paid while an engine answers, up to an answer.
    pub(super) fn run_node(
        &mut self,
        ledger: &mut Ledger,
        held: Held<'_>,
        name: &NodeName,
        at: Moment,
        when: RentWhen,
    ) {
        let Some(node) = held.nodes.get(name).filter(|node| !node.gpus.is_empty()) else { return };
        let cursor = match when {
            RentWhen::Held => &mut self.held,
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
        let names: Vec<_> = node.gpus.values().filter_map(|id| held.gpus.get(id)).map(gpu_name).collect();
        let place = Place { site: held.site, name, node, when };
        let mut start = from;
        for end in lease_edges(&held.site.leases, from, to).into_iter().chain([to]) {
            place.let_out(ledger, &names, start, end);
            start = end;
        }
    }

    /// Takes back what was posted for a GPU after its last sight, and posts what rounding adds to its lease.
    pub(super) fn release(&mut self, ledger: &mut Ledger, site: &Site, name: &NodeName, node: &Node, gpu: &Gpu) {
        let Some(until) = self.held.get(name) else { return };
        let (from, to) = (until.wall - until.since(gpu.answered), until.wall);
        let Some(let_out) = letting(ledger, site, name, node.unit.as_ref(), gpu_name(gpu), from) else { return };
        if let_out.when() == RentWhen::Held && from < to {
            let landlord = ledger.landlord(&let_out.landlord);
            ledger.refund(landlord, 1, from, to);
        }
        if let (Some(lease), Some(began)) = (let_out.lease, node.held_from) {
            letting::close(ledger, &let_out.landlord, lease, 1, began.max(lease.from.unwrap_or(began)), from);
        }
    }

    /// Ends a node's leases by hand: what was posted after `at` is taken back by a counter-entry.
    pub(super) fn end(&mut self, ledger: &mut Ledger, held: Held<'_>, name: &NodeName, at: Timestamp) {
        for schedule in &mut self.schedules {
            schedule.end(ledger, held.nodes, name, at);
        }
        let until = self.held.remove(name);
        self.serving.remove(name);
        let (Some(until), Some(node)) = (until, held.nodes.get(name)) else { return };
        for gpu in node.gpus.values().filter_map(|id| held.gpus.get(id)) {
            let found = letting(ledger, held.site, name, node.unit.as_ref(), gpu_name(gpu), at);
            let Some(let_out) = found.filter(|found| found.when() == RentWhen::Held) else { continue };
            let landlord = ledger.landlord(&let_out.landlord);
            if at < until.wall {
                ledger.refund(landlord, 1, at, until.wall);
            } else {
                ledger.rent(landlord, 1, until.wall, at);
            }
            if let (Some(lease), Some(began)) = (let_out.lease, node.held_from) {
                letting::close(ledger, &let_out.landlord, lease, 1, began.max(lease.from.unwrap_or(began)), at);
            }
        }
    }
}

/// Energy that a GPU drew between two looks, in millijoules, where its lease pays for power.
pub(super) fn meter(
    ledger: &mut Ledger,
    site: &Site,
    name: &NodeName,
    node: &Node,
    gpu: &Gpu,
    drawn: i64,
    at: Moment,
) -> bool {
    let found = letting(ledger, site, name, node.unit.as_ref(), gpu_name(gpu), at.wall);
    let Some(let_out) = found.filter(|found| found.landlord.power.is_some()) else { return false };
    let landlord = ledger.landlord(&let_out.landlord);
    ledger.meter(landlord, drawn, at.wall - at.since(gpu.answered), at.wall);
    true
}

/// GPUs of a node, to be let out.
struct Place<'a> {
    site: &'a Site,
    name: &'a NodeName,
    node: &'a Node,
    when: RentWhen,
}

impl Place<'_> {
    /// Posts the rent of GPUs by name over an interval in which no lease begins or ends.
    fn let_out(&self, ledger: &mut Ledger, names: &[&str], from: Timestamp, to: Timestamp) {
        let mut found: Vec<(&str, Option<LandlordId>, u32)> = Vec::new();
        for name in names {
            if let Some(group) = found.iter_mut().find(|(known, ..)| known == name) {
                group.2 += 1;
                continue;
            }
            let let_out = letting(ledger, self.site, self.name, self.node.unit.as_ref(), name, from);
            let let_out = let_out.filter(|found| found.when() == self.when);
            found.push((name, let_out.map(|found| ledger.landlord(&found.landlord)), 1));
        }
        for (name, landlord, count) in found {
            let Some(landlord) = landlord else { continue };
            ledger.rent(landlord, count, from, to);
            self.close(ledger, name, count, from, to);
        }
    }

    /// Where a lease ends with the interval, posts what rounding adds.
    fn close(&self, ledger: &mut Ledger, gpu: &str, count: u32, from: Timestamp, to: Timestamp) {
        let Some(let_out) = letting(ledger, self.site, self.name, self.node.unit.as_ref(), gpu, from) else { return };
        if let (Some(lease), Some(began)) = (let_out.lease.filter(|lease| lease.until == Some(to)), self.node.held_from)
        {
            letting::close(ledger, &let_out.landlord, lease, count, began.max(lease.from.unwrap_or(began)), to);
        }
    }
}

/// Where a lease begins or ends inside an interval.
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

fn gpu_name(gpu: &Gpu) -> &str {
    gpu.reading.name.as_ref().map_or("", Label::as_str)
}
