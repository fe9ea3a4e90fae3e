//! What the fleet is made of.

use super::commits::Commits;
use super::sparklines::Sparklines;
use super::watch::Watch;
use crate::inventory::{FleetConfig, Inventory};
use crate::ledger::{Ledger, Pace};
use crate::metering::Metering;

/// The state of the fleet, built from events.
#[derive(Debug)]
pub struct Fleet {
    pub(super) config: FleetConfig,
    pub(super) inventory: Inventory,
    pub(super) metering: Metering,
    pub(super) ledger: Ledger,
    pub(super) pace: Pace,
    pub(super) sparklines: Sparklines,
    pub(super) watch: Watch,
    pub(super) commits: Commits,
}
