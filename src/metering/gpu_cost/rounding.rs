//! What providers' rounding adds to leases: one entry at a lease's end. A provider rounds the time of a lease as a whole, so
//! a lease that is extended after its end is one lease: what was added at that end is taken back by a counter-entry when it
//! runs again, and its later end adds what the whole of its time needs.

use serde::{Deserialize, Serialize};

use super::leases::subject;
use crate::ledger::{CostAccount, CostAccountId, CostKind, GpuTimeChange, Ledger};
use crate::pricing::{Lease, Rounding};
use crate::reading::{Label, NodeName, UnitName};
use crate::units::{GpuTime, HourlyRate, Span, Timestamp};

/// The prefix under which the end of a lease is saved.
const ENDED: &str = "rounded: ";

/// Ends of leases that may still be extended.
#[derive(Debug, Default)]
pub(super) struct Roundings(Vec<Ended>);

/// One end, on the node or unit that the lease pays for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Ended {
    /// The lease's name.
    name: Option<String>,
    /// What it is for.
    subject: String,
    /// The account that the rounding was posted to.
    node: Option<NodeName>,
    unit: Option<UnitName>,
    gpu: Label,
    rate: Option<HourlyRate>,
    lease: Option<Label>,
    /// GPU-milliseconds that rounding added and that were not taken back.
    added: i64,
    /// Milliseconds between an end and an extension, for which the lease did not pay.
    paused: i64,
    /// Whether it was extended and runs.
    runs: bool,
    /// When it ended last.
    #[serde(skip)]
    until: Timestamp,
}

impl Roundings {
    /// The ends, for a checkpoint.
    pub(super) fn saved(&self) -> impl Iterator<Item = (String, Timestamp)> + '_ {
        self.0.iter().filter_map(|ended| Some((format!("{ENDED}{}", serde_json::to_string(ended).ok()?), ended.until)))
    }

    /// Continues from saved ends. Those of leases that the configuration does not have are forgotten.
    pub(super) fn restore(&mut self, leases: &[Lease], saved: &[(String, Timestamp)]) {
        let ended = saved.iter().filter_map(|(key, until)| {
            let ended: Ended = serde_json::from_str(key.strip_prefix(ENDED)?).ok()?;
            Some(Ended { until: *until, ..ended })
        });
        self.0.extend(ended.filter(|ended| leases.iter().any(|lease| ended.may_be_of(lease))));
    }

    /// Renames a node.
    pub(super) fn rename(&mut self, from: &NodeName, to: &NodeName) {
        for ended in self.0.iter_mut().filter(|ended| ended.node.as_ref() == Some(from)) {
            ended.node = Some(to.clone());
        }
    }

    /// Notes that time of a lease is posted from an instant on. What was added at an end before it is taken back. A lease
    /// whose own beginning is at or after that end is another one.
    pub(super) fn resume(
        &mut self,
        ledger: &mut Ledger,
        leases: &[Lease],
        lease: &Lease,
        account: &CostAccount,
        from: Timestamp,
    ) {
        let Some(place) = self.place(leases, lease, account) else { return };
        let ended = &mut self.0[place];
        if ended.runs || from < ended.until {
            return;
        }
        if lease.from.is_some_and(|begins| begins >= ended.until) {
            self.0.swap_remove(place);
            return;
        }
        ended.take_back(ledger);
        ended.paused = ended.paused.saturating_add((from - ended.until).millis());
        ended.runs = true;
    }

    /// Posts what rounding adds to a lease of `gpus` GPUs that ends at `to` and is posted since `began`. Returns whether the
    /// end is kept, for an extension to be known by.
    pub(super) fn end(
        &mut self,
        ledger: &mut Ledger,
        leases: &[Lease],
        lease: &Lease,
        (account, gpus): (&CostAccount, u32),
        (began, to): (Timestamp, Timestamp),
    ) -> bool {
        let known = self.place(leases, lease, account).map(|place| self.0.swap_remove(place));
        let known = known.filter(|ended| lease.from.is_none_or(|from| from < ended.until));
        let paused = known.as_ref().map_or(0, |ended| ended.paused);
        let added = close(ledger, account, lease, gpus, (began + Span::from_millis(paused), to));
        // GPUs of several names, which one lease of GPUs is for, end together.
        let added = added + known.map_or(0, |ended| ended.added);
        let is_exact = lease.rounding == Rounding::Exact;
        let is_one = leases.iter().filter(|other| is_alike(lease, other)).count() == 1;
        if is_exact || !is_one {
            return false;
        }
        let CostAccount { node, unit, gpu, rate, lease: label, .. } = account.clone();
        let (name, subject) = (lease.name.clone(), subject(lease));
        let runs = false;
        let ended = Ended { name, subject, node, unit, gpu, rate, lease: label, added, paused, runs, until: to };
        self.0.push(ended);
        true
    }

    /// Takes back what was added at a lease's end after an instant at which it ended by hand, and forgets it.
    pub(super) fn forget(
        &mut self,
        ledger: &mut Ledger,
        leases: &[Lease],
        lease: &Lease,
        account: &CostAccount,
    ) -> Span {
        let Some(place) = self.place(leases, lease, account) else { return Span::ZERO };
        let mut ended = self.0.swap_remove(place);
        ended.take_back(ledger);
        Span::from_millis(ended.paused)
    }

    /// For how long a lease did not pay between its ends and extensions.
    pub(super) fn paused(&self, leases: &[Lease], lease: &Lease, account: &CostAccount) -> Span {
        self.place(leases, lease, account).map_or(Span::ZERO, |place| Span::from_millis(self.0[place].paused))
    }

    /// The end of a lease by its name, else, where names came or went, by what it is for if no other lease is for that.
    fn place(&self, leases: &[Lease], lease: &Lease, account: &CostAccount) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        let here = |ended: &&Ended| (&ended.node, &ended.gpu) == (&account.node, &account.gpu);
        let find = |is_its: &dyn Fn(&Ended) -> bool| self.0.iter().position(|ended| here(&ended) && is_its(ended));
        let named = lease.name.as_ref().and_then(|_| find(&|ended| ended.name == lease.name));
        let subject = subject(lease);
        named.or_else(|| {
            let is_one = leases.iter().filter(|other| super::leases::subject(other) == subject).count() == 1;
            let renamed = |ended: &Ended| ended.name.is_none() || lease.name.is_none();
            find(&|ended| is_one && renamed(ended) && ended.subject == subject)
        })
    }
}

