//! Collects the bucket lines of a histogram.

use std::sync::Arc;

use crate::reading::{Histogram, Refusal};
use crate::units::Tokens;

/// The most bounds of a histogram. TGI has one of 1024, which is not wanted; latencies have two dozen.
const BOUNDS: usize = 512;

/// The buckets of one row's histogram. Several series of the row add up bucket by bucket.
#[derive(Debug, Default)]
pub(super) struct RowBuckets {
    cells: Vec<BucketCell>,
    /// The index at which the next line is expected: the bounds of a series are in order.
    cursor: usize,
    refused: bool,
}

#[derive(Debug, Clone, Copy)]
struct BucketCell {
    bound: f64,
    count: u64,
    series: u32,
}

impl RowBuckets {
    /// Adds the samples of one series at or below `bound`, or returns why the value is not a count.
    pub(super) fn add(&mut self, bound: f64, value: f64) -> Result<(), Refusal> {
        let count = match Tokens::from_counter(value) {
            Ok(count) if !bound.is_nan() && self.cells.len() < BOUNDS => count.count(),
            other => {
                self.refused = true;
                return Err(other.map_or_else(Refusal::from, |_| Refusal::NoCount));
            }
        };
        if self.cells.is_empty() {
            self.cells.reserve_exact(24);
        }
        let at = self.position(bound);
        let cell = &mut self.cells[at];
        cell.count = cell.count.saturating_add(count);
        cell.series += 1;
        self.cursor = if bound == f64::INFINITY { 0 } else { at + 1 };
        Ok(())
    }

    fn position(&mut self, bound: f64) -> usize {
        let same = |cell: &BucketCell| cell.bound.total_cmp(&bound).is_eq();
        if self.cells.get(self.cursor).is_some_and(same) {
            return self.cursor;
        }
        match self.cells.binary_search_by(|cell| cell.bound.total_cmp(&bound)) {
            Ok(at) => at,
            Err(at) => {
                self.cells.insert(at, BucketCell { bound, count: 0, series: 0 });
                at
            }
        }
    }

    /// The histogram over the bounds that all its series have; `None` if there is none, its last bound is finite, or a
    /// value was refused. Bounds equal to those of `like` share its allocation.
    pub(super) fn finish(mut self, like: Option<&Histogram>) -> Option<Histogram> {
        let all = self.cells.last().filter(|last| last.bound == f64::INFINITY && !self.refused)?.series;
        self.cells.retain(|cell| cell.series == all);
        let bounds = || self.cells.iter().map(|cell| cell.bound);
        let bounds = match like {
            Some(like) if like.bounds.iter().copied().eq(bounds()) => Arc::clone(&like.bounds),
            _ => bounds().collect(),
        };
        let mut highest = 0;
        let rising = |cell: &BucketCell| {
            // Buckets are not printed at one instant: a bucket may lack a sample that the one below it has.
            highest = cell.count.max(highest);
            highest
        };
        Some(Histogram { bounds, counts: self.cells.iter().map(rising).collect() })
    }
}
