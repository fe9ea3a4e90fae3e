//! The part of the inventory that metering reads.

use crate::inventory::{FleetConfig, Inventory};

/// The inventory and the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InventoryView<'a> {
    pub(crate) config: &'a FleetConfig,
    pub(crate) inventory: &'a Inventory,
}
