//! The cost of busy GPUs that the tokens of each past day bear, stored for the SQL views: computing it by minute would take
//! SQL minutes for a year of a large fleet.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::calendar::Calendar;
use super::names::UNPRICED;
use super::past::{self, SpanQuery};
use crate::ledger::{Detail, Grain};
use crate::statement::borne_costs;
use crate::units::{Money, Timestamp};

/// The latest complete day whose cells have one grain and whose cost is not yet computed at that grain.
const NEXT: &str = "SELECT g.bucket, g.grain FROM day_grains g
    LEFT JOIN day_borne b ON b.bucket = g.bucket AND b.account = -1 AND b.tariff = -1 AND b.grain = g.grain
    WHERE g.grain IN ('minute', 'quarter') AND g.ends <= (SELECT max(bucket) FROM days) AND b.bucket IS NULL
    ORDER BY g.bucket DESC LIMIT 1";

/// Computes the latest day that is missing. Returns whether there was one.
pub(super) fn share_next(connection: &mut Connection, calendar: &mut Calendar) -> rusqlite::Result<bool> {
    let found =
        connection.query_row(NEXT, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).optional()?;
    let Some((bucket, grain)) = found else {
        // The view reads the day's own cells if no finer ones are stored.
        let forget = "DELETE FROM day_borne WHERE bucket IN (SELECT bucket FROM day_grains WHERE grain = 'day')";
        connection.execute(forget, [])?;
        return Ok(false);
    };
    let day = calendar.day(Timestamp::from_millis(bucket));
    let query = SpanQuery { since: day.begins, until: day.ends, finest: Grain::Day, wanted: Detail::Borne.into() };
    let costs = borne_costs(&past::past(connection, None, calendar, query)?);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM day_borne WHERE bucket = ?1", [bucket])?;
    {
        let mut write =
            transaction.prepare_cached("INSERT OR REPLACE INTO day_borne VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        write.execute(params![bucket, -1, UNPRICED, grain, 0, 0.0])?;
        for (cell, cost) in costs {
            let (account, tariff) = cell.map_or((-1, None), |(account, tariff)| (i64::from(account.number()), tariff));
            let tariff = tariff.map_or(UNPRICED, |tariff| i64::from(tariff.number()));
            let micro = Money::from_micros(1).grains();
            let whole = i64::try_from(cost.grains().div_euclid(micro)).unwrap_or(i64::MAX);
            let part = cost.grains().rem_euclid(micro) as f64 / micro as f64;
            write.execute(params![bucket, account, tariff, grain, whole, part])?;
        }
    }
    transaction.commit()?;
    Ok(true)
}
