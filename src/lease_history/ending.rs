//! Which nodes' leases `lease end` ends.

use std::collections::BTreeMap;

use super::configured::ConfiguredLeases;
use super::coverage::paid;
use crate::natural_order::natural_cmp;
use crate::pricing::{Lease, Leased};
use crate::reading::NodeName;
use crate::store::LeasedRow;
use crate::units::Timestamp;

/// The nodes whose leases end. A node ends whole, so a lease ends by its name where it pays for all of its nodes' GPUs.
pub(crate) fn nodes_to_end(
    configured: &ConfiguredLeases<'_>,
    rows: &[LeasedRow],
    of: &str,
    at: Timestamp,
) -> Result<Vec<NodeName>, String> {
    let leases = configured.leases;
    if rows.iter().any(|row| row.node == of) {
        return Ok(vec![NodeName::new(of)]);
    }
    let named = |lease: &&Lease| lease.runs_at(at) && (lease.name.as_deref() == Some(of) || lease.label() == of);
    let Some(lease) = leases.iter().find(named) else { return Err(unknown(rows, leases, of, at)) };
    let until = format!("set until = \"{at}\" in its [[lease]]");
    if lease.is_schedule() && !matches!(lease.leased, Leased::Node(_)) {
        let what = "is for a number of GPUs of a whole unit, and only nodes are ended by hand";
        return Err(format!("lease \"{of}\" {what}: {until}"));
    }
    if let (true, Some(node)) = (lease.is_schedule(), lease.node()) {
        let others = leases.iter().filter(|other| {
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
    let known = configured.known(rows);
    let mut gpus: BTreeMap<&NodeName, (u32, u32)> = BTreeMap::new();
    for (row, payer) in paid(&known, leases, at) {
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
fn unknown(rows: &[LeasedRow], leases: &[Lease], of: &str, at: Timestamp) -> String {
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable_by(|a, b| natural_cmp(a, b));
        names.dedup();
        names
    };
    let nodes = sorted(rows.iter().map(|row| row.node.clone()).collect());
    let running = leases.iter().filter(|lease| lease.runs_at(at));
    let names = sorted(running.map(Lease::label).collect());
    let known = match nodes.as_slice() {
        [] => "the ledger has no leases".to_owned(),
        nodes => format!("the ledger has leases of {}", nodes.join(", ")),
    };
    let running =
        if names.is_empty() { String::new() } else { format!("; running leases are \"{}\"", names.join("\", \"")) };
    format!("no lease of node {of}, and none of this name; {known}{running}")
}
