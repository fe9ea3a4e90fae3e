//! How many nodes were held on average, and the past with another number of them.

use super::bucket::{Bucket, Buckets};
use super::classes::{ClassScale, numbered};
use super::node_sums::NodeSums;
use super::row::gpu_time;
use super::watched::watched_millis_of;
use crate::ledger::{CostKind, GpuTimeCell, NodeTime, Past};
use crate::units::{NodeCount, Timestamp};

/// A node that was held for at least this much of a bucket, in percent, was held all the time of it.
const WHOLE: i64 = 95;

/// One bucket's watched part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slice {
    /// In milliseconds.
    pub(super) millis: i64,
    /// Whether that is all of the bucket.
    pub(super) whole: bool,
}

/// How long nodes were held; `None` if no node is known by name.
pub(super) fn node_time(past: &Past) -> Option<NodeTime> {
    let told = past.node_time.unwrap_or_else(|| {
        let mut sums = NodeSums::new(past);
        Buckets::of(past).iter().for_each(|bucket| sums.add(&bucket));
        sums.finish()
    });
    (told.held > 0 && told.watched > 0).then_some(told)
}

/// A bucket's watched part, and when it begins.
pub(super) fn slice_of(past: &Past, bucket: &Bucket<'_>) -> (Slice, Timestamp) {
    let from = bucket.at.max(past.since).max(past.began);
    let millis = watched_millis_of(past, from, bucket.closes);
    (Slice { millis, whole: from == bucket.at && bucket.closes < past.until }, from)
}

/// How many GPUs a node with so much GPU time in a bucket has at least.
pub(super) fn gpus_at_least(slice: &Slice, gpu_millis: i64) -> i64 {
    // Nearly all the time of one more GPU is one more.
    if slice.whole { ((gpu_millis + slice.millis * WHOLE / 100) / slice.millis).max(1) } else { 1 }
}

/// For how long of a bucket a node was held. Where a bucket was watched in part, a node in it was there for all of that.
pub(super) fn share_of(slice: &Slice, gpus: i64, gpu_millis: i64) -> i64 {
    let all = slice.millis * gpus;
    if !slice.whole || gpu_millis * 100 >= all * WHOLE { slice.millis } else { gpu_millis / gpus }
}

/// The past with so many nodes held on average over its watched time: all that is held grows or shrinks alike. `None` if
/// no node is known by name.
pub(super) fn with_nodes(mut past: Past, nodes: NodeCount) -> Option<Past> {
    let time = node_time(&past)?;
    let (wanted, held) = (i128::from(nodes.micros()) * i128::from(time.watched), i128::from(time.held) * 1_000_000);
    // The present number is told in thousandths.
    if wanted == held || time.milli().is_some_and(|milli| nodes.micros() == milli * 1_000) {
        return Some(past);
    }
    // What is worth the same is scaled as one, so that it comes to the same whichever cells it is told in.
    let class = |number: usize| {
        let account = &past.cost_accounts[number];
        (account.kind != CostKind::Overhead).then_some((account.rate, account.power, account.kind))
    };
    let classes = numbered((0..past.cost_accounts.len()).map(class));
    let amounts = |cell: &GpuTimeCell| [cell.held.millis(), cell.idle.millis(), cell.energy].map(i128::from);
    let mut scales = [(); 3].map(|()| ClassScale::new(wanted, held));
    let class_of = |cell: &GpuTimeCell| classes[cell.cost_account.index()];
    for cell in &past.rents {
        let Some(class) = class_of(cell) else { continue };
        scales.iter_mut().zip(amounts(cell)).for_each(|(scale, amount)| scale.count(class, amount));
    }
    scales.iter_mut().for_each(ClassScale::begin);
    for cell in &mut past.rents {
        let Some(class) = class_of(cell) else { continue };
        let mut after = [0; 3];
        for ((scale, amount), after) in scales.iter_mut().zip(amounts(cell)).zip(&mut after) {
            *after = i64::try_from(scale.part(class, amount)?).ok()?;
        }
        (cell.held, cell.idle, cell.energy) = (gpu_time(after[0]), gpu_time(after[1]), after[2]);
    }
    // More GPU time of the same nodes would be taken for more GPUs on each of them.
    past.node_time = Some(NodeTime { held: i64::try_from(wanted / 1_000_000).ok()?, ..time });
    for row in &mut past.borne {
        row.time = row.time.checked_mul(wanted)? / held;
        row.energy = row.energy.checked_mul(wanted)? / held;
    }
    Some(past)
}
