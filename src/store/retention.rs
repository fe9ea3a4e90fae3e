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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 2_000_000_000_000;
    const MINUTE: i64 = Span::MINUTE.millis();

    /// A ledger with a cell of each kind in each bucket of a grain.
    fn ledger(cells: &[(&str, i64)]) -> rusqlite::Result<Connection> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(include_str!("schema.sql"))?;
        connection.execute_batch(events::TABLE)?;
        connection.execute_batch(slo::TABLE)?;
        for (grain, bucket) in cells {
            connection.execute(&format!("INSERT INTO {grain}_tokens VALUES (?1, 0, -1, 1, 2, 3)"), [bucket])?;
            connection.execute(&format!("INSERT INTO {grain}_gpu_time VALUES (?1, 0, 1, 0, 0)"), [bucket])?;
            connection.execute(&format!("INSERT INTO {grain}_uncertainty VALUES (?1, 1, 1, 1)"), [bucket])?;
        }
        Ok(connection)
    }

    fn kept(connection: &Connection, grain: &str) -> rusqlite::Result<Vec<i64>> {
        let mut all = Vec::new();
        for table in ["tokens", "gpu_time", "uncertainty"] {
            let mut ask = connection.prepare(&format!("SELECT bucket FROM {grain}_{table} ORDER BY bucket"))?;
            all.push(ask.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?);
        }
        assert!(all.iter().all(|buckets| *buckets == all[0]), "each table alike: {all:?}");
        Ok(all.swap_remove(0))
    }

    #[test]
    fn minutes_are_kept_for_8_days_and_quarter_hours_for_400() -> rusqlite::Result<()> {
        let (minutes, quarters) = (NOW - 8 * 24 * 60 * MINUTE, NOW - 400 * 24 * 60 * MINUTE);
        let ledger = ledger(&[
            ("minute", minutes - MINUTE),
            ("minute", minutes),
            ("minute", NOW),
            ("quarter", quarters - 15 * MINUTE),
            ("quarter", quarters),
            ("quarter", NOW),
            ("day", 0),
            ("day", quarters),
        ])?;
        forget(&ledger, Timestamp::from_millis(NOW))?;
        assert_eq!(kept(&ledger, "minute")?, [minutes, NOW]);
        assert_eq!(kept(&ledger, "quarter")?, [quarters, NOW]);
        assert_eq!(kept(&ledger, "day")?, [0, quarters]);
        Ok(())
    }

    #[test]
    fn a_clock_that_is_wrong_by_years_costs_one_day_of_minutes() -> rusqlite::Result<()> {
        let day = DAY * 1000;
        let ledger = ledger(&[("minute", NOW), ("minute", NOW + day - MINUTE), ("minute", NOW + day)])?;
        forget(&ledger, Timestamp::from_millis(NOW + 3_650 * day))?;
        assert_eq!(kept(&ledger, "minute")?, [NOW + day]);
        Ok(())
    }
}
