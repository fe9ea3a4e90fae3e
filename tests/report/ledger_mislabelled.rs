//! A ledger whose tables are not those of the version that it says: one plain message, and it is left as it is.

use crate::program;

use std::path::Path;

use program::Program;
use rusqlite::Connection;

const VERSION_1: &str = include_str!("../fixtures/ledgers/version-1.sql");

/// A ledger of version 1, or of this program's, that says another version, or lacks a table.
fn damaged(path: &Path, is_old: bool, says: i64, lacks: Option<&str>) {
    if is_old {
        Connection::open(path).unwrap().execute_batch(VERSION_1).unwrap();
    } else {
        let ran = Program::new(["once", "--json", "--for", "0", "nvml:off", "demo.prom", "--ledger"]);
        ran.arg(path.to_str().unwrap()).run();
    }
    let open = Connection::open(path).unwrap();
    open.pragma_update(None, "user_version", says).unwrap();
    if let Some(table) = lacks {
        open.execute_batch(&format!("DROP TABLE {table}")).unwrap();
    }
    open.pragma_update(None, "journal_mode", "delete").unwrap();
}

#[test]
fn a_ledger_that_says_another_version_than_its_tables_are_of_is_reported_in_one_line() {
    let cases = [
        (true, 2, None),
        (true, 3, None),
        (true, 4, None),
        (true, 5, None),
        (false, 1, None),
        (false, 2, None),
        (false, 5, Some("revenue_accounts")),
        (false, 5, Some("minute_tokens")),
        (false, 5, Some("saved_targets")),
    ];
    let (mut printed, mut wrong) = (0, Vec::new());
    for (is_old, says, lacks) in cases {
        for command in [
            &["report"][..],
            &["ledger", "verify"],
            &["ledger", "disputes"],
            &["lease", "list"],
            &["once", "--json", "--for", "0", "nvml:off", "http://127.0.0.1:9/metrics"],
        ] {
            let home = tempfile::tempdir().unwrap();
            let path = home.path().join("ledger.db");
            damaged(&path, is_old, says, lacks);
            let ran = Program::new(command.iter().chain(&["--ledger"])).arg(path.to_str().unwrap()).run();
            let what = format!("{command:?} on {is_old} {says} {lacks:?}: {}", ran.err);
            let lines: Vec<&str> = ran.err.lines().filter(|line| !line.contains("127.0.0.1:9")).collect();
            let is_plain = lines.iter().all(|line| {
                line.starts_with("margintop: ")
                    && line.contains("ledger.db: its tables are not those of the version that it says (")
                    && line.contains("name another with --ledger")
            });
            printed += lines.len();
            if lines.len() > 1
                || !is_plain
                || ["SELECT", "INSERT", "CREATE", "ALTER"].iter().any(|sql| ran.err.contains(sql))
            {
                wrong.push(what);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of 40: {wrong:#?}", wrong.len());
    assert!(printed >= 20, "{printed}");
}
