//! Whether the cost of a node is known at an instant, and whether the node was returned.

use super::inventory_view::InventoryView;
use super::resolved_rate;
use crate::inventory::Node;
use crate::ledger::Ledger;
use crate::pricing::Lease;
use crate::reading::{NodeName, UnitName};
use crate::units::Timestamp;

/// Whether the node had a lease and none covers it now: if it is silent, it was returned, not lost.
pub(crate) fn was_given_back(
    view: InventoryView<'_>,
    name: &NodeName,
    unit: Option<&UnitName>,
    now: Timestamp,
) -> bool {
    let mut leases = view.config.leases.iter();
    leases.clone().any(|lease| lease.until.is_some_and(|until| until <= now) && covers(view, name, unit, lease))
        && !leases.any(|lease| lease.runs_at(now) && covers(view, name, unit, lease))
}

/// Whether a lease is for a node, its unit or one of its GPUs.
fn covers(view: InventoryView<'_>, name: &NodeName, unit: Option<&UnitName>, lease: &Lease) -> bool {
    let ids = view.inventory.node(name).into_iter().flat_map(|node| node.gpus.values());
    let mut gpus = ids.filter_map(|id| view.inventory.gpus.get(id));
    lease.covers(name, unit, "") || gpus.any(|gpu| lease.covers(name, unit, gpu.name()))
}

/// When the last lease of a node ended, if all have.
pub(super) fn given_back(view: InventoryView<'_>, name: &NodeName, node: &Node, now: Timestamp) -> Option<Timestamp> {
    let unit = node.unit.as_ref();
    if !was_given_back(view, name, unit, now) {
        return None;
    }
    let leases = view.config.leases.iter().filter(|lease| covers(view, name, unit, lease));
    let ends = leases.filter_map(|lease| lease.until);
    ends.filter(|end| *end <= now).max()
}

/// Since when a node's GPUs are known, if that is after an instant by more than the time between two polls.
pub(crate) fn seen_after(view: InventoryView<'_>, name: &NodeName, at: Timestamp) -> Option<Timestamp> {
    let since = view.inventory.node(name)?.allocated_from?;
    (since - at > view.config.stale_after()).then_some(since)
}

/// Whether the cost of a node's GPUs is known at an instant: a scheduled lease is in force, or one of the GPUs has a rate and
/// was seen by then.
pub(crate) fn knows_cost(
    ledger: &Ledger,
    view: InventoryView<'_>,
    name: &NodeName,
    unit: Option<&UnitName>,
    at: Timestamp,
) -> bool {
    let scheduled = |lease: &Lease| lease.is_schedule() && lease.covers(name, unit, "") && lease.runs_at(at);
    let node = view.inventory.node(name).filter(|node| !view.inventory.is_abandoned(node));
    let ids = node.into_iter().flat_map(|node| node.gpus.values());
    let mut gpus = ids.filter_map(|id| view.inventory.gpus.get(id));
    view.config.leases.iter().any(scheduled)
        || seen_after(view, name, at).is_none()
            && gpus.any(|gpu| resolved_rate::is_known(ledger, view.config, name, unit, gpu.name(), at))
}
