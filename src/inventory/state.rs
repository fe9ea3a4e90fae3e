//! What the inventory is made of.

use super::earlier::Earlier;
use super::hosts::Hosts;
use super::indexed::IndexedMap;
use super::labels::Labels;
use super::source_errors::SourceErrors;
use super::{Gpu, Node, Target, Tracked};
use crate::pricing::FormerNames;
use crate::reading::{GpuId, NodeName, TargetId};
use crate::units::{Moment, Span};
use std::collections::{BTreeSet, HashMap};

/// All known targets, nodes and GPUs.
#[derive(Debug)]
pub struct Inventory {
    pub(crate) targets: IndexedMap<TargetId, Target>,
    /// The nodes that the configuration gives to targets.
    pub(super) configured: Tracked<TargetId, NodeName>,
    pub(crate) nodes: Tracked<NodeName, Node>,
    pub(crate) gpus: Tracked<GpuId, Gpu>,
    pub(super) hosts: Hosts,
    pub(super) labels: Labels,
    /// The nodes that each GPU page has listed.
    pub(super) listings: HashMap<TargetId, BTreeSet<NodeName>>,
    pub(super) earlier: Earlier,
    /// The known nodes with the names that each had before.
    pub(super) former: FormerNames,
    pub(super) source_errors: SourceErrors,
    pub(super) local: NodeName,
    pub(super) window: Span,
    pub(super) stale_after: Span,
    pub(super) lost_after: Span,
    /// How long a node may be missing from its page before its GPUs are released.
    pub(super) release_after: Span,
    /// When this watch began.
    pub(super) began: Moment,
    pub(super) now: Moment,
}
