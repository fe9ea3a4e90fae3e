//! Ends of paid time other than a lease's end date: released GPUs, and leases ended by hand.

use std::collections::BTreeSet;

use super::inventory_view::InventoryView;
use super::resolved_rate::{NodeView, ResolvedRate, rate_edges, resolve};
use super::without::{Difference, Gone, difference};
use super::{AllocationMeter, payers, rounding};
use crate::inventory::{Allocation, Gpu, ReturnedGpu};
use crate::ledger::Ledger;
use crate::pricing::RentWhen;
use crate::reading::NodeName;
use crate::units::{Moment, Timestamp};

/// A GPU that was released, in its last known state, and how its node's GPUs were allocated until then.
#[derive(Debug)]
pub(in crate::metering) struct ReleasedGpu {
    pub(in crate::metering) node: NodeName,
    pub(in crate::metering) gpu: Box<Gpu>,
    pub(in crate::metering) allocation: Allocation,
}

impl AllocationMeter {
    /// Reverses what was posted for GPUs after they were last seen, and posts the rounding of their leases.
    pub(in crate::metering) fn release(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        released: &[ReleasedGpu],
        now: Moment,
    ) {
        let gone = |released: &'_ ReleasedGpu| {
            let until = self.allocated.get(&released.node).filter(|_| view.inventory.node(&released.node).is_some())?;
            Some((until.wall - until.since(released.gpu.answered), until.wall))
        };
        let spans: Vec<_> = released.iter().map(gone).collect();
        let gone = released.iter().zip(&spans).filter_map(|(ReleasedGpu { node, gpu, .. }, span)| {
            let (seen, until) = (*span)?;
            Some(Gone { node, id: None, index: gpu.reading.index, name: gpu.name(), seen, until })
        });
        self.take_off(ledger, view, &gone.collect::<Vec<_>>(), now);
        for (released, span) in released.iter().zip(spans) {
            if let Some((seen, _)) = span {
                self.close_rounding(ledger, view, released, seen);
            }
        }
    }

    /// Reverses the difference that GPUs made since they were last seen.
    fn take_off(&self, ledger: &mut Ledger, view: InventoryView<'_>, gone: &[Gone<'_>], now: Moment) {
        let posted = |node: &NodeName| self.allocated.get(node).map(|until| until.wall);
        for Difference { account, gpus, from, to, .. } in difference(ledger, view, gone, now, posted) {
            match u32::try_from(gpus.unsigned_abs()).unwrap_or(u32::MAX) {
                count if gpus > 0 => ledger.refund(account, count, from, to),
                count => ledger.post_past_gpu_time(account, count, from, to),
            }
        }
    }

    /// Posts the rounding of the lease that paid for a GPU until it was last seen.
    fn close_rounding(
        &mut self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        ReleasedGpu { node: name, gpu, allocation }: &ReleasedGpu,
        seen: Timestamp,
    ) {
        let Some(node) = view.inventory.node(name) else { return };
        let on = NodeView { name, unit: node.unit.as_ref(), gpus: allocation.gpus };
        let of = (gpu.name(), gpu.reading.index, allocation.gpus);
        let rate = resolve(ledger, on, gpu.name(), payers::of_released(view, name, node, of, seen), seen);
        let (Some(lease), Some(began)) = (rate.lease.filter(|lease| !lease.is_schedule()), allocation.since) else {
            return;
        };
        let paused = self.roundings.paused(&view.config.leases, lease, &rate.cost_account);
        let began = began.max(lease.from.unwrap_or(began)) + paused;
        rounding::close(ledger, &rate.cost_account, lease, 1, (began, seen));
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
        // To the millisecond what was posted at the release, however the clocks moved since.
        let released = |back: &ReturnedGpu| (back.released.wall - back.released.since(back.seen), back.released.wall);
        self.put_back(ledger, view, name, gpus, released);
        for back in gpus {
            let (from, to) = released(back);
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

    /// Posts again what the release of GPUs that are back had reversed.
    fn put_back(
        &self,
        ledger: &mut Ledger,
        view: InventoryView<'_>,
        node: &NodeName,
        gpus: &[ReturnedGpu],
        released: impl Fn(&ReturnedGpu) -> (Timestamp, Timestamp),
    ) {
        let gone = gpus.iter().filter_map(|back| {
            let ((seen, until), gpu) = (released(back), view.inventory.gpus.get(&back.id)?);
            Some(Gone { node, id: Some(&back.id), index: gpu.reading.index, name: gpu.name(), seen, until })
        });
        let Some(now) = self.allocated.get(node).copied() else { return };
        let posted = |node: &NodeName| self.allocated.get(node).map(|until| until.wall);
        for Difference { account, gpus, from, to, .. } in
            difference(ledger, view, &gone.collect::<Vec<_>>(), now, posted)
        {
            match u32::try_from(gpus.unsigned_abs()).unwrap_or(u32::MAX) {
                count if gpus > 0 => ledger.post_gpu_time(account, count, from, to),
                count => ledger.refund(account, count, from, to),
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
        let served = self.serving.remove(name);
        take_back_served(ledger, view, name, (at, served));
        let (Some(until), Some(node)) = (until, view.inventory.node(name)) else { return };
        // The time before the first allocation was never posted.
        let at = node.allocated_from.map_or(at, |from| at.max(from));
        let all = || payers::of_node(view, name, node, at);
        let gone = all().into_iter().map(|(id, gpu, _)| {
            let since = gpu.since.map(|since| until.wall - until.since(since));
            let (index, seen, until) = (gpu.reading.index, at.max(since.unwrap_or(at)), until.wall);
            Gone { node: name, id: Some(id), index, name: gpu.name(), seen, until }
        });
        let gone: Vec<_> = gone.filter(|gpu| gpu.seen < gpu.until).collect();
        self.take_off(ledger, view, &gone, until);
        for (_, gpu, lease) in all() {
            let rate = resolve(ledger, NodeView::now(name, node), gpu.name(), lease, at);
            if rate.when() != Some(RentWhen::Held) {
                continue;
            }
            if until.wall < at {
                let account = ledger.cost_account(&rate.cost_account);
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

/// Reverses what leases with `when = "serving"` paid for a node after an instant: the time in which an engine answered.
fn take_back_served(ledger: &mut Ledger, view: InventoryView<'_>, name: &NodeName, span: (Timestamp, Option<Moment>)) {
    let (at, Some(until)) = span else { return };
    let Some(node) = view.inventory.node(name) else { return };
    let edges = rate_edges(ledger, &view.config.leases, at, until.wall);
    let mut accounts = BTreeSet::new();
    for from in std::iter::once(at).chain(edges) {
        for (_, gpu, lease) in payers::of_node(view, name, node, from) {
            let rate = resolve(ledger, NodeView::now(name, node), gpu.name(), lease, from);
            if rate.when() == Some(RentWhen::Serving) {
                accounts.insert(ledger.cost_account(&rate.cost_account));
            }
        }
    }
    for account in accounts {
        ledger.refund_since(account, at);
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
