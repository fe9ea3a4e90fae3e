//! What GPUs cost that turn out to have been released: the difference between what was posted and what is due without them.
//!
//! The others are not always due as posted: a lease of a number of GPUs pays for the next ones instead, and a node that is
//! paid as a whole costs as much without one of its GPUs.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory_view::InventoryView;
use super::resolved_rate::{NodeView, rate_edges, resolve};
use crate::inventory::Gpu;
use crate::ledger::{CostAccountId, Ledger};
use crate::pricing::{Payers, RentWhen};
use crate::reading::{GpuId, NodeName};
use crate::units::{Moment, Timestamp};

/// A GPU that was released.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone<'a> {
    pub(super) node: &'a NodeName,
    /// Its id, if the inventory has it again.
    pub(super) id: Option<&'a GpuId>,
    pub(super) index: u32,
    pub(super) name: &'a str,
    /// When it was last seen, and up to when its time was posted.
    pub(super) seen: Timestamp,
    pub(super) until: Timestamp,
}

/// A number of GPUs of an account, over an interval without an edge: posted too much, or too little if below zero.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) node: NodeName,
    pub(super) account: CostAccountId,
    pub(super) gpus: i64,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// The difference between what was posted with the GPUs and what is due without them, at `now`. `posted` says up to when a
/// node's time is posted.
pub(super) fn difference(
    ledger: &mut Ledger,
    view: InventoryView<'_>,
    gone: &[Gone<'_>],
    now: Moment,
    posted: impl Fn(&NodeName) -> Option<Timestamp>,
) -> Vec<Difference> {
    let begin = gone.iter().map(|gpu| gpu.seen).min();
    let (Some(begin), Some(end)) = (begin, gone.iter().map(|gpu| gpu.until).max()) else { return Vec::new() };
    let mut edges: BTreeSet<Timestamp> = rate_edges(ledger, &view.config.leases, begin, end).into_iter().collect();
    edges.extend(gone.iter().flat_map(|gpu| [gpu.seen, gpu.until]).chain([end]).filter(|edge| *edge > begin));
    let (mut from, mut found) = (begin, Vec::new());
    for to in edges {
        let posted_then: Vec<_> = gone.iter().filter(|gpu| gpu.until > from).copied().collect();
        let due: Vec<_> = posted_then.iter().filter(|gpu| gpu.seen > from).copied().collect();
        let nodes = nodes(view, gone, from);
        let mut counts = count(ledger, view, &present(view, &nodes, gone, &posted_then, (from, now)), from);
        for (account, gpus) in count(ledger, view, &present(view, &nodes, gone, &due, (from, now)), from) {
            *counts.entry(account).or_default() -= gpus;
        }
        for ((node, account), gpus) in counts.into_iter().filter(|(_, gpus)| *gpus != 0) {
            let is_its = |gpu: &&Gone<'_>| *gpu.node == node;
            let until = gone.iter().find(is_its).map(|gpu| gpu.until).or_else(|| posted(&node)).unwrap_or(from);
            if from < to.min(until) {
                found.push(Difference { node, account, gpus, from, to: to.min(until) });
            }
        }
        from = to;
    }
    found
}

/// The nodes whose GPUs may be paid differently, in order: all, if a lease of a number of GPUs is in force.
fn nodes<'a>(view: InventoryView<'a>, gone: &[Gone<'a>], at: Timestamp) -> BTreeSet<&'a NodeName> {
    let own = gone.iter().map(|gpu| gpu.node);
    if Payers::at(&view.config.leases, at).spans_nodes() {
        return own.chain(view.inventory.nodes.iter().map(|(name, _)| name)).collect();
    }
    own.collect()
}

/// The indices and names of the GPUs of each node that were there at an instant, `back` of those that are gone among them.
fn present<'a>(
    view: InventoryView<'a>,
    nodes: &BTreeSet<&'a NodeName>,
    gone: &[Gone<'a>],
    back: &[Gone<'a>],
    (at, now): (Timestamp, Moment),
) -> BTreeMap<&'a NodeName, Vec<(u32, &'a str)>> {
    let of_node = |name: &&'a NodeName| {
        let its = || gone.iter().filter(|gpu| gpu.node == *name);
        let was_there = |index: u32, id: &GpuId, gpu: &Gpu| match gpu.since {
            _ if its().any(|gone| gone.id == Some(id)) => false,
            Some(since) => now.wall - now.since(since) <= at,
            None => its().all(|gone| gone.index != index),
        };
        let here = view.inventory.node(name).into_iter().flat_map(|node| &node.gpus);
        let here = here.filter_map(|(index, id)| Some((*index, id, view.inventory.gpus.get(id)?)));
        let here =
            here.filter(|(index, id, gpu)| was_there(*index, id, gpu)).map(|(index, _, gpu)| (index, gpu.name()));
        let back = back.iter().filter(|gpu| gpu.node == *name).map(|gpu| (gpu.index, gpu.name));
        let mut gpus: Vec<_> = here.chain(back).collect();
        gpus.sort_unstable();
        (*name, gpus)
    };
    nodes.iter().map(of_node).collect()
}

/// How many GPUs each account pays for while they are allocated.
fn count(
    ledger: &mut Ledger,
    view: InventoryView<'_>,
    present: &BTreeMap<&NodeName, Vec<(u32, &str)>>,
    at: Timestamp,
) -> BTreeMap<(NodeName, CostAccountId), i64> {
    let mut payers = Payers::at(&view.config.leases, at);
    let mut counts = BTreeMap::new();
    for (name, gpus) in present {
        let unit = view.inventory.node(name).and_then(|node| node.unit.as_ref());
        let on = NodeView { name, unit, gpus: u32::try_from(gpus.len()).unwrap_or(u32::MAX) };
        for (_, gpu) in gpus {
            let rate = resolve(ledger, on, gpu, payers.next(name, unit, gpu), at);
            if rate.when() == Some(RentWhen::Held) {
                *counts.entry(((*name).clone(), ledger.cost_account(&rate.cost_account))).or_default() += 1;
            }
        }
    }
    counts
}
