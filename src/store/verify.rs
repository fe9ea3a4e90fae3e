//! Verifies a ledger: the file, its references, that all grains agree, and that hardware could have produced its content.
//! Each table is read once.

use std::path::Path;

use rusqlite::Connection;

use super::file;
use super::meta::last;
use super::names::all;
use super::plausible::{GpuCounts, NodeNumbers, PlausibilityScan};
use super::plausible_gpus::{GpuJudge, StoredMostGpus};
use super::retention::{MINUTES_KEPT, QUARTERS_KEPT};
use super::verify_scan::{CellColumns, CellRow, GPU_TIME, PeekedRows, TOKENS, UNCERTAINTY};
use super::verify_sums::{CoarserGrain, OtherGrain};
use crate::counters::Plausibility;
use crate::units::{Span, Timestamp};

/// The grains, the finest first.
const GRAINS: [&str; 3] = ["minute", "quarter", "day"];

/// The faults as text; empty if the ledger is valid. A second connection checks the file itself concurrently.
pub(super) fn faults(connection: &Connection, path: &Path, bounds: Plausibility) -> rusqlite::Result<Vec<String>> {
    std::thread::scope(|scope| {
        let checking = scope.spawn(|| file::open_once_more(path).map(|beside| integrity(&beside)));
        let contents = contents(connection, bounds);
        let file = checking.join().ok().flatten().unwrap_or_else(|| integrity(connection))?;
        // The contents of a damaged file are not reported.
        if file.is_empty() { contents } else { Ok(file) }
    })
}

fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut faults = all(connection, "PRAGMA integrity_check(20)", |row| row.get::<_, String>(0))?;
    faults.retain(|line| line != "ok");
    Ok(faults)
}

/// The faults of each kind by grain and table, as they are reported in another order than they are found.
#[derive(Debug, Default)]
struct FoundFaults {
    orphans: Faults,
    impossible: Faults,
    sums: Faults,
    implausible: Vec<String>,
}

type Faults = Vec<((usize, usize), String)>;

fn sorted(mut faults: Faults) -> impl Iterator<Item = String> {
    faults.sort_by_key(|(place, _)| *place);
    faults.into_iter().map(|(_, fault)| fault)
}

/// The data that the scan of a table needs from other tables.
struct ScanContext {
    accounts: Vec<i64>,
    cost_accounts: Vec<i64>,
    tariffs: Vec<i64>,
    quarters: CoarserGrain,
    days: CoarserGrain,
    /// The time of the last commit.
    now: Timestamp,
}

fn contents(connection: &Connection, bounds: Plausibility) -> rusqlite::Result<Vec<String>> {
    let _instant = connection.unchecked_transaction()?;
    let ids = |table| all(connection, &format!("SELECT id FROM {table} ORDER BY id"), |row| row.get(0));
    let context = ScanContext {
        accounts: ids("revenue_accounts")?,
        cost_accounts: ids("cost_accounts")?,
        tariffs: ids("tariffs")?,
        quarters: CoarserGrain::Quarters,
        days: CoarserGrain::days(connection)?,
        now: last(connection)?.wall,
    };
    let mut found = FoundFaults::default();
    let nodes = NodeNumbers::of(connection)?;
    let mut gpus = GpuCounts::of(connection, &nodes)?;
    let known = StoredMostGpus::of(connection, bounds)?;
    for grain in GRAINS {
        gpus.begin(grain);
        let mut judge = GpuJudge::new(grain, &known);
        let each = |row: &CellRow| {
            gpus.add(row);
            judge.add(row);
        };
        found.scan(connection, grain, GPU_TIME, &context, each)?;
        found.implausible.extend(judge.finish());
    }
    let gpus = gpus.finish();
    for grain in GRAINS {
        let mut judge = PlausibilityScan::new(connection, grain, &nodes, &gpus, bounds)?;
        found.scan(connection, grain, TOKENS, &context, |row| judge.add(row))?;
        found.implausible.extend(judge.finish());
        found.scan(connection, grain, UNCERTAINTY, &context, |_| {})?;
    }
    let rate = "rate_micros < 0 OR rate_hours <= 0 OR kwh_micros < 0 OR pue_thousandths < 0";
    let last = (GRAINS.len(), 0);
    found.impossible.extend(count(connection, "cost_accounts", rate, "a rate below zero")?.map(|fault| (last, fault)));
    let price = "hit_nanos < 0 OR miss_nanos < 0 OR output_nanos < 0";
    found.impossible.extend(count(connection, "tariffs", price, "a price below zero")?.map(|fault| (last, fault)));
    // Invalid or negative amounts are not compared with what GPUs can produce.
    let comparable = found.impossible.is_empty();
    let FoundFaults { orphans, impossible, sums, implausible } = found;
    let implausible = implausible.into_iter().filter(|_| comparable);
    Ok(sorted(orphans).chain(sorted(impossible)).chain(sorted(sums)).chain(implausible).collect())
}

