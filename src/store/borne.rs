//! Computes the bearers of the cost of busy GPUs in the finest stored buckets.

use rusqlite::Connection;

use super::calendar::{Calendar, quarter};
use super::read_cells;
use super::read_cells::RangePart;
use crate::ledger::{BorneTime, Past};
use crate::statement::Splitter;
use crate::units::Timestamp;

/// A part of a time range in its finest grain, with the coarser grain of its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FinerPart {
    fine: RangePart,
    coarse: &'static str,
}

/// The parts that are stored in a finer grain than that of the cells: both lists cover the same time range in order,
/// without overlap.
pub(super) fn finer(coarse: &[RangePart], fine: &[RangePart]) -> Vec<FinerPart> {
    let both = coarse.iter().flat_map(|coarse| fine.iter().map(move |fine| (coarse, fine)));
    let overlap = both.map(|(coarse, fine)| FinerPart {
        fine: RangePart { grain: fine.grain, from: fine.from.max(coarse.from), to: fine.to.min(coarse.to) },
        coarse: coarse.grain,
    });
    overlap.filter(|it| it.fine.from < it.fine.to && it.fine.grain != it.coarse).collect()
}

/// Reads the finer buckets one by one and splits their cost; with a second connection, GPU time is read by that. The
/// bearers are the tokens of `past`.
pub(super) fn borne(
    (connection, mut beside): (&Connection, Option<Connection>),
    calendar: &mut Calendar,
    finer: &[FinerPart],
    past: &Past,
) -> rusqlite::Result<Vec<BorneTime>> {
    let mut splitter = Splitter::new(past);
    let (mut rows, mut open) = (Vec::new(), None);
    let parts: Vec<RangePart> = finer.iter().map(|it| it.fine).collect();
    read_cells::each_bucket(connection, beside.take(), &parts, |at, tokens, gpu_times| {
        let bucket = bucket_of(calendar, finer, at);
        if open != Some(bucket) {
            if let Some(before) = open.replace(bucket) {
                splitter.close(before, &mut rows);
            }
            let first = past.tokens.partition_point(|cell| cell.bucket < bucket);
            let cells = &past.tokens[first..];
            let cells = &cells[..cells.partition_point(|cell| cell.bucket == bucket)];
            splitter.open(cells, first);
        }
        splitter.add(tokens, gpu_times);
    })?;
    if let Some(last) = open {
        splitter.close(last, &mut rows);
    }
    Ok(rows)
}

/// The start of the coarse bucket that contains an instant.
fn bucket_of(calendar: &mut Calendar, finer: &[FinerPart], at: Timestamp) -> Timestamp {
    let part = finer.partition_point(|it| it.fine.from <= at).checked_sub(1).map(|nth| finer[nth].coarse);
    if part == Some("day") { calendar.day(at).begins } else { quarter(at) }
}
