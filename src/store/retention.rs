//! How long each grain is kept: minutes for 8 days, quarter hours for 400 days, days permanently.

use rusqlite::{Connection, params};

use super::{events, slo};
use crate::units::{Span, Timestamp};

const DAY: i64 = 86_400;
/// How long minutes are kept.
pub(super) const MINUTES_KEPT: Span = Span::from_secs(8 * DAY);
/// How long quarter hours are kept.
pub(super) const QUARTERS_KEPT: Span = Span::from_secs(400 * DAY);

/// Deletes cells older than their grain is kept, at most one day of cells per call: a clock that is wrong by years then
/// costs one day of the finer grains, and transactions stay short. The coarser grains have the same data.
pub(super) fn forget(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    for (grain, kept) in [("minute", MINUTES_KEPT), ("quarter", QUARTERS_KEPT)] {
        for table in ["tokens", "gpu_time", "uncertainty"] {
            let forget = format!(
                "DELETE FROM {grain}_{table} WHERE bucket < min(?1, (SELECT min(bucket) + ?2 FROM {grain}_{table}))"
            );
            connection.execute(&forget, params![(now - kept).millis(), DAY * 1000])?;
        }
    }
    events::forget(connection, now - QUARTERS_KEPT)?;
    slo::forget(connection, now - QUARTERS_KEPT)
}
