//! The GPUs of each node that are paid for, as `margintop lease list` shows them.

use super::{SavedGpu, SavedNode};
use crate::reading::{Label, NodeName, UnitName};
use crate::units::Timestamp;

/// The GPUs of one node that are paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedNode {
    /// The node.
    pub node: NodeName,
    /// Its deployment unit.
    pub unit: Option<UnitName>,
    /// When its first GPU was seen.
    pub since: Option<Timestamp>,
    /// Up to when GPU time is posted; `None` if that is up to the ledger's last event.
    pub until: Option<Timestamp>,
    /// The number of GPUs by the driver's name for them; empty if all are released.
    pub gpus: Vec<(Option<Label>, u32)>,
}

impl LeasedNode {
    /// A node's GPUs, whose time is posted up to the ledger's last event.
    pub(crate) fn of(saved: &SavedNode, unit: Option<UnitName>) -> Self {
        Self { node: saved.node.clone(), unit, since: saved.allocated_from, until: None, gpus: by_name(&saved.gpus) }
    }

    /// A node whose GPUs are all released.
    pub(crate) const fn released(node: NodeName) -> Self {
        Self { node, unit: None, since: None, until: None, gpus: Vec::new() }
    }
}

/// The number of GPUs by the driver's name for them.
fn by_name(gpus: &[SavedGpu]) -> Vec<(Option<Label>, u32)> {
    let mut names: Vec<(Option<Label>, u32)> = Vec::new();
    for gpu in gpus {
        match names.iter_mut().find(|(name, _)| *name == gpu.name) {
            Some((_, count)) => *count += 1,
            None => names.push((gpu.name.clone(), 1)),
        }
    }
    names
}
