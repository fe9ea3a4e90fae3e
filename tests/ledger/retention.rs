//! Minutes are kept for 8 days, quarter hours for 400 days and days permanently, and what a coarser grain keeps is what the
//! finer one had.

use crate::ledger_watch;

use std::path::Path;

use ledger_watch::{LedgerWatch, began, file, past};
use margintop::ledger::{Classes, Grain};
use margintop::store::Reader;
use margintop::units::{Span, Timestamp, Tokens};
use rusqlite::Connection;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Watches an engine for ten seconds. It makes 120 misses, 120 hits and 60 output tokens on one GPU.
fn watch(path: &Path, at: Timestamp) {
    let mut watch = LedgerWatch::at(path, at);
    watch.work(&["a"], 10, [100, 160]);
    watch.leave();
}

fn buckets(path: &Path, table: &str) -> Vec<Timestamp> {
    let open = Connection::open(path).unwrap();
    let mut ask = open.prepare(&format!("SELECT DISTINCT bucket FROM {table} ORDER BY bucket")).unwrap();
    let rows = ask.query_map([], |row| row.get(0)).unwrap();
    rows.map(|at| Timestamp::from_millis(at.unwrap())).collect()
}

/// The tokens and GPU time of the whole ledger, read by a grain.
fn sums(path: &Path, finest: Grain) -> (Classes, i64) {
    let past = past(path, finest);
    let mut tokens = Classes::default();
    past.tokens.iter().for_each(|cell| tokens += cell.tokens);
    (tokens, past.gpu_times.iter().map(|cell| cell.allocated.millis()).sum())
}

/// Class: a grain that is deleted too early or too late, and a sum that changes when a finer grain is deleted.
#[test]
fn each_grain_is_kept_as_long_as_the_rules_say_and_no_sum_changes() {
    let (_home, path) = file();
    let first = began();
    let mut watched = 0;
    for (after, minute, quarter) in [
        (0, true, true),
        (8 * DAY - 13 * HOUR, true, true),
        (8 * DAY + 13 * HOUR, false, true),
        (400 * DAY - 13 * HOUR, false, true),
        (400 * DAY + 13 * HOUR, false, false),
        (1_500 * DAY, false, false),
    ] {
        let at = first + Span::from_secs(after);
        watch(&path, at);
        watched += 1;
        for table in ["tokens", "gpu_time"] {
            let has = |grain: &str, bucket: Timestamp| buckets(&path, &format!("{grain}_{table}")).contains(&bucket);
            let day = first - Span::from_secs(10 * HOUR);
            assert_eq!(
                [has("minute", first), has("quarter", first), has("day", day)],
                [minute, quarter, true],
                "{after} s"
            );
            assert!(has("minute", at) && has("quarter", at), "the present is kept: {after} s");
        }
        let made = Classes {
            miss: Tokens::new(120 * watched),
            hit: Tokens::new(120 * watched),
            output: Tokens::new(60 * watched),
        };
        let allocated = i64::try_from(watched).unwrap() * 10_000;
        for grain in [Grain::Minute, Grain::Quarter, Grain::Day] {
            assert_eq!(sums(&path, grain), (made, allocated), "{after} s, read by {grain:?}");
        }
        assert_eq!(Reader::open(&path).unwrap().verify().unwrap(), Vec::<String>::new(), "{after} s");
    }
}
