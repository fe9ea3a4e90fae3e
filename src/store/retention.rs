//! How long each grain is kept: minutes for 8 days, quarter hours for 400, days for ever.

use rusqlite::{Connection, params};

use super::slo;
use crate::units::{Span, Timestamp};

const DAY: i64 = 86_400;
/// How long minutes are kept.
pub(super) const MINUTES_KEPT: Span = Span::from_secs(8 * DAY);
/// How long quarter hours are kept.
pub(super) const QUARTERS_KEPT: Span = Span::from_secs(400 * DAY);

/// Forgets what is older than its grain is kept, a day of it at most: a clock that is wrong by years costs a day of the
/// finer grains and not all of them, and no transaction is long. The coarser grains hold it already.
pub(super) fn forget(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    for (grain, kept) in [("minute", MINUTES_KEPT), ("quarter", QUARTERS_KEPT)] {
        for table in ["tokens", "gpu_time", "uncertainty"] {
            let forget = format!(
                "DELETE FROM {grain}_{table} WHERE bucket < min(?1, (SELECT min(bucket) + ?2 FROM {grain}_{table}))"
            );
            connection.execute(&forget, params![(now - kept).millis(), DAY * 1000])?;
        }
    }
    slo::forget(connection, now - QUARTERS_KEPT)
}
