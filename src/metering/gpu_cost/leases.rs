//! The subject of a lease, and the instants at which it begins and ends.

use crate::pricing::{Lease, Leased};
use crate::units::Timestamp;

/// The instants inside an interval at which a lease begins or ends.
pub(in crate::metering) fn lease_edges(leases: &[Lease], from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let mut edges: Vec<_> = leases
        .iter()
        .flat_map(|lease| [lease.from, lease.until])
        .flatten()
        .filter(|edge| *edge > from && *edge < to)
        .collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// The subject of a lease, as text.
pub(super) fn subject(lease: &Lease) -> String {
    match &lease.leased {
        Leased::Gpu(words) => format!("gpu {words}"),
        Leased::Node(node) => format!("node {node}"),
        Leased::Unit(unit) => format!("unit {unit}"),
    }
}
