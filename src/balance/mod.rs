//! Whether the ranks of a deployment unit share its work. The balancers are the three of the published DeepSeek system:
//! prefill by input tokens, decode by KV cache and requests, and experts if the engine reports them.
//!
//! Ranks that take steps together wait for the slowest one. If the engine counts the share of that time (`SGLang`: from
//! attention pairs or tokens of its data-parallel ranks), it is used; otherwise `1 − mean/max` is an upper bound. The
//! cost is an estimate, marked `≈` wherever it is shown, and never enters the ledger.

mod cost;
mod groups;
mod load;

use crate::reading::UnitName;
use crate::snapshot::Snapshot;

pub use groups::{Balance, Balancer, Group, GroupBalance, RankLoad, Waiting};

/// The groups of at least two live ranks, the least even first.
pub fn balances(snapshot: &Snapshot) -> Vec<GroupBalance> {
    let mut groups: Vec<GroupBalance> = load::groups(snapshot)
        .into_iter()
        .filter_map(|(group, rows)| {
            let mut balances: Vec<_> =
                Balancer::OF_RANKS.into_iter().filter_map(|balancer| load::balance(&group, &rows, balancer)).collect();
            balances.sort_by(|a, b| b.over_mean.get().total_cmp(&a.over_mean.get()));
            let worst = balances.first()?;
            let waiting = cost::waiting(&rows, worst);
            let waiting_per_hour = cost::of_waiting(snapshot, &group, worst, waiting);
            balances.extend(load::experts(&group, &rows));
            balances.sort_by(|a, b| b.over_mean.get().total_cmp(&a.over_mean.get()));
            let role = rows.first().map(|row| row.role).filter(|role| rows.iter().all(|row| row.role == *role));
            Some(GroupBalance { group, role, balances, waiting, waiting_per_hour })
        })
        .collect();
    worst_first(&mut groups);
    groups
}

/// The units of at least two live nodes by the load of their nodes' GPUs, the least even first. Their cost of waiting
/// is unknown, as nodes need not take steps together.
pub fn node_balances(snapshot: &Snapshot) -> Vec<GroupBalance> {
    let role_of = |unit: &UnitName| {
        let mut roles = snapshot.engines.iter().filter(|row| row.unit.as_ref() == Some(unit)).map(|row| row.role);
        let first = roles.next()?;
        roles.all(|role| role == first).then_some(first)
    };
    let of_unit = |(unit, balance): (UnitName, Balance)| GroupBalance {
        role: role_of(&unit),
        group: Group::Unit(unit),
        balances: vec![balance],
        waiting: Waiting::Estimated(0.0),
        waiting_per_hour: None,
    };
    let mut groups: Vec<GroupBalance> = load::of_nodes(snapshot).into_iter().map(of_unit).collect();
    worst_first(&mut groups);
    groups
}

fn worst_first(groups: &mut [GroupBalance]) {
    let over = |group: &GroupBalance| group.balances.first().map_or(0.0, |worst| worst.over_mean.get());
    groups.sort_by(|a, b| over(b).total_cmp(&over(a)).then_with(|| a.group.cmp(&b.group)));
}
