//! A ledger of version 1 under the present program: everything it holds, to the token, and the counters go on.
//!
//! The class of fault: a change of the file's shape that loses, doubles or bills anew what was posted, or that leaves half
//! of either shape behind when it is interrupted.

use crate::ledger_watch;
use crate::saved;
use crate::support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ledger_watch::{ENGINE, LedgerWatch, MODEL, allocated, began, file, output, past, tokens};
use margintop::ledger::{Grain, Past};
use margintop::reading::TargetId;
use margintop::snapshot::WriterStatus;
use margintop::store::{Reader, StoreError};
use margintop::units::Span;
use rusqlite::Connection;
use support::{answered, counters, page};

const VERSION_1: &str = include_str!("../fixtures/ledgers/version-1.sql");
/// When it was last watched.
const LAST: i64 = 220;

/// A file of version 1, as an older margintop left it.
fn old(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let open = Connection::open(path).unwrap();
    open.execute_batch(VERSION_1).unwrap();
    open.pragma_update(None, "journal_mode", "wal").unwrap();
}

fn version(path: &Path) -> i64 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn tables(path: &Path) -> Vec<String> {
    let open = Connection::open(path).unwrap();
    let mut ask = open.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1").unwrap();
    ask.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn everything(path: &Path) -> [Past; 3] {
    [Grain::Minute, Grain::Quarter, Grain::Day].map(|grain| past(path, grain))
}

fn whole(path: &Path) {
    assert_eq!(Reader::open(path).unwrap().verify().unwrap(), Vec::<String>::new());
}

/// A state without its moments on the clock of one boot: pairs of the calendar's and that clock's milliseconds.
fn without_boots(state: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match state {
        Value::Array(items) => match items.as_slice() {
            [wall @ Value::Number(_), Value::Number(_)] => wall.clone(),
            _ => items.into_iter().map(without_boots).collect(),
        },
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, without_boots(value))).collect(),
        other => other,
    }
}

#[test]
fn an_older_ledger_is_read_as_it_is() {
    let (_home, path) = file();
    old(&path);
    assert_eq!((output(&path), allocated(&path)), (172, 440));
    let rows = Reader::open(&path).unwrap().leased().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].node.as_str(), rows[0].gpu.as_deref(), rows[0].gpus), ("gpu-01", Some("NVIDIA H800"), Some(2)));
    assert_eq!(Reader::open(&path).unwrap().disputes().unwrap(), []);
    whole(&path);
    assert_eq!(version(&path), 1, "reading changes nothing");
}

#[test]
fn its_totals_stay_and_its_counters_go_on() {
    let (_home, path) = file();
    old(&path);
    let (before, leases) = (everything(&path), Reader::open(&path).unwrap().leased().unwrap());
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(LAST + 10));
    assert_eq!(watch.basis.writer, WriterStatus::Ours);
    assert_eq!((version(&path), everything(&path)), (5, before));
    assert_eq!(Reader::open(&path).unwrap().leased().unwrap(), leases);
    assert!(!tables(&path).iter().any(|table| ["targets", "counters", "nodes", "gpus"].contains(&table.as_str())));
    // The hits that ran ahead are still owed, and the successor is still on probation.
    watch.gpus(&["a", "b"]);
    let second = Some(began() + Span::from_secs(203));
    let at = watch.clock.now();
    watch.apply(answered(ENGINE, at, page(MODEL, counters(270, 110, 60), second)));
    watch.leave();
    assert_eq!((output(&path), allocated(&path)), (180, 460), "8 more tokens, and 10 s of two GPUs");
    let sum = tokens(&path);
    // 480 + 270 prompts in all; the hits of the second process are all of its 110.
    assert_eq!((sum.miss.count(), sum.hit.count()), (240 + 270 - 110, 240 + 110));
    whole(&path);
}

#[test]
fn a_first_process_that_answers_again_is_one_beside_the_second() {
    let (_home, path) = file();
    old(&path);
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(LAST + 10));
    // The second was born while the address was watched: its tokens stay. The first one's page is a baseline.
    watch.poll(230, Some(began() - Span::from_secs(100)));
    watch.leave();
    assert_eq!(output(&path), 172);
    whole(&path);
}

