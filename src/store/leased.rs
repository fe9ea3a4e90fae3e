//! The leases in a ledger: GPUs by node, nodes of leases, and what was posted to each lease.

use std::collections::HashSet;

use rusqlite::Connection;

use super::names::{self, all};
use super::versions;
use crate::ledger::{AllocatedTime, CostAccount, CostAccountId};
use crate::units::{GpuTime, Span, Timestamp};

const DAY: Span = Span::from_secs(86_400 + 3_600);
/// The most parts that an account is split into; one of GPUs that serve now and then stays one row.
const MOST_PARTS: usize = 8;

/// The postings to a cost account.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaseTime {
    /// The number of the account.
    pub number: u32,
    /// The account.
    pub account: CostAccount,
    /// The GPU time and energy of its whole past.
    pub time: AllocatedTime,
    /// The first minute, or the first day if its minutes are deleted.
    pub first: Option<Timestamp>,
    /// The last minute; `None` if its minutes are deleted.
    pub last: Option<Timestamp>,
    /// The GPU time of the first minute, if stored.
    pub earliest: GpuTime,
    /// The GPU time of the last minute.
    pub latest: GpuTime,
    /// The most GPU time in any stored minute.
    pub most: GpuTime,
    /// Whether all of its minutes are stored.
    pub is_kept: bool,
    /// Its place among ends by hand, if it was paid again after one.
    pub part: Option<LeasePart>,
}

/// A part of the postings to an account, before or after an end by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeasePart {
    /// The end by hand that it follows; `None` for the first part.
    pub follows: Option<Timestamp>,
    /// The end by hand that it stops at; `None` for the last part.
    pub ended: Option<Timestamp>,
    /// The number of GPUs.
    pub gpus: u32,
}

/// The minutes of an account with the time in each, in order.
pub type LeaseMinutes = Vec<(Timestamp, AllocatedTime)>;

/// GPUs of one name on one node, or a node of a scheduled lease.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeasedRow {
    /// The node.
    pub node: String,
    /// Its deployment unit.
    pub unit: Option<String>,
    /// The driver's name for the GPUs; `None` for a schedule.
    pub gpu: Option<String>,
    /// The number of GPUs; `None` for a schedule.
    pub gpus: Option<u32>,
    /// The lease or assumed rate that its cost was last posted to.
    pub lease: Option<String>,
    /// Since when it is allocated; `None` if it no longer is.
    pub since: Option<Timestamp>,
    /// Up to when its cost is posted; `None` for a schedule.
    pub until: Option<Timestamp>,
}

/// All rows.
pub(super) fn rows(connection: &Connection) -> rusqlite::Result<Vec<LeasedRow>> {
    let mut rows = nodes(connection)?;
    rows.extend(scheduled_nodes(connection)?);
    Ok(rows)
}

