//! What `config check` says of each lease: its cost per hour on the nodes that it is for, and what does not fit the ledger.

use std::collections::BTreeMap;

use super::configured::ConfiguredLeases;
use super::coverage::{self, KnownGpus};
use crate::ledger::CostKind;
use crate::pricing::{Lease, Leased, follow_renames};
use crate::reading::NodeName;
use crate::store::{Header, LeaseTime, Reader};
use crate::units::{GpuTime, Money, Pue, Span, Timestamp};

/// At least one line for each lease, with its cost per hour, then the GPUs that no lease or two leases pay for, at an
/// instant. The known GPUs, and what was posted under each lease, are those of `ledger`.
pub(crate) fn check(configured: &ConfiguredLeases<'_>, ledger: Option<&Reader>, now: Timestamp) -> Vec<String> {
    let rows = ledger.and_then(|ledger| ledger.leased().ok()).unwrap_or_default();
    let times = ledger.and_then(|ledger| ledger.leases().ok()).unwrap_or_default();
    let ended = ledger.and_then(|ledger| ledger.ended_leases().ok()).unwrap_or_default();
    let mut leases = configured.leases.to_vec();
    follow_renames(&mut leases, &ledger.and_then(|ledger| ledger.former_names().ok()).unwrap_or_default());
    for (node, at) in ended {
        let node = NodeName::new(&node);
        for lease in &mut leases {
            lease.end(&node, at);
        }
    }
    let (known, currency) = (configured.known(&rows), configured.currency);
    let mut lines = Vec::new();
    for (nth, lease) in leases.iter().enumerate() {
        let name = configured.name(nth, lease);
        if lease.is_schedule() {
            let gpus = lease.gpus.unwrap_or(0);
            let beside = beside(lease, gpus, &known, &leases, now);
            let (sum, dates) = (sum(lease, gpus, gpus, currency), dates(lease, now));
            lines.push(format!("{name}: {}: {sum}{dates}{beside}{}", subject(lease), follows(lease)));
        } else {
            lines.extend(of_seen(&name, lease, &known, &leases, currency, now));
        }
        if let Some(header) = ledger.map(Reader::header) {
            lines.extend(backwards(&name, &configured.leases[nth], lease, &times, &header));
        }
    }
    lines.extend(coverage::uncovered(&known, &leases, (configured.book, currency), now));
    lines.extend(coverage::doubly_covered(&known, &leases, now));
    lines
}

/// The number of known GPUs that a lease of a fixed number covers, if it differs from what this lease and others pay for.
fn beside(lease: &Lease, gpus: u32, known: &[KnownGpus], leases: &[Lease], now: Timestamp) -> String {
    let of_lease = |row: &&KnownGpus| lease.covers(&row.node, row.unit.as_ref(), &row.gpu);
    let seen: u32 = known.iter().filter(of_lease).map(|row| row.gpus).sum();
    let at = within(lease, now);
    let others = leases.iter().filter(|other| other.is_schedule() && other.leased == lease.leased && other.runs_at(at));
    let paid = others.filter_map(|other| other.gpus).fold(0, u32::saturating_add).max(gpus);
    match seen {
        0 => String::new(),
        seen if paid < seen => {
            let rest = coverage::gpus(seen - paid);
            format!(
                "; {seen} are known there, and the other {rest} are not paid by it: write gpus = {seen} if it is for all"
            )
        }
        seen if seen < paid => {
            format!("; {} known there", coverage::gpus(seen) + if seen == 1 { " is" } else { " are" })
        }
        _ => String::new(),
    }
}

/// The cost on each node of a lease that pays for the GPUs that are seen.
fn of_seen(
    name: &str,
    lease: &Lease,
    known: &[KnownGpus],
    leases: &[Lease],
    currency: &str,
    now: Timestamp,
) -> Vec<String> {
    let mut nodes: BTreeMap<&NodeName, u32> = BTreeMap::new();
    for (row, payer) in coverage::paid(known, leases, within(lease, now)) {
        if payer.is_some_and(|payer| std::ptr::eq(payer, lease)) {
            *nodes.entry(&row.node).or_default() += 1;
        }
    }
    if nodes.is_empty() {
        let is_known = known.iter().any(|row| lease.covers(&row.node, row.unit.as_ref(), &row.gpu));
        let why = unmatched(lease, is_known, currency);
        return vec![format!("{name}: {}: {why}{}", subject(lease), dates(lease, now))];
    }
    let of_node = |node: &NodeName| known.iter().filter(|row| row.node == *node).map(|row| row.gpus).sum();
    let line = |(node, gpus)| {
        let sum = sum(lease, gpus, of_node(node), currency);
        format!("{name}: node {node}: {sum}{}{}", dates(lease, now), follows(lease))
    };
    nodes.into_iter().map(line).collect()
}

