//! Rent: what each GPU costs, from its first sight to its release, whatever it does and whoever is silent.

use std::collections::{BTreeMap, HashMap};

use super::Site;
use super::gpus::Gpu;
use super::nodes::Node;
use crate::ledger::{Landlord, LandlordId, Ledger, RentKind};
use crate::pricing::{Lease, Leased, RentWhen};
use crate::reading::{GpuId, Label, NodeName, UnitName};
use crate::units::{Moment, Timestamp};

/// Up to when a schedule that was ended by hand is posted: past its end.
const ENDED: Timestamp = Timestamp::from_millis(i64::MAX);

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

/// A lease that pays for a number of GPUs, seen or not.
#[derive(Debug)]
struct Schedule {
    lease: Lease,
    until: Timestamp,
}

impl Rents {
    /// No rent yet; schedules run from the beginning of the watch.
    pub(super) fn new(leases: &[Lease], began: Timestamp) -> Self {
        let schedules = leases.iter().filter(|lease| lease.is_schedule());
        Self {
            schedules: schedules.map(|lease| Schedule { lease: lease.clone(), until: began }).collect(),
            held: HashMap::new(),
            serving: HashMap::new(),
        }
    }

    /// Up to when schedules are posted, by what tells a lease from the others.
    pub(super) fn schedules(&self) -> Vec<(String, Timestamp)> {
        self.schedules.iter().map(|schedule| (identity(&schedule.lease), schedule.until)).collect()
    }

    /// Schedules go on from where they were posted.
    pub(super) fn recall(&mut self, schedules: &[(String, Timestamp)]) {
        for schedule in &mut self.schedules {
            let known = identity(&schedule.lease);
            if let Some((_, until)) = schedules.iter().find(|(lease, _)| *lease == known) {
                schedule.until = *until;
            }
        }
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
        let mut leases =
            self.schedules.iter().map(|schedule| &schedule.lease).filter(|lease| lease.covers(node, unit, ""));
        let mut any = false;
        leases.all(|lease| {
            any = true;
            !lease.runs_at(now)
        }) && any
    }

    /// A node's GPUs were seen: from now on they are held.
    pub(super) fn begin(&mut self, name: &NodeName, at: Moment) {
        if !self.held.contains_key(name) {
            self.held.insert(name.clone(), at);
        }
    }

