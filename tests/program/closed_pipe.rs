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

/// Runs a subcommand with an empty home folder and a stderr whose reader is closed.
fn unheard(home: &Path, args: &[&str]) -> Option<i32> {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_margintop"));
    command.env_clear().env("HOME", home).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(writer);
    command.spawn().unwrap().wait_with_output().unwrap().status.code()
}

/// Class: a message for people on stderr whose reader is gone.
#[test]
fn messages_on_a_closed_stderr_change_no_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let (recording, ledger, prices) = (at("a.rec"), at("l.db"), at("prices.json"));
    std::fs::write(&prices, r#"{"m": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}"#).unwrap();
    std::fs::write(at("m.toml"), "currency = \"EUR\"\n").unwrap();
    let (nobody, config) = ("127.0.7.99:1", at("m.toml"));
    for (args, code) in [
        (&["record", recording.as_str(), "nvml:off", "--for", "1s"][..], 0),
        (&["once", nobody, "http://127.0.7.99:1/metrics", "--for", "0", "--ledger", "none"], 1),
        (&["once", "nvml:off", "--ledger", ledger.as_str()], 0),
        (&["report", "--config", config.as_str(), "--ledger", ledger.as_str()], 0),
        (&["config", "check", "--config", config.as_str()], 0),
        (&["config", "import-prices", prices.as_str()], 0),
        (&["themes", "--ledger", "none"], 0),
        (&["nosuch", "--flag"], 2),
    ] {
        assert_eq!(unheard(home.path(), args), Some(code), "{args:?}");
    }
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
