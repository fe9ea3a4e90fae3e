//! The messages from the threads and the handle of the source to its loop.

use std::time::Duration;

use super::load::{Failed, Loaded};

/// What reaches the loop.
pub(super) enum LaneMessage {
    /// A poll is wanted now.
    Poll,
    /// Looks are wanted so often.
    Every(Duration),
    /// Loading ended.
    Loaded(Result<Loaded, Failed>),
    /// A thread visited all GPUs that it was told to.
    Ended(u64),
    /// A thread that was written off came out of the driver.
    Back(u64),
    /// The driver reported an error.
    Xid { gpu: u32, code: u32 },
    /// The receiver is gone.
    Stop,
}
