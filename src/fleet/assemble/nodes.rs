//! Node rows and their GPUs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::flow::Flow;
use super::lookup::{has_left, nodes_of};
use super::{Fleet, PresentFleet};
use crate::inventory::{Gpu, Node, Target};
use crate::natural_order::natural_cmp;
use crate::pricing::Lease;
use crate::reading::{GpuId, GpuState, Health, Label, NodeName};
use crate::snapshot::{GpuRow, NodeRow};
use crate::units::{Energy, Power};

pub(super) fn rows(present: &PresentFleet<'_>) -> Vec<Arc<NodeRow>> {
    let fleet = present.fleet;
    let mut flows: BTreeMap<&NodeName, Flow> = BTreeMap::new();
    for view in present.live_rows() {
        flows.entry(&view.node).or_default().add(view.counted());
    }
    let money = super::money::by_node(present);
    let mut names: Vec<NodeName> = names(fleet).into_iter().filter(|name| !has_left(fleet, name)).collect();
    names.sort_by(|a, b| natural_cmp(a.as_str(), b.as_str()));
    names.into_iter().map(|name| Arc::new(node_row(fleet, &name, flows.get(&name), money.get(&name)))).collect()
}

/// The nodes that have GPUs, and those that a target is expected on. An engine's page may name a node before its host's
/// GPU page does; that name is not shown once the node has another.
fn names(fleet: &Fleet) -> BTreeSet<NodeName> {
    let expected = fleet.inventory.targets.values().filter(|target| !target.only_gpus || target.answered.is_none());
    let holding = fleet.inventory.nodes.iter().filter(|(_, node)| !node.gpus.is_empty()).map(|(name, _)| name.clone());
    let expected = expected.flat_map(|target| nodes_of(fleet, target)).cloned();
    holding.chain(expected).chain(paid_for(fleet)).chain(earning(fleet)).collect()
}

/// The nodes that earned today: engines whose GPUs became known later earned at their page's address until then.
fn earning(fleet: &Fleet) -> impl Iterator<Item = NodeName> {
    let tokens = fleet.ledger.today().tokens().filter(|(.., all)| !all.is_zero());
    let accounts: BTreeSet<_> = tokens.map(|(account, ..)| account).collect();
    accounts.into_iter().map(|account| fleet.ledger.accounts()[account.index()].node.clone())
}

/// The nodes that leases pay for whether they are seen or not. A target that has not answered yet may be one of them, under
/// its address: none is listed before.
fn paid_for(fleet: &Fleet) -> impl Iterator<Item = NodeName> {
    let is_named = |target: &Target| target.answered.is_some() || target.info.node.is_some();
    let now = fleet.inventory.targets.values().all(is_named).then(|| fleet.now().wall);
    let leases = fleet.config.leases.iter().filter(|lease| lease.is_schedule());
    leases.filter(move |lease| now.is_some_and(|now| lease.runs_at(now))).filter_map(Lease::node).cloned()
}

fn node_row(fleet: &Fleet, name: &NodeName, flow: Option<&Flow>, money: Option<&super::money::NodeMoney>) -> NodeRow {
    let node = fleet.inventory.node(name);
    let gpus = node.map(|node| gpu_rows(fleet, node));
    let unit = node.and_then(|node| node.unit.clone());
    NodeRow {
        name: name.clone(),
        unit,
        state: node.map_or(Health::Never, |node| fleet.inventory.health(node.answered)),
        age_seconds: node.map(|node| fleet.now().since(node.answered).as_secs_f64().max(0.0)),
        gpus: gpus.unwrap_or_default(),
        output_per_second: flow.and_then(|flow| flow.output.get()),
        prompt_per_second: flow.and_then(|flow| flow.prompt.get()),
        cache_hit_rate: flow.and_then(Flow::hit_rate),
        revenue: money.and_then(|money| money.revenue),
        cost: money.and_then(|money| money.cost),
        // Printed profit is printed revenue minus printed cost.
        profit: money.and_then(|money| Some(money.revenue?.round_to(6) - money.cost?.round_to(6))),
        revenue_per_hour: money.and_then(|money| money.revenue_per_hour),
        cost_per_hour: money.and_then(|money| money.cost_per_hour),
        idle_per_hour: money.and_then(|money| money.idle_per_hour),
        profit_per_hour: money.and_then(|money| Some(money.revenue_per_hour? - money.cost_per_hour?)),
    }
}

