//! Cells of a time range of the past, as coarse as the query allows.

use rusqlite::{Connection, params};

use super::calendar::{Calendar, next_quarter, quarter};
use super::meta::{instant, last};
use super::read_cells::{RangePart, RangeQuery};
use super::retention::{MINUTES_KEPT, QUARTERS_KEPT};
use super::second_connection::SecondConnection;
use super::{borne, names, read_cells, slo};
use crate::ledger::{Detail, GpuTimeCell, Grain, Marker, Past, TokenCell, Wanted};
use crate::reading::Label;
use crate::units::Timestamp;

/// A query of the past.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpanQuery {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    pub(super) finest: Grain,
    pub(super) wanted: Wanted,
}

/// The data of `[since, until)`. A bucket that begins in the range is included as a whole: where minutes or quarter hours
/// are deleted, the range is aligned to the grain that is left. With a second connection, GPU time is read by that.
pub(super) fn past(
    connection: &Connection,
    beside: Option<SecondConnection>,
    calendar: &mut Calendar,
    query: SpanQuery,
) -> rusqlite::Result<Past> {
    // Everything is read in a consistent state, even while another process writes.
    let _instant = connection.unchecked_transaction()?;
    let kept = saved(connection, calendar)?;
    let beside = beside.and_then(SecondConnection::joined);
    let (mut past, parts) = shell(connection, calendar, query, kept)?;
    let finer = if query.wanted.detail == Detail::Borne {
        borne::finer(&parts, &parts_of(calendar, past.since, past.until, Grain::Minute, kept))
    } else {
        Vec::new()
    };
    // There are many more of the finer buckets.
    let (beside, finer_beside) = if finer.is_empty() { (beside, None) } else { (None, beside) };
    let quarters =
        if query.wanted.nodes { parts_of(calendar, past.since, past.until, Grain::Quarter, kept) } else { Vec::new() };
    // Nothing is allocated after the last commit.
    let known = Past { until: past.until.min(last(connection)?.wall), grains: grains(&quarters), ..past.clone() };
    let mut cells = RangeQuery { parts: &parts, detail: query.wanted.detail, tables: &past, nodes: None };
    let has_nodes = !query.wanted.nodes || parts == quarters && query.wanted.detail != Detail::Alike;
    // A second read is avoided if the nodes are computed from the same cells.
    cells.nodes = Some(&known).filter(|_| !has_nodes && parts == quarters);
    let cells = cells.both(connection, beside)?;
    (past.tokens, past.gpu_times, past.node_time) = (cells.tokens, cells.gpu_times, cells.node_time);
    if !has_nodes && past.node_time.is_none() {
        past.node_time = Some(read_cells::node_time(connection, &quarters, &known)?);
    }
    past.borne = borne::borne((connection, finer_beside), calendar, &finer, &past)?;
    for RangePart { grain, from, to } in parts {
        past.uncertainty.extend(read_cells::uncertainty(connection, grain, from, to)?);
    }
    Ok(past)
}

