//! The saved states that metering has changed.

use std::collections::BTreeSet;

use super::Metering;
use crate::inventory::Inventory;
use crate::reading::{NodeName, TargetId};

/// The targets and nodes whose saved state may have changed.
#[derive(Debug, Default)]
#[must_use = "what was touched must be in the next checkpoint, or it is lost"]
pub(crate) struct Touched {
    pub(crate) targets: BTreeSet<TargetId>,
    pub(crate) nodes: BTreeSet<NodeName>,
}

impl Metering {
    /// Takes what changed since the last call. The energy of a GPU is saved with its node.
    pub(crate) fn take_touched(&mut self, inventory: &Inventory) -> Touched {
        let mut touched = Touched::default();
        touched.targets.extend(self.engines.take_touched());
        touched.targets.extend(self.duplicates.take_touched());
        touched.targets.extend(self.names.take_touched());
        touched.nodes.extend(self.gpu_cost.take_touched());
        touched.nodes.extend(self.node_bounds.take_touched());
        touched.nodes.extend(self.most_gpus.take_touched());
        let gpus = self.energy.take_touched();
        touched.nodes.extend(gpus.iter().filter_map(|id| Some(inventory.gpus.get(id)?.node.clone())));
        touched
    }
}
