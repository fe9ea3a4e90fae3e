//! The minutes in which latency objectives were met.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::meta::noted;
use super::names::has_table;
use super::names::note;
use crate::ledger::{PendingPostings, SloDay, SloPast};
use crate::reading::{Label, NodeName};
use crate::units::{Span, Timestamp};

/// The table that version 4 adds.
pub(super) const TABLE: &str = include_str!("slo.sql");
/// The key of the most recent objectives.
const KEY: &str = "slo";
const FIRST: &str = "SELECT day FROM slo_minutes WHERE slo = ?1 ORDER BY day LIMIT 1";
const BEFORE: &str = "SELECT slo FROM slo_minutes WHERE day <= ?1 AND slo <> ?2 ORDER BY day DESC LIMIT 1";
const DAYS: &str = "SELECT day, node, minutes FROM slo_minutes WHERE day >= ?1 AND day < ?2 AND slo = ?3";

/// Applies renames of nodes, and adds minutes.
pub(super) fn write(transaction: &Transaction<'_>, pending: &PendingPostings) -> rusqlite::Result<()> {
    for (from, to) in &pending.renames {
        transaction
            .prepare_cached("UPDATE OR IGNORE slo_minutes SET node = ?2 WHERE node = ?1")?
            .execute([from.as_str(), to.as_str()])?;
    }
    let mut days: HashMap<(Timestamp, &NodeName, &Label), Vec<_>> = HashMap::new();
    for ((slo, node, quarter), minutes) in &pending.slo_minutes {
        days.entry((SloDay::of(*quarter), node, slo)).or_default().push((*quarter, *minutes));
    }
    let mut ask =
        transaction.prepare_cached("SELECT minutes FROM slo_minutes WHERE day = ?1 AND node = ?2 AND slo = ?3")?;
    let mut write = transaction.prepare_cached("INSERT OR REPLACE INTO slo_minutes VALUES (?1, ?2, ?3, ?4)")?;
    for ((at, node, slo), added) in &days {
        let key = params![at.millis(), node.as_str(), slo.as_str()];
        let known: Option<String> = ask.query_row(key, |row| row.get(0)).optional()?;
        let mut day = known.as_deref().map(SloDay::from_text).unwrap_or_default();
        for (quarter, minutes) in added {
            day.add(*quarter, *minutes);
        }
        write.execute(params![at.millis(), node.as_str(), slo.as_str(), day.to_text()])?;
    }
    // All minutes of a commit have the same objectives, unless they were changed while nothing could be written.
    let last = days.keys().max_by_key(|(at, ..)| *at).map(|(.., slo)| *slo);
    last.map_or(Ok(()), |slo| note(transaction, KEY, slo.as_str()))
}

/// The results of the most recent objectives for `[since, until)`; `None` if there never were any.
pub(super) fn past(connection: &Connection, since: Timestamp, until: Timestamp) -> rusqlite::Result<Option<SloPast>> {
    if !has_table(connection, "slo_minutes")? {
        return Ok(None);
    }
    let Some(slo) = noted(connection, KEY)? else { return Ok(None) };
    let first: Option<i64> = connection.prepare_cached(FIRST)?.query_row([&slo], |row| row.get(0)).optional()?;
    let Some(first) = first else { return Ok(None) };
    let mut ask = connection.prepare_cached(DAYS)?;
    let mut rows = ask.query(params![SloDay::of(since).millis(), until.millis(), slo])?;
    let before: Option<String> =
        connection.prepare_cached(BEFORE)?.query_row(params![first, slo], |row| row.get(0)).optional()?;
    let before = before.map(|before| Label::new(&before));
    let mut past =
        SloPast { slo: Label::new(&slo), since: Timestamp::from_millis(first), before, days: HashMap::new() };
    while let Some(row) = rows.next()? {
        let (day, node) = (Timestamp::from_millis(row.get(0)?), NodeName::new(row.get_ref(1)?.as_str()?));
        past.days.entry(node).or_default().push((day, SloDay::from_text(row.get_ref(2)?.as_str()?)));
    }
    Ok(Some(past))
}

/// Deletes days older than quarter hours are kept, one day at a time.
pub(super) fn forget(connection: &Connection, kept_from: Timestamp) -> rusqlite::Result<()> {
    const FORGET: &str = "DELETE FROM slo_minutes WHERE day < min(?1, (SELECT min(day) + ?2 FROM slo_minutes))";
    connection.execute(FORGET, [(kept_from - Span::DAY).millis(), Span::DAY.millis()]).map(drop)
}
