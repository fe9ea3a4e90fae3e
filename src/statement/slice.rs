//! The watched part of a bucket, and the time in it for which a node was allocated.

use super::bucket::Bucket;
use super::watched::watched_millis_of;
use crate::ledger::Past;
use crate::units::Timestamp;

/// A node that was allocated for at least this percentage of a bucket counts as allocated for all of it.
const WHOLE: i64 = 95;

/// The watched part of one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slice {
    /// In milliseconds.
    pub(super) millis: i64,
    /// Whether it is the whole bucket.
    pub(super) whole: bool,
}

/// The watched part of a bucket, and its beginning.
pub(super) fn slice_of(past: &Past, bucket: &Bucket<'_>) -> (Slice, Timestamp) {
    let from = bucket.at.max(past.since).max(past.began);
    let millis = watched_millis_of(past, from, bucket.closes);
    (Slice { millis, whole: from == bucket.at && bucket.closes < past.until }, from)
}

/// The least number of GPUs of a node with so much GPU time in a bucket.
pub(super) fn gpus_at_least(slice: &Slice, gpu_millis: i64) -> i64 {
    // Nearly the whole time of one more GPU counts as one more.
    if slice.whole { ((gpu_millis + slice.millis * WHOLE / 100) / slice.millis).max(1) } else { 1 }
}

/// The time of a bucket for which a node was allocated. In a partly watched bucket, that is all of the watched part.
pub(super) fn share_of(slice: &Slice, gpus: i64, gpu_millis: i64) -> i64 {
    let all = slice.millis * gpus;
    if !slice.whole || gpu_millis * 100 >= all * WHOLE { slice.millis } else { gpu_millis / gpus }
}