    /// Posts all rent that runs whatever the engines do.
    pub(super) fn run_to(&mut self, ledger: &mut Ledger, held: Held<'_>, at: Moment) {
        for schedule in &mut self.schedules {
            let Schedule { lease, until } = schedule;
            if let (Some((from, to)), Some(count)) = (lease.overlap(*until, at.wall), lease.gpus) {
                let landlord = ledger.landlord(&schedule_landlord(lease, held.nodes));
                ledger.rent(landlord, count, from, to);
            }
            schedule.until = schedule.until.max(at.wall);
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
        let mut start = from;
        for end in lease_edges(&held.site.leases, from, to).into_iter().chain([to]) {
            for (landlord, count) in landlords(ledger, held.site, name, node.unit.as_ref(), &names, start, when) {
                ledger.rent(landlord, count, start, end);
            }
            start = end;
        }
    }

    /// Ends a node's leases by hand: takes back what was posted after `at`.
    pub(super) fn end(&mut self, ledger: &mut Ledger, held: Held<'_>, name: &NodeName, at: Timestamp) {
        let unit = held.nodes.get(name).and_then(|node| node.unit.as_ref());
        for schedule in self.schedules.iter_mut().filter(|schedule| schedule.lease.leased == Leased::Node(name.clone()))
        {
            if let (Some((from, to)), Some(count)) = (schedule.lease.overlap(at, schedule.until), schedule.lease.gpus) {
                let landlord = ledger.landlord(&schedule_landlord(&schedule.lease, held.nodes));
                ledger.refund(landlord, count, from, to);
            }
            schedule.until = ENDED;
        }
        let until = self.held.remove(name);
        self.serving.remove(name);
        let (Some(until), Some(node)) = (until, held.nodes.get(name)) else { return };
        for gpu in node.gpus.values().filter_map(|id| held.gpus.get(id)) {
            let Some((landlord, RentWhen::Held)) = landlord_of(ledger, held.site, name, unit, gpu_name(gpu), at) else {
                continue;
            };
            let landlord = ledger.landlord(&landlord);
            if at < until.wall {
                ledger.refund(landlord, 1, at, until.wall);
            } else {
                ledger.rent(landlord, 1, until.wall, at);
            }
        }
    }

    /// Takes back what was posted for a GPU after its last sight.
    pub(super) fn release(
        &mut self,
        ledger: &mut Ledger,
        site: &Site,
        name: &NodeName,
        unit: Option<&UnitName>,
        gpu: &Gpu,
    ) {
        let Some(until) = self.held.get(name) else { return };
        let (from, to) = (until.wall - until.since(gpu.answered), until.wall);
        let Some((landlord, RentWhen::Held)) = landlord_of(ledger, site, name, unit, gpu_name(gpu), from) else {
            return;
        };
        if from < to {
            let landlord = ledger.landlord(&landlord);
            ledger.refund(landlord, 1, from, to);
        }
    }
}

/// Landlords of GPUs by name, with how many each lets.
fn landlords(
    ledger: &mut Ledger,
    site: &Site,
    node: &NodeName,
    unit: Option<&UnitName>,
    names: &[&str],
    at: Timestamp,
    when: RentWhen,
) -> Vec<(LandlordId, u32)> {
    let mut found: Vec<(&str, Option<LandlordId>, u32)> = Vec::new();
    for name in names {
        if let Some(group) = found.iter_mut().find(|(known, ..)| known == name) {
            group.2 += 1;
            continue;
        }
        let landlord = landlord_of(ledger, site, node, unit, name, at).filter(|(_, how)| *how == when);
        found.push((name, landlord.map(|(landlord, _)| ledger.landlord(&landlord)), 1));
    }
    found.into_iter().filter_map(|(_, landlord, count)| Some((landlord?, count))).collect()
}

/// Who lets a GPU at an instant, and when rent runs; `None` if a schedule pays for it already.
fn landlord_of(
    ledger: &Ledger,
    site: &Site,
    node: &NodeName,
    unit: Option<&UnitName>,
    gpu: &str,
    at: Timestamp,
) -> Option<(Landlord, RentWhen)> {
    let scheduled = |lease: &&Lease| lease.is_schedule() && lease.covers(node, unit, gpu);
    if site.leases.iter().any(|lease| scheduled(&lease)) {
        return None;
    }
    let lease = site.leases.iter().find(|lease| lease.covers(node, unit, gpu) && lease.runs_at(at));
    let (gpu, rate, when) = match lease {
        Some(lease) => (lease_label(lease, gpu), Some(lease.rate), lease.when),
        None => match ledger.book().gpu_rate(gpu) {
            Some(assumed) => (Label::new(&assumed.gpu), Some(assumed.rate), RentWhen::Held),
            None => (Label::new(gpu), None, RentWhen::Held),
        },
    };
    let lease = lease.map(lease_name);
    let landlord =
        Landlord { node: Some(node.clone()), unit: unit.cloned(), gpu, rate, power: None, kind: RentKind::Gpus, lease };
    Some((landlord, when))
}

fn lease_label(lease: &Lease, gpu: &str) -> Label {
    match &lease.leased {
        Leased::Gpu(words) => Label::new(words),
        Leased::Node(_) | Leased::Unit(_) => Label::new(gpu),
    }
}

/// What tells a lease from the others, whatever order they are written in.
fn identity(lease: &Lease) -> String {
    let instant = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
    format!("{} from {} until {}", lease_name(lease), instant(lease.from), instant(lease.until))
}

/// A lease as a person would name it.
fn lease_name(lease: &Lease) -> Label {
    let subject = match &lease.leased {
        Leased::Gpu(words) => words.clone(),
        Leased::Node(node) => node.to_string(),
        Leased::Unit(unit) => unit.to_string(),
    };
    let count = lease.gpus.map_or(String::new(), |gpus| format!("{gpus} x "));
    Label::new(&format!("{count}{subject} at {}", lease.rate))
}

fn schedule_landlord(lease: &Lease, nodes: &BTreeMap<NodeName, Node>) -> Landlord {
    let (node, unit) = match &lease.leased {
        Leased::Node(node) => (Some(node.clone()), nodes.get(node).and_then(|node| node.unit.clone())),
        Leased::Unit(unit) => (None, Some(unit.clone())),
        Leased::Gpu(_) => (None, None),
    };
    let (gpu, lease, rate) = (Label::new("leased GPU"), Some(lease_name(lease)), Some(lease.rate));
    Landlord { node, unit, gpu, rate, power: None, kind: RentKind::Gpus, lease }
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
