//! Reads the rows of a table of cells once, for all checks.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

/// The most faults of one kind that are reported.
pub(super) const MOST_TOLD: usize = 5;

/// The first faults of one kind, and the number of all.
#[derive(Debug, Default)]
pub(super) struct FirstFaults {
    texts: Vec<String>,
    count: usize,
}

impl FirstFaults {
    /// Adds a fault; its text is kept if it is one of the first.
    pub(super) fn add(&mut self, text: impl FnOnce() -> String) {
        self.count += 1;
        if self.count <= MOST_TOLD {
            self.texts.push(text());
        }
    }

    /// The kept texts; if there were more faults, also `rest` of their number.
    pub(super) fn finish(mut self, rest: impl FnOnce(usize) -> String) -> Vec<String> {
        if self.count > MOST_TOLD {
            self.texts.push(rest(self.count - MOST_TOLD));
        }
        self.texts
    }
}

/// A table of cells and the names of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellColumns {
    pub(super) table: &'static str,
    /// One or two keys; empty for a table with one row per bucket.
    keys: &'static str,
    amounts: &'static str,
}

pub(super) const TOKENS: CellColumns =
    CellColumns { table: "tokens", keys: "account, tariff", amounts: "miss, hit, output" };
pub(super) const GPU_TIME: CellColumns =
    CellColumns { table: "gpu_time", keys: "cost_account, 0", amounts: "allocated_ms, idle_ms, energy_mj" };
pub(super) const UNCERTAINTY: CellColumns =
    CellColumns { table: "uncertainty", keys: "0, 0", amounts: "timing_micros, hits_micros, lost_windows" };

/// A row. Amounts that are not integers are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellRow {
    pub(super) bucket: i64,
    pub(super) keys: (i64, i64),
    pub(super) amounts: [i128; 3],
    /// Whether all amounts are integers.
    pub(super) whole: bool,
}

impl CellRow {
    fn new(row: &Row<'_>) -> rusqlite::Result<Self> {
        let mut whole = true;
        let mut amounts = [0; 3];
        for (nth, amount) in amounts.iter_mut().enumerate() {
            *amount = match row.get_ref(3 + nth)? {
                ValueRef::Integer(count) => count.into(),
                ValueRef::Real(count) => {
                    whole = false;
                    count as i128
                }
                _ => {
                    whole = false;
                    0
                }
            };
        }
        Ok(Self { bucket: row.get(0)?, keys: (row.get(1)?, row.get(2)?), amounts, whole })
    }
}

impl CellColumns {
    /// The query for a grain's rows from a bucket on, in order; the bucket is its parameter.
    pub(super) fn question(self, grain: &str) -> String {
        let Self { table, keys, amounts } = self;
        format!("SELECT bucket, {keys}, {amounts} FROM {grain}_{table} WHERE bucket >= ?1 ORDER BY bucket")
    }

    /// Every row of a grain.
    pub(super) fn each(
        self,
        connection: &Connection,
        grain: &str,
        mut each: impl FnMut(CellRow) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut ask = connection.prepare_cached(&self.question(grain))?;
        let mut rows = ask.query([i64::MIN])?;
        while let Some(row) = rows.next()? {
            each(CellRow::new(row)?)?;
        }
        Ok(())
    }
}

/// Rows of a coarser grain, read on demand.
pub(super) struct PeekedRows<'s> {
    rows: rusqlite::Rows<'s>,
    next: Option<CellRow>,
}

impl<'s> PeekedRows<'s> {
    pub(super) fn new(mut rows: rusqlite::Rows<'s>) -> rusqlite::Result<Self> {
        let next = rows.next()?.map(CellRow::new).transpose()?;
        Ok(Self { rows, next })
    }

    /// The next row, if its bucket is not after this one.
    pub(super) fn up_to(&mut self, bucket: i64) -> rusqlite::Result<Option<CellRow>> {
        let Some(row) = self.next.filter(|row| row.bucket <= bucket) else { return Ok(None) };
        self.next = self.rows.next()?.map(CellRow::new).transpose()?;
        Ok(Some(row))
    }
}
