//! What each lease of the configuration comes to an hour, for the nodes that it matches.

use std::collections::BTreeMap;

use crate::config::Settings;
use crate::pricing::{Lease, Leased};
use crate::reading::{NodeName, UnitName};
use crate::store::HeldRow;
use crate::units::{GpuTime, Money, Span};

/// An hour.
const HOUR: Span = Span::from_secs(3600);

/// GPUs of one name on one node.
struct Known {
    node: NodeName,
    unit: Option<UnitName>,
    gpu: String,
    gpus: u32,
}

/// A line or more for each lease. `held` is what a ledger knows to be rented.
pub(super) fn told(settings: &Settings, held: &[HeldRow]) -> Vec<String> {
    let known = known(settings, held);
    let leases = &settings.leases;
    let mut lines = Vec::new();
    for (nth, lease) in leases.iter().enumerate() {
        let name = format!("lease {}", nth + 1);
        if lease.is_schedule() {
            let gpus = lease.gpus.unwrap_or(0);
            lines.push(format!("{name}: {}: {}", subject(lease), sum(lease, gpus, gpus, &settings.currency)));
            continue;
        }
        let is_first = |row: &&Known| {
            let covers = |lease: &&Lease| lease.covers(&row.node, row.unit.as_ref(), &row.gpu);
            let scheduled = leases.iter().filter(|lease| lease.is_schedule()).any(|lease| covers(&lease));
            !scheduled && leases.iter().find(covers).is_some_and(|first| std::ptr::eq(first, lease))
        };
        let mut nodes: BTreeMap<&NodeName, u32> = BTreeMap::new();
        for row in known.iter().filter(is_first) {
            *nodes.entry(&row.node).or_default() += row.gpus;
        }
        if nodes.is_empty() {
            lines.push(format!("{name}: {}: {}", subject(lease), unmatched(lease, &settings.currency)));
        }
        for (node, gpus) in nodes {
            let of_node: u32 = known.iter().filter(|row| row.node == *node).map(|row| row.gpus).sum();
            lines.push(format!("{name}: node {node}: {}", sum(lease, gpus, of_node, &settings.currency)));
        }
    }
    lines
}

/// What a ledger knows, with the units that the configuration names now.
fn known(settings: &Settings, held: &[HeldRow]) -> Vec<Known> {
    let unit_of = |node: &str| {
        let named = settings.targets.iter().find(|target| target.node.as_ref().is_some_and(|n| n.as_str() == node));
        named.and_then(|target| target.unit.clone())
    };
    let one = |row: &HeldRow| {
        Some(Known {
            gpus: row.gpus.filter(|gpus| *gpus > 0)?,
            node: NodeName::new(&row.node),
            unit: unit_of(&row.node).or_else(|| row.unit.as_deref().map(UnitName::new)),
            gpu: row.gpu.clone().unwrap_or_default(),
        })
    };
    held.iter().filter_map(one).collect()
}

fn subject(lease: &Lease) -> String {
    match &lease.leased {
        Leased::Gpu(words) => format!("gpu {words}"),
        Leased::Node(node) => format!("node {node}"),
        Leased::Unit(unit) => format!("unit {unit}"),
    }
}

/// `8 GPUs x 12.29 = 98.32 USD an hour`.
fn sum(lease: &Lease, gpus: u32, of_node: u32, currency: &str) -> String {
    let rate = lease.rate_for(of_node);
    let whole: Money = rate.of(GpuTime::of(gpus, HOUR));
    format!("{gpus} GPUs x {rate} = {whole} {currency} an hour")
}

fn unmatched(lease: &Lease, currency: &str) -> String {
    match lease.node_rate {
        Some(rate) => format!("{rate} {currency} an hour for each node, whatever its GPUs; no such node is known yet"),
        None => format!("{} {currency} an hour for each GPU; no such GPU is known yet", lease.rate),
    }
}
