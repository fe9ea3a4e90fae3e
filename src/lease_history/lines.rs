//! The leases of a ledger as lines: the subject, the beginning, the end and the cost of each.

use std::collections::BTreeMap;

use super::records::LeaseRecords;
use super::spans::Paid;
use crate::ledger::{CostAccount, CostKind};
use crate::pricing::{Lease, follow_renames};
use crate::reading::Label;
use crate::statement::lease_name;
use crate::store::{LeaseTime, Reader, StoreError};
use crate::units::{GpuTime, HourlyRate, Money, PowerPrice, Timestamp};

/// A lease, or an assumed rate, of GPUs of one node or unit at one rate.
#[derive(Debug)]
pub(crate) struct LeaseLine {
    pub(crate) node: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) gpus: Option<u32>,
    pub(crate) gpu: String,
    pub(crate) lease: Option<String>,
    pub(crate) rate: Option<HourlyRate>,
    pub(crate) from: Option<Timestamp>,
    /// Its end; `None` while it runs.
    pub(crate) until: Option<Timestamp>,
    pub(crate) time: GpuTime,
    /// The price of metered power, if the lease charges for it, with the energy in millijoules.
    pub(crate) power: Option<(PowerPrice, i64)>,
    /// What the provider's rounding of the ended lease adds, if anything.
    pub(crate) rounding: Option<Money>,
    /// Its cost, including the provider's rounding and metered power; `None` without a rate.
    pub(crate) cost: Option<Money>,
}

/// A lease's beginning and end by its name; no end while it runs.
pub(crate) type LeaseDates = BTreeMap<Label, (Timestamp, Option<Timestamp>)>;

/// The leases of a ledger, each with what was paid under it.
pub(crate) fn lines(reader: &Reader, leases: &[Lease]) -> Result<Vec<LeaseLine>, StoreError> {
    let leases = present(reader, leases)?;
    Ok(LeaseRecords::of(reader, &leases)?.lines())
}

/// The beginning and end of each lease, by its name in a report; without an end while it runs.
pub(crate) fn dates(reader: &Reader, leases: &[Lease]) -> Result<LeaseDates, StoreError> {
    let leases = present(reader, leases)?;
    let known = LeaseRecords::of(reader, &leases)?;
    let mut dates = LeaseDates::new();
    for Paid { row, from, until, .. } in known.spans(&known.rows()) {
        let (Some(name), Some(from)) = (lease_name(&row.account), from) else { continue };
        let (first, last) = dates.entry(name).or_insert((from, until));
        (*first, *last) = ((*first).min(from), last.zip(until).map(|(a, b)| a.max(b)));
    }
    Ok(dates)
}

/// The configuration's leases, each with the present name of its node.
pub(crate) fn present(reader: &Reader, leases: &[Lease]) -> Result<Vec<Lease>, StoreError> {
    let mut leases = leases.to_vec();
    follow_renames(&mut leases, &reader.former_names()?);
    Ok(leases)
}

impl LeaseRecords<'_> {
    fn lines(&self) -> Vec<LeaseLine> {
        let rows = self.rows();
        let spans = self.spans(&rows);
        let mut roundings = vec![Money::default(); spans.len()];
        for rounding in self.times.iter().filter(|row| row.account.kind == CostKind::Rounding) {
            let place = rounded(&spans, rounding);
            if let Some((sum, cost)) = place.zip(rounding.account.cost_of(rounding.time)) {
                roundings[sum] += cost;
            }
        }
        spans.iter().zip(roundings).map(|(paid, rounding)| Self::line(paid, rounding)).collect()
    }

    fn line(paid: &Paid<'_>, rounding: Money) -> LeaseLine {
        let account = &paid.row.account;
        LeaseLine {
            node: account.node.as_ref().map(ToString::to_string),
            unit: account.unit.as_ref().map(ToString::to_string),
            gpus: paid.gpus,
            gpu: account.gpu.to_string(),
            lease: account.lease.as_ref().map(ToString::to_string),
            rate: account.rate,
            from: paid.from,
            until: paid.until,
            time: paid.time.allocated,
            power: account.power.map(|price| (price, paid.time.energy)),
            rounding: Some(rounding).filter(|rounding| *rounding != Money::default()),
            cost: account.cost_of(paid.time).map(|cost| cost + rounding),
        }
    }
}

/// The place of the span that a rounding belongs to. A lease is rounded as a whole at its end: the last of its spans has
/// it, or the one that ended by hand where it was posted.
fn rounded(spans: &[Paid<'_>], rounding: &LeaseTime) -> Option<usize> {
    let terms = |account: &CostAccount| (account.lease.clone(), account.node.clone(), account.rate);
    let is_of = |paid: &Paid<'_>| terms(&paid.row.account) == terms(&rounding.account);
    let ends = |paid: &Paid<'_>| paid.row.part.and_then(|part| part.ended).is_some_and(|at| Some(at) >= rounding.first);
    let by_hand = spans.iter().position(|paid| is_of(paid) && ends(paid));
    by_hand.or_else(|| spans.iter().rposition(is_of))
}