/// The GPUs of a node. Those of one name have a rate or none together.
fn gpu_rows(fleet: &Fleet, node: &Node) -> Vec<GpuRow> {
    let mut last: Option<(&Gpu, Option<Label>)> = None;
    let mut rows = Vec::with_capacity(node.gpus.len());
    for (index, id) in &node.gpus {
        let Some(gpu) = fleet.inventory.gpus.get(id) else { continue };
        let same = last.take().filter(|(like, _)| like.name() == gpu.name() && like.node == gpu.node);
        let missing = same.map_or_else(|| unknown_rate(fleet, gpu), |(_, missing)| missing);
        rows.push(gpu_row(fleet, (*index, id), gpu, missing.clone()));
        last = Some((gpu, missing));
    }
    rows
}

fn gpu_row(fleet: &Fleet, (index, id): (u32, &GpuId), gpu: &Gpu, unknown_rate: Option<Label>) -> GpuRow {
    let state = fleet.inventory.gpu_health(gpu);
    let live = state == Health::Live;
    let reading = &gpu.reading;
    GpuRow {
        index,
        uuid: id.clone(),
        name: reading.name.clone(),
        state,
        reason: reason(gpu, state),
        cost_missing: unknown_rate.or_else(|| unknown_energy(fleet, id)),
        also_reported_by: fleet.inventory.other_sources(gpu).cloned().collect(),
        utilization: reading.utilization.filter(|_| live),
        heat: gpu.heat(fleet.now()).filter(|_| live),
        memory_used_bytes: reading.memory_used.filter(|_| live),
        memory_total_bytes: reading.memory_total,
        power_watts: reading.power.filter(|_| live).map(Power::watts),
        power_limit_watts: reading.power_limit.map(Power::watts),
        energy_joules: reading.energy.map(Energy::joules),
        temperature_celsius: reading.temperature.filter(|_| live),
        sm_clock_mhz: reading.sm_clock.filter(|_| live),
        memory_clock_mhz: reading.memory_clock.filter(|_| live),
        fan: reading.fan.filter(|_| live),
        ecc: reading.ecc,
        throttle: reading.throttle.filter(|_| live),
        mig: reading.mig,
        activity: if live { reading.activity } else { crate::reading::Activity::default() },
        pcie: reading.pcie.filter(|_| live),
        xid: reading.xid,
        processes: if live { reading.processes.clone().unwrap_or_default() } else { Vec::new() },
    }
}

/// Why a GPU costs nothing: no lease is for it, and it has no name or none that a rate is known of.
fn unknown_rate(fleet: &Fleet, gpu: &Gpu) -> Option<Label> {
    let unit = fleet.inventory.node(&gpu.node).and_then(|node| node.unit.as_ref());
    let (now, name) = (fleet.now().wall, gpu.name());
    let pays = |lease: &Lease| lease.runs_at(now) && lease.covers(&gpu.node, unit, name);
    if fleet.config.leases.iter().any(pays) || fleet.ledger.book().gpu_rate_at(name, now).is_some() {
        return None;
    }
    let text = if name.is_empty() {
        "its name is not known, so no lease by name is found and its cost is missing: write one for its node".to_owned()
    } else {
        let currency = &fleet.config.currency;
        format!("no rate of {name} in {currency} is known and no lease is for it, so its cost is missing: write one")
    };
    Some(Label::new(&text))
}

/// That power is paid for and not counted.
fn unknown_energy(fleet: &Fleet, id: &GpuId) -> Option<Label> {
    super::lookup::energy_unknown_since(fleet, id)?;
    Some(Label::new("its energy is unknown: the cost of its power is missing"))
}

fn reason(gpu: &Gpu, state: Health) -> Option<Label> {
    if gpu.missing && gpu.state == GpuState::Answering && state != Health::Live {
        return Some(Label::new("its exporter answers without it: it fell off the bus, or the exporter lost it"));
    }
    gpu.state.reason().map(Label::new)
}