/// As [`past`], but with the cells passed one bucket at a time, since a long range does not fit in memory. `fold` gets the
/// past with tokens by day only, and the function that passes the buckets.
pub(super) fn read<R>(
    connection: &Connection,
    beside: Option<SecondConnection>,
    calendar: &mut Calendar,
    query: SpanQuery,
    fold: impl FnOnce(&Past, &mut dyn FnMut(EachBucket<'_>) -> rusqlite::Result<()>) -> R,
) -> rusqlite::Result<R> {
    let _instant = connection.unchecked_transaction()?;
    let kept = saved(connection, calendar)?;
    let beside = beside.and_then(SecondConnection::joined);
    let (mut past, parts) = shell(connection, calendar, query, kept)?;
    let days = parts_of(calendar, past.since, past.until, Grain::Day, kept);
    let days = RangeQuery { parts: &days, detail: query.wanted.detail, tables: &past, nodes: None };
    past.tokens = days.both(connection, None)?.tokens;
    let mut beside = beside;
    let mut read = |each: EachBucket<'_>| read_cells::each_bucket(connection, beside.take(), &parts, each);
    Ok(fold(&past, &mut read))
}

/// Receives a bucket's start, tokens and GPU time.
pub(super) type EachBucket<'a> = &'a mut dyn FnMut(Timestamp, &[TokenCell], &[GpuTimeCell]);

/// The past without cells, and the parts that the cells belong to.
fn shell(
    connection: &Connection,
    calendar: &mut Calendar,
    query: SpanQuery,
    kept: RetainedFrom,
) -> rusqlite::Result<(Past, Vec<RangePart>)> {
    let (since, until) = edges(calendar, query.since, query.until, kept);
    // Events at the last known instant are included if the range ends later.
    let notes_until = if query.until > kept.now { query.until } else { until };
    let mut past = Past {
        since,
        until,
        accounts: names::accounts(connection)?,
        cost_accounts: names::cost_accounts(connection)?,
        tariffs: names::tariffs(connection)?,
        markers: markers(connection, since, notes_until)?,
        unwatched: unwatched(connection, since, notes_until)?,
        began: kept.began,
        books: names::books(connection)?,
        ..Past::default()
    };
    past.books.retain(|(revision, _)| past.tariffs.iter().any(|tariff| tariff.book == *revision));
    let parts = parts_of(calendar, since, until, query.finest, kept);
    if query.wanted.detail == Detail::Accounts {
        past.slo = slo::past(connection, since, until)?;
    }
    past.grains = grains(&parts);
    Ok((past, parts))
}

/// The stored range at an instant, by grain.
#[derive(Debug, Clone, Copy)]
struct RetainedFrom {
    began: Timestamp,
    quarters_from: Timestamp,
    minutes_from: Timestamp,
    now: Timestamp,
}

/// The range of the ledger. A clock that was set back leaves cells later than the last commit or earlier than the start,
/// which are included.
fn saved(connection: &Connection, calendar: &mut Calendar) -> rusqlite::Result<RetainedFrom> {
    let last = last(connection)?.wall;
    let began = instant(connection, "began")?.unwrap_or(last);
    let now = outermost(connection, "minute", "max")?.map_or(last, |bucket| bucket.max(last));
    let first = outermost(connection, "day", "min")?.filter(|day| *day < calendar.day(began).begins);
    let began = first.unwrap_or(began).min(last);
    Ok(RetainedFrom { began, quarters_from: now - QUARTERS_KEPT, minutes_from: now - MINUTES_KEPT, now })
}

/// The first (`min`) or last (`max`) bucket of a grain.
fn outermost(connection: &Connection, grain: &str, which: &str) -> rusqlite::Result<Option<Timestamp>> {
    let of = |table: &str| {
        let ask = format!("SELECT {which}(bucket) FROM {grain}_{table}");
        connection.query_row(&ask, [], |row| row.get::<_, Option<i64>>(0))
    };
    let both = [of("tokens")?, of("gpu_time")?].into_iter().flatten().map(Timestamp::from_millis);
    Ok(if which == "min" { both.min() } else { both.max() })
}

/// The first day of which all quarter hours are stored. Of the day before some are deleted, so only its sum is complete.
fn first_whole_day(calendar: &mut Calendar, quarters_from: Timestamp) -> Timestamp {
    let day = calendar.day(quarters_from);
    if day.begins < quarters_from { day.ends } else { day.begins }
}

fn grains(parts: &[RangePart]) -> Vec<(Timestamp, Grain)> {
    parts.iter().map(|part| (part.from, named(part.grain))).collect()
}

const fn named(grain: &str) -> Grain {
    match grain.as_bytes() {
        b"minute" => Grain::Minute,
        b"quarter" => Grain::Quarter,
        _ => Grain::Day,
    }
}

/// The range of the answer: each end is aligned to the finest stored bucket, so that adjoining ranges add up. An end
/// outside the ledger becomes the ledger's start or end; a range entirely outside is unchanged.
fn edges(calendar: &mut Calendar, since: Timestamp, until: Timestamp, kept: RetainedFrom) -> (Timestamp, Timestamp) {
    if until <= kept.began || since > kept.now {
        return (since, until);
    }
    let ancient = first_whole_day(calendar, kept.quarters_from);
    let mut edge = |at: Timestamp| {
        if at <= kept.began {
            kept.began
        } else if at > kept.now.minute() {
            // The current minute is not complete.
            kept.now
        } else if at >= next_quarter(kept.minutes_from) {
            at.minute().max(kept.began)
        } else if at >= ancient {
            quarter(at).max(kept.began)
        } else {
            calendar.day(at).begins.max(kept.began)
        }
    };
    (edge(since), edge(until))
}

/// Splits a range into days, quarter hours and minutes that do not overlap.
fn parts_of(
    calendar: &mut Calendar,
    since: Timestamp,
    until: Timestamp,
    finest: Grain,
    kept: RetainedFrom,
) -> Vec<RangePart> {
    if since >= until || until <= kept.began || since > kept.now {
        return Vec::new();
    }
    // There is no data before the first poll or after the last commit, so those days count as complete.
    let since = if since <= kept.began { calendar.day(kept.began).begins } else { since.minute() };
    let until = if until >= kept.now { calendar.day(kept.now.max(since)).ends.max(until) } else { until };
    let ancient = first_whole_day(calendar, kept.quarters_from);
    let days = if finest == Grain::Day {
        let first = calendar.day(since);
        let whole = first.begins == since || since < ancient;
        // If both ends are inside one day, that day is not included as a whole.
        let first = if whole { first.begins } else { first.ends.min(until) };
        (first, calendar.day(until).begins.max(first))
    } else {
        // Only days are stored for times this old.
        let first = calendar.day(since).begins;
        if since < ancient { (first, ancient.min(until)) } else { (since, since) }
    };
    let mut all = vec![RangePart { grain: "day", from: days.0, to: days.1 }];
    all.extend(ragged(since, days.0, finest, kept.minutes_from));
    all.extend(ragged(days.1, until, finest, kept.minutes_from));
    all.retain(|part| part.from < part.to);
    all.sort_by_key(|part| part.from);
    all
}

/// Quarters of an hour with minutes at the ends; or only minutes, if requested and stored.
fn ragged(from: Timestamp, to: Timestamp, finest: Grain, minutes_from: Timestamp) -> Vec<RangePart> {
    let part = |grain, from, to| RangePart { grain, from, to };
    if finest == Grain::Minute {
        let kept = if from >= minutes_from { from } else { next_quarter(minutes_from).min(to) };
        return vec![part("quarter", from, kept), part("minute", kept, to)];
    }
    let first = next_quarter(from).min(to);
    let last = quarter(to).max(first);
    vec![part("minute", from, first), part("quarter", first, last), part("minute", last, to)]
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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond))
    }

    fn kept() -> RetainedFrom {
        let now = at("2026-11-23T15:07:30Z");
        RetainedFrom {
            began: at("2025-01-05T10:20:30Z"),
            quarters_from: now - QUARTERS_KEPT,
            minutes_from: now - MINUTES_KEPT,
            now,
        }
    }

    fn parts_between(since: &str, until: &str, finest: Grain) -> Vec<(&'static str, String, String)> {
        let mut calendar = Calendar::new(TimeZone::UTC);
        let (since, until) = edges(&mut calendar, at(since), at(until), kept());
        let all = parts_of(&mut calendar, since, until, finest, kept());
        let mut gapless = all.windows(2).map(|pair| pair[0].to == pair[1].from);
        assert!(gapless.all(|same| same), "{all:?}");
        all.into_iter().map(|part| (part.grain, part.from.to_string(), part.to.to_string())).collect()
    }

    #[test]
    fn all_of_it_is_days() {
        let all = parts_between("2020-01-01T00:00:00Z", "2026-11-23T15:07:30Z", Grain::Day);
        assert_eq!(all, [("day", "2025-01-05T00:00:00Z".to_owned(), "2026-11-24T00:00:00Z".to_owned())]);
    }

    /// The class of errors: a bucket that contains the end of a range is counted on both sides or on neither.
    #[test]
    fn stretches_that_adjoin_add_up() {
        for edge in [
            "2025-01-05T10:20:31Z",
            "2025-02-01T10:00:00Z",
            "2025-10-19T00:00:01Z",
            "2026-10-20T10:20:10Z",
            "2026-11-15T15:06:00Z",
            "2026-11-20T10:20:10Z",
            "2026-11-23T15:06:59.999Z",
            "2026-11-23T15:07:00Z",
            "2026-11-23T15:07:29Z",
            "2027-01-01T00:00:00Z",
        ] {
            for finest in [Grain::Minute, Grain::Quarter, Grain::Day] {
                let (before, after) = (
                    parts_between("2020-01-01T00:00:00Z", edge, finest),
                    parts_between(edge, "2027-01-01T00:00:00Z", finest),
                );
                match (before.last(), after.first()) {
                    (Some((.., end)), Some((_, start, _))) => {
                        let same = end == start || at(end) >= kept().now && at(start) >= kept().now;
                        assert!(same, "{edge} {finest:?}: {end} and {start}");
                    }
                    (before, after) => assert!(before.is_some() || after.is_some(), "{edge} {finest:?}"),
                }
            }
        }
    }

    #[test]
    fn an_edge_is_the_finest_that_is_kept() {
        let mut calendar = Calendar::new(TimeZone::UTC);
        let mut took = |since: &str, until: &str| {
            let (since, until) = edges(&mut calendar, at(since), at(until), kept());
            (since.to_string(), until.to_string())
        };
        let spans = [
            (("2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"), ("2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z")),
            (("2020-01-01T00:00:00Z", "2025-02-01T10:00:00Z"), ("2025-01-05T10:20:30Z", "2025-02-01T00:00:00Z")),
            (("2026-10-20T10:20:10Z", "2026-11-23T14:05:30Z"), ("2026-10-20T10:15:00Z", "2026-11-23T14:05:00Z")),
            (("2026-11-23T14:05:30Z", "2030-01-01T00:00:00Z"), ("2026-11-23T14:05:00Z", "2026-11-23T15:07:30Z")),
        ];
        for ((since, until), (from, to)) in spans {
            assert_eq!(took(since, until), (from.to_owned(), to.to_owned()));
        }
    }

    /// The class of errors: both ends of a range are inside one bucket, and that bucket is included as a whole.
    #[test]
    fn a_span_ends_where_it_is_asked_to() {
        let days = ["2026-11-19T00:00:00Z", "2026-11-19T06:00:00Z", "2026-11-19T06:07:00Z", "2026-11-19T06:09:00Z"];
        let later = ["2026-11-19T06:15:00Z", "2026-11-19T09:01:00Z", "2026-11-20T00:00:00Z", "2026-11-21T10:00:00Z"];
        let edges = [days, later].concat();
        for (nth, since) in edges.iter().enumerate() {
            for until in &edges[nth + 1..] {
                for finest in [Grain::Minute, Grain::Quarter, Grain::Day] {
                    let all = parts_between(since, until, finest);
                    let ends = (all[0].1.as_str(), all[all.len() - 1].2.as_str());
                    assert_eq!(ends, (*since, *until), "{finest:?}: {all:?}");
                }
            }
        }
    }

    #[test]
    fn ragged_edges_are_as_fine_as_they_are_kept() {
        let grains = |all: &[(&'static str, String, String)]| all.iter().map(|part| part.0).collect::<Vec<_>>();
        let recent = parts_between("2026-11-20T10:20:10Z", "2026-11-22T01:20:00Z", Grain::Day);
        assert_eq!(grains(&recent), ["minute", "quarter", "day", "quarter", "minute"]);
        assert_eq!(recent[0].1, "2026-11-20T10:20:00Z");
        let older = parts_between("2026-10-20T10:20:10Z", "2026-11-22T00:00:00Z", Grain::Day);
        assert_eq!(grains(&older), ["quarter", "day"]);
        let hours = parts_between("2025-01-01T00:00:00Z", "2026-11-23T15:07:30Z", Grain::Quarter);
        assert_eq!(grains(&hours), ["day", "quarter"], "hours that are no longer kept are in their days");
        let ancient = parts_between("2025-02-01T10:00:00Z", "2026-11-23T00:00:00Z", Grain::Day);
        assert_eq!(ancient, [("day", "2025-02-01T00:00:00Z".to_owned(), "2026-11-23T00:00:00Z".to_owned())]);
        let minutes = parts_between("2026-11-23T14:00:00Z", "2026-11-23T15:00:00Z", Grain::Minute);
        assert_eq!(grains(&minutes), ["minute"]);
    }
}
