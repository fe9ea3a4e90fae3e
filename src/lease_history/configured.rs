//! The leases of the configuration, and the GPUs of a ledger that they may be for.

use std::collections::BTreeMap;

use super::coverage::KnownGpus;
use crate::natural_order::natural_cmp;
use crate::pricing::{Book, Lease};
use crate::reading::{NodeName, UnitName};
use crate::store::LeasedRow;

/// The leases of a configuration, with what is needed to say which GPUs each is for and what it costs.
#[derive(Debug)]
pub(crate) struct ConfiguredLeases<'a> {
    /// The leases in their order.
    pub(crate) leases: &'a [Lease],
    /// For each lease the number of its `[[lease]]`, from 0: one in another currency is a lease for each exchange rate.
    pub(crate) tables: &'a [usize],
    /// The units that targets name for their nodes.
    pub(crate) units: BTreeMap<NodeName, UnitName>,
    /// The ledger's currency.
    pub(crate) currency: &'a str,
    /// The rates of GPUs without a lease.
    pub(crate) book: &'a Book,
}

impl ConfiguredLeases<'_> {
    /// The GPUs of a ledger, with the units of the present configuration.
    pub(crate) fn known(&self, rows: &[LeasedRow]) -> Vec<KnownGpus> {
        let one = |row: &LeasedRow| {
            let node = NodeName::new(&row.node);
            Some(KnownGpus {
                gpus: row.gpus.filter(|gpus| *gpus > 0)?,
                unit: self.units.get(&node).cloned().or_else(|| row.unit.as_deref().map(UnitName::new)),
                node,
                gpu: row.gpu.clone().unwrap_or_default(),
            })
        };
        let mut known: Vec<KnownGpus> = rows.iter().filter_map(one).collect();
        known.sort_by(|a, b| natural_cmp(a.node.as_str(), b.node.as_str()));
        known
    }

    /// `lease 2`, by its number in the configuration; with its beginning if it is one of several of its table.
    pub(super) fn name(&self, nth: usize, lease: &Lease) -> String {
        let of = |nth: usize| self.tables.get(nth).copied().unwrap_or(nth);
        let is_part = self.tables.iter().filter(|table| **table == of(nth)).count() > 1;
        let from = lease.from.filter(|_| is_part).map_or_else(String::new, |from| format!(" from {from}"));
        format!("lease {}{from}", of(nth) + 1)
    }
}
