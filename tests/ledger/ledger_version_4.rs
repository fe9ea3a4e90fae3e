//! A ledger of version 4, whose table of allocated GPUs had another name: read as it is, migrated, exported and imported,
//! with the same GPUs, postings and checks each time.

use std::path::Path;

use crate::former::{self, version};
use margintop::ledger::Grain;
use margintop::reading::TargetId;
use margintop::statement::Totals;
use margintop::store::{LeasedRow, Reader, import, reset_target};
use margintop::units::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

const VERSION_4: &str = include_str!("../fixtures/ledgers/version-4.sql");

fn tables(path: &Path) -> Vec<String> {
    let open = Connection::open(path).unwrap();
    let mut ask = open
        .prepare("SELECT name FROM sqlite_schema WHERE name IN ('rented', 'allocated_gpus') AND type = 'table'")
        .unwrap();
    ask.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The allocated GPUs, the totals and whether accounts have a known cost.
fn content(path: &Path) -> (Vec<LeasedRow>, Totals, Vec<bool>) {
    let reader = Reader::open(path).unwrap();
    let past = reader.past(Timestamp::default(), Timestamp::from_millis(4_000_000_000_000), Grain::Day).unwrap();
    assert_eq!(reader.verify().unwrap(), Vec::<String>::new());
    let costed = past.accounts.iter().map(|account| account.costed).collect();
    (reader.leased().unwrap(), Totals::of(&past), costed)
}

/// Migrates a ledger, as writing anything to it does.
fn migrate(path: &Path) {
    let target = TargetId::new("http://nowhere:1");
    assert!(reset_target(path, &target, Timestamp::default()).unwrap().is_err(), "an unknown target is refused");
}

#[test]
fn a_ledger_of_version_4_keeps_its_gpus_and_totals() {
    let folder = TempDir::new().unwrap();
    let path = former::open(&folder, VERSION_4);
    let before = content(&path);
    assert_eq!((version(&path), tables(&path)), (4, vec!["rented".to_owned()]), "reading changes nothing");
    let gpus: Vec<_> = before.0.iter().map(|row| (row.node.as_str(), row.gpus)).collect();
    assert_eq!(gpus, [("gpu-0001", Some(8))]);
    assert!(!before.1.revenue.is_zero() && before.1.cost.is_some());
    // A view of the user's that is invalid does not prevent it.
    let view = "CREATE VIEW mine AS SELECT * FROM elsewhere";
    Connection::open(&path).unwrap().execute_batch(view).unwrap();
    migrate(&path);
    assert_eq!((version(&path), tables(&path)), (5, vec!["allocated_gpus".to_owned()]));
    assert_eq!(content(&path), before);
}

#[test]
fn an_export_of_version_4_is_imported() {
    let folder = TempDir::new().unwrap();
    let path = former::open(&folder, VERSION_4);
    // Whether the cost of an account is known is stored, and is not judged anew.
    Connection::open(&path).unwrap().execute_batch("UPDATE revenue_accounts SET costed = 0").unwrap();
    let before = content(&path);
    assert_eq!(before.2, [false]);
    let mut text = Vec::new();
    Reader::open(&path).unwrap().export(&mut text).unwrap();
    let new = folder.path().join("new.db");
    import(&new, text.as_slice()).unwrap();
    assert_eq!((version(&new), content(&new)), (5, before));
}
