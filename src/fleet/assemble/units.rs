//! Deployment units: groups of nodes that serve together.

use std::collections::BTreeMap;

use super::flow::Flow;
use super::lookup::has_left;
use super::pace::paces_by;
use super::sums::{mean, sum};
use super::{Fleet, PresentFleet, RowView};
use crate::inventory::Gpu;
use crate::metering::{OUTPUT, PROMPT};
use crate::pricing::Leased;
use crate::reading::{EngineRole, Health, Rank, UnitName};
use crate::snapshot::{UnitRow, WorstRank};
use crate::statement::PaceSums;
use crate::units::Ratio;

pub(super) fn rows(present: &PresentFleet<'_>) -> Vec<UnitRow> {
    let fleet = present.fleet;
    let mut units: BTreeMap<&UnitName, Members<'_>> = BTreeMap::new();
    for (name, node) in &fleet.inventory.nodes {
        let Some(unit) = node.unit.as_ref().filter(|_| !has_left(fleet, name)) else { continue };
        let members = units.entry(unit).or_default();
        members.nodes += 1;
        members.gpus.extend(node.gpus.values().filter_map(|id| fleet.inventory.gpus.get(id)));
    }
    for unit in paid_for(fleet) {
        units.entry(unit).or_default();
    }
    for view in present.live_rows() {
        if let Some(members) = view.unit.as_ref().and_then(|unit| units.get_mut(unit)) {
            members.rows.push(view);
        }
    }
    let known = fleet.pace.window().is_some();
    let paces = paces_by(fleet, |account| account.unit.clone(), |account| account.unit.clone());
    let pace = |unit: &UnitName| paces.get(unit).copied().filter(|_| known).unwrap_or_default();
    units.into_iter().map(|(unit, members)| unit_row(fleet, unit, &members, pace(unit))).collect()
}

/// The units that leases pay for whether a node of them is seen or not.
fn paid_for(fleet: &Fleet) -> impl Iterator<Item = &UnitName> {
    let leases = fleet.config.leases.iter().filter(|lease| lease.is_schedule() && lease.runs_at(fleet.now().wall));
    leases.filter_map(|lease| if let Leased::Unit(unit) = &lease.leased { Some(unit) } else { None })
}

/// The parts of a unit.
#[derive(Default)]
struct Members<'a> {
    nodes: usize,
    gpus: Vec<&'a Gpu>,
    rows: Vec<&'a RowView<'a>>,
}

fn unit_row(fleet: &Fleet, unit: &UnitName, members: &Members<'_>, pace: PaceSums) -> UnitRow {
    let Members { nodes, gpus, rows } = members;
    let mut flow = Flow::default();
    for view in rows {
        flow.add(view.counted());
    }
    let engines = || rows.iter().filter(|view| view.is_engine());
    let any_engine = engines().next().is_some();
    let parts = rows.iter().filter(|view| !any_engine || view.is_engine());
    let roles: Vec<EngineRole> = parts.map(|view| view.role).collect();
    let loads: Vec<_> =
        engines().filter_map(|view| Some((view.row.reading.rank.clone()?, load(fleet, view)?))).collect();
    let live = gpus.iter().filter(|gpu| fleet.inventory.gpu_health(gpu) == Health::Live);
    UnitRow {
        unit: unit.clone(),
        role: roles.first().copied().filter(|first| roles.iter().all(|role| role == first)),
        nodes: *nodes,
        gpus: gpus.len(),
        utilization: mean(live.filter_map(|gpu| gpu.reading.utilization)),
        kv_usage: mean(engines().filter_map(|view| view.row.kv_usage(fleet.now()))),
        waiting: sum(engines().filter_map(|view| view.row.waiting(fleet.now()))),
        output_per_second: flow.output.get(),
        prompt_per_second: flow.prompt.get(),
        worst: worst(&loads),
        revenue_per_hour: pace
            .earned
            .filter(|_| !super::RowView::lacks_pace(fleet, rows.iter().copied().filter(|view| view.price.is_some())).0),
        cost_per_hour: pace.owed,
    }
}

/// The load of a rank: its tokens in the window, once the window is full. Before that a single batch would decide.
fn load(fleet: &Fleet, view: &RowView<'_>) -> Option<f64> {
    let window = &view.row.window;
    window.covers().filter(|covers| *covers >= fleet.config.window)?;
    let parts = [PROMPT, OUTPUT].map(|i| window.growth(i));
    (parts != [None, None]).then(|| parts.into_iter().flatten().sum::<u64>() as f64)
}

fn worst(loads: &[(Rank, f64)]) -> Option<WorstRank> {
    if loads.len() < 2 {
        return None;
    }
    let mean = loads.iter().map(|(_, load)| load).sum::<f64>() / loads.len() as f64;
    let (rank, most) = loads.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(WorstRank { rank: rank.clone(), over_mean: Ratio::of(*most, mean)? })
}
