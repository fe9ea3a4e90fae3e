//! Writes cells: every change by minute is added to its minute, its quarter hour and its day.
//!
//! Changes are summed by bucket before they are written, in the order of the tables' keys: data of a long absence is then
//! written once per quarter hour, and adjacent rows are on the same page of the file.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, params, params_from_iter};

use super::calendar::{Calendar, quarter};
use super::meta;
use super::names::UNPRICED;
use super::retention::{MINUTES_KEPT, QUARTERS_KEPT};
use crate::ledger::PendingPostings;
use crate::units::{Money, Span, Timestamp};

/// Changes this much older than the last commit may correct minutes that are already deleted.
const LATE: Span = Span::from_secs(86_400);

/// The three stored grains, the finest first.
const GRAINS: [&str; 3] = ["minute", "quarter", "day"];

/// Adds changes to the cells of each grain, and inserts the dates of new days. A correction of deleted minutes or quarter
/// hours is added to the grains that still have it.
pub(super) fn write(
    transaction: &Transaction<'_>,
    calendar: &mut Calendar,
    pending: &PendingPostings,
) -> rusqlite::Result<()> {
    let always = Timestamp::from_millis(i64::MIN);
    let minutes = || pending.tokens.keys().map(|(at, ..)| at).chain(pending.gpu_times.keys().map(|(at, _)| at));
    let last = meta::last(transaction)?.wall;
    let is_late = minutes().min().is_some_and(|first| last - *first > LATE);
    let oldest = |grain: usize, kept: Span| -> rusqlite::Result<Timestamp> {
        Ok(oldest(transaction, GRAINS[grain])?.map_or(last - kept, |first| first.min(last - kept)))
    };
    let kept = if is_late { [oldest(0, MINUTES_KEPT)?, oldest(1, QUARTERS_KEPT)?] } else { [always; 2] };
    write_kept(transaction, calendar, pending, kept)
}

/// The first bucket of a grain.
fn oldest(transaction: &Transaction<'_>, grain: &str) -> rusqlite::Result<Option<Timestamp>> {
    let question = format!(
        "SELECT min(bucket) FROM (SELECT min(bucket) AS bucket FROM {grain}_tokens
                                  UNION ALL SELECT min(bucket) FROM {grain}_gpu_time)"
    );
    let first: Option<i64> = transaction.query_row(&question, [], |row| row.get(0))?;
    Ok(first.map(Timestamp::from_millis))
}

/// As [`write`], but only for minutes and quarter hours from `kept_from` on; days are kept permanently.
pub(super) fn write_kept(
    transaction: &Transaction<'_>,
    calendar: &mut Calendar,
    pending: &PendingPostings,
    kept_from: [Timestamp; 2],
) -> rusqlite::Result<()> {
    let tokens = pending.tokens.iter().map(|((minute, account, tariff), change)| {
        let tariff = tariff.map_or(UNPRICED, |tariff| i64::from(tariff.number()));
        (*minute, [i64::from(account.number()), tariff], [change.miss, change.hit, change.output])
    });
    let gpu_times = pending.gpu_times.iter().map(|((minute, cost_account), change)| {
        (*minute, [i64::from(cost_account.number())], [change.allocated, change.idle, change.energy])
    });
    let uncertainty = pending.uncertainty.iter().map(|(minute, uncertainty)| {
        (*minute, [], [micros_up(uncertainty.timing), micros_up(uncertainty.excess), uncertainty.lost_windows])
    });
    let mut tokens = by_grain(calendar, tokens);
    for (cells, from) in tokens.iter_mut().zip(kept_from) {
        cells.retain(|(bucket, _), _| *bucket >= from);
    }
    let (mut gpu_times, uncertainty) = (by_grain(calendar, gpu_times), by_grain(calendar, uncertainty));
    for (cells, from) in gpu_times.iter_mut().zip(kept_from) {
        cells.retain(|(bucket, _), _| *bucket >= from);
    }
    add(transaction, "tokens", ["miss", "hit", "output"], &tokens)?;
    add(transaction, "gpu_time", ["allocated_ms", "idle_ms", "energy_mj"], &gpu_times)?;
    add(transaction, "uncertainty", ["timing_micros", "hits_micros", "lost_windows"], &uncertainty)?;
    let days = begins(&tokens).chain(begins(&gpu_times)).chain(begins(&uncertainty)).collect();
    name(transaction, calendar, &days)
}

/// Amounts by bucket and the other columns of the key, for each grain.
type CellSums<const N: usize> = [BTreeMap<(Timestamp, [i64; N]), [i64; 3]>; 3];

/// Sums the changes by the buckets of each grain.
fn by_grain<const N: usize>(
    calendar: &mut Calendar,
    changes: impl Iterator<Item = (Timestamp, [i64; N], [i64; 3])>,
) -> CellSums<N> {
    let mut grains = [const { BTreeMap::new() }; 3];
    for (minute, key, change) in changes {
        let buckets = [minute, quarter(minute), calendar.day(minute).begins];
        for (cells, bucket) in grains.iter_mut().zip(buckets) {
            let cell: &mut [i64; 3] = cells.entry((bucket, key)).or_default();
            cell.iter_mut().zip(change).for_each(|(sum, part)| *sum = sum.saturating_add(part));
        }
    }
    grains
}

/// Adds amounts to cells of one kind, which are created if missing.
fn add<const N: usize>(
    transaction: &Transaction<'_>,
    kind: &str,
    [a, b, c]: [&str; 3],
    cells: &CellSums<N>,
) -> rusqlite::Result<()> {
    let places = vec!["?"; 1 + N + 3].join(", ");
    for (grain, cells) in GRAINS.into_iter().zip(cells) {
        let mut add = transaction.prepare_cached(&format!(
            "INSERT INTO {grain}_{kind} VALUES ({places}) ON CONFLICT DO UPDATE
             SET {a} = {a} + excluded.{a}, {b} = {b} + excluded.{b}, {c} = {c} + excluded.{c}"
        ))?;
        for ((bucket, key), amounts) in cells {
            let bucket = bucket.millis();
            add.execute(params_from_iter([&bucket].into_iter().chain(key).chain(amounts)))?;
        }
    }
    Ok(())
}

/// The days that are written to.
fn begins<const N: usize>([.., days]: &CellSums<N>) -> impl Iterator<Item = Timestamp> {
    days.keys().map(|(begin, _)| *begin)
}

fn name(transaction: &Transaction<'_>, calendar: &mut Calendar, days: &BTreeSet<Timestamp>) -> rusqlite::Result<()> {
    let mut name = transaction.prepare_cached("INSERT OR IGNORE INTO days VALUES (?1, ?2)")?;
    for begin in days {
        let day = calendar.day(*begin);
        name.execute(params![begin.millis(), calendar.date(day)])?;
    }
    Ok(())
}

/// Rounds up to millionths of the currency, so that a bound stays a bound.
pub(super) fn micros_up(amount: Money) -> i64 {
    let micro = Money::from_micros(1).grains();
    i64::try_from((amount.grains() + micro - 1).div_euclid(micro)).unwrap_or(i64::MAX)
}
