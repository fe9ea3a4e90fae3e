//! The context of a step of metering: the ledger to post to, the inventory and the configuration.

use std::cell::OnceCell;

use super::gpu_cost::{InventoryView, knows_cost, seen_after};
use crate::inventory::{FleetConfig, Inventory, TargetInfo};
use crate::ledger::Ledger;
use crate::reading::{EngineReading, NodeName, UnitName};
use crate::units::{Moment, Span, Timestamp};

/// The context of metering one page.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a FleetConfig,
    pub(crate) inventory: &'a Inventory,
    pub(crate) ledger: &'a mut Ledger,
    /// The target that sent the page.
    pub(crate) info: &'a TargetInfo,
    /// The node of the target, or of an instance on its page while that is metered.
    pub(crate) node: &'a NodeName,
    /// When the page was received.
    pub(crate) at: Moment,
    /// The start of continuous observation of the fleet, without a gap beyond the limit.
    pub(crate) watched_from: Option<Timestamp>,
    /// Whether the cost of the target's node is known now; computed for its first row.
    pub(crate) costed: OnceCell<bool>,
}

impl<'a> Context<'a> {
    /// Sets the node that the page's next instance is on.
    pub(super) fn move_to(&mut self, node: &'a NodeName) {
        if self.node != node {
            (self.node, self.costed) = (node, OnceCell::new());
        }
    }

    /// The node of a row of the target's page.
    pub(super) fn node_of(&self, row: &EngineReading) -> &'a NodeName {
        self.inventory.node_of_row(self.info, row)
    }

    /// Whether the cost of the node of a row is known now.
    pub(super) fn is_costed(&self, node: &NodeName, unit: Option<&UnitName>) -> bool {
        if node == self.node {
            return *self.costed.get_or_init(|| self.knows_cost(node, unit));
        }
        self.knows_cost(node, unit)
    }

    /// Whether the cost of a node's GPUs is known now.
    pub(super) fn knows_cost(&self, node: &NodeName, unit: Option<&UnitName>) -> bool {
        self.knew_cost(node, unit, self.at.wall)
    }

    /// Whether a lease has begun or ended, or an assumed rate has begun, since an instant.
    pub(super) fn has_new_terms(&self, since: Timestamp) -> bool {
        let mut edges = self.config.leases.iter().flat_map(|lease| [lease.from, lease.until]).flatten();
        let mut assumed = self.ledger.book().gpu_rates().edges(since, self.at.wall + Span::from_millis(1));
        edges.any(|edge| edge > since && edge <= self.at.wall) || assumed.next().is_some()
    }

    /// Since when the node's GPUs are known, if that is after an instant by more than the time between two polls.
    pub(super) fn gpus_seen_after(&self, node: &NodeName, since: Timestamp) -> Option<Timestamp> {
        seen_after(InventoryView { config: self.config, inventory: self.inventory }, node, since)
    }

    /// Whether the cost of a node's GPUs was known at an instant.
    pub(super) fn knew_cost(&self, node: &NodeName, unit: Option<&UnitName>, at: Timestamp) -> bool {
        let view = InventoryView { config: self.config, inventory: self.inventory };
        knows_cost(self.ledger, view, node, unit, at)
    }
}
