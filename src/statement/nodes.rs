//! How many nodes were held on average, and the past with another number of them.

use std::borrow::Borrow;
use std::collections::HashMap;

use super::bucket::{Bucket, Buckets};
use super::row::gpu_time;
use super::watched::{watched_millis, watched_millis_of};
use crate::ledger::{CostAccount, CostKind, GpuTimeCell, Past};
use crate::reading::NodeName;
use crate::units::{NodeCount, Timestamp};

/// Rent that begins or ends this close to the ends of what was watched runs from and to them: the first poll of the
/// first source is not the first of the driver.
const SLACK: i64 = 60_000;
/// A node that was held for at least this much of a bucket, in percent, was held all the time of it.
const WHOLE: i64 = 95;

/// For how long nodes were held, and how long was watched, both in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeTime {
    /// All nodes together.
    pub(super) held: i64,
    /// The watched time that the average is over.
    pub(super) watched: i64,
}

impl NodeTime {
    /// How many nodes were held on average, in thousandths.
    pub(super) fn milli(self) -> i64 {
        let (held, watched) = (i128::from(self.held), i128::from(self.watched));
        ((held * 1_000 + watched / 2) / watched) as i64
    }
}

/// One bucket's watched part.
pub(super) struct Slice {
    /// In milliseconds.
    pub(super) millis: i64,
    /// Whether that is all of the bucket.
    pub(super) whole: bool,
}

/// How long nodes were held; `None` if no node is known by name.
pub(super) fn node_time(past: &Past) -> Option<NodeTime> {
    let buckets = Buckets::of(past);
    let all: Vec<_> = buckets.iter().filter_map(|bucket| nodes_of(past, &bucket)).collect();
    let (first, last) = (all.first()?, all.last()?);
    let gpus = gpus_of_nodes(&all);
    let mut held = 0;
    for (slice, nodes) in all.iter().map(|(slice, _, nodes)| (slice, nodes)) {
        held += nodes.iter().map(|(node, gpu_millis)| share_of(slice, gpus[node], *gpu_millis)).sum::<i64>();
    }
    let near = |gap: i64| if gap <= SLACK { gap } else { 0 };
    let early = near(watched_millis_of(past, past.since.max(past.began), first.1));
    let late = near(watched_millis_of(past, last.1, past.until) - last.0.millis);
    let watched = watched_millis(past) - early - late;
    (held > 0 && watched > 0).then_some(NodeTime { held, watched })
}

/// A bucket's watched part, when it begins, and the GPU time of each node in it; `None` without any.
pub(super) type Held<'a> = (Slice, Timestamp, HashMap<&'a NodeName, i64>);

pub(super) fn nodes_of<'a>(past: &'a Past, bucket: &Bucket<'_>) -> Option<Held<'a>> {
    let mut nodes: HashMap<&NodeName, i64> = HashMap::new();
    for cell in bucket.rents {
        if let CostAccount { node: Some(node), kind: CostKind::Gpus, .. } = past.cost_account(cell.cost_account) {
            *nodes.entry(node).or_default() += cell.held.millis();
        }
    }
    nodes.retain(|_, millis| *millis > 0);
    let (slice, from) = slice_of(past, bucket);
    (!nodes.is_empty() && slice.millis > 0).then_some((slice, from, nodes))
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

/// How many GPUs each node has: as many as it ever held at once. A cost account says GPU time and not how many there are.
pub(super) fn gpus_of_nodes<'a>(all: impl IntoIterator<Item = impl Borrow<Held<'a>>>) -> HashMap<&'a NodeName, i64> {
    let mut gpus: HashMap<&NodeName, i64> = HashMap::new();
    for held in all {
        let (slice, _, nodes) = held.borrow();
        for (node, millis) in nodes {
            let most = gpus.entry(node).or_insert(1);
            *most = (*most).max(gpus_at_least(slice, *millis));
        }
    }
    gpus
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
    if wanted == held || nodes.micros() == time.milli() * 1_000 {
        return Some(past);
    }
    let gpus: Vec<_> = past.cost_accounts.iter().map(|cost_account| cost_account.kind != CostKind::Overhead).collect();
    let mut scale = Scale { wanted, held, sums: [(0, 0); 3] };
    for cell in past.rents.iter_mut().filter(|cell| gpus[cell.cost_account.index()]) {
        scale.scale(cell)?;
    }
    for row in &mut past.borne {
        row.time = row.time.checked_mul(wanted)? / held;
        row.energy = row.energy.checked_mul(wanted)? / held;
    }
    Some(past)
}

/// Cells times a quotient, each the difference of two running parts, so that their sum is scaled as a whole.
struct Scale {
    wanted: i128,
    held: i128,
    sums: [(i128, i128); 3],
}

impl Scale {
    fn scale(&mut self, cell: &mut GpuTimeCell) -> Option<()> {
        let amounts = [cell.held.millis(), cell.idle.millis(), cell.energy];
        let mut scaled = [0; 3];
        for ((amount, (before, after)), scaled) in amounts.into_iter().zip(&mut self.sums).zip(&mut scaled) {
            *before += i128::from(amount);
            let upto = *before * self.wanted / self.held;
            *scaled = i64::try_from(upto - *after).ok()?;
            *after = upto;
        }
        (cell.held, cell.idle, cell.energy) = (gpu_time(scaled[0]), gpu_time(scaled[1]), scaled[2]);
        Some(())
    }
}
