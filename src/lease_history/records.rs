//! The leases in a ledger and the configuration.

use std::collections::BTreeMap;

use crate::ledger::{AllocatedTime, CostAccount, CostKind};
use crate::natural_order::natural_cmp;
use crate::pricing::Lease;
use crate::store::{LeaseMinutes, LeaseTime, LeasedRow, Reader, StoreError};
use crate::units::Timestamp;

/// The leases in a ledger and the configuration.
pub(crate) struct LeaseRecords<'a> {
    pub(super) leases: &'a [Lease],
    pub(super) leased: Vec<LeasedRow>,
    pub(super) times: Vec<LeaseTime>,
    /// The minutes of rows that may have been paid one after the other.
    pub(super) minutes: BTreeMap<PartKey, LeaseMinutes>,
    /// The ends by hand, by node.
    pub(super) ended: Vec<(String, Timestamp)>,
    /// The time of the first poll in the ledger.
    pub(super) began: Option<Timestamp>,
    /// Up to when the ledger is posted.
    pub(super) last: Timestamp,
}

/// An account, and the end by hand that the row follows.
type PartKey = (u32, Option<Timestamp>);

/// The key of a row's minutes.
pub(super) fn key(row: &LeaseTime) -> PartKey {
    (row.number, row.part.and_then(|part| part.follows))
}

impl<'a> LeaseRecords<'a> {
    pub(crate) fn of(reader: &Reader, leases: &'a [Lease]) -> Result<Self, StoreError> {
        let (times, ended) = (reader.leases()?, reader.ended_leases()?);
        let header = reader.header();
        let (began, last) = (header.began, header.last);
        let mut records =
            Self { leases, leased: reader.leased()?, times, minutes: BTreeMap::new(), ended, began, last };
        let (mut times, mut of_parts) = (Vec::new(), BTreeMap::new());
        for row in &records.times {
            let ends = records.ends_within(row);
            if ends.is_empty() {
                times.push(row.clone());
                continue;
            }
            for (part, minutes) in records.parts(row, &reader.lease_minutes(row.number)?, &ends) {
                of_parts.insert((part.number, part.first), minutes);
                times.push(part);
            }
        }
        records.times = times;
        for row in in_turn(&records.times) {
            let minutes = match of_parts.remove(&(row.number, row.first)) {
                Some(minutes) => minutes,
                None => within(row, reader.lease_minutes(row.number)?),
            };
            records.minutes.entry(key(row)).or_default().extend(minutes);
        }
        Ok(records)
    }

    /// What was posted to each lease, in the order of nodes, units and time.
    pub(super) fn rows(&self) -> Vec<&LeaseTime> {
        let of_gpus = |row: &&LeaseTime| row.account.kind == CostKind::Gpus && row.time != AllocatedTime::default();
        let mut rows: Vec<&LeaseTime> = self.times.iter().filter(of_gpus).collect();
        rows.sort_by(|a, b| {
            let (left, right) = (&a.account, &b.account);
            let node = |account: &CostAccount| account.node.as_ref().map(ToString::to_string).unwrap_or_default();
            natural_cmp(&node(left), &node(right))
                .then_with(|| (&left.unit, a.first, a.number).cmp(&(&right.unit, b.first, b.number)))
        });
        rows
    }
}

/// The terms of one lease for GPUs of one name at one place.
pub(super) fn group(account: &CostAccount) -> impl Ord + '_ {
    (&account.node, &account.unit, &account.lease, &account.gpu)
}

/// The minutes that lie in a row's span.
pub(super) fn within(row: &LeaseTime, mut minutes: LeaseMinutes) -> LeaseMinutes {
    minutes.retain(|(minute, _)| row.first <= Some(*minute) && Some(*minute) <= row.last);
    minutes
}

/// The rows whose minutes are needed beside their sums: those of one lease under terms that may have followed each other.
fn in_turn(times: &[LeaseTime]) -> Vec<&LeaseTime> {
    let mut groups: BTreeMap<_, Vec<&LeaseTime>> = BTreeMap::new();
    for row in times {
        groups.entry(group(&row.account)).or_default().push(row);
    }
    let meets = |pair: &[&LeaseTime]| pair[1].first <= pair[0].last;
    groups.retain(|_, rows| {
        rows.sort_by_key(|row| row.first);
        rows.windows(2).any(meets)
    });
    groups.into_values().flatten().collect()
}
