//! The lease that pays for each GPU at an instant.
//!
//! Leases of a fixed number of a node's or unit's GPUs come first, then the others in the order of the configuration. A
//! lease of a number of GPUs pays for the first that it covers, by node and index, and one of a number of nodes for all GPUs
//! of the first nodes; further GPUs are paid for by the next lease that covers them.

use super::{Lease, Leased};
use crate::reading::{NodeName, UnitName};
use crate::units::Timestamp;

/// The leases in force at an instant, in the order in which they pay.
#[derive(Debug)]
pub struct Payers<'a>(Vec<Payer<'a>>);

#[derive(Debug)]
struct Payer<'a> {
    lease: &'a Lease,
    /// The number of GPUs, or of nodes, that it can still pay for.
    left: u32,
    /// The last node that it pays for as a whole.
    node: Option<NodeName>,
}

impl Payer<'_> {
    fn pays(&self, node: &NodeName) -> bool {
        self.left > 0 || self.node.as_ref() == Some(node)
    }

    fn take(&mut self, node: &NodeName) {
        if self.lease.nodes.is_none() {
            self.left -= u32::from(self.lease.gpus.is_some());
        } else if self.node.as_ref() != Some(node) {
            (self.left, self.node) = (self.left - 1, Some(node.clone()));
        }
    }
}

impl<'a> Payers<'a> {
    /// The leases in force at an instant.
    pub fn at(leases: &'a [Lease], at: Timestamp) -> Self {
        let running = || leases.iter().filter(|lease| lease.runs_at(at));
        let order = running().filter(|lease| lease.is_schedule()).chain(running().filter(|lease| !lease.is_schedule()));
        let payer =
            |lease: &'a Lease| Payer { lease, left: lease.nodes.or(lease.gpus).unwrap_or(u32::MAX), node: None };
        Self(order.map(payer).collect())
    }

    /// The lease that pays for the next GPU. Call this for the GPUs in the order of nodes and indexes.
    pub fn next(&mut self, node: &NodeName, unit: Option<&UnitName>, gpu: &str) -> Option<&'a Lease> {
        let pays = |payer: &&mut Payer<'_>| payer.pays(node) && payer.lease.covers(node, unit, gpu);
        let payer = self.0.iter_mut().find(pays)?;
        payer.take(node);
        Some(payer.lease)
    }

    /// Every lease that covers a GPU, including those of a fixed number.
    pub fn all<'s>(
        &'s self,
        node: &'s NodeName,
        unit: Option<&'s UnitName>,
        gpu: &'s str,
    ) -> impl Iterator<Item = &'a Lease> + 's {
        self.0.iter().map(|payer| payer.lease).filter(move |lease| lease.covers(node, unit, gpu))
    }

    /// Whether a lease shares its number of GPUs between nodes.
    pub fn spans_nodes(&self) -> bool {
        self.0.iter().any(|Payer { lease, .. }| lease.gpus.is_some() && !matches!(lease.leased, Leased::Node(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_of_nodes_pays_for_the_first_nodes_with_the_gpus_that_they_have() -> Result<(), crate::units::DecimalError>
    {
        let unit = UnitName::new("u");
        let nodes = Lease { gpus: Some(16), nodes: Some(2), ..Lease::of(Leased::Unit(unit.clone()), "4.50".parse()?) };
        let leases = [nodes, Lease::of(Leased::Gpu("H100".to_owned()), "3.60".parse()?)];
        for gpus in [1, 2, 8, 10] {
            let mut payers = Payers::at(&leases, Timestamp::default());
            let mut pays = |node: &str| {
                let of_unit = |_: &usize| {
                    let lease = payers.next(&NodeName::new(node), Some(&unit), "NVIDIA H100");
                    lease.is_some_and(Lease::is_schedule)
                };
                (0..gpus).filter(of_unit).count()
            };
            assert_eq!([pays("a"), pays("b"), pays("c")], [gpus, gpus, 0]);
        }
        Ok(())
    }
}