fn nodes(connection: &Connection) -> rusqlite::Result<Vec<LeasedRow>> {
    // A ledger of version 1 that its writer has not migrated yet.
    const V1: &str =
        "SELECT n.node, n.unit, g.name AS gpu, count(*) AS gpus, n.held_from AS since, n.held_wall AS until
                      FROM nodes n JOIN gpus g USING (node) GROUP BY n.node, g.name";
    let present = |table: &str| {
        format!(
            "SELECT node, unit, nullif(gpu, '') AS gpu, gpus, since,
                    coalesce(until, (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'last_wall')) AS until
             FROM {table}"
        )
    };
    let allocated = versions::allocated_gpus(connection)?.map_or_else(|| V1.to_owned(), present);
    let question = format!(
        "SELECT n.node, n.unit, n.gpu, n.gpus, n.since, n.until,
                (SELECT coalesce(l.lease, l.gpu || CASE WHEN l.rate_micros IS NULL THEN ', no rate known'
                        ELSE printf(' assumed at %.2f', 1e-6 * l.rate_micros / l.rate_hours) END)
                 FROM day_gpu_time r JOIN cost_accounts l ON l.id = r.cost_account
                 WHERE l.node = n.node AND l.kind = 'gpus' AND r.allocated_ms > 0 ORDER BY r.bucket DESC, l.id DESC LIMIT 1)
         FROM ({allocated}) n ORDER BY n.node, n.gpu"
    );
    all(connection, &question, |row| {
        Ok(LeasedRow {
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

/// The nodes of scheduled leases, whether their GPUs are seen or not.
fn scheduled_nodes(connection: &Connection) -> rusqlite::Result<Vec<LeasedRow>> {
    let keys: Vec<String> = all(connection, "SELECT lease FROM schedules ORDER BY lease", |row| row.get(0))?;
    // Older versions wrote `8 x gpu-01 at 2.00 from - until -`.
    let earlier = |key: &str| {
        let (count, rest) = key.split_once(" x ")?;
        count.parse::<u32>().ok()?;
        rest.split_once(" at ").map(|(node, _)| node.to_owned())
    };
    let node = |key: String| key.strip_prefix("node ").map(str::to_owned).or_else(|| earlier(&key));
    let row = |node| LeasedRow { node, ..LeasedRow::default() };
    Ok(keys.into_iter().filter_map(node).map(row).collect())
}

/// The postings to each cost account by number, with a separate row for each time that it was paid again after unpaid
/// minutes.
pub(super) fn leases(connection: &Connection) -> rusqlite::Result<Vec<LeaseTime>> {
    let _instant = connection.unchecked_transaction()?;
    let accounts = names::cost_accounts(connection)?;
    let days =
        "SELECT cost_account, sum(allocated_ms), sum(idle_ms), sum(energy_mj), min(bucket), NULL, NULL, NULL, NULL, 0
                FROM day_gpu_time GROUP BY cost_account ORDER BY cost_account";
    let minutes =
        "SELECT s.cost_account, s.allocated, 0, 0, s.first, s.last, m.allocated_ms, f.allocated_ms, s.most, s.minutes
                   FROM (SELECT cost_account, min(bucket) AS first, max(bucket) AS last, max(allocated_ms) AS most,
                                sum(allocated_ms) AS allocated, count(*) AS minutes
                         FROM minute_gpu_time WHERE allocated_ms > 0 GROUP BY cost_account) s
                   JOIN minute_gpu_time m ON m.bucket = s.last AND m.cost_account = s.cost_account
                   JOIN minute_gpu_time f ON f.bucket = s.first AND f.cost_account = s.cost_account";
    let mut rows: Vec<LeaseTime> = sums(connection, days, &accounts)?.into_iter().map(|(row, _)| row).collect();
    let mut with_gaps = HashSet::new();
    for (minute, count) in sums(connection, minutes, &accounts)? {
        let Some(row) = rows.iter_mut().find(|row| row.number == minute.number) else { continue };
        let is_kept = |first: &Timestamp| row.first.is_some_and(|day| *first - day < DAY);
        if let Some(first) = minute.first.filter(is_kept) {
            (row.first, row.earliest) = (row.first.max(Some(first)), minute.earliest);
        }
        (row.last, row.latest, row.most) = (minute.last, minute.latest, minute.most);
        let is_gapless = minute
            .first
            .zip(minute.last)
            .is_some_and(|(first, last)| (last - first).millis() == Span::MINUTE.millis() * (count - 1));
        with_gaps.extend(Some(minute.number).filter(|_| !is_gapless));
        row.is_kept = row.time.allocated == minute.time.allocated && row.first == minute.first;
    }
    let mut parts = Vec::with_capacity(rows.len());
    for row in rows {
        if row.is_kept && with_gaps.contains(&row.number) {
            parts.extend(split(&row, &minutes_of(connection, row.number)?));
        } else {
            parts.push(row);
        }
    }
    Ok(parts)
}

/// The stored minutes of an account with GPU time, in order.
pub(super) fn minutes_of(connection: &Connection, number: u32) -> rusqlite::Result<LeaseMinutes> {
    let question = format!(
        "SELECT bucket, allocated_ms, idle_ms, energy_mj FROM minute_gpu_time
         WHERE cost_account = {number} AND allocated_ms > 0 ORDER BY bucket"
    );
    all(connection, &question, |row| {
        let (allocated, idle) = (GpuTime::from_millis(row.get(1)?), GpuTime::from_millis(row.get(2)?));
        Ok((Timestamp::from_millis(row.get(0)?), AllocatedTime { allocated, idle, energy: row.get(3)? }))
    })
}

/// Splits an account at unpaid minutes; unchanged if there would be too many parts or not all of its minutes are stored.
fn split(row: &LeaseTime, minutes: &LeaseMinutes) -> Vec<LeaseTime> {
    let islands: Vec<_> = minutes.chunk_by(|(one, _), (next, _)| *next - *one == Span::MINUTE).collect();
    let part = |island: &&[(Timestamp, AllocatedTime)]| {
        let ((first, earliest), (last, latest)) = island.first().zip(island.last())?;
        let time = island.iter().fold(AllocatedTime::default(), |sum, (_, time)| sum + *time);
        let most = island.iter().map(|(_, time)| time.allocated).max()?;
        let (first, last, earliest, latest) = (Some(*first), Some(*last), earliest.allocated, latest.allocated);
        Some(LeaseTime { time, first, last, earliest, latest, most, ..row.clone() })
    };
    let parts: Vec<_> = islands.iter().filter_map(part).collect();
    let sum = parts.iter().fold(AllocatedTime::default(), |sum, part| sum + part.time);
    if islands.len() > MOST_PARTS || sum != row.time { vec![row.clone()] } else { parts }
}

fn sums(connection: &Connection, question: &str, accounts: &[CostAccount]) -> rusqlite::Result<Vec<(LeaseTime, i64)>> {
    let instant = |at: Option<i64>| at.map(Timestamp::from_millis);
    let rows = all(connection, question, |row| {
        let number: u32 = row.get(0)?;
        let time = AllocatedTime {
            allocated: GpuTime::from_millis(row.get(1)?),
            idle: GpuTime::from_millis(row.get(2)?),
            energy: row.get(3)?,
        };
        let allocated =
            |column| Ok::<_, rusqlite::Error>(GpuTime::from_millis(row.get::<_, Option<i64>>(column)?.unwrap_or(0)));
        let [latest, earliest, most] = [allocated(6)?, allocated(7)?, allocated(8)?];
        Ok((number, time, (instant(row.get(4)?), instant(row.get(5)?)), [earliest, latest, most], row.get(9)?))
    })?;
    let of = |(number, time, (first, last), [earliest, latest, most], minutes): (u32, _, _, [GpuTime; 3], i64)| {
        let account = accounts.get(CostAccountId::at(number).index())?.clone();
        Some((
            LeaseTime { number, account, time, first, last, earliest, latest, most, is_kept: false, part: None },
            minutes,
        ))
    };
    Ok(rows.into_iter().filter_map(of).collect())
}

/// When the leases of nodes were ended by hand, in the order of the requests.
pub(super) fn ended(connection: &Connection) -> rusqlite::Result<Vec<(String, Timestamp)>> {
    let question = "SELECT node, at FROM lease_ends ORDER BY id";
    all(connection, question, |row| Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?))))
}
