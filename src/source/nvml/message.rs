//! The messages from the threads and the handle of the source to its loop.

use std::time::Duration;

use super::load::{Failed, Loaded};

/// What reaches the loop.
pub(super) enum LaneMessage {
    /// A poll was asked for.
    Poll,
    /// The interval between polls was set.
    Every(Duration),
    /// Loading ended.
    Loaded(Result<Loaded, Failed>),
    /// A thread visited all its GPUs.
    Ended(u64),
    /// A call of a thread that was written off returned.
    Back(u64),
    /// The driver reported an error.
    Xid { gpu: u32, code: u32 },
    /// The receiver was dropped.
    Stop,
}
