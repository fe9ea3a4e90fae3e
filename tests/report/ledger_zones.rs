//! The ledger in any zone: days of 23 to 25 hours and days that never were, offsets of half and quarter hours, and the
//! zone that a ledger was made in.

use crate::ledger_watch;
use crate::program;
use crate::support;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::tz::TimeZone;
use ledger_watch::{LedgerWatch, file};
use margintop::store::Reader;
use margintop::units::{Span, Timestamp, zone_of};
use program::Program;
use rusqlite::Connection;
use support::instant;

/// How often is looked, in seconds.
const STEP: i64 = 600;

/// One GPU and an engine that makes a token a second, for three days.
fn watch(path: &Path, zone: &str, from: Timestamp) -> u64 {
    let mut watch = LedgerWatch::with(path, from, "USD", zone_of(zone).unwrap());
    let seconds = 3 * 86_400;
    for made in (0..=seconds).step_by(STEP as usize) {
        watch.gpus(&["a"]);
        watch.poll(made, None);
        if made % 7_200 == 0 {
            watch.tick();
        }
        if made < seconds {
            watch.advance(STEP);
        }
    }
    watch.leave();
    seconds
}

/// The days' names and how many hours of them are paid.
fn days(path: &Path) -> Vec<(String, f64)> {
    let open = Connection::open(path).unwrap();
    let days = "SELECT date, sum(allocated_ms) / 3.6e6 FROM day_gpu_time JOIN days USING (bucket) GROUP BY bucket";
    let mut ask = open.prepare(days).unwrap();
    ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

fn sums(path: &Path) -> [(i64, i64); 3] {
    let open = Connection::open(path).unwrap();
    ["minute", "quarter", "day"].map(|grain| {
        let sums = format!(
            "SELECT (SELECT sum(output) FROM {grain}_tokens), (SELECT sum(allocated_ms) FROM {grain}_gpu_time)"
        );
        open.query_row(&sums, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    })
}

/// A zone, the instant from which is watched, and what its days are called and how long they are paid.
fn zone(zone: &str, from: &str, wanted: &[(&str, f64)]) {
    let (_home, path) = file();
    let made = watch(&path, zone, instant(from));
    assert_eq!(sums(&path), [(3 * 86_400, 3 * 86_400_000); 3], "{zone}");
    let wanted: Vec<(String, f64)> = wanted.iter().map(|(date, hours)| ((*date).to_owned(), *hours)).collect();
    assert_eq!(days(&path), wanted, "{zone}");
    assert_eq!(Reader::open(&path).unwrap().verify().unwrap(), Vec::<String>::new(), "{zone}");

    // Hours are told apart even where clocks show one of them twice, whatever the zone of who asks.
    let ledger = path.to_str().unwrap();
    let report = Program::new(["report", "--json", "--by", "hour", "--since", "2000-01-01", "--ledger", ledger])
        .env("TZ", "Pacific/Kiritimati")
        .run()
        .good();
    let rows: Vec<_> = report["rows"].as_array().unwrap().iter().filter(|row| row["is_key"] == true).collect();
    let keys: BTreeSet<&str> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), rows.len(), "{zone}: {keys:?}");
    let hours: f64 = rows.iter().map(|row| row["gpu_hours"].as_f64().unwrap()).sum();
    assert!((hours - 72.0).abs() < 1e-6, "{zone}: {hours}");
    let partial = rows.iter().filter(|row| row["output_tokens"] != 3_600).count();
    assert!(partial <= 2, "{zone}: only the first and the last hour are not whole: {partial}");
    assert_eq!(report["total"]["output_tokens"].as_u64(), Some(made));

    // Somebody elsewhere goes on: the days stay where they were.
    let later = instant(from) + Span::from_secs(3 * 86_400 + 60);
    let mut watch = LedgerWatch::with(&path, later, "USD", TimeZone::get("Asia/Tokyo").unwrap());
    watch.gpus(&["a"]);
    watch.poll(made + 60, None);
    watch.leave();
    assert_eq!(Some(Reader::open(&path).unwrap().header().zone), zone_of(zone));
    assert_eq!(days(&path).len(), wanted.len(), "{zone}");
}

#[test]
fn a_day_of_25_hours() {
    let days = [("2025-10-25", 12.0), ("2025-10-26", 25.0), ("2025-10-27", 24.0), ("2025-10-28", 11.0)];
    zone("Europe/Berlin", "2025-10-25T10:00:00Z", &days);
}

#[test]
fn a_day_of_23_hours() {
    let days = [("2025-03-29", 12.0), ("2025-03-30", 23.0), ("2025-03-31", 24.0), ("2025-04-01", 13.0)];
    zone("Europe/Berlin", "2025-03-29T11:00:00Z", &days);
}

#[test]
fn half_an_hour_off_over_a_change_of_clocks() {
    let days = [("2025-11-01", 12.0), ("2025-11-02", 25.0), ("2025-11-03", 24.0), ("2025-11-04", 11.0)];
    zone("America/St_Johns", "2025-11-01T14:30:00Z", &days);
}

#[test]
fn three_quarters_of_an_hour_off() {
    let days = [("2025-11-01", 12.0), ("2025-11-02", 24.0), ("2025-11-03", 24.0), ("2025-11-04", 12.0)];
    zone("Asia/Kathmandu", "2025-11-01T06:15:00Z", &days);
}

#[test]
fn a_day_that_never_was() {
    let days = [("2011-12-28", 12.0), ("2011-12-29", 24.0), ("2011-12-31", 24.0), ("2012-01-01", 12.0)];
    zone("Pacific/Apia", "2011-12-28T22:00:00Z", &days);
}

#[test]
fn a_midnight_that_never_was() {
    let days = [("2018-11-03", 12.0), ("2018-11-04", 23.0), ("2018-11-05", 24.0), ("2018-11-06", 13.0)];
    zone("America/Sao_Paulo", "2018-11-03T15:00:00Z", &days);
}

#[test]
fn an_offset_and_a_posix_rule() {
    let days = [("2025-03-08", 6.0), ("2025-03-09", 23.0), ("2025-03-10", 24.0), ("2025-03-11", 19.0)];
    zone("EST5EDT,M3.2.0,M11.1.0", "2025-03-08T23:00:00Z", &days);
    for ahead in ["<+05>-5", "+05:00"] {
        let days = [("2025-03-09", 20.0), ("2025-03-10", 24.0), ("2025-03-11", 24.0), ("2025-03-12", 4.0)];
        zone(ahead, "2025-03-08T23:00:00Z", &days);
    }
}

/// What `report` says of the span of a ledger that was made under a `TZ`.
fn made_under(named: &str) -> program::Ran {
    let (_home, path) = file();
    let ledger = path.to_str().unwrap();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/engines/vllm-dp4.prom");
    let made = Program::new(["once", "--for", "0", "--ledger", ledger, page, "nvml:off"]).env("TZ", named).run();
    if made.code != Some(0) {
        return made;
    }
    Program::new(["report", "--ledger", ledger]).env("TZ", "Asia/Tokyo").run()
}

#[test]
fn the_systems_zone_is_used_or_refused() {
    for (named, offset) in
        [("<+05>-5", "+05:00"), ("JST-9", "+09:00"), (":Asia/Kathmandu", "+05:45"), ("UTC0", "+00:00")]
    {
        let report = made_under(named);
        assert!(report.out.lines().next().unwrap().contains(offset), "{named}: {}", report.out);
    }
    let refused = made_under("Nonsense");
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("TZ=\"Nonsense\" is not a time zone: write a name like"), "{}", refused.err);
}
