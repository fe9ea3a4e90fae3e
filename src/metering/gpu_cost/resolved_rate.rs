//! Resolves the cost account of a GPU at an instant, of a schedule, and of overhead.

use std::collections::BTreeMap;

use crate::inventory::{FleetConfig, Node};
use crate::ledger::{CostAccount, CostKind, GpuTimeChange, Ledger};
use crate::pricing::{Lease, Leased, RentWhen};
use crate::reading::{Label, NodeName, UnitName};
use crate::units::{GpuTime, HourlyRate, Span, Timestamp};

/// The cost account of a GPU and its lease; `None` for an assumed or unknown rate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ResolvedRate<'a> {
    pub(super) cost_account: CostAccount,
    pub(super) lease: Option<&'a Lease>,
}

impl ResolvedRate<'_> {
    /// When its time is paid.
    pub(super) fn when(&self) -> RentWhen {
        self.lease.map_or(RentWhen::Held, |lease| lease.when)
    }
}

/// The node whose rate is resolved.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeView<'a> {
    pub(super) name: &'a NodeName,
    pub(super) unit: Option<&'a UnitName>,
    /// How many GPUs share a rate per node.
    pub(super) gpus: u32,
}

impl<'a> NodeView<'a> {
    /// The node's present state.
    pub(super) fn now(name: &'a NodeName, node: &'a Node) -> Self {
        Self { name, unit: node.unit.as_ref(), gpus: node.allocation().gpus }
    }
}

/// The rate of a GPU at an instant; `None` if a schedule pays for it already.
pub(super) fn resolve<'a>(
    ledger: &Ledger,
    config: &'a FleetConfig,
    on: NodeView<'_>,
    gpu: &str,
    at: Timestamp,
) -> Option<ResolvedRate<'a>> {
    let NodeView { name: node, unit, gpus } = on;
    if config.leases.iter().any(|lease| lease.is_schedule() && lease.covers(node, unit, gpu)) {
        return None;
    }
    let lease = config.leases.iter().find(|lease| lease.covers(node, unit, gpu) && lease.runs_at(at));
    let (label, rate) = match lease {
        Some(lease) => (label(lease, gpu), Some(lease.rate_for(gpus))),
        None => match ledger.book().gpu_rate(gpu) {
            Some(assumed) => (Label::new(&assumed.gpu), Some(assumed.rate)),
            None => (Label::new(gpu), None),
        },
    };
    let cost_account = CostAccount {
        node: Some(node.clone()),
        unit: unit.cloned(),
        gpu: label,
        rate,
        power: lease.and_then(|lease| lease.power),
        kind: CostKind::Gpus,
        lease: lease.map(name),
    };
    Some(ResolvedRate { cost_account, lease })
}

/// Whether a GPU that no schedule pays for has a rate at an instant.
pub(super) fn is_known(
    ledger: &Ledger,
    config: &FleetConfig,
    node: &NodeName,
    unit: Option<&UnitName>,
    gpu: &str,
    at: Timestamp,
) -> bool {
    let mut leases = config.leases.iter().filter(|lease| lease.covers(node, unit, gpu));
    leases.any(|lease| lease.runs_at(at)) || ledger.book().gpu_rate(gpu).is_some()
}

/// The cost account of a lease for a fixed number of GPUs.
pub(super) fn of_schedule(lease: &Lease, nodes: &BTreeMap<NodeName, Node>) -> CostAccount {
    let (node, unit) = match &lease.leased {
        Leased::Node(node) => (Some(node.clone()), nodes.get(node).and_then(|node| node.unit.clone())),
        Leased::Unit(unit) => (None, Some(unit.clone())),
        Leased::Gpu(_) => (None, None),
    };
    let (gpu, rate, lease) = (Label::new("leased GPU"), Some(lease.rate), Some(name(lease)));
    CostAccount { node, unit, gpu, rate, power: None, kind: CostKind::Gpus, lease }
}

/// The cost account of overhead per hour.
pub(super) fn of_overhead(rate: HourlyRate) -> CostAccount {
    let (gpu, lease) = (Label::new("overhead"), Some(Label::new("overhead")));
    CostAccount { node: None, unit: None, gpu, rate: Some(rate), power: None, kind: CostKind::Overhead, lease }
}

/// Posts what the provider's rounding adds to a lease of `gpus` GPUs allocated from one instant to another, as one
/// entry at its end.
pub(super) fn close(
    ledger: &mut Ledger,
    cost_account: &CostAccount,
    lease: &Lease,
    gpus: u32,
    from: Timestamp,
    to: Timestamp,
) {
    let held = to - from;
    let added = lease.rounding.billed(held) - held;
    if added <= Span::ZERO || gpus == 0 {
        return;
    }
    let line = ledger.cost_account(&CostAccount { kind: CostKind::Rounding, power: None, ..cost_account.clone() });
    ledger.charge(line, to - Span::from_millis(1), GpuTimeChange::held(GpuTime::of(gpus, added)));
}

/// The readable name of a lease.
pub(super) fn name(lease: &Lease) -> Label {
    let subject = match &lease.leased {
        Leased::Gpu(words) => words.clone(),
        Leased::Node(node) => node.to_string(),
        Leased::Unit(unit) => unit.to_string(),
    };
    let count = lease.gpus.map_or(String::new(), |gpus| format!("{gpus} x "));
    match lease.node_rate {
        Some(rate) => Label::new(&format!("{count}{subject} at {rate} a node")),
        None => Label::new(&format!("{count}{subject} at {}", lease.rate)),
    }
}

/// The identity of a lease, which does not depend on the order in the configuration.
pub(super) fn identity(lease: &Lease) -> String {
    let instant = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
    format!("{} from {} until {}", name(lease), instant(lease.from), instant(lease.until))
}

fn label(lease: &Lease, gpu: &str) -> Label {
    match &lease.leased {
        Leased::Gpu(words) => Label::new(words),
        Leased::Node(_) | Leased::Unit(_) => Label::new(gpu),
    }
}
