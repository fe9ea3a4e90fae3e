//! The loads of the ranks of a group.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::groups::{Balance, Balancer, Group, RankLoad};
use crate::natural_order::natural_cmp;
use crate::reading::{EngineRole, Health, Rank, TargetId, UnitName};
use crate::snapshot::{EngineRow, Snapshot};
use crate::units::Ratio;

/// The live rows with a rank by group, in natural order of their ranks.
pub(super) fn groups(snapshot: &Snapshot) -> BTreeMap<Group, Vec<&EngineRow>> {
    let mut groups: BTreeMap<Group, Vec<&EngineRow>> = BTreeMap::new();
    let is_rank = |row: &&EngineRow| row.rank.is_some() && row.state == Health::Live && row.role != EngineRole::Proxy;
    for row in snapshot.engines.iter().map(AsRef::as_ref).filter(is_rank) {
        let group = row.unit.clone().map_or_else(|| Group::Engine(row.target.clone()), Group::Unit);
        groups.entry(group).or_default().push(row);
    }
    for rows in groups.values_mut() {
        // If several engines use the same rank numbers, the ranks of a node are adjacent.
        let mut numbers = BTreeSet::new();
        let repeats = !rows.iter().all(|row| numbers.insert(row.rank.as_ref()));
        rows.sort_by(|a, b| {
            let by_node = if repeats { natural_cmp(a.node.as_str(), b.node.as_str()) } else { Ordering::Equal };
            by_node.then_with(|| place(a, repeats).cmp(&place(b, repeats)))
        });
    }
    groups.retain(|_, rows| rows.len() > 1);
    groups
}

/// The sort key of a rank: its engine if numbers repeat, then its number.
fn place(row: &EngineRow, repeats: bool) -> (Option<&str>, Option<u64>, Option<&str>) {
    let rank = row.rank.as_ref().map(Rank::as_str);
    (Some(row.target.as_str()).filter(|_| repeats), rank.and_then(|rank| rank.parse().ok()), rank)
}

/// The ranks by one balancer; `None` unless two of them report it and one has a load.
pub(super) fn balance(group: &Group, rows: &[&EngineRow], balancer: Balancer) -> Option<Balance> {
    let rows = rows.iter().filter(|row| balancer.is_for(row.role));
    compared(group, balancer, rows.filter_map(|row| rank_load(row, balancer)).collect())
}

fn compared(group: &Group, balancer: Balancer, ranks: Vec<RankLoad>) -> Option<Balance> {
    let known: Vec<(usize, f64)> = ranks.iter().enumerate().filter_map(|(nth, rank)| Some((nth, rank.load?))).collect();
    let (worst, most) = known.iter().copied().max_by(|(at, a), (later, b)| a.total_cmp(b).then(later.cmp(at)))?;
    let mean = known.iter().map(|(_, load)| load).sum::<f64>() / known.len() as f64;
    let over_mean = Ratio::of(most, mean).filter(|_| known.len() > 1)?;
    Some(Balance { group: group.clone(), balancer, ranks, mean, worst, over_mean })
}

/// Units by the load of their nodes, each the mean of its live GPUs.
pub(super) fn of_nodes(snapshot: &Snapshot) -> Vec<(UnitName, Balance)> {
    let mut units: BTreeMap<&UnitName, Vec<RankLoad>> = BTreeMap::new();
    for node in snapshot.nodes.iter().filter(|node| node.state == Health::Live) {
        let Some(unit) = &node.unit else { continue };
        let loads: Vec<f64> = node.gpus.iter().filter_map(|gpu| gpu.utilization).map(Ratio::get).collect();
        let load = (!loads.is_empty()).then(|| loads.iter().sum::<f64>() / loads.len() as f64);
        let (rank, target) = (Rank::new(node.name.as_str()), TargetId::new(""));
        units.entry(unit).or_default().push(RankLoad { rank, target, node: node.name.clone(), load });
    }
    let of_unit = |(unit, mut nodes): (&UnitName, Vec<RankLoad>)| {
        nodes.sort_by(|a, b| natural_cmp(a.node.as_str(), b.node.as_str()));
        Some((unit.clone(), compared(&Group::Unit(unit.clone()), Balancer::Load, nodes)?))
    };
    units.into_iter().filter_map(of_unit).collect()
}

/// The experts of a group, from the engine where they are least even; `None` if no engine counts them.
pub(super) fn experts(group: &Group, rows: &[&EngineRow]) -> Option<Balance> {
    let known = rows.iter().filter_map(|row| row.expert_balancedness).map(Ratio::get);
    let least = known.reduce(f64::min).filter(|least| *least > 0.0)?;
    let over_mean = Ratio::of(1.0, least)?;
    Some(Balance {
        group: group.clone(),
        balancer: Balancer::Experts,
        ranks: Vec::new(),
        mean: 1.0,
        worst: 0,
        over_mean,
    })
}

fn rank_load(row: &EngineRow, balancer: Balancer) -> Option<RankLoad> {
    let load = match balancer {
        Balancer::Tokens => row.prompt_per_second,
        Balancer::Kv => row.kv_usage.map(Ratio::get),
        Balancer::Requests => row.running.map(|running| running as f64),
        Balancer::Experts | Balancer::Load => None,
    };
    let load = load.filter(|load| load.is_finite() && *load >= 0.0);
    Some(RankLoad { rank: row.rank.clone()?, target: row.target.clone(), node: row.node.clone(), load })
}