#[test]
fn an_export_of_version_1_is_imported() {
    let (home, path) = file();
    old(&path);
    let mut text = Vec::new();
    Reader::open(&path).unwrap().export(&mut text).unwrap();
    assert!(String::from_utf8_lossy(&text).contains("\"table\":\"counters\""), "it is one of version 1");
    let copy = home.path().join("copy.db");
    margintop::store::import(&copy, text.as_slice()).unwrap();
    assert_eq!((version(&copy), everything(&copy)), (5, everything(&path)));
    assert_eq!(Reader::open(&copy).unwrap().leased().unwrap(), Reader::open(&path).unwrap().leased().unwrap());
    LedgerWatch::at(&path, began() + Span::from_secs(LAST + 10)).leave();
    let state = |path: &Path| saved::target(&Connection::open(path).unwrap(), Some(ENGINE)).unwrap();
    assert_eq!(without_boots(state(&copy)), without_boots(state(&path)));
    // And an export of the present version is the same again.
    let mut present = Vec::new();
    Reader::open(&copy).unwrap().export(&mut present).unwrap();
    let third = home.path().join("third.db");
    margintop::store::import(&third, present.as_slice()).unwrap();
    let mut again = Vec::new();
    Reader::open(&third).unwrap().export(&mut again).unwrap();
    assert_eq!(again, present);
}

#[test]
fn a_migration_that_fails_leaves_version_1_whole() {
    let (_home, path) = file();
    old(&path);
    let before = (everything(&path), tables(&path));
    let open = Connection::open(&path).unwrap();
    // The last table of version 1 cannot be dropped: it is none.
    open.execute_batch("ALTER TABLE gpus RENAME TO gpus_; CREATE VIEW gpus AS SELECT * FROM gpus_").unwrap();
    drop(open);
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(LAST + 10));
    assert_eq!(watch.basis.writer, WriterStatus::Memory);
    assert!(watch.basis.write_error.is_some());
    watch.poll(100, None);
    watch.leave();
    assert_eq!(version(&path), 1);
    Connection::open(&path).unwrap().execute_batch("DROP VIEW gpus; ALTER TABLE gpus_ RENAME TO gpus").unwrap();
    assert_eq!((everything(&path), tables(&path)), before);
}

#[test]
fn killed_at_any_instant_it_is_one_version_or_the_other() {
    let mut seen = [0, 0];
    for nth in 0..24_u64 {
        let (home, path) = file();
        old(&path);
        let before = everything(&path);
        let mut watch = Command::new(env!("CARGO_BIN_EXE_margintop"))
            .args(["serve", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--nvml-lib", "/absent.so", "--ledger"])
            .arg(&path)
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(2_000 + nth * 700));
        watch.kill().unwrap();
        watch.wait().unwrap();
        assert_eq!(everything(&path), before, "kill {nth}");
        let version = version(&path);
        let has = |name: &str| tables(&path).iter().any(|table| table == name);
        assert_eq!((has("counters"), has("saved_targets")), (version == 1, version > 1), "kill {nth}");
        seen[usize::from(version == 5)] += 1;
        // Either goes on.
        let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(LAST + 10));
        watch.on_ledger_event(|basis| basis.writer == WriterStatus::Ours);
        watch.poll(60, Some(began() + Span::from_secs(203)));
        watch.leave();
        assert_eq!(output(&path), 180, "kill {nth}");
    }
    assert_eq!(seen.iter().sum::<u32>(), 24);
}

#[test]
fn a_column_that_cannot_be_read_costs_that_target_alone() {
    let (_home, path) = file();
    old(&path);
    Connection::open(&path).unwrap().execute_batch("UPDATE targets SET process = '{half'").unwrap();
    let before = output(&path);
    let mut watch = LedgerWatch::at(&path, began() + Span::from_secs(LAST + 10));
    assert_eq!(watch.basis.writer, WriterStatus::Ours);
    watch.gpus(&["a", "b"]);
    watch.poll(9_000, Some(began() + Span::from_secs(203)));
    watch.advance(1);
    watch.poll(9_005, Some(began() + Span::from_secs(203)));
    watch.leave();
    assert_eq!((output(&path), allocated(&path)), (before + 5, 462), "a baseline, and rent goes on");
    let printed = format!("the saved state of {ENGINE} cannot be read: its next page is a baseline");
    assert!(past(&path, Grain::Day).markers.iter().any(|marker| marker.text.as_str() == printed));
}

#[test]
fn a_decision_or_a_reset_by_hand_migrates_what_nobody_keeps() {
    let (_home, path) = file();
    old(&path);
    let reset = margintop::store::reset_target(&path, &TargetId::new(ENGINE), began()).unwrap();
    assert_eq!((reset, version(&path)), (Ok(()), 5));
    // An older margintop that keeps it would not know the tables.
    let (_home, path) = file();
    old(&path);
    let lock = path.with_file_name("ledger.db.lock");
    let lock_holder = std::fs::File::create(&lock).unwrap();
    rustix::fs::flock(&lock_holder, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let refused = margintop::store::reset_target(&path, &TargetId::new(ENGINE), began());
    assert!(matches!(refused, Err(StoreError::Older(_, 1))), "{refused:?}");
    assert_eq!(version(&path), 1);
}
