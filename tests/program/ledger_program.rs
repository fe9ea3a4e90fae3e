//! One ledger and several processes: two `serve`, a dashboard and reports at once; a writer that is killed; a full disk; a
//! writer that is another program.
#![cfg(target_os = "linux")]

use crate::ledger;
use crate::page;
use crate::program;

use std::io::Read;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ledger::{Engine, Ledger, open};
use page::Counted;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use program::{Program, Running};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;

const WORK: Counted = Counted::new(700, 400, 130);

/// A dashboard in a terminal that is read.
struct Dashboard {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Dashboard {
    fn start(target: &str, ledger: &Path, home: &Path) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_margintop"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MARGINTOP_")) {
            command.env_remove(name);
        }
        command.args([target, "nvml:off", "--interval", "100ms"]);
        command.env("MARGINTOP_LEDGER", ledger);
        command.env("HOME", home);
        command.env("XDG_CONFIG_HOME", home);
        command.env("TERM", "xterm-256color");
        let pair =
            native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        thread::spawn(move || while reader.read(&mut [0; 8_192]).is_ok_and(|read| read > 0) {});
        Self { child, _master: pair.master }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The prompt, cached and output tokens of a report's total.
fn reported(program: Program) -> [u64; 3] {
    let report: Value = program.run().good();
    ["prompt_tokens", "cached_tokens", "output_tokens"].map(|key| report["total"][key].as_u64().unwrap())
}

fn busy(engine: &Engine, times: u32) {
    for _ in 0..times {
        engine.work(WORK);
        thread::sleep(Duration::from_millis(15));
    }
}

#[test]
fn several_processes_on_one_ledger_count_nothing_twice_and_one_takes_over_within_three_seconds() {
    let (ledger, engine, home) = (Ledger::new(), Engine::new("deepseek-r1"), tempfile::tempdir().unwrap());
    let target = engine.server.metrics();
    let baseline = engine.counted();
    let mut writer = ledger.serve(&target);
    ledger.until_counted(&engine);
    assert_eq!(ledger.writer(), Some(writer.child.id()));
    let mut others = vec![ledger.serve(&target)];
    let dashboard = Dashboard::start(&target, &ledger.path, home.path());
    for _ in 0..4 {
        busy(&engine, 20);
        let made = engine.made_since(baseline);
        let said = reported(ledger.program(&["report", "--json"]));
        assert!(said.iter().zip(made).all(|(said, made)| *said <= made), "{said:?} of {made:?}");
    }
    ledger.until_counted(&engine);
    assert_eq!(ledger.posted(), [engine.made_since(baseline); 3], "with two other processes on the ledger");

    writer.child.kill().unwrap();
    writer.child.wait().unwrap();
    let killed = Instant::now();
    busy(&engine, 10);
    ledger.until_counted(&engine);
    assert!(killed.elapsed() < Duration::from_secs(3), "it took {:?}", killed.elapsed());
    let heirs = [others[0].child.id(), dashboard.child.process_id().unwrap()];
    assert!(heirs.contains(&ledger.writer().unwrap()));

    // The one of the two that did not take over does so next.
    others.push(ledger.serve(&target));
    busy(&engine, 20);
    ledger.until_counted(&engine);
    drop(dashboard);
    drop(others.remove(0));
    busy(&engine, 20);
    ledger.until_counted(&engine);
    assert!(others[0].terminate().is_some_and(|took| took < Duration::from_secs(2)));
    assert_eq!(ledger.posted(), [engine.made_since(baseline); 3]);
    ledger.verify();
    assert_eq!(reported(ledger.program(&["report", "--json"])), engine.made_since(baseline));
}

#[test]
fn once_every_takes_the_ledger_over_when_its_writer_ends() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let target = engine.server.metrics();
    let mut writer = ledger.serve(&target);
    ledger.until_counted(&engine);
    let second = ledger.program(&["once", "--every", "200ms", &target, "nvml:off"]).start();
    thread::sleep(Duration::from_millis(700));
    assert_eq!(ledger.writer(), Some(writer.child.id()));
    writer.child.kill().unwrap();
    writer.child.wait().unwrap();
    let began = Instant::now();
    while ledger.writer() != Some(second.child.id()) {
        assert!(began.elapsed() < Duration::from_secs(5), "kept by {:?}", ledger.writer());
        thread::sleep(Duration::from_millis(50));
    }
    busy(&engine, 10);
    ledger.until_counted(&engine);
}

#[test]
fn a_report_reads_a_copy_of_a_ledger_that_is_being_written() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let baseline = engine.counted();
    let mut watch = ledger.serve(&engine.server.metrics());
    ledger.until_counted(&engine);
    engine.work(WORK);
    ledger.until_counted(&engine);
    // A backup by SQLite's own means, under writing.
    let home = tempfile::tempdir().unwrap();
    let backup = home.path().join("backup.db");
    open(&ledger.path).unwrap().execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    let made = engine.made_since(baseline);
    let report = |path: &Path| reported(Program::new(["report", "--json", "--ledger", path.to_str().unwrap()]));
    assert_eq!(report(&backup), made);
    assert!(watch.terminate().is_some());
    let copy = home.path().join("copy.db");
    std::fs::copy(&ledger.path, &copy).unwrap();
    assert_eq!(report(&copy), made);
}

