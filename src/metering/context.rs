//! What surrounds a step of metering: the ledger to post to, and what exists and is configured.

use crate::inventory::{FleetConfig, Inventory, TargetInfo};
use crate::ledger::Ledger;
use crate::reading::NodeName;
use crate::units::{Moment, Timestamp};

/// One page's surroundings.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a FleetConfig,
    pub(crate) inventory: &'a Inventory,
    pub(crate) ledger: &'a mut Ledger,
    /// The target whose page it is.
    pub(crate) info: &'a TargetInfo,
    /// The node that the target is on.
    pub(crate) node: &'a NodeName,
    /// When the page came.
    pub(crate) at: Moment,
    /// Since when the fleet is watched without a gap that was too long.
    pub(crate) watched_from: Option<Timestamp>,
}
