//! Ledgers on file systems that cannot lock, sync, share or grow: cause and remedy are reported within three seconds, figures are
//! shown nevertheless, and "kept by another process" is reported only if another process has the ledger open.
//!
//! Class: an error of the file system is reported as something else, or stops the program. The errors are real ones: the kernel
//! refuses the calls (see `tests/fake-disk`).
#![cfg(target_os = "linux")]

use crate::fake_disk;
use crate::ledger;
use crate::page;
use crate::program;

use std::io::Read;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ledger::{Engine, Ledger};
use page::Counted;
use program::Program;
use serde_json::Value;

const WORK: Counted = Counted::new(1_000, 400, 300);
/// The longest time until cause and remedy are reported.
const SOON: Duration = Duration::from_secs(3);

/// Runs `margintop` with these arguments on a file system with these faults.
fn faulty(launcher: &Path, faults: &str, ledger: &Ledger, arguments: &[&str]) -> Program {
    Program::through(launcher.to_str().unwrap(), &[faults], arguments).env("MARGINTOP_LEDGER", &ledger.path)
}

/// Faults of a file system, and the message for each.
const FAULTS: [(&str, &str); 7] = [
    ("flock:37", "this file cannot be locked (No locks available"),
    ("lock:37", "this file cannot be locked (No locks available"),
    ("flock:37,lock:37", "this file cannot be locked (No locks available"),
    ("flock:95", "this file cannot be locked (Operation not supported"),
    ("lock:38", "this file cannot be locked (Function not implemented"),
    ("flock:5,lock:5", "this file cannot be locked (Input/output error"),
    ("sync:5", "this file cannot be written through to its disk (Input/output error"),
];

#[test]
fn once_prints_its_figures_and_says_why_it_keeps_no_ledger() {
    let Some(launcher) = fake_disk::launcher() else { return };
    for (faults, message) in FAULTS {
        let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
        let target = engine.server.metrics();
        let working = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            for _ in 0..40 {
                engine.work(WORK);
                thread::sleep(Duration::from_millis(50));
            }
        });
        let arguments = ["once", "--json", "--for", "500ms", "--interval", "100ms", &target];
        let ran = faulty(launcher, faults, &ledger, &arguments).run();
        assert_eq!(ran.code, Some(1), "{faults}: {ran:?}");
        assert!(ran.err.contains(message) && ran.err.contains("name a file on a local disk with --ledger"), "{ran:?}");
        assert!(!ran.err.contains("kept by"), "{ran:?}");
        assert!(ran.took < SOON, "{faults}: it took {:?}", ran.took);
        let figures = ran.json();
        assert!(figures["money"]["revenue"].as_str().unwrap() > "0.000000", "{faults}: {figures}");
        assert_eq!(figures["money"]["ledger"]["writer"], "memory", "{faults}");
        let alerts = figures["alerts"].as_array().unwrap();
        let unwritten = alerts.iter().find(|alert| alert["subject"] == "ledger").unwrap();
        assert_eq!(unwritten["severity"], "critical", "{faults}");
        working.join().unwrap();
    }
}

#[test]
fn monitoring_continues_in_memory_and_reports_why_within_three_seconds() {
    let Some(launcher) = fake_disk::launcher() else { return };
    for (faults, message) in FAULTS {
        let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
        let target = engine.server.metrics();
        let arguments = ["serve", &target, "--interval", "100ms", "--listen", "127.0.0.1:0"];
        let began = Instant::now();
        let mut watch = faulty(launcher, faults, &ledger, &arguments).start();
        let mut line = String::new();
        let stderr = watch.child.stderr.as_mut().unwrap();
        // What else it logs says nothing of the ledger.
        while !(line.contains("margintop: ") && line.ends_with('\n')) {
            let mut byte = [0];
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{faults}: it ended: {line}");
            line.push(char::from(byte[0]));
        }
        assert!(began.elapsed() < SOON, "{faults}: it took {:?}", began.elapsed());
        let line = line.lines().last().unwrap_or_default();
        assert!(line.contains(message) && line.contains("kept in memory meanwhile"), "{faults}: {line}");
        assert!(engine.server.asked() > 0 || began.elapsed() < Duration::from_secs(1), "{faults}: it watches");
        assert!(watch.terminate().is_some_and(|took| took < Duration::from_secs(2)), "{faults}");
    }
}

