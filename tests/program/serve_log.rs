//! What `serve` logs: which targets answer, which cannot be reached and why, and each change of their states.

use crate::page;
use crate::program;
use crate::server;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use page::{Counted, vllm, with_start};
use program::Program;
use server::{Reply, Server};

/// An engine that answers a number of requests and then refuses.
fn engine(answers: usize) -> Server {
    Server::at("127.0.7.1", move |nth| match nth {
        nth if nth < answers => {
            Reply::page(&vllm("deepseek-r1", 60.0, Counted::new(1000, 400, 300).times(nth as u64 + 1)))
        }
        _ => Reply::status("503 Service Unavailable", "", ""),
    })
}

fn nobody() -> String {
    format!("http://{}/metrics", TcpListener::bind("127.0.7.9:0").unwrap().local_addr().unwrap())
}

fn serve(engine: &Server, nobody: &str) -> Program {
    serve_into("none", engine, nobody)
}

fn serve_into(ledger: &str, engine: &Server, nobody: &str) -> Program {
    let flags = ["serve", "--listen", "127.0.0.1:0", "--ledger", ledger, "--interval", "200ms", "nvml:off"];
    Program::new(flags.map(str::to_owned).into_iter().chain([engine.metrics(), nobody.to_owned()]))
}

/// Waits for a line of a file that contains all of these words, and returns it.
fn line_with(path: &Path, words: &[&str]) -> String {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if let Some(line) = text.lines().find(|line| words.iter().all(|word| line.contains(word))) {
            return line.to_owned();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "no line with {words:?}: {text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn each_change_of_a_target_is_a_line_of_json_in_the_file() {
    let (engine, nobody, folder) = (engine(5), nobody(), tempfile::tempdir().unwrap());
    let log = folder.path().join("m.log");
    let mut run =
        serve(&engine, &nobody).arg("--log").arg(log.to_str().unwrap()).arg("--log-format").arg("json").start();
    let up = line_with(&log, &["target answers", &engine.metrics()]);
    let up: Value = serde_json::from_str(&up).unwrap();
    assert_eq!((&up["level"], &up["kind"], &up["before"]), (&"INFO".into(), &"vllm".into(), &"never".into()));
    assert!(up["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{up}");
    let down: Value = serde_json::from_str(&line_with(&log, &["cannot be reached", &nobody])).unwrap();
    assert!(down["level"] == "WARN" && down["cause"].as_str().unwrap().contains("refused"), "{down}");
    let silent: Value = serde_json::from_str(&line_with(&log, &["target is silent", &engine.metrics()])).unwrap();
    assert_eq!((&silent["state"], &silent["before"]), (&"stale".into(), &"live".into()), "{silent}");
    assert!(silent["cause"].as_str().is_some_and(|cause| cause.contains("503")), "{silent}");
    assert!(run.terminate().is_some());
    line_with(&log, &["ended"]);
    let text = std::fs::read_to_string(&log).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("cannot be reached")).count(), 1, "once: {text}");
}

#[test]
fn without_a_file_it_is_text_on_the_standard_error_from_the_level_on() {
    let (engine, nobody) = (engine(usize::MAX), nobody());
    let mut run = serve(&engine, &nobody).env("MARGINTOP_LOG_LEVEL", "warn").start();
    let err = BufReader::new(run.child.stderr.take().unwrap());
    let first = err.lines().map(Result::unwrap).next().unwrap();
    assert!(first.contains(" WARN target cannot be reached") && first.contains(&nobody), "{first}");
    assert!(run.terminate().is_some());
}

#[test]
fn an_unwritable_log_and_unknown_levels_and_formats_are_refused() {
    let refused = |flag: &str, value: &str, code: i32, word: &str| {
        let ran = Program::new(["serve", "--listen", "127.0.0.1:0", "--ledger", "none", flag, value]).run();
        assert!(ran.code == Some(code) && ran.err.contains(word), "{}", ran.err);
    };
    refused("--log", "/nowhere/m.log", 1, "/nowhere/m.log: No such file");
    refused("--log-level", "loud", 2, "--log-level: \"loud\" is not a level: write error, warn");
    refused("--log-format", "xml", 2, "--log-format: \"xml\" is not a form of a log: write text or json");
    let ran = Program::new(["serve"]).env("MARGINTOP_LOG_LEVEL", "loud").run();
    assert!(ran.err.contains("MARGINTOP_LOG_LEVEL: \"loud\" is not a level"), "{}", ran.err);
    let ran = Program::new(["serve"]).config("log_level = \"loud\"\nlog_format = \"xml\"\n").run();
    assert!(
        ran.err.contains("margintop.toml:1: log_level") && ran.err.contains("margintop.toml:2: log_format"),
        "{}",
        ran.err
    );
}

/// Class: the log reports silent targets, but no resets or disputes of counters; and every later run reports those of
/// earlier runs anew.
#[test]
fn a_restart_and_its_lost_window_are_logged_once() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let (old, new) = (now() - 7200.0, OnceLock::new());
    let engine = Server::at("127.0.7.2", move |nth| {
        let (start, times) = if nth < 5 { (old, nth + 1) } else { (*new.get_or_init(|| now() - 0.05), nth - 4) };
        Reply::page(&with_start(start, "deepseek-r1", Counted::new(1000, 400, 300).times(times as u64)))
    });
    let folder = tempfile::tempdir().unwrap();
    let [log, later] = ["m.log", "later.log"].map(|name| folder.path().join(name));
    let ledger = folder.path().join("ledger.db");
    let run_with = |log: &Path| {
        serve_into(ledger.to_str().unwrap(), &engine, "nvml:off").arg("--log").arg(log.to_str().unwrap()).start()
    };
    let mut run = run_with(&log);
    let restarted = line_with(&log, &["process restarted", &engine.metrics()]);
    assert!(restarted.contains("restarts=1"), "{restarted}");
    line_with(&log, &["tokens may be missing", "windows=1"]);
    assert!(run.terminate().is_some());
    line_with(&log, &["ended"]);
    let text = std::fs::read_to_string(&log).unwrap();
    for line in ["process restarted", "tokens may be missing"] {
        assert_eq!(text.lines().filter(|text| text.contains(line)).count(), 1, "{line}: {text}");
    }

    let mut run = run_with(&later);
    let earlier = line_with(&later, &["tokens may be missing", "earlier today"]);
    assert!(earlier.contains("today=1"), "{earlier}");
    line_with(&later, &["target answers", &engine.metrics()]);
    assert!(run.terminate().is_some());
    line_with(&later, &["ended"]);
    let text = std::fs::read_to_string(&later).unwrap();
    assert!(!text.contains("process restarted") && !text.contains("windows="), "{text}");
}
