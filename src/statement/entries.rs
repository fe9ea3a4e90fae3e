//! The past as journal entries: the revenue of each day by model, and its cost by cost account.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::By;
use super::bucket::OrderedPast;
use super::calendar::Period;
use super::costed::Costed;
use super::row::{RunningSum, gpu_time};
use crate::ledger::{CostAccountId, CostKind, Past};
use crate::reading::ModelName;
use crate::units::{GpuTime, Money, Timestamp};

/// The subject of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// Revenue of a model; `None` where it has no name.
    Revenue(Option<ModelName>),
    /// Cost of a cost account.
    Cost(CostAccountId),
    /// Overhead by share of revenue.
    RevenueOverhead,
}

/// An amount of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayEntry {
    /// The day, in the ledger's zone.
    pub day: Period,
    /// What it is for.
    pub kind: EntryKind,
    /// The amount; a correction may be negative.
    pub amount: Money,
    /// The GPU time that it pays for.
    pub gpu_time: GpuTime,
    /// The metered energy that it also pays for, in millijoules.
    pub energy: i128,
}

/// The entries of a past by day. Tokens without a price and GPU time without a rate have no entry.
pub fn entries(past: &Past, zone: &TimeZone) -> Vec<DayEntry> {
    let costed = Costed::of(past);
    let mut all: BTreeMap<(Timestamp, EntryKind), DayEntry> = BTreeMap::new();
    let mut add = |at: Timestamp, kind: EntryKind, amount: Money, (millis, energy): (i64, i64)| {
        let day = Period::of(By::Day, zone, at);
        let begin = day.begin;
        let new = || DayEntry { day, kind: kind.clone(), amount: Money::ZERO, gpu_time: GpuTime::ZERO, energy: 0 };
        let entry = all.entry((begin, kind.clone())).or_insert_with(new);
        entry.amount += amount;
        entry.gpu_time = gpu_time(entry.gpu_time.millis() + millis);
        entry.energy += i128::from(energy);
    };
    for bucket in OrderedPast::of(past).iter() {
        for cell in bucket.tokens {
            let Some(tariff) = cell.tariff.map(|tariff| past.tariff(tariff)) else { continue };
            let value = tariff.value(cell.tokens);
            add(bucket.at, EntryKind::Revenue(past.account(cell.account).model.clone()), value, (0, 0));
            if tariff.overhead.is_some() && costed.knows(cell.account) {
                add(bucket.at, EntryKind::RevenueOverhead, tariff.overhead_of(value), (0, 0));
            }
        }
        for cell in bucket.gpu_times {
            let cost_account = past.cost_account(cell.cost_account);
            let energy = if cost_account.power.is_some() { cell.energy } else { 0 };
            let time = if cost_account.kind == CostKind::Gpus { cell.allocated.millis() } else { 0 };
            if let Some(cost) = cost_account.cost(cell) {
                add(bucket.at, EntryKind::Cost(cell.cost_account), cost, (time, energy));
            }
        }
    }
    all.into_values().collect()
}

/// The same with amounts rounded to so many decimals: the entries of revenue and of cost each add up to their total,
/// which is rounded once.
#[must_use]
pub fn rounded_entries(mut entries: Vec<DayEntry>, places: u32) -> Vec<DayEntry> {
    let [mut revenue, mut cost] = [RunningSum::new(places), RunningSum::new(places)];
    for entry in &mut entries {
        let sum = if matches!(entry.kind, EntryKind::Revenue(_)) { &mut revenue } else { &mut cost };
        entry.amount = sum.add(entry.amount);
    }
    entries
}
