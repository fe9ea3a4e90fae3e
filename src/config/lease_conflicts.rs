//! Leases that contradict each other, and leases that are probably mistaken.

use super::error::Findings;
use super::file::LeaseTable;
use super::prices::MoneyTerms;
use crate::pricing::{Lease, Leased};
use crate::units::{HourlyRate, Timestamp};

/// A rate per GPU above this many dollars an hour may be the rate of a node.
const MANY_DOLLARS: HourlyRate = HourlyRate::whole(20);

fn begins(lease: &Lease) -> Timestamp {
    lease.from.unwrap_or(Timestamp::from_millis(i64::MIN))
}

/// Whether two leases overlap in time.
fn overlap(one: &Lease, other: &Lease) -> bool {
    let ends = |lease: &Lease| lease.until.unwrap_or(Timestamp::from_millis(i64::MAX));
    begins(one) < ends(other) && begins(other) < ends(one)
}

/// Leases with the same name at the same time, with the number of the second from 0.
fn namesakes(leases: &[(usize, Lease)]) -> Vec<(usize, String)> {
    let mut messages = Vec::new();
    for (place, (nth, lease)) in leases.iter().enumerate() {
        let Some(name) = &lease.name else { continue };
        let same = |(_, other): &&(usize, Lease)| other.name == lease.name && overlap(other, lease);
        if let Some((first, _)) = leases[..place].iter().find(same) {
            let first = first + 1;
            messages.push((
                *nth,
                format!(
                    "it and lease {first} are named \"{name}\" at one time, and a lease is known by its name: write another \
                     name in one of them, such as \"{name} 2\", or end one with until where the other begins with from"
                ),
            ));
        }
    }
    messages
}

/// Leases for the same GPUs at the same time, of which only the first would pay, with the number of the second from 0.
fn double(leases: &[(usize, Lease)]) -> Vec<(usize, String)> {
    let mut messages = Vec::new();
    for (place, (nth, lease)) in leases.iter().enumerate() {
        let same = |(_, other): &&(usize, Lease)| {
            let pays_first = other.gpus.is_none() && !lease.is_schedule() && other.leased == lease.leased;
            pays_first && overlap(other, lease)
        };
        if let Some((first, other)) = leases[..place].iter().find(same) {
            let from = begins(other).max(begins(lease));
            let since = if other.from.is_none() && lease.from.is_none() {
                "at one time".to_owned()
            } else {
                format!("at one time, from {from} on")
            };
            let first = first + 1;
            messages.push((
                *nth,
                format!(
                    "it and lease {first} are for the same GPUs {since}, and they contradict each other: end one with until \
                     where the other begins with from, or write in the first how many GPUs it is for, gpus = 2"
                ),
            ));
        }
    }
    messages
}

/// The lease that these parts are of, at its last exchange rate.
fn whole(parts: &[Lease], table: &LeaseTable) -> Option<Lease> {
    let from = parts.first().filter(|_| table.from.is_some()).and_then(|first| first.from);
    parts.last().map(|last| Lease { from, ..last.clone() })
}

/// One lease for each table that has no mistakes, with its number from 0.
fn wholes(parts: &[Vec<Lease>], tables: &[LeaseTable]) -> Vec<(usize, Lease)> {
    let all = parts.iter().zip(tables).enumerate();
    all.filter_map(|(nth, (parts, table))| Some((nth, whole(parts, table)?))).collect()
}

/// Refuses leases that contradict each other: with one name at one time, or for the same GPUs, so that one of them
/// would never pay.
pub(super) fn refuse_contradictions(parts: &[Vec<Lease>], tables: &[LeaseTable], findings: &mut Findings<'_>) {
    let leases = wholes(parts, tables);
    for (nth, why) in namesakes(&leases).into_iter().chain(double(&leases)) {
        findings.table("lease", nth, why);
    }
}

/// Warnings about leases that are probably mistaken, with the number of each from 0.
pub(super) fn probable_mistakes(
    parts: &[Vec<Lease>],
    tables: &[LeaseTable],
    money: MoneyTerms<'_>,
) -> Vec<(usize, String)> {
    let leases = wholes(parts, tables);
    let limit = match money.currency {
        "USD" | "EUR" | "GBP" | "CHF" => Some(MANY_DOLLARS),
        _ => money.dollars(MANY_DOLLARS),
    };
    let Some(limit) = limit else { return Vec::new() };
    let dear = |(nth, lease): &(usize, Lease)| {
        let said = tables.get(*nth)?.rate.filter(|_| lease.rate > limit)?;
        let meant = match lease.leased {
            Leased::Gpu(_) => format!("a node's rent is written [[lease]] node = \"…\" node_rate = \"{said}\""),
            Leased::Node(_) | Leased::Unit(_) => format!("if it is a node's, write node_rate = \"{said}\""),
        };
        let gpus = lease.gpus.map_or_else(String::new, |gpus| format!(", {gpus} times here"));
        Some((*nth, format!("rate = \"{said}\" is per GPU and hour{gpus}: {meant}")))
    };
    leases.iter().filter_map(dear).collect()
}
