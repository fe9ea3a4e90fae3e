//! What several parts of the snapshot look up in the fleet.

use std::collections::BTreeSet;

use super::super::state::Fleet;
use crate::inventory::{Gpu, Target};
use crate::metering::Engine;
use crate::reading::{EngineKind, Health, NodeName};

/// Since when the energy of a live GPU is unknown, if its lease has a power price and that has lasted.
pub(super) fn energy_unknown_since(fleet: &Fleet, id: &crate::reading::GpuId) -> Option<crate::units::Timestamp> {
    let since = fleet.metering.energy_unknown_since(id)?;
    fleet.inventory.gpus.get(id).filter(|gpu| fleet.inventory.gpu_health(gpu) == Health::Live)?;
    let lasted = fleet.now().since(since);
    (lasted >= fleet.config.stale_after()).then(|| fleet.now().wall - lasted)
}

pub(super) fn live_gpus(fleet: &Fleet) -> impl Iterator<Item = &Gpu> {
    fleet.inventory.gpus.values().filter(|gpu| fleet.inventory.gpu_health(gpu) == Health::Live)
}

pub(super) fn engine_of<'a>(fleet: &'a Fleet, target: &Target) -> Option<&'a Engine> {
    fleet.metering.engine(&target.info.target)
}

/// The nodes of a target's rows; of a target without rows, its own node.
pub(super) fn nodes_of<'a>(fleet: &'a Fleet, target: &'a Target) -> BTreeSet<&'a NodeName> {
    let rows = engine_of(fleet, target).into_iter().flat_map(|engine| &engine.rows);
    let nodes: BTreeSet<&NodeName> = rows.map(|row| fleet.inventory.node_of_row(&target.info, &row.reading)).collect();
    if nodes.is_empty() { BTreeSet::from([fleet.inventory.node_of(&target.info)]) } else { nodes }
}

/// Whether a node left the fleet: its leases have ended and it is silent. No table shows it, and its GPU time has
/// ended.
pub(super) fn has_left(fleet: &Fleet, name: &NodeName) -> bool {
    let node = fleet.inventory.node(name);
    let silent = node.is_none_or(|node| fleet.inventory.health(node.answered) != Health::Live);
    let (view, unit) = (fleet.view(), node.and_then(|node| node.unit.as_ref()));
    silent && crate::metering::was_given_back(view, name, unit, fleet.now().wall)
}

pub(super) fn kind_of(target: &Target) -> EngineKind {
    target.kind.unwrap_or(EngineKind::UNKNOWN)
}
