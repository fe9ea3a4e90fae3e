//! `margintop lease end`: the leases of a node, or one lease by its name, ended by hand.

use std::path::Path;

use super::{Failure, out};
use crate::clock::Clock;
use crate::config::Settings;
use crate::lease_history::{self, ConfiguredLeases};
use crate::store::{self, Reader};
use crate::units::Timestamp;

/// Ends the leases of a node, or the lease of this name on each node that it pays for.
pub(super) fn end(path: &Path, reader: &Reader, settings: &Settings, of: &str, at: Timestamp) -> Result<(), Failure> {
    let present = lease_history::present(reader, &settings.leases)?;
    let configured = ConfiguredLeases { leases: &present, ..settings.configured_leases() };
    let nodes = lease_history::nodes_to_end(&configured, &reader.leased()?, of, at).map_err(Failure::Usage)?;
    if at > Clock::System.now().wall {
        return Err(Failure::Usage(format!("--at {at}: that is not over yet; set `until` in its [[lease]]")));
    }
    if let Some(began) = reader.header().began.filter(|began| at < *began) {
        return Err(Failure::Usage(format!("--at {at}: the ledger begins at {began}; name an instant after that")));
    }
    for node in &nodes {
        store::end_lease(path, node, at)?;
        out::line(&format!(
            "the lease of {node} ends at {at}; rent posted after it is taken back by the process that keeps the ledger"
        ))?;
    }
    Ok(())
}
