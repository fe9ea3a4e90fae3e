//! Resolves the cost account of a GPU at an instant, of a schedule, and of overhead.

use super::inventory_view::InventoryView;
use crate::inventory::{FleetConfig, Node};
use crate::ledger::{CostAccount, CostKind, Ledger};
use crate::pricing::{Lease, Leased, RentWhen};
use crate::reading::{Label, NodeName, UnitName};
use crate::units::{HourlyRate, Timestamp};

/// The GPU name of scheduled leases, which pay whether GPUs are seen or not.
const SCHEDULED: &str = "leased GPU";

/// The cost account of a GPU and its lease; `None` for an assumed or unknown rate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ResolvedRate<'a> {
    pub(super) cost_account: CostAccount,
    pub(super) lease: Option<&'a Lease>,
}

impl ResolvedRate<'_> {
    /// When the GPU's time is due; `None` if a schedule pays for it.
    pub(super) fn when(&self) -> Option<RentWhen> {
        when(self.lease)
    }
}

/// When the time of a GPU with this lease is due; `None` if a schedule pays for it.
pub(super) fn when(lease: Option<&Lease>) -> Option<RentWhen> {
    match lease {
        Some(lease) if lease.is_schedule() => None,
        Some(lease) => Some(lease.when),
        None => Some(RentWhen::Held),
    }
}

/// The node whose rate is resolved.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeView<'a> {
    pub(super) name: &'a NodeName,
    pub(super) unit: Option<&'a UnitName>,
    /// The number of GPUs that share a rate per node.
    pub(super) gpus: u32,
}

impl<'a> NodeView<'a> {
    /// The node's current state.
    pub(super) fn now(name: &'a NodeName, node: &'a Node) -> Self {
        Self { name, unit: node.unit.as_ref(), gpus: node.allocation().gpus }
    }
}

/// The account of a GPU: by its lease, or without one by the rate assumed at an instant, if any.
pub(super) fn resolve<'a>(
    ledger: &Ledger,
    on: NodeView<'_>,
    gpu: &str,
    lease: Option<&'a Lease>,
    at: Timestamp,
) -> ResolvedRate<'a> {
    let NodeView { name: node, unit, gpus } = on;
    let (label, rate) = match lease {
        Some(lease) if lease.is_schedule() => (Label::new(SCHEDULED), Some(lease.rate)),
        Some(lease) => (label(lease, gpu), Some(lease.rate_for(gpus))),
        None => match ledger.book().gpu_rate_at(gpu, at) {
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
        lease: lease.map(|lease| Label::new(&lease.label())),
    };
    ResolvedRate { cost_account, lease }
}

/// The instants inside an interval at which a lease begins or ends, or an assumed rate begins.
pub(in crate::metering) fn rate_edges(
    ledger: &Ledger,
    leases: &[Lease],
    from: Timestamp,
    to: Timestamp,
) -> Vec<Timestamp> {
    let mut edges = super::leases::lease_edges(leases, from, to);
    edges.extend(ledger.book().gpu_rates().edges(from, to));
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Whether a GPU has a rate at an instant.
pub(super) fn is_known(
    ledger: &Ledger,
    config: &FleetConfig,
    node: &NodeName,
    unit: Option<&UnitName>,
    gpu: &str,
    at: Timestamp,
) -> bool {
    let mut leases = config.leases.iter().filter(|lease| lease.covers(node, unit, gpu));
    leases.any(|lease| lease.runs_at(at)) || ledger.book().gpu_rate_at(gpu, at).is_some()
}

/// The cost account of a lease for a fixed number of GPUs of a node or unit.
pub(super) fn of_schedule(lease: &Lease, view: InventoryView<'_>) -> CostAccount {
    let (node, unit) = match &lease.leased {
        Leased::Node(_) => {
            let node = lease.node();
            (node.cloned(), node.and_then(|node| view.inventory.node(node)?.unit.clone()))
        }
        Leased::Unit(unit) => (None, Some(unit.clone())),
        Leased::Gpu(_) => (None, None),
    };
    let (gpu, rate) = (Label::new(SCHEDULED), Some(lease.rate));
    CostAccount {
        node,
        unit,
        gpu,
        rate,
        power: lease.power,
        kind: CostKind::Gpus,
        lease: Some(Label::new(&lease.label())),
    }
}

/// The cost account of overhead per hour.
pub(super) fn of_overhead(rate: HourlyRate) -> CostAccount {
    let (gpu, lease) = (Label::new("overhead"), Some(Label::new("overhead")));
    CostAccount { node: None, unit: None, gpu, rate: Some(rate), power: None, kind: CostKind::Overhead, lease }
}

/// The identity of a lease in states of older versions.
pub(super) fn earlier_identity(lease: &Lease) -> String {
    let instant = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
    let unnamed = Lease { name: None, ..lease.clone() };
    format!("{} from {} until {}", unnamed.label(), instant(lease.from), instant(lease.until))
}

fn label(lease: &Lease, gpu: &str) -> Label {
    match &lease.leased {
        Leased::Gpu(words) => Label::new(words),
        Leased::Node(_) | Leased::Unit(_) => Label::new(gpu),
    }
}
