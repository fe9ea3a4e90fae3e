//! When a row's tokens last grew, and whether it has left its page since.

use crate::units::Moment;

/// When a row's tokens last grew, and whether it has left its page since.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LastGrowth {
    pub(super) at: Option<Moment>,
    /// Whether a lost window was counted for it.
    pub(super) has_departed: bool,
}