/// The remark on a lease that has ended or not begun.
fn dates(lease: &Lease, now: Timestamp) -> String {
    let over = lease.until.filter(|until| *until <= now).map(|until| format!("; it ended at {until} and pays no more"));
    let begins = || lease.from.filter(|from| *from > now).map(|from| format!("; it begins at {from}"));
    over.or_else(begins).unwrap_or_default()
}

/// The instant at which a lease runs that is nearest to now.
fn within(lease: &Lease, now: Timestamp) -> Timestamp {
    let begun = lease.from.map_or(now, |from| from.max(now));
    lease.until.map_or(begun, |until| begun.min(until - Span::from_millis(1)))
}

/// The contradictions between a changed lease and what was posted before. `stands` is the lease with its manual end.
fn backwards(name: &str, lease: &Lease, stands: &Lease, times: &[LeaseTime], header: &Header) -> Vec<String> {
    let is_its = |row: &&LeaseTime| {
        let account = &row.account;
        let named = account.lease.as_ref().is_some_and(|label| label.as_str() == lease.label());
        named && account.kind == CostKind::Gpus && account.rate.is_some_and(|rate| lease.names(rate))
    };
    let last = times.iter().filter(is_its).filter_map(|row| row.last).max();
    let posted = last.map(|last| (last + Span::MINUTE).min(header.last));
    let first = times.iter().filter(is_its).filter_map(|row| row.first).min();
    let mut lines = Vec::new();
    let was_ended = lease.until != stands.until;
    if let (Some(until), Some(posted), Some(last)) = (lease.until, posted, last)
        && until < posted
        && until <= last
        && !was_ended
    {
        let remedy = match &lease.leased {
            Leased::Node(node) => {
                format!("; margintop lease end {} --at {until} does", stands.node().unwrap_or(node))
            }
            Leased::Gpu(_) | Leased::Unit(_) => String::new(),
        };
        lines.push(format!(
            "{name}: ends at {until}, and the ledger has it posted until {posted}: nothing is taken back by itself{remedy}"
        ));
    }
    if let (Some(from), Some(began)) = (lease.from, header.began)
        && from >= began
        && from + Span::MINUTE < first.unwrap_or(header.last)
    {
        let until = first.unwrap_or(header.last);
        lines.push(format!(
            "{name}: begins at {from}, and the ledger is posted without it until {until}: what is posted stays as it is"
        ));
    }
    lines
}

fn subject(lease: &Lease) -> String {
    match &lease.leased {
        Leased::Gpu(words) => format!("gpu {words}"),
        Leased::Node(node) => format!("node {}", lease.node().unwrap_or(node)),
        Leased::Unit(unit) => format!("unit {unit}"),
    }
}

/// The remark on a lease whose node has another name now.
fn follows(lease: &Lease) -> String {
    let (Leased::Node(written), Some(present)) = (&lease.leased, &lease.renamed) else { return String::new() };
    format!("; the node was called {written}: write node = \"{present}\"")
}

/// `8 GPUs x 12.29 = 98.32 USD an hour`.
fn sum(lease: &Lease, gpus: u32, of_node: u32, currency: &str) -> String {
    let rate = lease.rate_for(of_node);
    let whole: Money = rate.of(GpuTime::of(gpus, Span::HOUR));
    let power = lease.power.map_or_else(String::new, |power| {
        let pue = if power.pue == Pue::IDEAL { String::new() } else { format!(" x {}", power.pue) };
        format!(", and metered power at {}{pue} {currency} a kWh", power.kwh)
    });
    format!("{} x {rate} = {whole} {currency} an hour{power}", coverage::gpus(gpus))
}

/// The remark on a lease that pays for nothing: no GPU matches it, or other leases pay for those that do.
fn unmatched(lease: &Lease, is_known: bool, currency: &str) -> String {
    let subject = match &lease.leased {
        Leased::Gpu(_) => "GPU",
        Leased::Node(_) => "node",
        Leased::Unit(_) => "unit",
    };
    let why = if is_known {
        "other leases pay for all that it is for".to_owned()
    } else {
        format!("no such {subject} is known yet")
    };
    match lease.node_rate {
        Some(rate) => format!("{rate} {currency} an hour for each node, whatever its GPUs; {why}"),
        None => format!("{} {currency} an hour for each GPU; {why}", lease.rate),
    }
}
