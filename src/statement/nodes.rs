//! The average number of allocated nodes, and the past with another number of them.

use super::bucket::OrderedPast;
use super::classes::{ClassScale, numbered};
use super::node_sums::NodeSums;
use super::row::gpu_time;
use crate::ledger::{CostKind, GpuTimeCell, NodeTime, Past};
use crate::units::NodeCount;

/// The allocated time of nodes; `None` if no node is known by name.
pub(super) fn node_time(past: &Past) -> Option<NodeTime> {
    let time = past.node_time.unwrap_or_else(|| {
        let mut sums = NodeSums::new(past);
        OrderedPast::of(past).iter().for_each(|bucket| sums.add(&bucket));
        sums.finish()
    });
    (time.allocated > 0 && time.watched > 0).then_some(time)
}

/// The past with an average of so many nodes over its watched time: all allocated time is scaled alike. `None` if no
/// node is known by name.
pub(super) fn with_nodes(mut past: Past, nodes: NodeCount) -> Option<Past> {
    let time = node_time(&past)?;
    let (wanted, allocated) =
        (i128::from(nodes.micros()) * i128::from(time.watched), i128::from(time.allocated) * 1_000_000);
    // The present number is given in thousandths.
    if wanted == allocated || time.milli().is_some_and(|milli| nodes.micros() == milli * 1_000) {
        return Some(past);
    }
    // Cells of equal worth are scaled together, so that the result does not depend on how the postings are divided into
    // cells.
    let class = |number: usize| {
        let account = &past.cost_accounts[number];
        (account.kind != CostKind::Overhead).then_some((account.rate, account.power, account.kind))
    };
    let classes = numbered((0..past.cost_accounts.len()).map(class));
    let amounts = |cell: &GpuTimeCell| [cell.allocated.millis(), cell.idle.millis(), cell.energy].map(i128::from);
    let mut scales = [(); 3].map(|()| ClassScale::new(wanted, allocated));
    let class_of = |cell: &GpuTimeCell| classes[cell.cost_account.index()];
    for cell in &past.gpu_times {
        let Some(class) = class_of(cell) else { continue };
        scales.iter_mut().zip(amounts(cell)).for_each(|(scale, amount)| scale.count(class, amount));
    }
    scales.iter_mut().for_each(ClassScale::begin);
    for cell in &mut past.gpu_times {
        let Some(class) = class_of(cell) else { continue };
        let mut after = [0; 3];
        for ((scale, amount), after) in scales.iter_mut().zip(amounts(cell)).zip(&mut after) {
            *after = i64::try_from(scale.part(class, amount)?).ok()?;
        }
        (cell.allocated, cell.idle, cell.energy) = (gpu_time(after[0]), gpu_time(after[1]), after[2]);
    }
    // More GPU time of the same nodes would look like more GPUs on each of them.
    past.node_time = Some(NodeTime { allocated: i64::try_from(wanted / 1_000_000).ok()?, ..time });
    for row in &mut past.borne {
        row.time = row.time.checked_mul(wanted)? / allocated;
        row.energy = row.energy.checked_mul(wanted)? / allocated;
    }
    Some(past)
}
