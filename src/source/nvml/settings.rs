//! What the source needs to know.

use std::path::PathBuf;
use std::time::Duration;

use super::kernel;
use crate::reading::NodeName;

/// What the source needs to know.
#[derive(Debug, Clone)]
pub struct NvmlSettings {
    /// The library; `None` is `libnvidia-ml.so.1` wherever the loader finds it.
    pub library: Option<PathBuf>,
    /// The name of this machine.
    pub node: NodeName,
    /// When to poll.
    pub pace: PollPace,
    /// How long a call may take before its thread is written off.
    pub patience: Duration,
    /// Where the kernel's driver lists its GPUs: they have a row even where the library gives nothing.
    pub kernel_list: PathBuf,
}

impl NvmlSettings {
    /// The system's library, a poll a second, two seconds of patience.
    pub fn new(node: NodeName) -> Self {
        Self {
            library: None,
            node,
            pace: PollPace::Every(Duration::from_secs(1)),
            patience: Duration::from_secs(2),
            kernel_list: kernel::FOLDER.into(),
        }
    }
}

/// When to poll the GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollPace {
    /// At once, again after 300 ms, then at every interval; less often while a poll takes longer than that.
    Every(Duration),
    /// When [`Driver::poll`](super::driver::Driver::poll) asks.
    Asked,
}
