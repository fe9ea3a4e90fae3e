//! The capacity of a ledger that is read bucket after bucket is that of the past in memory.

use crate::random_ledger;

use jiff::tz::TimeZone;
use margintop::ledger::Grain;
use margintop::statement::Capacity;
use margintop::store::Reader;
use margintop::units::{Span, Timestamp};
use random_ledger::{DAY, DAYS, first_day, random_ledger, tables};
use rusqlite::{Connection, params};

const QUARTER: i64 = 900_000;

/// Quarter hours of random work on four nodes, two of them in one unit, with objectives for latency.
fn quarters(open: &Connection, seed: i64) {
    let mut number = seed;
    let mut next = |below: i64| {
        number = (number * 6_364_136_223_846_793_005_i64.rem_euclid(1 << 31) + 1_442_695_041).rem_euclid(1 << 31);
        number / 7 % below
    };
    for quarter in 0..96 * 3 {
        let at = first_day() + quarter * QUARTER;
        for account in 0..9 {
            if next(4) > 0 {
                let amounts = params![at, account, next(4) - 1, next(90_000), next(9_000), next(40_000)];
                let _ = open.execute("INSERT OR REPLACE INTO quarter_tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6)", amounts);
            }
            let gpus = [8, 8, 8, 4, 7, 0][usize::try_from(next(6)).unwrap()];
            let idle = next(2) * gpus * QUARTER / 3;
            let allocated = gpus * QUARTER - next(3) * 20_000 * i64::from(gpus > 0);
            let amounts = params![at, account, allocated, idle.min(allocated), next(1_000_000)];
            open.execute("INSERT OR REPLACE INTO quarter_gpu_time VALUES (?1, ?2, ?3, ?4, ?5)", amounts).unwrap();
        }
    }
    // Each grain holds what the finer one does.
    for (kind, columns) in [
        ("tokens", "account, tariff, sum(miss), sum(hit), sum(output)"),
        ("gpu_time", "cost_account, sum(allocated_ms), sum(idle_ms), sum(energy_mj)"),
    ] {
        let of = if kind == "tokens" { "account, tariff" } else { "cost_account" };
        let day = format!("bucket - bucket % {DAY}");
        let sum = format!(
            "DELETE FROM day_{kind}; INSERT INTO day_{kind} SELECT {day} AS day, {columns} FROM quarter_{kind} GROUP BY day, {of}"
        );
        open.execute_batch(&sum).unwrap();
    }
    for day in 0..3 {
        for node in ["a", "b", "c"] {
            let minutes: String =
                (0..96).map(|_| ["f0", "e1", "00", "f0"][usize::try_from(next(4)).unwrap()]).collect();
            let row = params![first_day() + day * DAY, node, minutes];
            open.execute("INSERT OR REPLACE INTO slo_minutes VALUES (?1, ?2, 'ttft_p99 2s', ?3)", row).unwrap();
        }
    }
    if seed % 2 == 0 {
        open.execute("INSERT OR REPLACE INTO meta VALUES ('slo', 'ttft_p99 2s')", []).unwrap();
    }
    let (from, to) = (first_day() + 5 * QUARTER + 200_000, first_day() + 9 * QUARTER + 1_000);
    open.execute("INSERT INTO unwatched VALUES (?1, ?2)", [from, to]).unwrap();
}

#[test]
fn it_is_the_same_as_that_of_the_past_in_memory() {
    let mut hours = 0;
    for seed in 1..13 {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ledger.db");
        random_ledger(&path, seed);
        let mut open = Connection::open(&path).unwrap();
        let write = open.transaction().unwrap();
        quarters(&write, i64::try_from(seed).unwrap());
        write.commit().unwrap();
        drop(open);
        let reader = Reader::open(&path).unwrap();
        let at = |millis: i64| Timestamp::from_millis(first_day() + millis);
        for (since, until) in [
            (at(0), at(DAYS * DAY)),
            (at(7 * 60_000), at(DAY + 5 * 60_000)),
            (at(-DAY), at(40 * DAY)),
            (at(2 * DAY), at(2 * DAY)),
        ] {
            let past = reader.past(since, until, Grain::Quarter).unwrap();
            let whole = Capacity::of(&past, &TimeZone::UTC);
            let read = reader
                .fold_quarters(since, until, |shell, read| {
                    assert_eq!((shell.since, shell.until), (past.since, past.until));
                    Capacity::of_read(shell, &TimeZone::UTC, |each| read(each))
                })
                .unwrap();
            assert_eq!(read.pools, whole.pools, "seed {seed}, {since} to {until}");
            assert!(read == whole, "seed {seed}, {since} to {until}");
            hours += whole.hours.len();
            assert!(whole.measured == Span::ZERO || !whole.hours.is_empty());
        }
    }
    assert!(hours > 500, "{hours}");
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("empty.db");
    drop(tables(&path));
    let reader = Reader::open(&path).unwrap();
    let (since, until) = (Timestamp::default(), Timestamp::from_millis(first_day()));
    let empty =
        reader.fold_quarters(since, until, |shell, read| Capacity::of_read(shell, &TimeZone::UTC, |each| read(each)));
    assert!(empty.unwrap().hours.is_empty());
}
