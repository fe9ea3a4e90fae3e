//! The messages to the source's loop, from its threads and its handle.

use std::time::Duration;

use super::load::{Failed, Loaded};

/// A message to the loop.
pub(super) enum LaneMessage {
    /// A poll was requested.
    Poll,
    /// The interval between polls was set.
    Every(Duration),
    /// Loading has ended.
    Loaded(Result<Loaded, Failed>),
    /// A thread visited all its GPUs.
    Ended(u64),
    /// A call of a thread that was written off returned.
    Back(u64),
    /// The driver reported an XID error.
    Xid { gpu: u32, code: u32 },
    /// The receiver was dropped.
    Stop,
}
