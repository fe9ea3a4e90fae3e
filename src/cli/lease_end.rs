//! `margintop lease end`: the leases of a node, or one lease by its name, ended by hand.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Failure, leases, out};
use crate::clock::Clock;
use crate::config::Settings;
use crate::lease_history;
use crate::pricing::{Lease, Leased};
use crate::reading::NodeName;
use crate::store::{self, LeasedRow, Reader};
use crate::units::Timestamp;

/// Ends the leases of a node, or the lease of this name on each node that it pays for.
pub(super) fn end(path: &Path, reader: &Reader, settings: &Settings, of: &str, at: Timestamp) -> Result<(), Failure> {
    let rows = reader.leased()?;
    let settings = &Settings { leases: lease_history::present(reader, &settings.leases)?, ..settings.clone() };
    let nodes = nodes(&rows, settings, of, at).map_err(Failure::Usage)?;
    if at > Clock::System.now().wall {
        return Err(Failure::Usage(format!("--at {at}: that is not over yet; set `until` in its [[lease]]")));
    }
    for node in &nodes {
        store::end_lease(path, node, at)?;
        out::line(&format!(
            "the lease of {node} ends at {at}; rent posted after it is taken back by the process that keeps the ledger"
        ))?;
    }
    Ok(())
}

/// The nodes whose leases end. A node ends whole, so a lease ends by its name where it pays for all of its nodes' GPUs.
fn nodes(rows: &[LeasedRow], settings: &Settings, of: &str, at: Timestamp) -> Result<Vec<NodeName>, String> {
    if rows.iter().any(|row| row.node == of) {
        return Ok(vec![NodeName::new(of)]);
    }
    let named = |lease: &&Lease| lease.runs_at(at) && (lease.name.as_deref() == Some(of) || lease.label() == of);
    let Some(lease) = settings.leases.iter().find(named) else { return Err(unknown(rows, settings, of, at)) };
    let until = format!("set until = \"{at}\" in its [[lease]]");
    if lease.is_schedule() && !matches!(lease.leased, Leased::Node(_)) {
        let what = "is for a number of GPUs of a whole unit, and only nodes are ended by hand";
        return Err(format!("lease \"{of}\" {what}: {until}"));
    }
    if let (true, Some(node)) = (lease.is_schedule(), lease.node()) {
        let others = settings.leases.iter().filter(|other| {
            let same = !std::ptr::eq(*other, lease) && other.runs_at(at) && other.is_schedule();
            same && other.covers(node, None, "")
        });
        return match others.map(Lease::label).next() {
            None => Ok(vec![node.clone()]),
            Some(other) => {
                Err(format!("lease \"{of}\" and \"{other}\" both pay for node {node}, which ends whole: {until}"))
            }
        };
    }
    let known = leases::known(settings, rows);
    let mut gpus: BTreeMap<&NodeName, (u32, u32)> = BTreeMap::new();
    for (row, payer) in lease_history::paid(&known, &settings.leases, at) {
        let (paid, all) = gpus.entry(&row.node).or_default();
        *paid += u32::from(payer.is_some_and(|payer| std::ptr::eq(payer, lease)));
        *all += 1;
    }
    gpus.retain(|_, (paid, _)| *paid > 0);
    if let Some((node, (paid, all))) = gpus.iter().find(|(_, (paid, all))| paid < all) {
        return Err(format!(
            "lease \"{of}\" pays for {paid} of the {all} GPUs of node {node}, which ends whole: {until}, or write lease end \
             {node} to end all of it"
        ));
    }
    match gpus.len() {
        0 => Err(format!("lease \"{of}\" pays for no GPU that the ledger knows at {at}: {until}")),
        _ => Ok(gpus.into_keys().cloned().collect()),
    }
}

/// What there is to end instead.
fn unknown(rows: &[LeasedRow], settings: &Settings, of: &str, at: Timestamp) -> String {
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names.dedup();
        names
    };
    let nodes = sorted(rows.iter().map(|row| row.node.clone()).collect());
    let running = settings.leases.iter().filter(|lease| lease.runs_at(at));
    let leases = sorted(running.map(Lease::label).collect());
    let known = match nodes.as_slice() {
        [] => "the ledger has no leases".to_owned(),
        nodes => format!("the ledger has leases of {}", nodes.join(", ")),
    };
    let names =
        if leases.is_empty() { String::new() } else { format!("; running leases are \"{}\"", leases.join("\", \"")) };
    format!("no lease of node {of}, and none of this name; {known}{names}")
}
