//! Whether snapshots arrive.

use crate::units::Span;

/// Whether snapshots arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SnapshotFeed {
    /// They do.
    #[default]
    Arrives,
    /// None came for so long.
    Quiet(Span),
    /// None will come: a recording or a simulated day was played to its end.
    Ended,
}
