//! Ends of paid time other than a lease's end date: released GPUs, and leases ended by hand.

use super::inventory_view::InventoryView;
use super::resolved_rate::{NodeView, ResolvedRate, rate_edges, resolve};
use super::{AllocationMeter, payers, rounding};
use crate::inventory::{Allocation, Gpu, ReturnedGpu};
use crate::ledger::Ledger;
use crate::pricing::RentWhen;
use crate::reading::NodeName;
use crate::units::Timestamp;

impl AllocationMeter {
    /// Reverses what was posted for a GPU after it was last seen, and posts the rounding of its lease.
    pub(in crate::metering) fn release(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        name: &NodeName,
        gpu: &Gpu,
        allocation: Allocation,
    ) {
        let Some(until) = self.allocated.get(name) else { return };
        let (from, to) = (until.wall - until.since(gpu.answered), until.wall);
        let Some(node) = view.inventory.node(name) else { return };
        let on = NodeView { name, unit: node.unit.as_ref(), gpus: allocation.gpus };
        let mut start = from;
        for end in rate_edges(ledger, &view.config.leases, from, to).into_iter().chain([to]) {
            let of = (gpu.name(), gpu.reading.index, allocation.gpus);
            let rate = resolve(ledger, on, gpu.name(), payers::of_released(view, name, node, of, start), start);
            if rate.when() == Some(RentWhen::Held) && start < end {
                let account = ledger.cost_account(&rate.cost_account);
                ledger.refund(account, 1, start, end);
            }
            if let (Some(lease), Some(began), true) = (rate.lease, allocation.since, start == from)
                && !lease.is_schedule()
            {
                let paused = self.roundings.paused(&view.config.leases, lease, &rate.cost_account);
                let began = began.max(lease.from.unwrap_or(began)) + paused;
                rounding::close(ledger, &rate.cost_account, lease, 1, (began, from));
            }
            start = end;
        }
    }

    /// Reverses the release of GPUs that are back, with the rounding of their leases, and posts their time since. What a node
    /// costs as a whole was since paid by those that took their places.
    pub(in crate::metering) fn take_back(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        name: &NodeName,
        gpus: &[ReturnedGpu],
    ) {
        let Some(until) = self.allocated.get(name).copied() else { return };
        let serving = self.serving.get(name).copied();
        let leases = &view.config.leases;
        for back in gpus {
            // To the millisecond what was posted at the release, however the clocks moved since.
            let (from, to) = (back.released.wall - back.released.since(back.seen), back.released.wall);
            for (start, end, rate) in times(ledger, view, name, back, (from, to)) {
                if rate.when() == Some(RentWhen::Held) {
                    let account = ledger.cost_account(&rate.cost_account);
                    ledger.post_gpu_time(account, 1, start, end);
                }
            }
            let since = view.inventory.node(name).and_then(|node| node.allocated_from);
            let first = times(ledger, view, name, back, (from, to)).into_iter().next();
            if let (Some((.., rate)), Some(began)) = (first, since)
                && let Some(lease) = rate.lease.filter(|lease| !lease.is_schedule())
            {
                let paused = self.roundings.paused(leases, lease, &rate.cost_account);
                let began = began.max(lease.from.unwrap_or(began)) + paused;
                rounding::reopen(ledger, &rate.cost_account, lease, (began, from));
            }
            let cursors = [(RentWhen::Held, Some(until)), (RentWhen::Serving, serving)];
            for (when, until) in cursors.into_iter().filter_map(|(when, until)| Some((when, until?))) {
                let span = (until.wall - until.since(back.released), until.wall);
                for (start, end, rate) in times(ledger, view, name, back, span) {
                    let is_of_node = rate.lease.is_some_and(|lease| lease.node_rate.is_some());
                    if rate.when() == Some(when) && !is_of_node {
                        let account = ledger.cost_account(&rate.cost_account);
                        ledger.post_gpu_time(account, 1, start, end);
                    }
                }
            }
        }
    }

    /// Whether a request to end a lease is applied but not yet in a checkpoint.
    pub(in crate::metering) fn has_ended(&self, id: i64) -> bool {
        self.ended.contains(&id)
    }

    /// Takes the requests to end leases that were applied since the last call.
    pub(in crate::metering) fn take_ended(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.ended)
    }

    /// Ends a node's leases by hand: reverses what was posted after `at` with a counter-entry.
    pub(in crate::metering) fn end(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        id: i64,
        name: &NodeName,
        at: Timestamp,
    ) {
        self.ended.push(id);
        self.schedules.end(ledger, &mut self.roundings, view, name, at);
        let until = self.allocated.remove(name);
        self.serving.remove(name);
        let (Some(until), Some(node)) = (until, view.inventory.node(name)) else { return };
        // The time before the first allocation was never posted.
        let at = node.allocated_from.map_or(at, |from| at.max(from));
        for (_, gpu, lease) in payers::of_node(view, name, node, at) {
            let rate = resolve(ledger, NodeView::now(name, node), gpu.name(), lease, at);
            if rate.when() != Some(RentWhen::Held) {
                continue;
            }
            let account = ledger.cost_account(&rate.cost_account);
            if at < until.wall {
                ledger.refund(account, 1, at, until.wall);
            } else {
                ledger.post_gpu_time(account, 1, until.wall, at);
            }
            if let (Some(lease), Some(began)) = (rate.lease, node.allocated_from) {
                let paused = self.roundings.paused(&view.config.leases, lease, &rate.cost_account);
                let began = began.max(lease.from.unwrap_or(began)) + paused;
                rounding::close(ledger, &rate.cost_account, lease, 1, (began, at));
            }
        }
    }
}

/// The times in an interval in which a GPU that is back has one rate each, as at its release.
fn times<'a>(
    ledger: &Ledger,
    view: InventoryView<'a>,
    name: &NodeName,
    back: &ReturnedGpu,
    (from, to): (Timestamp, Timestamp),
) -> Vec<(Timestamp, Timestamp, ResolvedRate<'a>)> {
    let known = view.inventory.node(name).zip(view.inventory.gpus.get(&back.id));
    let Some((node, gpu)) = known.filter(|_| from < to) else { return Vec::new() };
    let on = NodeView { name, unit: node.unit.as_ref(), gpus: back.of };
    let of = (gpu.name(), gpu.reading.index, back.of);
    let (mut start, mut times) = (from, Vec::new());
    for end in rate_edges(ledger, &view.config.leases, from, to).into_iter().chain([to]) {
        let rate = resolve(ledger, on, gpu.name(), payers::of_released(view, name, node, of, start), start);
        times.push((start, end, rate));
        start = end;
    }
    times
}
