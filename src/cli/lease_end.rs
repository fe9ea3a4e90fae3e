//! `margintop lease end`: the leases of a node, or one lease by its name, ended by hand.

use std::path::Path;

use super::{Failure, out};
use crate::clock::Clock;
use crate::config::Settings;
use crate::lease_history::{self, ConfiguredLeases};
use crate::reading::NodeName;
use crate::store::{self, LeasedRow, Reader};
use crate::units::Timestamp;

/// Ends the leases of a node, or the lease of this name on each node that it pays for.
pub(super) fn end(path: &Path, reader: &Reader, settings: &Settings, of: &str, at: Timestamp) -> Result<(), Failure> {
    let present = lease_history::present(reader, &settings.leases)?;
    let configured = ConfiguredLeases { leases: &present, ..settings.configured_leases() };
    let leased = reader.leased()?;
    let nodes = lease_history::nodes_to_end(&configured, &leased, of, at).map_err(Failure::Usage)?;
    if at > Clock::System.now().wall {
        return Err(Failure::Usage(format!("--at {at}: that is not over yet; set `until` in its [[lease]]")));
    }
    if let Some(began) = reader.header().began.filter(|began| at < *began) {
        return Err(Failure::Usage(format!("--at {at}: the ledger begins at {began}; name an instant after that")));
    }
    let of = |node: &NodeName| leased.iter().filter(|row| row.node == node.as_str()).collect::<Vec<_>>();
    for node in &nodes {
        can_end(node, &of(node), at)?;
    }
    for node in &nodes {
        store::end_lease(path, node, at)?;
        out::line(&format!(
            "the lease of {node} ends at {at}; rent posted after it is taken back by the process that keeps the ledger"
        ))?;
        let gpus: u32 = of(node).iter().filter(|row| row.since.is_some()).filter_map(|row| row.gpus).sum();
        if gpus > 0 {
            let them = if gpus == 1 { "1 GPU" } else { &format!("{gpus} GPUs") };
            out::line(&format!(
                "{node} had {them} at its last report: those that still report are paid again from their next report on, \
                 and lease list shows that as a line of its own"
            ))?;
        }
    }
    Ok(())
}

/// Refuses an end before the time that a node's GPUs are paid since: nothing before that would be taken back.
fn can_end(node: &NodeName, rows: &[&LeasedRow], at: Timestamp) -> Result<(), Failure> {
    if rows.iter().any(|row| row.gpu.is_none()) {
        return Ok(());
    }
    match rows.iter().filter_map(|row| row.since).min().filter(|since| at < *since) {
        None => Ok(()),
        Some(since) => Err(Failure::Usage(format!(
            "--at {at}: {node} is paid since {since}, after an earlier end or gap; name an instant after that"
        ))),
    }
}
