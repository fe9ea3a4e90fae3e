//! What a ledger says is held: a row for each node and cost account, and for each schedule.

use rusqlite::Connection;

use super::names::{all, has_table};
use crate::units::Timestamp;

/// GPUs of one name on one node, or a lease by schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// The node; the schedule's own name where it is one.
    pub node: String,
    /// Its deployment unit.
    pub unit: Option<String>,
    /// The driver's name for the GPUs; `None` for a schedule.
    pub gpu: Option<String>,
    /// How many; `None` where the schedule's name says it.
    pub gpus: Option<u32>,
    /// The lease or the assumption that its rent was last posted by.
    pub lease: Option<String>,
    /// Since when; `None` where nothing is held any more.
    pub since: Option<Timestamp>,
    /// Up to when its rent is posted; `None` for a schedule that was ended by hand.
    pub until: Option<Timestamp>,
}

/// Everything that is held.
pub(super) fn held(connection: &Connection) -> rusqlite::Result<Vec<HeldRow>> {
    let mut rows = nodes(connection)?;
    rows.extend(schedules(connection)?);
    Ok(rows)
}

fn nodes(connection: &Connection) -> rusqlite::Result<Vec<HeldRow>> {
    const RENTED: &str = "SELECT node, unit, nullif(gpu, '') AS gpu, gpus, since,
                                 coalesce(until, (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'last_wall')) AS until
                          FROM rented";
    // A ledger of version 1, which its keeper has not brought up to date yet.
    const V1: &str =
        "SELECT n.node, n.unit, g.name AS gpu, count(*) AS gpus, n.held_from AS since, n.held_wall AS until
                      FROM nodes n JOIN gpus g USING (node) GROUP BY n.node, g.name";
    let rented = if has_table(connection, "rented")? { RENTED } else { V1 };
    let question = format!(
        "SELECT n.node, n.unit, n.gpu, n.gpus, n.since, n.until,
                (SELECT coalesce(l.lease, l.gpu || CASE WHEN l.rate_micros IS NULL THEN ', no rate known'
                        ELSE printf(' assumed at %.2f', 1e-6 * l.rate_micros / l.rate_hours) END)
                 FROM day_gpu_time r JOIN cost_accounts l ON l.id = r.cost_account
                 WHERE l.node = n.node AND l.kind = 'gpus' AND r.allocated_ms > 0 ORDER BY r.bucket DESC, l.id DESC LIMIT 1)
         FROM ({rented}) n ORDER BY n.node, n.gpu"
    );
    all(connection, &question, |row| {
        Ok(HeldRow {
            node: row.get(0)?,
            unit: row.get(1)?,
            gpu: row.get(2)?,
            gpus: row.get(3)?,
            since: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
            until: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
            lease: row.get(6)?,
        })
    })
}

fn schedules(connection: &Connection) -> rusqlite::Result<Vec<HeldRow>> {
    all(connection, "SELECT lease, until FROM schedules ORDER BY lease", |row| {
        let until: i64 = row.get(1)?;
        Ok(HeldRow {
            node: row.get(0)?,
            unit: None,
            gpu: None,
            gpus: None,
            lease: Some("schedule".to_owned()),
            since: None,
            until: (until < i64::MAX).then(|| Timestamp::from_millis(until)),
        })
    })
}
