//! Proxy rows whose models engines serve.

use serde::{Deserialize, Serialize};

/// A proxy's row whose model is or was counted by the engines that serve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeftToEngines {
    /// Whether tokens may have been counted nowhere since.
    pub(super) lacks: bool,
    /// Whether no engine serves the model any more. The lost window is counted when the first tokens are posted, since the
    /// model may be served under another name.
    pub(super) ended: bool,
}

impl LeftToEngines {
    /// Whether engines serve the model.
    pub(super) const fn is_served(self) -> bool {
        !self.ended
    }

    /// Whether tokens may have been counted nowhere.
    pub(super) const fn lacks(self) -> bool {
        self.lacks
    }

    /// Whether no engine serves the model any more, and tokens may have been counted nowhere.
    pub(super) const fn has_lost(self) -> bool {
        self.lacks && self.ended
    }
}
