//! How much of a bucket was watched, and for how long a node was held in that.

use super::bucket::Bucket;
use super::watched::watched_millis_of;
use crate::ledger::Past;
use crate::units::Timestamp;

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
