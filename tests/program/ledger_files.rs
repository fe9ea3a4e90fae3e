//! Ledgers whose path is not a file, whose file may not grow, or is removed: cause and remedy are reported at once.
//!
//! Class: a process hangs, ends without a message, or writes to a removed file.
#![cfg(target_os = "linux")]

use crate::ledger;
use crate::page;
use crate::program;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ledger::{Engine, Ledger};
use page::Counted;
use program::{Program, Running};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(5);

/// Something in the way of a ledger at this path.
fn block(path: &Path, what: &str) -> Option<std::os::unix::net::UnixListener> {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    match what {
        "a folder" => std::fs::create_dir(path).unwrap(),
        "a named pipe" => {
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        }
        _ => return Some(std::os::unix::net::UnixListener::bind(path).unwrap()),
    }
    None
}

#[test]
fn a_ledger_that_is_not_a_regular_file_is_refused() {
    let engine = Engine::new("deepseek-r1");
    let target = engine.server.metrics();
    for what in ["a folder", "a named pipe", "a socket"] {
        let ledger = Ledger::new();
        let _open = block(&ledger.path, what);
        let messages =
            format!("{}: it is {what}, and a ledger is a file: name one with --ledger", ledger.path.display());
        for arguments in [
            &["report", "--json"] as &[&str],
            &["ledger", "verify"],
            &["ledger", "disputes"],
            &["ledger", "disputes", "accept", "1"],
            &["lease", "list"],
            &["once", "--json", "--for", "300ms", "--interval", "100ms", &target, "nvml:off"],
        ] {
            let ran = Program::through("timeout", &["-s", "KILL", "20"], arguments)
                .env("MARGINTOP_LEDGER", &ledger.path)
                .run();
            assert!(ran.err.contains(&messages) && ran.took < SOON, "{arguments:?}: {ran:?}");
            assert_eq!(ran.code, Some(1), "{arguments:?}: {ran:?}");
        }
    }
}

#[test]
fn a_file_size_limit_ends_no_process() {
    let engine = Engine::new("deepseek-r1");
    let target = engine.server.metrics();
    for blocks in ["0", "20", "60"] {
        let ledger = Ledger::new();
        let arguments = ["once", "--json", "--for", "1s", "--interval", "100ms", &target, "nvml:off"];
        let limit = format!("ulimit -f {blocks}; exec \"$@\"");
        let ran = Program::through("sh", &["-c", &limit, "sh"], arguments).env("MARGINTOP_LEDGER", &ledger.path).run();
        let messages = format!("{}: this file cannot be written or made longer", ledger.path.display());
        assert!(ran.code == Some(1) && ran.err.contains(&messages), "{blocks}: {ran:?}");
        assert!(ran.err.contains("name a file on a local disk with --ledger"), "{blocks}: {ran:?}");
        assert!(ran.json()["money"].is_object(), "{blocks}");
    }
}

/// The lines that a process writes to stderr.
fn stderr_lines(watch: &mut Running) -> Receiver<String> {
    let lines = BufReader::new(watch.child.stderr.take().unwrap()).lines();
    let (send, messages) = channel();
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(send.send(line))));
    messages
}

/// The next line with these words.
fn next(messages: &Receiver<String>, words: &str) -> String {
    let began = Instant::now();
    loop {
        let line = messages.recv_timeout(SOON.saturating_sub(began.elapsed())).unwrap_or_else(|_| panic!("no {words}"));
        if line.contains(words) {
            return line;
        }
    }
}

/// What the stored engine's output is in a ledger.
fn output(ledger: &Ledger) -> u64 {
    let report: Value = ledger.program(&["report", "--json"]).run().good();
    report["total"]["output_tokens"].as_u64().unwrap()
}

#[test]
fn a_removed_ledger_is_reported_and_written_again_when_it_is_back() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let before = engine.counted();
    let mut watch = ledger.serve(&engine.server.metrics());
    ledger.until_counted(&engine);
    let messages = stderr_lines(&mut watch);
    let aside = ledger.path.with_file_name("aside.db");
    std::fs::rename(&ledger.path, &aside).unwrap();
    engine.work(Counted::new(3_000, 1_000, 500));
    let line = next(&messages, "the file was removed or moved");
    assert!(line.contains("start margintop again"), "{line}");
    engine.work(Counted::new(3_000, 1_000, 500));
    std::fs::rename(&aside, &ledger.path).unwrap();
    let line = next(&messages, "written again by this process");
    assert!(line.contains("ledger.db"), "{line}");
    ledger.until_counted(&engine);
    assert!(watch.terminate().is_some());
    assert_eq!(output(&ledger), engine.made_since(before)[2]);
    ledger.verify();
}

#[test]
fn a_file_that_was_removed_ends_in_an_error() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let target = engine.server.metrics();
    let flags = ["once", "--json", "--for", "3s", "--interval", "100ms", &target, "nvml:off"];
    let watch = std::thread::spawn({
        let program = ledger.program(&flags);
        move || program.run()
    });
    let began = Instant::now();
    while !ledger.path.exists() && began.elapsed() < SOON {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    std::fs::remove_file(&ledger.path).unwrap();
    let ran = watch.join().unwrap();
    assert!(ran.code == Some(1) && ran.err.contains("the file was removed or moved"), "{ran:?}");
    let figures = ran.json();
    let alerts = figures["alerts"].as_array().unwrap();
    let alert = alerts.iter().find(|alert| alert["subject"] == "ledger").unwrap();
    assert_eq!((&alert["severity"], &alert["rule"]), (&"critical".into(), &"ledger_unwritten".into()));
    assert!(!ledger.path.exists(), "nothing is written where there is no file");
}