impl Ended {
    fn may_be_of(&self, lease: &Lease) -> bool {
        (self.name.is_some() && self.name == lease.name) || self.subject == subject(lease)
    }

    fn take_back(&mut self, ledger: &mut Ledger) {
        if self.added > 0 {
            let line = ledger.cost_account(&CostAccount {
                node: self.node.clone(),
                unit: self.unit.clone(),
                gpu: self.gpu.clone(),
                rate: self.rate,
                power: None,
                kind: CostKind::Rounding,
                lease: self.lease.clone(),
            });
            post(ledger, line, self.until, -self.added);
        }
        self.added = 0;
    }
}

/// Whether two leases have one name, or one subject and no name.
fn is_alike(lease: &Lease, other: &Lease) -> bool {
    lease.name == other.name && (lease.name.is_some() || subject(lease) == subject(other))
}

/// Posts what rounding adds to a lease of `gpus` GPUs allocated from one instant to another, as one entry at its end.
/// Returns it in GPU-milliseconds.
pub(super) fn close(
    ledger: &mut Ledger,
    account: &CostAccount,
    lease: &Lease,
    gpus: u32,
    (from, to): (Timestamp, Timestamp),
) -> i64 {
    let held = to - from;
    let added = lease.rounding.billed(held) - held;
    if added <= Span::ZERO || gpus == 0 {
        return 0;
    }
    let line = ledger.cost_account(&CostAccount { kind: CostKind::Rounding, power: None, ..account.clone() });
    let added = GpuTime::of(gpus, added).millis();
    post(ledger, line, to, added);
    added
}

/// Posts or takes back time in the last moment before an end.
fn post(ledger: &mut Ledger, line: CostAccountId, end: Timestamp, held: i64) {
    ledger.charge(line, end - Span::from_millis(1), GpuTimeChange { held, ..GpuTimeChange::default() });
}
