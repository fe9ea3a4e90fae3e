//! The settings of the source.

use std::path::PathBuf;
use std::time::Duration;

use super::kernel;
use crate::reading::NodeName;

/// The settings of the source.
#[derive(Debug, Clone)]
pub struct NvmlSettings {
    /// The library; `None` is `libnvidia-ml.so.1` on the loader's path.
    pub library: Option<PathBuf>,
    /// The name of this machine.
    pub node: NodeName,
    /// When to poll.
    pub pace: PollPace,
    /// The time after which the thread of a call that has not returned is written off.
    pub patience: Duration,
    /// The folder in which the kernel driver lists its GPUs, which are shown even if the library fails.
    pub kernel_list: PathBuf,
}

impl NvmlSettings {
    /// The system's library, one poll per second, and a timeout of two seconds.
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
    /// When [`Driver::poll`](super::driver::Driver::poll) is called.
    Asked,
}