/// The counts of invalid rows of a table.
#[derive(Debug, Default)]
struct BadRows {
    account: u64,
    tariff: u64,
    below_zero: u64,
    idle: u64,
    not_whole: u64,
}

impl BadRows {
    fn add(&mut self, row: &CellRow, columns: CellColumns, context: &ScanContext) {
        let [a, b, c] = row.amounts;
        let (account, tariff) = row.keys;
        match columns {
            TOKENS => {
                self.account += u64::from(!is_in(&context.accounts, account));
                self.tariff += u64::from(tariff >= 0 && !is_in(&context.tariffs, tariff));
                self.below_zero += u64::from(a < 0 || b < 0 || c < 0);
            }
            GPU_TIME => {
                self.account += u64::from(!is_in(&context.cost_accounts, account));
                self.below_zero += u64::from(a < 0 || c < 0);
                self.idle += u64::from(b < 0 || b > a);
            }
            _ => return,
        }
        self.not_whole += u64::from(!row.whole);
    }

    fn report(&self, grain: &str, columns: CellColumns, found: &mut FoundFaults) {
        let place = place(grain, columns);
        let report = |faults: &mut Faults, rows: u64, what: &str| {
            if rows > 0 {
                faults.push((place, format!("{grain}_{}: {rows} rows with {what}", columns.table)));
            }
        };
        let (account, below_zero) = match columns {
            TOKENS => ("an account that is not there", "fewer tokens than none"),
            _ => ("a cost account that is not there", "a cost below zero"),
        };
        report(&mut found.orphans, self.account, account);
        report(&mut found.orphans, self.tariff, "a tariff that is not there");
        report(&mut found.impossible, self.below_zero, below_zero);
        report(&mut found.impossible, self.idle, "more idle than allocated time");
        report(&mut found.impossible, self.not_whole, "amounts that are no whole numbers: a sum left its range");
    }
}

impl FoundFaults {
    /// Reads a grain of a table, compares it with the next coarser one, and passes each row on.
    fn scan(
        &mut self,
        connection: &Connection,
        grain: &str,
        columns: CellColumns,
        context: &ScanContext,
        mut each: impl FnMut(&CellRow),
    ) -> rusqlite::Result<()> {
        let mut counts = BadRows::default();
        let coarser = match grain {
            "minute" => Some(("quarter", &context.quarters, MINUTES_KEPT)),
            "quarter" => Some(("day", &context.days, QUARTERS_KEPT)),
            _ => None,
        };
        if let Some((coarse, buckets, kept)) = coarser {
            // The first bucket may have lost some of its finer ones already.
            let from = (context.now - kept + Span::from_secs(2 * 86_400)).millis();
            let mut ask = connection.prepare(&columns.question(coarse))?;
            let mut sums = OtherGrain::new(PeekedRows::new(ask.query([from])?)?, from);
            columns.each(connection, grain, |row| {
                counts.add(&row, columns, context);
                each(&row);
                sums.add(&row, buckets.of(row.bucket))
            })?;
            let said = |at| format!("{coarse}_{}: {at} is not the sum of its {grain}s", columns.table);
            let place = place(grain, columns);
            self.sums.extend(sums.finish()?.into_iter().map(said).map(|fault| (place, fault)));
        } else {
            columns.each(connection, grain, |row| {
                counts.add(&row, columns, context);
                each(&row);
                Ok(())
            })?;
        }
        counts.report(grain, columns, self);
        Ok(())
    }
}

/// The indexes of a grain and a table.
fn place(grain: &str, columns: CellColumns) -> (usize, usize) {
    let tables = [TOKENS, GPU_TIME, UNCERTAINTY];
    let of = |found: Option<usize>| found.unwrap_or_default();
    (of(GRAINS.iter().position(|known| *known == grain)), of(tables.iter().position(|known| *known == columns)))
}

/// Whether a number is among these, which are sorted and, in an undamaged ledger, without gaps.
fn is_in(ids: &[i64], id: i64) -> bool {
    let at = usize::try_from(id).ok().and_then(|at| ids.get(at));
    at == Some(&id) || ids.binary_search(&id).is_ok()
}

fn count(connection: &Connection, table: &str, wrong: &str, what: &str) -> rusqlite::Result<Option<String>> {
    let rows: i64 =
        connection.query_row(&format!("SELECT count(*) FROM {table} WHERE {wrong}"), [], |row| row.get(0))?;
    Ok((rows > 0).then(|| format!("{table}: {rows} rows with {what}")))
}
