//! Checks whether all grains agree: finds buckets whose sum differs from that of their finer ones, if those are all stored.

use std::collections::HashMap;

use rusqlite::Connection;

use super::names::all;
use super::verify_scan::{CellRow, MOST_TOLD, PeekedRows};
use crate::units::Timestamp;

/// Compares the rows of a grain with those of the coarser one, as the finer grain is read.
pub(super) struct OtherGrain<'s> {
    coarse: PeekedRows<'s>,
    /// The coarser bucket of the last row.
    bucket: i64,
    left: HashMap<(i64, i64), [i128; 3]>,
    from: i64,
    wrong: Vec<Timestamp>,
}

/// Maps a bucket to its coarser bucket.
pub(super) enum CoarserGrain {
    Quarters,
    /// The starts of the days, in order.
    Days(Vec<i64>),
}

impl CoarserGrain {
    /// The days in the ledger.
    pub(super) fn days(connection: &Connection) -> rusqlite::Result<Self> {
        all(connection, "SELECT bucket FROM days ORDER BY bucket", |row| row.get(0)).map(Self::Days)
    }

    /// The coarser bucket; `None` if the ledger does not have the day.
    pub(super) fn of(&self, bucket: i64) -> Option<i64> {
        match self {
            Self::Quarters => Some(bucket.div_euclid(900_000) * 900_000),
            Self::Days(days) => days.partition_point(|day| *day <= bucket).checked_sub(1).map(|nth| days[nth]),
        }
    }
}

impl<'s> OtherGrain<'s> {
    /// Compares buckets of the coarser grain from `from` on; `coarse` are its rows from there.
    pub(super) fn new(coarse: PeekedRows<'s>, from: i64) -> Self {
        Self { coarse, bucket: i64::MIN, left: HashMap::new(), from, wrong: Vec::new() }
    }

    /// Adds a row of the finer grain, with its bucket of the coarser one.
    pub(super) fn add(&mut self, row: &CellRow, coarser: Option<i64>) -> rusqlite::Result<()> {
        let Some(bucket) = coarser.filter(|bucket| *bucket >= self.from) else { return Ok(()) };
        if bucket != self.bucket {
            self.close()?;
            self.bucket = bucket;
        }
        let left = self.left.entry(row.keys).or_default();
        left.iter_mut().zip(row.amounts).for_each(|(left, amount)| *left -= amount);
        Ok(())
    }

    /// The first few buckets that differ.
    pub(super) fn finish(mut self) -> rusqlite::Result<Vec<Timestamp>> {
        self.close()?;
        self.bucket = i64::MAX;
        self.close()?;
        self.wrong.truncate(MOST_TOLD);
        Ok(self.wrong)
    }

    /// Compares the buckets of the coarser grain up to the current one.
    fn close(&mut self) -> rusqlite::Result<()> {
        let mut alone: Option<(i64, bool)> = None;
        while let Some(row) = self.coarse.up_to(self.bucket)? {
            if row.bucket == self.bucket {
                let left = self.left.entry(row.keys).or_default();
                left.iter_mut().zip(row.amounts).for_each(|(left, amount)| *left += amount);
                continue;
            }
            // A bucket without finer ones.
            let differs = row.amounts != [0; 3];
            alone = match alone {
                Some((bucket, before)) if bucket == row.bucket => Some((bucket, before || differs)),
                before => {
                    self.report(before);
                    Some((row.bucket, differs))
                }
            };
        }
        self.report(alone);
        let differs = self.left.values().any(|left| *left != [0; 3]);
        self.report(Some((self.bucket, differs)));
        self.left.clear();
        Ok(())
    }

    fn report(&mut self, bucket: Option<(i64, bool)>) {
        if let Some((bucket, true)) = bucket
            && self.wrong.len() < MOST_TOLD
        {
            self.wrong.push(Timestamp::from_millis(bucket));
        }
    }
}
