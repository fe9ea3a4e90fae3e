//! Schedules: cost that runs by the calendar alone, for leases of a fixed number of GPUs and for overhead per hour.

use std::collections::BTreeMap;

use super::resolved_rate::{self, identity, of_overhead, of_schedule};
use crate::inventory::Node;
use crate::ledger::Ledger;
use crate::pricing::{Lease, Leased};
use crate::reading::{NodeName, UnitName};
use crate::units::{HourlyRate, Timestamp};

/// Up to when a schedule that was ended by hand counts as posted: past its end.
const ENDED: Timestamp = Timestamp::from_millis(i64::MAX);
/// The identity of overhead.
const OVERHEAD: &str = "overhead";

/// What a schedule pays for.
#[derive(Debug)]
enum Payee {
    Lease(Lease),
    Overhead(HourlyRate),
}

/// A schedule, and up to when it is posted.
#[derive(Debug)]
pub(super) struct Schedule {
    payee: Payee,
    until: Timestamp,
}

/// All schedules of the configuration. They run from the beginning of the watch.
pub(super) fn all(leases: &[Lease], overhead: Option<HourlyRate>, began: Timestamp) -> Vec<Schedule> {
    let leases = leases.iter().filter(|lease| lease.is_schedule()).cloned().map(Payee::Lease);
    leases.chain(overhead.map(Payee::Overhead)).map(|payee| Schedule { payee, until: began }).collect()
}

impl Schedule {
    /// Its identity, and up to when it is posted.
    pub(super) fn memory(&self) -> (String, Timestamp) {
        let identity = match &self.payee {
            Payee::Lease(lease) => identity(lease),
            Payee::Overhead(_) => OVERHEAD.to_owned(),
        };
        (identity, self.until)
    }

    /// Continues from where it was posted.
    pub(super) fn restore(&mut self, schedules: &[(String, Timestamp)]) {
        let (known, _) = self.memory();
        if let Some((_, until)) = schedules.iter().find(|(identity, _)| *identity == known) {
            self.until = *until;
        }
    }

    /// Continues from an instant, unless it was ended by hand.
    pub(super) fn skip_to(&mut self, now: Timestamp) {
        self.until = self.until.max(now);
    }

    /// Whether it leases a node at `now`; `None` if it never does.
    pub(super) fn leases(&self, node: &NodeName, unit: Option<&UnitName>, now: Timestamp) -> Option<bool> {
        match &self.payee {
            Payee::Lease(lease) if lease.covers(node, unit, "") => Some(lease.runs_at(now) && self.until != ENDED),
            _ => None,
        }
    }

    /// Posts its cost up to an instant, and what rounding adds if it ends before.
    pub(super) fn run_to(&mut self, ledger: &mut Ledger, nodes: &BTreeMap<NodeName, Node>, now: Timestamp) {
        match &self.payee {
            Payee::Lease(lease) => {
                let Some((from, to)) = lease.overlap(self.until, now) else {
                    self.until = self.until.max(now);
                    return;
                };
                let (cost_account, gpus) = (of_schedule(lease, nodes), lease.gpus.unwrap_or(0));
                let id = ledger.cost_account(&cost_account);
                ledger.rent(id, gpus, from, to);
                if lease.until == Some(to) {
                    resolved_rate::close(ledger, &cost_account, lease, gpus, lease.from.unwrap_or(from), to);
                }
            }
            Payee::Overhead(rate) => {
                let id = ledger.cost_account(&of_overhead(*rate));
                ledger.rent(id, 1, self.until.min(now), now);
            }
        }
        self.until = self.until.max(now);
    }

    /// Ends it by hand if it is a lease of the node: takes back what was posted after `at`.
    pub(super) fn end(
        &mut self,
        ledger: &mut Ledger,
        nodes: &BTreeMap<NodeName, Node>,
        node: &NodeName,
        at: Timestamp,
    ) {
        let Payee::Lease(lease) = &self.payee else { return };
        if lease.leased != Leased::Node(node.clone()) || self.until == ENDED {
            return;
        }
        let (cost_account, gpus) = (of_schedule(lease, nodes), lease.gpus.unwrap_or(0));
        if let Some((from, to)) = lease.overlap(at, self.until) {
            let id = ledger.cost_account(&cost_account);
            ledger.refund(id, gpus, from, to);
        }
        if let Some(began) = lease.from.filter(|began| *began < at) {
            resolved_rate::close(ledger, &cost_account, lease, gpus, began, at);
        }
        self.until = ENDED;
    }
}