#[test]
fn a_report_reads_a_ledger_that_its_user_may_not_write() {
    let nobody = std::process::Command::new("setpriv").args(["--reuid=65534", "--clear-groups", "true"]).status();
    let exists = Path::new("/dev/shm").is_dir() && nobody.is_ok_and(|status| status.success());
    if !exists {
        // Who may not become another user is one that folders keep out already: tests/ledger/writer_files.rs has that way.
        eprintln!("NOT CHECKED: this user may not become another one");
        return;
    }
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let baseline = engine.counted();
    let mut watch = ledger.serve(&engine.server.metrics());
    ledger.until_counted(&engine);
    engine.work(WORK);
    ledger.until_counted(&engine);
    assert!(watch.terminate().is_some());
    // Everybody may read this folder and the program in it; nobody but us may write.
    let shared = tempfile::Builder::new().permissions(mode(0o755)).tempdir_in("/dev/shm").unwrap();
    let program = shared.path().join("margintop");
    std::fs::copy(env!("CARGO_BIN_EXE_margintop"), &program).unwrap();
    let file = shared.path().join("ledger.db");
    std::fs::copy(&ledger.path, &file).unwrap();
    let ran = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--clear-groups"])
        .arg(&program)
        .args(["report", "--json", "--ledger"])
        .arg(&file)
        .env("HOME", "/nonexistent")
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert_eq!(report["total"]["output_tokens"], engine.made_since(baseline)[2]);
}

fn mode(bits: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}

/// Starts `serve` with SIGXFSZ ignored: a write beyond the limit of file size fails, as on a full disk, and does not end it.
fn confined(ledger: &Ledger, target: &str) -> Running {
    let arguments = ["serve", target, "--interval", "100ms", "--listen", "127.0.0.1:0"];
    let watch = Program::through("sh", &["-c", "trap '' XFSZ; exec \"$@\"", "sh"], arguments);
    watch.env("MARGINTOP_LEDGER", &ledger.path).start()
}

/// Sets how large a file of a process may become; `None` is without a limit.
fn limit(process: &Running, bytes: Option<u64>) {
    let pid = Pid::from_child(&process.child);
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

#[test]
fn a_full_disk_delays_writing_and_loses_nothing() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let baseline = engine.counted();
    let target = engine.server.metrics();
    let mut watch = confined(&ledger, &target);
    ledger.until_counted(&engine);
    for _ in 0..2 {
        engine.work(WORK);
        ledger.until_counted(&engine);
        let written = ledger.counter();
        limit(&watch, Some(4_096));
        let full = Instant::now();
        while full.elapsed() < Duration::from_millis(1_500) {
            busy(&engine, 10);
        }
        assert_eq!(ledger.counter(), written, "there is no room");
        ledger.verify();
        limit(&watch, None);
        ledger.until_counted(&engine);
        assert_eq!(ledger.posted(), [engine.made_since(baseline); 3]);
    }
    // It is full again, and killed so.
    limit(&watch, Some(4_096));
    busy(&engine, 40);
    watch.child.kill().unwrap();
    watch.child.wait().unwrap();
    ledger.end_whole(ledger.serve(&target), &engine, baseline);
}

#[test]
fn a_full_disk_delays_a_take_over_and_loses_nothing() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let baseline = engine.counted();
    let target = engine.server.metrics();
    let mut writer = ledger.serve(&target);
    ledger.until_counted(&engine);
    let heir = confined(&ledger, &target);
    busy(&engine, 80);
    limit(&heir, Some(0));
    writer.child.kill().unwrap();
    writer.child.wait().unwrap();
    busy(&engine, 150);
    limit(&heir, None);
    ledger.until_counted(&engine);
    assert_eq!(ledger.writer(), Some(heir.child.id()));
    ledger.end_whole(heir, &engine, baseline);
}

#[test]
fn it_ends_within_a_second_while_another_program_holds_the_ledger() {
    let (ledger, engine) = (Ledger::new(), Engine::new("deepseek-r1"));
    let baseline = engine.counted();
    let target = engine.server.metrics();
    let mut watch = ledger.serve(&target);
    ledger.until_counted(&engine);
    let other = open(&ledger.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO markers VALUES (1, 'by hand')").unwrap();
    busy(&engine, 80);
    let took = watch.terminate();
    assert!(took.is_some_and(|took| took < Duration::from_secs(1)), "it took {took:?}");
    other.execute_batch("COMMIT").unwrap();
    ledger.end_whole(ledger.serve(&target), &engine, baseline);
}

#[test]
fn a_ledger_whose_creation_was_killed_is_created_by_the_next_process() {
    let engine = Engine::new("deepseek-r1");
    for nth in 0..8 {
        let ledger = Ledger::new();
        for again in 0..3 {
            let mut watch = ledger.serve(&engine.server.metrics());
            thread::sleep(Duration::from_millis(nth * 5 + again));
            watch.child.kill().unwrap();
            watch.child.wait().unwrap();
        }
        let mut watch = ledger.serve(&engine.server.metrics());
        ledger.until_counted(&engine);
        assert!(watch.terminate().is_some());
        ledger.verify();
    }
}
