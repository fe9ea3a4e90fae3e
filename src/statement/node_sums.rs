//! Allocated time of nodes, summed bucket by bucket, since a year does not fit in memory.

use std::collections::HashMap;

use super::bucket::{Bucket, Pending};
use super::slice::{Slice, gpus_at_least, share_of, slice_of};
use super::watched::{watched_millis, watched_millis_of};
use crate::ledger::{CostAccount, CostKind, GpuTimeCell, NodeTime, Past};
use crate::reading::NodeName;
use crate::units::Timestamp;

/// GPU time that begins or ends this close to an end of the watched time extends to it: the first poll of the first
/// source is not the driver's first poll.
const SLACK: i64 = 60_000;

/// The same for buckets that are passed one by one, without the past's own cells.
#[derive(Debug)]
pub struct AllocatedNodes<'a> {
    sums: NodeSums<'a>,
    pending: Pending,
}

impl<'a> AllocatedNodes<'a> {
    /// Sums for a past, whose cells it does not read.
    pub fn new(past: &'a Past) -> Self {
        Self { sums: NodeSums::new(past), pending: Pending::default() }
    }

    /// Adds the GPU time of a bucket; buckets come in order.
    pub fn add(&mut self, at: Timestamp, gpu_times: &[GpuTimeCell]) {
        self.pending.give(self.sums.past, Some(at), |bucket| self.sums.add(&bucket));
        self.pending.take(at, &[], gpu_times);
    }

    /// The result.
    pub fn finish(mut self) -> NodeTime {
        self.pending.give(self.sums.past, None, |bucket| self.sums.add(&bucket));
        self.sums.finish()
    }
}

/// A node's time in a bucket: the bucket's watched part, and GPU time in milliseconds.
type NodeHolding = (Slice, i64);

/// Sums by node. The number of GPUs of a node is known only after all buckets, so its times are kept until then.
#[derive(Debug)]
pub(super) struct NodeSums<'a> {
    past: &'a Past,
    /// The node of each cost account of GPUs.
    of_cost_account: Vec<Option<usize>>,
    nodes: Vec<NodeCounts>,
    /// GPU time of each node in the current bucket.
    millis: Vec<i64>,
    /// The beginning of the first bucket in which a node was allocated, and the last one with its watched part.
    ends: Option<(Timestamp, Timestamp, Slice)>,
}

/// The number of buckets with equal times of a node.
#[derive(Debug, Clone, Default)]
struct NodeCounts {
    /// The largest number of GPUs that were allocated at once. A cost account has GPU time, not a number of GPUs.
    gpus: i64,
    /// Usually the same as in the previous bucket.
    last: Option<(NodeHolding, i64)>,
    counts: HashMap<NodeHolding, i64>,
}

impl<'a> NodeSums<'a> {
    pub(super) fn new(past: &'a Past) -> Self {
        let mut numbers: HashMap<&NodeName, usize> = HashMap::new();
        let number = |account: &'a CostAccount| {
            let node = account.node.as_ref().filter(|_| account.kind == CostKind::Gpus)?;
            let next = numbers.len();
            Some(*numbers.entry(node).or_insert(next))
        };
        let of_cost_account: Vec<_> = past.cost_accounts.iter().map(number).collect();
        let (nodes, millis) = (vec![NodeCounts::default(); numbers.len()], vec![0; numbers.len()]);
        Self { past, of_cost_account, nodes, millis, ends: None }
    }

    pub(super) fn add(&mut self, bucket: &Bucket<'_>) {
        self.millis.fill(0);
        for cell in bucket.gpu_times {
            if let Some(Some(node)) = self.of_cost_account.get(cell.cost_account.index()) {
                self.millis[*node] += cell.allocated.millis();
            }
        }
        let (slice, from) = slice_of(self.past, bucket);
        if slice.millis <= 0 || self.millis.iter().all(|millis| *millis <= 0) {
            return;
        }
        for (node, millis) in self.nodes.iter_mut().zip(&self.millis).filter(|(_, millis)| **millis > 0) {
            node.gpus = node.gpus.max(gpus_at_least(&slice, *millis));
            node.add((slice, *millis));
        }
        self.ends = Some((self.ends.map_or(from, |(first, ..)| first), from, slice));
    }

    pub(super) fn finish(self) -> NodeTime {
        let Some((first, last, slice)) = self.ends else { return NodeTime { allocated: 0, watched: 0 } };
        let near = |gap: i64| if gap <= SLACK { gap } else { 0 };
        let early = near(watched_millis_of(self.past, self.past.since.max(self.past.began), first));
        let late = near(watched_millis_of(self.past, last, self.past.until) - slice.millis);
        let allocated = self.nodes.into_iter().map(NodeCounts::allocated).sum();
        NodeTime { allocated, watched: watched_millis(self.past) - early - late }
    }
}

impl NodeCounts {
    fn add(&mut self, holding: NodeHolding) {
        if let Some((_, count)) = self.last.as_mut().filter(|(last, _)| *last == holding) {
            *count += 1;
        } else if let Some((before, count)) = self.last.replace((holding, 1)) {
            *self.counts.entry(before).or_default() += count;
        }
    }

    fn allocated(self) -> i64 {
        let all = self.counts.into_iter().chain(self.last);
        all.map(|((slice, millis), count)| share_of(&slice, self.gpus.max(1), millis) * count).sum()
    }
}
