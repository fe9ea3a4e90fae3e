//! The rounding that providers add to leases, posted as one entry at a lease's end. A provider rounds the whole time of a
//! lease, so a lease extended after its end is still one lease: the rounding posted at that end is reversed when the lease
//! continues, and its later end adds the rounding of the whole time.

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

/// One end, for the node or unit that the lease pays for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Ended {
    /// The lease's name.
    name: Option<String>,
    /// The subject.
    subject: String,
    /// The account that the rounding was posted to.
    node: Option<NodeName>,
    unit: Option<UnitName>,
    gpu: Label,
    rate: Option<HourlyRate>,
    lease: Option<Label>,
    /// The GPU-milliseconds of rounding that were posted and not reversed.
    added: i64,
    /// The milliseconds between an end and an extension, which the lease did not pay for.
    paused: i64,
    /// Whether it was extended and is in force.
    runs: bool,
    /// When it last ended.
    #[serde(skip)]
    until: Timestamp,
}

impl Roundings {
    /// The ends, for a checkpoint.
    pub(super) fn saved(&self) -> impl Iterator<Item = (String, Timestamp)> + '_ {
        self.0.iter().filter_map(|ended| Some((format!("{ENDED}{}", serde_json::to_string(ended).ok()?), ended.until)))
    }

    /// Restores saved ends. Those of leases that are no longer configured are dropped.
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

    /// Records that time of a lease is posted from an instant on, and reverses the rounding of an earlier end. A lease
    /// whose own start is at or after that end is another lease.
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

    /// Posts the rounding of a lease of `gpus` GPUs that ends at `to` and was posted since `began`. Returns whether the end
    /// is kept, to recognize an extension.
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
        // GPUs of several names under one lease end together.
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

    /// Reverses the rounding of an end after the instant at which the lease was ended by hand, and forgets the end.
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

    /// How long a lease did not pay between its ends and extensions.
    pub(super) fn paused(&self, leases: &[Lease], lease: &Lease, account: &CostAccount) -> Span {
        self.place(leases, lease, account).map_or(Span::ZERO, |place| Span::from_millis(self.0[place].paused))
    }

    /// The end of a lease: by its name, or, if names were added or removed, by its subject if no other lease has that.
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

/// Posts the rounding of a lease of `gpus` GPUs allocated from one instant to another, as one entry at its end. Returns it
/// in GPU-milliseconds.
pub(super) fn close(
    ledger: &mut Ledger,
    account: &CostAccount,
    lease: &Lease,
    gpus: u32,
    (from, to): (Timestamp, Timestamp),
) -> i64 {
    let added = added(lease, gpus, to - from);
    if added > 0 {
        let line = line(ledger, account);
        post(ledger, line, to, added);
    }
    added
}

/// Reverses what [`close`] posted for one GPU.
pub(super) fn reopen(ledger: &mut Ledger, account: &CostAccount, lease: &Lease, (from, to): (Timestamp, Timestamp)) {
    let added = added(lease, 1, to - from);
    if added > 0 {
        let line = line(ledger, account);
        post(ledger, line, to, -added);
    }
}

/// The GPU-milliseconds of rounding of a time.
fn added(lease: &Lease, gpus: u32, allocated: Span) -> i64 {
    let allocated = allocated.max(Span::ZERO);
    let added = lease.rounding.billed(allocated) - allocated;
    if added > Span::ZERO { GpuTime::of(gpus, added).millis() } else { 0 }
}

/// The account of a rounding.
fn line(ledger: &mut Ledger, account: &CostAccount) -> CostAccountId {
    ledger.cost_account(&CostAccount { kind: CostKind::Rounding, power: None, ..account.clone() })
}

/// Posts or reverses time in the last millisecond before an end.
fn post(ledger: &mut Ledger, line: CostAccountId, end: Timestamp, allocated: i64) {
    ledger.charge(line, end - Span::from_millis(1), GpuTimeChange { allocated, ..GpuTimeChange::default() });
}
