//! Nodes of an earlier watch: they wait until a source reports them.

use super::{LeasedNode, SavedNode, Tracked};
use crate::reading::NodeName;
use crate::units::Moment;

/// What is known of an earlier watch and not of this one yet.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Nodes that no source has reported since, and when they were last reported.
    pub(super) nodes: Tracked<NodeName, (SavedNode, Moment)>,
    /// Those of them whose GPU time stopped with the earlier watch, not listed as such yet.
    pub(super) stopped: Vec<LeasedNode>,
    /// Keys of saved states that could not be read, to remove.
    pub(super) unread: Vec<String>,
}
