//! The cost of waiting for the slowest rank.

use super::groups::{Balance, Group, Waiting};
use crate::snapshot::{EngineRow, Snapshot};
use crate::units::{Money, Ratio};

/// The resolution of a share: a thousandth of a percent.
const PARTS: i64 = 100_000;

/// The share of time that the ranks wait. All ranks of a step have the same busiest rank, so the mean of their shares
/// is that of the group.
pub(super) fn waiting(rows: &[&EngineRow], worst: &Balance) -> Waiting {
    let counted: Vec<f64> = rows.iter().filter_map(|row| row.rank_wait_share).map(Ratio::get).collect();
    if counted.is_empty() {
        return Waiting::Estimated((1.0 - 1.0 / worst.over_mean.get()).clamp(0.0, 1.0));
    }
    Waiting::Counted((counted.iter().sum::<f64>() / counted.len() as f64).clamp(0.0, 1.0))
}

/// The cost per hour of that share of the group.
pub(super) fn of_waiting(snapshot: &Snapshot, group: &Group, worst: &Balance, waiting: Waiting) -> Option<Money> {
    cost_per_hour(snapshot, group, worst)?.scaled((waiting.share() * PARTS as f64).round() as i64, PARTS)
}

/// The cost of the group per hour: the unit's own, or that of the GPUs of its nodes if one rate applies to all, or that of
/// the nodes.
fn cost_per_hour(snapshot: &Snapshot, group: &Group, worst: &Balance) -> Option<Money> {
    if let Group::Unit(unit) = group
        && let Some(row) = snapshot.units.iter().find(|row| row.unit == *unit)
    {
        return row.cost_per_hour;
    }
    let has_rank = |node: &&crate::snapshot::NodeRow| worst.ranks.iter().any(|rank| rank.node == node.name);
    let nodes = || snapshot.nodes.iter().map(AsRef::as_ref).filter(has_rank);
    let [rate] = snapshot.money.rates.as_slice() else {
        let of_nodes: Option<Money> = nodes().map(|node| node.cost_per_hour).sum();
        return of_nodes.filter(|cost| !cost.is_zero());
    };
    let gpus: usize = nodes().map(|node| node.gpus.len()).sum();
    Money::from_micros(rate.rate.micros()).scaled(i64::try_from(gpus).ok()?, 1).filter(|cost| !cost.is_zero())
}
