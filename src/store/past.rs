//! Cells of a stretch of the past, as coarse as the question allows.

use rusqlite::{Connection, params};

use super::calendar::{Calendar, next_quarter, quarter};
use super::names;
use super::recall::last;
use super::retention::{MINUTES_KEPT, QUARTERS_KEPT};
use crate::ledger::{AccountId, Classes, DoubtCell, Grain, LandlordId, Marker, Past, RentCell, TariffId, TokenCell};
use crate::reading::Label;
use crate::units::{GpuTime, Money, Timestamp, Tokens};

/// One part of a stretch, in one grain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    grain: &'static str,
    from: Timestamp,
    to: Timestamp,
}

/// What is known of `[since, until)`. A bucket that begins in it is in it as a whole: where minutes or quarter hours are
/// no longer kept, the edges are those of the grain that is.
pub(super) fn past(
    connection: &Connection,
    calendar: &mut Calendar,
    since: Timestamp,
    until: Timestamp,
    finest: Grain,
) -> rusqlite::Result<Past> {
    let now = last(connection)?.wall;
    let mut past = Past {
        since,
        until,
        accounts: names::accounts(connection)?,
        landlords: names::landlords(connection)?,
        tariffs: names::tariffs(connection)?,
        markers: markers(connection, since, until)?,
        unwatched: unwatched(connection, since, until)?,
        ..Past::default()
    };
    for Part { grain, from, to } in parts(calendar, since, until, finest, now) {
        past.tokens.extend(tokens(connection, grain, from, to)?);
        past.rents.extend(rents(connection, grain, from, to)?);
        past.doubts.extend(doubts(connection, grain, from, to)?);
    }
    Ok(past)
}

/// Cuts a stretch into days, quarter hours and minutes that do not overlap.
fn parts(calendar: &mut Calendar, since: Timestamp, until: Timestamp, finest: Grain, now: Timestamp) -> Vec<Part> {
    // Nothing is later than the last thing known, so the day that has just begun counts as whole.
    let until = if until > now { calendar.day(now.max(since)).ends.max(until) } else { until };
    let (minutes_from, quarters_from) = (now - MINUTES_KEPT, now - QUARTERS_KEPT);
    let mut days = (until, until);
    let first = calendar.day(since);
    let first = if first.begins == since { first.begins } else { first.ends };
    let last = calendar.day(until).begins;
    if finest == Grain::Day && first < last {
        days = (first, last);
    } else if since < quarters_from {
        // Only days are kept of what is so old.
        let end = calendar.day(quarters_from).ends.min(until);
        days = (since.min(end), end);
    }
    let mut all = Vec::new();
    for (from, to) in [(since, days.0), (days.1, until)] {
        all.extend(ragged(from, to, finest, minutes_from));
    }
    all.push(Part { grain: "day", from: days.0, to: days.1 });
    all.retain(|part| part.from < part.to);
    all.sort_by_key(|part| part.from);
    all
}

/// Quarter hours with minutes at the edges, or minutes alone where they are asked for and kept.
fn ragged(from: Timestamp, to: Timestamp, finest: Grain, minutes_from: Timestamp) -> Vec<Part> {
    let part = |grain, from, to| Part { grain, from, to };
    if finest == Grain::Minute {
        let kept = if from >= minutes_from { from.minute() } else { next_quarter(minutes_from).min(to) };
        return vec![part("quarter", from, kept), part("minute", kept, to)];
    }
    if from < minutes_from {
        return vec![part("quarter", from, to)];
    }
    let (first, last) = (next_quarter(from).min(to), quarter(to).max(next_quarter(from).min(to)));
    vec![part("minute", from, first), part("quarter", first, last), part("minute", last, to)]
}

/// Tokens of a grain's buckets that begin in `[from, to)`.
pub(super) fn tokens(
    connection: &Connection,
    grain: &str,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<TokenCell>> {
    let mut ask = connection.prepare_cached(&format!(
        "SELECT bucket, account, tariff, miss, hit, output FROM {grain}_tokens WHERE bucket >= ?1 AND bucket < ?2"
    ))?;
    let count = |count: i64| Tokens::new(u64::try_from(count).unwrap_or_default());
    let cells = ask.query_map(params![from.millis(), to.millis()], |row| {
        Ok(TokenCell {
            bucket: Timestamp::from_millis(row.get(0)?),
            account: AccountId::at(row.get(1)?),
            tariff: u32::try_from(row.get::<_, i64>(2)?).ok().map(TariffId::at),
            tokens: Classes { miss: count(row.get(3)?), hit: count(row.get(4)?), output: count(row.get(5)?) },
        })
    })?;
    cells.collect()
}

/// Rent of a grain's buckets that begin in `[from, to)`.
pub(super) fn rents(
    connection: &Connection,
    grain: &str,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<RentCell>> {
    let mut ask = connection.prepare_cached(&format!(
        "SELECT bucket, landlord, held_ms, idle_ms, energy_mj FROM {grain}_rents WHERE bucket >= ?1 AND bucket < ?2"
    ))?;
    let cells = ask.query_map(params![from.millis(), to.millis()], |row| {
        Ok(RentCell {
            bucket: Timestamp::from_millis(row.get(0)?),
            landlord: LandlordId::at(row.get(1)?),
            held: GpuTime::from_millis(row.get(2)?),
            idle: GpuTime::from_millis(row.get(3)?),
            energy: row.get(4)?,
        })
    })?;
    cells.collect()
}

/// Doubts of a grain's buckets that begin in `[from, to)`.
pub(super) fn doubts(
    connection: &Connection,
    grain: &str,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<DoubtCell>> {
    let mut ask = connection.prepare_cached(&format!(
        "SELECT bucket, timing_micros, hits_micros, lost_windows FROM {grain}_doubts WHERE bucket >= ?1 AND bucket < ?2"
    ))?;
    let cells = ask.query_map(params![from.millis(), to.millis()], |row| {
        Ok(DoubtCell {
            bucket: Timestamp::from_millis(row.get(0)?),
            timing: Money::from_micros(row.get(1)?),
            hits: Money::from_micros(row.get(2)?),
            lost_windows: u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default(),
        })
    })?;
    cells.collect()
}

fn markers(connection: &Connection, since: Timestamp, until: Timestamp) -> rusqlite::Result<Vec<Marker>> {
    let mut ask = connection.prepare_cached("SELECT at, text FROM markers WHERE at >= ?1 AND at < ?2 ORDER BY at")?;
    let markers = ask.query_map(params![since.millis(), until.millis()], |row| {
        Ok(Marker { at: Timestamp::from_millis(row.get(0)?), text: Label::new(&row.get::<_, String>(1)?) })
    })?;
    markers.collect()
}

fn unwatched(
    connection: &Connection,
    since: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Vec<(Timestamp, Timestamp)>> {
    let mut ask = connection
        .prepare_cached("SELECT since, until FROM unwatched WHERE until > ?1 AND since < ?2 ORDER BY since")?;
    let spans = ask.query_map(params![since.millis(), until.millis()], |row| {
        Ok((Timestamp::from_millis(row.get(0)?), Timestamp::from_millis(row.get(1)?)))
    })?;
    spans.collect()
}
