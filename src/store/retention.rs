//! How long each grain is kept: minutes for 8 days, quarter hours for 400, days for ever.

use rusqlite::{Connection, params};

use crate::units::{Span, Timestamp};

const DAY: i64 = 86_400;
/// How long minutes are kept.
pub(super) const MINUTES_KEPT: Span = Span::from_secs(8 * DAY);
/// How long quarter hours are kept.
pub(super) const QUARTERS_KEPT: Span = Span::from_secs(400 * DAY);

/// Forgets what is older than its grain is kept. The coarser grains hold it already.
pub(super) fn forget(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    for (grain, kept) in [("minute", MINUTES_KEPT), ("quarter", QUARTERS_KEPT)] {
        for table in ["tokens", "rents", "doubts"] {
            let oldest = (now - kept).millis();
            connection.execute(&format!("DELETE FROM {grain}_{table} WHERE bucket < ?1"), params![oldest])?;
        }
    }
    Ok(())
}
