//! No subcommand fails or panics if the reader of its output closes the pipe, as `head` does.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a subcommand with an empty home folder and a stdout whose reader is closed.
fn unread(home: &Path, args: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_margintop"));
    command.env_clear().env("HOME", home).args(args).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
    command.spawn().unwrap().wait_with_output().unwrap()
}

#[test]
fn every_subcommand_succeeds_when_its_reader_closes_the_pipe() {
    let home = tempfile::tempdir().unwrap();
    let ledger = home.path().join("l.db");
    let ledger = ledger.to_str().unwrap();
    // A ledger to read.
    assert!(unread(home.path(), &["once", "nvml:off", "--json", "--ledger", ledger]).status.success());
    for args in [
        &["--help"][..],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["man"],
        &["themes"],
        &["themes", "margintop-dark"],
        &["config", "check"],
        &["config", "print"],
        &["config", "init"],
        &["price", "--model", "deepseek-r1", "--input", "1000000"],
        &["price", "--lists"],
        &["once", "nvml:off"],
        &["mark", "a marker", "--ledger", ledger],
        &["report", "--ledger", ledger],
        &["report", "--ledger", ledger, "--json"],
        &["report", "--ledger", ledger, "--format", "hledger"],
        &["lease", "list", "--ledger", ledger],
        &["ledger", "verify", "--ledger", ledger],
        &["ledger", "export", "--ledger", ledger],
        &["ledger", "disputes", "--ledger", ledger],
    ] {
        let ran = unread(home.path(), args);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success() && !said.contains("panicked"), "{args:?}: {} {said}", ran.status);
    }
}
