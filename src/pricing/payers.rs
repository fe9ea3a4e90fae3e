//! The lease that pays for each GPU at an instant.
//!
//! Leases of a fixed number of a node's or unit's GPUs come first, then the others in the order of the configuration. A
//! lease of a number of GPUs pays for the first that it covers, by node and index; further GPUs are paid for by the next
//! lease that covers them.

use super::{Lease, Leased};
use crate::reading::{NodeName, UnitName};
use crate::units::Timestamp;

/// The leases in force at an instant, in the order in which they pay, each with the number of GPUs that it can still pay
/// for.
#[derive(Debug)]
pub struct Payers<'a>(Vec<(&'a Lease, u32)>);

impl<'a> Payers<'a> {
    /// The leases in force at an instant.
    pub fn at(leases: &'a [Lease], at: Timestamp) -> Self {
        let running = || leases.iter().filter(|lease| lease.runs_at(at));
        let order = running().filter(|lease| lease.is_schedule()).chain(running().filter(|lease| !lease.is_schedule()));
        Self(order.map(|lease| (lease, lease.gpus.unwrap_or(u32::MAX))).collect())
    }

    /// The lease that pays for the next GPU. Call this for the GPUs in the order of nodes and indexes.
    pub fn next(&mut self, node: &NodeName, unit: Option<&UnitName>, gpu: &str) -> Option<&'a Lease> {
        let pays = |(lease, left): &&mut (&Lease, u32)| *left > 0 && lease.covers(node, unit, gpu);
        let (lease, left) = self.0.iter_mut().find(pays)?;
        if lease.gpus.is_some() {
            *left -= 1;
        }
        Some(lease)
    }

    /// Every lease that covers a GPU, including those of a fixed number.
    pub fn all<'s>(
        &'s self,
        node: &'s NodeName,
        unit: Option<&'s UnitName>,
        gpu: &'s str,
    ) -> impl Iterator<Item = &'a Lease> + 's {
        self.0.iter().map(|(lease, _)| *lease).filter(move |lease| lease.covers(node, unit, gpu))
    }

    /// Whether a lease shares its number of GPUs between nodes.
    pub fn spans_nodes(&self) -> bool {
        self.0.iter().any(|(lease, _)| lease.gpus.is_some() && !matches!(lease.leased, Leased::Node(_)))
    }
}
