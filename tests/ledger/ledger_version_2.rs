//! A ledger of version 2 under the present program: read as it is, brought up to date, exported and imported, with the
//! same totals each time.

use std::path::Path;

use crate::former::{self, version};
use margintop::ledger::{Grain, Past};
use margintop::statement::Totals;
use margintop::store::{Reader, import, reset_target};
use margintop::units::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

const VERSION_2: &str = include_str!("../fixtures/ledgers/version-2.sql");

fn past(path: &Path, grain: Grain) -> Past {
    let far = Timestamp::from_millis(4_000_000_000_000);
    Reader::open(path).unwrap().past(Timestamp::default(), far, grain).unwrap()
}

/// All that a statement is made of: tokens, money, and whether each account's cost is known.
fn reason(path: &Path) -> (Totals, Vec<(String, bool)>, i64) {
    let past = past(path, Grain::Day);
    let lost = past.uncertainty.iter().map(|cell| cell.lost_windows).sum();
    let accounts = past.accounts.iter().map(|account| (account.node.to_string(), account.costed)).collect();
    (Totals::of(&past), accounts, lost)
}

/// Brings a ledger up to date, as writing anything to it does.
fn bring_up_to_date(path: &Path) {
    let target = margintop::reading::TargetId::new("http://nowhere:1");
    assert!(reset_target(path, &target, Timestamp::default()).unwrap().is_err(), "an unknown target is refused");
}

#[test]
fn a_ledger_of_version_2_keeps_its_totals() {
    let folder = TempDir::new().unwrap();
    let path = former::open(&folder, VERSION_2);
    let before = reason(&path);
    assert_eq!(version(&path), 2, "reading changes nothing");
    let costed: Vec<_> = before.1.iter().map(|(node, costed)| (node == "elsewhere", *costed)).collect();
    assert_eq!(costed, [(false, true), (false, true), (true, false)]);
    assert!(before.0.revenue > before.0.uncosted_revenue && !before.0.uncosted_revenue.is_zero() && before.2 == 1);
    bring_up_to_date(&path);
    assert_eq!((version(&path), reason(&path)), (5, before.clone()));
    assert_eq!(Reader::open(&path).unwrap().verify().unwrap(), Vec::<String>::new());
    for view in ["revenue_by_day", "cost_by_day", "profit_by_model_by_day"] {
        let rows: i64 = Connection::open(&path)
            .unwrap()
            .query_row(&format!("SELECT count(*) FROM {view}"), [], |row| row.get(0))
            .unwrap();
        assert!(rows > 0, "{view}");
    }
}

#[test]
fn an_export_of_version_2_is_imported() {
    let folder = TempDir::new().unwrap();
    let path = former::open(&folder, VERSION_2);
    let before = reason(&path);
    let export = |path: &Path| {
        let mut text = Vec::new();
        Reader::open(path).unwrap().export(&mut text).unwrap();
        text
    };
    let lines = |path: &Path| {
        let mut lines: Vec<_> = String::from_utf8(export(path)).unwrap().lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    for (name, text) in [
        ("earlier", export(&path)),
        ("present", {
            bring_up_to_date(&path);
            export(&path)
        }),
    ] {
        let new = folder.path().join(name);
        import(&new, text.as_slice()).unwrap();
        assert_eq!(reason(&new), before, "{name}");
        // The first is compared with what it becomes.
        bring_up_to_date(&path);
        assert_eq!(lines(&new), lines(&path), "{name}");
    }
}