#[test]
fn without_shared_memory_a_rollback_journal_is_used() {
    let Some(launcher) = fake_disk::launcher() else { return };
    for fault in ["shm:22", "shm:19", "shm:13"] {
        let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
        let (baseline, target) = (engine.counted(), engine.server.metrics());
        let arguments = ["serve", &target, "--interval", "100ms", "--listen", "127.0.0.1:0"];
        for _ in 0..2 {
            // A log that an earlier watch on a better file system left is taken in.
            for faults in [Some(fault), None] {
                let mut watch = match faults {
                    Some(faults) => faulty(launcher, faults, &ledger, &arguments).start(),
                    None => ledger.serve(&target),
                };
                ledger.until_counted(&engine);
                engine.work(WORK);
                ledger.until_counted(&engine);
                if faults.is_some() {
                    // Others read it meanwhile.
                    let report: Value = faulty(launcher, fault, &ledger, &["report", "--json"]).run().good();
                    assert_eq!(report["total"]["output_tokens"], engine.made_since(baseline)[2], "{fault}");
                    watch.child.kill().unwrap();
                    watch.child.wait().unwrap();
                } else {
                    assert!(watch.terminate().is_some());
                }
            }
        }
        assert_eq!(ledger.posted(), [engine.made_since(baseline); 3], "{fault}");
        ledger.verify();
    }
}

#[test]
fn a_ledger_that_cannot_be_locked_is_read_if_no_process_can_be_writing_it() {
    let Some(launcher) = fake_disk::launcher() else { return };
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let (baseline, target) = (engine.counted(), engine.server.metrics());
    let mut watch = ledger.serve(&target);
    ledger.until_counted(&engine);
    engine.work(WORK);
    ledger.until_counted(&engine);
    assert!(watch.terminate().is_some());
    let ran = faulty(launcher, "lock:37", &ledger, &["report", "--json"]).run();
    assert_eq!(ran.good()["total"]["output_tokens"], engine.made_since(baseline)[2]);
    assert!(ran.took < SOON, "it took {:?}", ran.took);
    // To write in it, it must be locked.
    let ran = faulty(launcher, "lock:37", &ledger, &["ledger", "disputes", "accept", "1"]).run();
    assert!(ran.code != Some(0) && !ran.err.contains("kept by"), "{ran:?}");
}

#[test]
fn a_file_size_limit_and_a_folder_as_lock_are_reported() {
    let engine = Engine::new("deepseek-r1");
    let target = engine.server.metrics();
    let ledger = Ledger::new();
    let arguments = ["once", "--json", "--interval", "100ms", &target];
    let limited = Program::through("sh", &["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"], arguments);
    let ran = limited.env("MARGINTOP_LEDGER", &ledger.path).run();
    assert!(ran.code == Some(1) && ran.err.contains("this file cannot be written or made longer"), "{ran:?}");
    assert!(ran.json()["money"].is_object() && ran.took < SOON);

    let ledger = Ledger::new();
    std::fs::create_dir_all(ledger.path.with_file_name("ledger.db.lock")).unwrap();
    let ran = ledger.program(&arguments).run();
    assert!(ran.code == Some(1) && ran.err.contains("cannot be written"), "{ran:?}");
    assert!(ran.json()["money"].is_object() && !ran.err.contains("kept by"), "{ran:?}");
}

#[test]
fn another_writer_is_reported_only_if_there_is_one() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let target = engine.server.metrics();
    let watch = ledger.serve(&target);
    ledger.until_counted(&engine);
    let ran = ledger.program(&["once", "--json", "--interval", "100ms", &target]).run();
    assert_eq!(ran.code, Some(0), "it is read beside the writer: {ran:?}");
    assert!(ran.err.contains(&format!("kept by pid {}", watch.child.id())), "{ran:?}");
    assert!(ran.json()["money"].is_object(), "and its figures are printed");
    // A lock that is held by nobody whose number stands there.
    drop(watch);
    let lock = ledger.path.with_file_name("ledger.db.lock");
    std::fs::write(&lock, "2147483000").unwrap();
    let other = std::fs::File::open(&lock).unwrap();
    rustix::fs::flock(&other, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let ran = ledger.program(&["once", "--json", "--interval", "100ms", &target]).run();
    assert!(ran.err.contains("kept by another process") && !ran.err.contains("2147483000"), "{ran:?}");
}

/// Class: a disk that is full from the start is reported without a remedy.
#[test]
fn a_full_disk_is_reported_with_the_space_to_free() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let folder = ledger.path.parent().unwrap().to_owned();
    std::fs::create_dir_all(&folder).unwrap();
    let small = format!("mount -t tmpfs -o size=32k tmpfs '{}' && exec \"$@\"", folder.display());
    let namespace = ["-rm", "sh", "-c", &small, "sh"];
    let can = std::process::Command::new("unshare").args(namespace).arg("true").status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("NOT CHECKED: this user may not mount a small disk");
        return;
    }
    let target = engine.server.metrics();
    let arguments = ["once", "--json", "--interval", "100ms", &target];
    let ran = Program::through("unshare", &namespace, arguments).env("MARGINTOP_LEDGER", &ledger.path).run();
    let message = format!(
        "{}: the disk is full: free 16 MB or more in {}, or name a file on another disk with --ledger",
        ledger.path.display(),
        folder.display()
    );
    assert!(ran.code == Some(1) && ran.err.contains(&message), "{ran:?}");
    assert!(ran.json()["money"].is_object() && ran.took < SOON, "it took {:?}", ran.took);
}
