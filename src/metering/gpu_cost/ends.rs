//! Ends of paid time other than a lease's end date: released GPUs, and leases ended by hand.

use super::inventory_view::InventoryView;
use super::resolved_rate::{NodeView, rate_edges, resolve};
use super::{AllocationMeter, payers, rounding};
use crate::inventory::{Allocation, Gpu, ReturnedGpu};
use crate::ledger::Ledger;
use crate::pricing::RentWhen;
use crate::reading::NodeName;
use crate::units::{Moment, Timestamp};

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

    /// Posts the time of GPUs that were released and are back from when they were last seen, and reverses the rounding of
    /// their leases. What a node costs as a whole was paid by those that took their places.
    pub(in crate::metering) fn take_back(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        name: &NodeName,
        gpus: &[ReturnedGpu],
    ) {
        let (Some(until), Some(node)) = (self.allocated.get(name).copied(), view.inventory.node(name)) else { return };
        let wall = |at: Moment| until.wall - until.since(at);
        let serving = self.serving.get(name).map(|until| until.wall);
        let leases = &view.config.leases;
        for ReturnedGpu { id, seen, released, of } in gpus {
            let Some(gpu) = view.inventory.gpus.get(id) else { continue };
            let ((from, released), to) =
                ((wall(*seen), wall(*released)), until.wall.max(serving.unwrap_or(until.wall)));
            let mut edges = rate_edges(ledger, leases, from, to);
            edges.extend([released, until.wall, to].into_iter().chain(serving).filter(|edge| *edge > from));
            edges.sort_unstable();
            let mut start = from;
            for end in edges.into_iter().filter(|end| *end <= to) {
                let on = NodeView { name, unit: node.unit.as_ref(), gpus: *of };
                let of = (gpu.name(), gpu.reading.index, *of);
                let rate = resolve(ledger, on, gpu.name(), payers::of_released(view, name, node, of, start), start);
                let is_missing = match rate.when() {
                    Some(RentWhen::Held) => end <= until.wall,
                    Some(RentWhen::Serving) => start >= released && serving.is_some_and(|until| end <= until),
                    None => false,
                };
                let by_node = rate.lease.is_some_and(|lease| lease.node_rate.is_some());
                if is_missing && start < end && !(by_node && start >= released) {
                    let account = ledger.cost_account(&rate.cost_account);
                    ledger.rent(account, 1, start, end);
                }
                if let (Some(lease), Some(began), true) = (rate.lease, node.allocated_from, start == from)
                    && !lease.is_schedule()
                {
                    let paused = self.roundings.paused(leases, lease, &rate.cost_account);
                    let began = began.max(lease.from.unwrap_or(began)) + paused;
                    rounding::reopen(ledger, &rate.cost_account, lease, (began, from));
                }
                start = end;
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
                ledger.rent(account, 1, until.wall, at);
            }
            if let (Some(lease), Some(began)) = (rate.lease, node.allocated_from) {
                let paused = self.roundings.paused(&view.config.leases, lease, &rate.cost_account);
                let began = began.max(lease.from.unwrap_or(began)) + paused;
                rounding::close(ledger, &rate.cost_account, lease, 1, (began, at));
            }
        }
    }
}
