//! Known GPUs without a lease, and GPUs with two leases at one time.

use std::collections::{BTreeMap, BTreeSet};

use crate::pricing::{Book, Lease, Payers};
use crate::reading::{NodeName, UnitName};
use crate::units::Timestamp;

/// GPUs of one name on one node.
pub(crate) struct KnownGpus {
    pub(crate) node: NodeName,
    pub(crate) unit: Option<UnitName>,
    pub(crate) gpu: String,
    pub(crate) gpus: u32,
}

/// `1 GPU`, `8 GPUs`.
pub(crate) fn gpus(count: u32) -> String {
    format!("{count} GPU{}", if count == 1 { "" } else { "s" })
}

/// Each known GPU with the lease that pays for it at an instant.
pub(crate) fn paid<'a>(
    known: &'a [KnownGpus],
    leases: &'a [Lease],
    at: Timestamp,
) -> Vec<(&'a KnownGpus, Option<&'a Lease>)> {
    let mut payers = Payers::at(leases, at);
    let gpus = known.iter().flat_map(|row| (0..row.gpus).map(move |_| row));
    gpus.map(|row| (row, payers.next(&row.node, row.unit.as_ref(), &row.gpu))).collect()
}

/// GPUs that no lease pays for.
pub(crate) fn uncovered(
    known: &[KnownGpus],
    leases: &[Lease],
    (book, currency): (&Book, &str),
    now: Timestamp,
) -> Vec<String> {
    let mut bare: BTreeMap<(&NodeName, &str), u32> = BTreeMap::new();
    for (row, _) in paid(known, leases, now).into_iter().filter(|(_, payer)| payer.is_none()) {
        *bare.entry((&row.node, &row.gpu)).or_default() += 1;
    }
    let line = |((node, gpu), gpus): ((&NodeName, &str), u32)| {
        let of = |row: &&KnownGpus| row.node == *node && row.gpu == gpu;
        let all: u32 = known.iter().filter(of).map(|row| row.gpus).sum();
        let pays = match book.gpu_rate(gpu) {
            Some(assumed) => {
                format!("an assumed rate of {} {} per GPU and hour pays", assumed.rate, currency)
            }
            None => "no rate is known, and their cost is in no profit".to_owned(),
        };
        format!(
            "node {node}: no lease covers {gpus} of {} ({}): {pays}; write a [[lease]]",
            self::gpus(all),
            shown(gpu)
        )
    };
    bare.into_iter().map(line).collect()
}

/// GPUs with two leases at one time, of which one pays, and nodes with leases for more GPUs than are known.
pub(crate) fn doubly_covered(known: &[KnownGpus], leases: &[Lease], now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    // Overlaps begin where one of the leases begins.
    let begins = leases.iter().filter_map(|lease| lease.from).filter(|from| *from > now);
    for at in begins.chain([now]).collect::<BTreeSet<_>>() {
        for line in doubled(known, leases, at).into_iter().chain(overpaid(known, leases, at)) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

fn number(leases: &[Lease], lease: &Lease) -> usize {
    leases.iter().position(|other| std::ptr::eq(other, lease)).map_or(0, |nth| nth + 1)
}

fn doubled(known: &[KnownGpus], leases: &[Lease], at: Timestamp) -> Vec<String> {
    let paid = paid(known, leases, at);
    let all = Payers::at(leases, at);
    let pays_on = |lease: &Lease, node: &NodeName| {
        paid.iter().any(|(row, payer)| row.node == *node && payer.is_some_and(|payer| std::ptr::eq(payer, lease)))
    };
    let mut found: BTreeMap<(&NodeName, &str, usize, usize), u32> = BTreeMap::new();
    for (row, payer) in paid.iter().filter_map(|(row, payer)| Some((*row, (*payer)?))) {
        let others = all.all(&row.node, row.unit.as_ref(), &row.gpu);
        let never_pays =
            |other: &&Lease| !std::ptr::eq(*other, payer) && !other.is_schedule() && !pays_on(other, &row.node);
        if let Some(other) = others.into_iter().find(never_pays) {
            let key = (&row.node, row.gpu.as_str(), number(leases, payer), number(leases, other));
            *found.entry(key).or_default() += 1;
        }
    }
    let line = |((node, gpu, payer, other), gpus): ((&NodeName, &str, usize, usize), u32)| {
        let (first, second) = (payer.min(other), payer.max(other));
        format!(
            "node {node}: leases {first} and {second} cover {gpus} GPUs ({}) at one time: lease {payer} pays; end one with \
             until where the other begins with from, or write how many GPUs the first is for, gpus = 2",
            shown(gpu)
        )
    };
    found.into_iter().map(line).collect()
}

fn overpaid(known: &[KnownGpus], leases: &[Lease], at: Timestamp) -> Vec<String> {
    let nodes: BTreeSet<&NodeName> = known.iter().map(|row| &row.node).collect();
    let line = |node: &NodeName| {
        let of_node = |lease: &&Lease| lease.is_schedule() && lease.runs_at(at) && lease.covers(node, None, "");
        let paying: Vec<&Lease> = leases.iter().filter(of_node).collect();
        let paid: u32 = paying.iter().filter_map(|lease| lease.gpus).fold(0, u32::saturating_add);
        let seen: u32 = known.iter().filter(|row| row.node == *node).map(|row| row.gpus).sum();
        if paying.len() < 2 || paid <= seen {
            return None;
        }
        let numbers: Vec<String> = paying.iter().map(|lease| number(leases, lease).to_string()).collect();
        Some(format!(
            "node {node}: leases {} pay for {paid} GPUs at one time, and {seen} are known: end one with until where the \
             other begins with from, or write how many GPUs each is for",
            numbers.join(" and ")
        ))
    };
    nodes.into_iter().filter_map(line).collect()
}

fn shown(gpu: &str) -> &str {
    if gpu.is_empty() { "of no known name" } else { gpu }
}
