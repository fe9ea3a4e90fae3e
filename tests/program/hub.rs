//! What `serve` answers: the present, the money of today, the past, events and markers, to those who may ask.

use crate::page;
use crate::program;
use crate::server;
use crate::web;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use page::{Counted, vllm, with_start};
use program::{Program, Running, micros};
use server::{Reply, Server};
use web::{WebAnswer, get, get_with, open, post, try_get};

const PRICES: &str =
    "[[price]]\nmodel = \"*\"\nlist = \"deepseek-r1-standard\"\n[[lease]]\ngpu = \"*\"\nrate = \"2\"\n";
const PATIENCE: Duration = Duration::from_secs(30);

fn hub_of(mut program: Program, more: &[&str]) -> (Running, String) {
    for argument in more {
        program = program.arg(argument);
    }
    let mut running = program.config(PRICES).start();
    let mut line = String::new();
    BufReader::new(running.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (running, line.trim().to_owned())
}

/// `serve` over these engines.
fn hub(ledger: &Path, engines: &[&Server], more: &[&str]) -> (Running, String) {
    let ledger = ledger.to_string_lossy().into_owned();
    let flags = ["serve", "--listen", "127.0.0.1:0", "--interval", "200ms", "nvml:off", "--ledger", &ledger];
    let arguments = flags.map(str::to_owned).into_iter().chain(engines.iter().map(|engine| engine.metrics()));
    hub_of(Program::new(arguments), more)
}

/// Asks again and again until an answer is as wanted.
fn until(url: &str, path: &str, is_wanted: impl Fn(&WebAnswer) -> bool) -> WebAnswer {
    let began = Instant::now();
    loop {
        let answer = get(url, path);
        if is_wanted(&answer) {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "{path}: {answer:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn growing(address: &str, model: &'static str, step: Counted) -> Server {
    Server::at(address, move |nth| Reply::page(&vllm(model, 30.0, step.times(nth as u64 + 1))))
}

#[test]
fn the_present_is_that_of_once_and_every_key_of_money_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let one = growing("127.0.8.1", "deepseek-r1", Counted::new(1000, 400, 300));
    let other = growing("127.0.8.2", "qwen3-32b", Counted::new(500, 100, 200));
    let (_running, url) = hub(&folder.path().join("ledger.db"), &[&one, &other], &[]);
    until(&url, "/readyz", |answer| answer.status == 200);
    let present = until(&url, "/api/v1/snapshot", |answer| {
        answer.json()["coverage"]["engines_live"] == 2 && answer.json()["money"]["revenue"] != Value::Null
    });
    assert_eq!(present.json()["schema"], "margintop/1");
    assert!(present.head.contains("content-type: application/json"), "{}", present.head);
    let printed = program::once([one.metrics(), other.metrics(), "nvml:off".to_owned()]).run().json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&present.json()), keys(&printed));
    assert_eq!(keys(&present.json()["engines"][0]), keys(&printed["engines"][0]));

    let metrics = until(&url, "/metrics", |answer| answer.body.contains("margintop_model_revenue_today{model=\"qwen3"));
    let sum = |key: &str| -> i128 {
        let name = format!("margintop_{key}_revenue_today{{");
        let lines = metrics.body.lines().filter(|line| line.starts_with(&name));
        lines.map(|line| micros(&line.rsplit(' ').next().unwrap().into())).sum()
    };
    let by_model = sum("model");
    assert!(by_model > 0);
    for key in ["node", "unit", "role", "tenant"] {
        assert_eq!(sum(key), by_model, "{key}: {}", metrics.body);
    }
    assert!(metrics.metric("margintop_engines_live") == Some("2"), "{}", metrics.body);
}

#[test]
fn the_page_for_prometheus_has_one_head_for_each_name() {
    let folder = tempfile::tempdir().unwrap();
    let engine = growing("127.0.8.3", "deepseek-r1", Counted::new(1000, 400, 300));
    let (_running, url) = hub(&folder.path().join("ledger.db"), &[&engine], &[]);
    let has_all = |answer: &WebAnswer| {
        ["margintop_model_revenue_today", "llm_cache_savings_fraction"].iter().all(|name| answer.body.contains(name))
    };
    let page = until(&url, "/metrics", has_all).body;
    let mut heads = std::collections::BTreeSet::new();
    let mut current = "";
    for line in page.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            current = head.split(' ').next().unwrap();
            assert!(heads.insert(current), "{current} twice");
        } else if !line.starts_with('#') {
            assert_eq!(line.split(['{', ' ']).next().unwrap(), current, "{line}");
        }
    }
    assert!(heads.len() > 30, "{heads:?}");
}

#[test]
fn every_documented_path_answers_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let engine = growing("127.0.8.4", "deepseek-r1", Counted::new(1000, 400, 300));
    let (_running, url) = hub(&folder.path().join("ledger.db"), &[&engine], &[]);
    until(&url, "/readyz", |answer| answer.status == 200);
    let described = get(&url, "/api/v1/openapi.json").json();
    let paths = described["paths"].as_object().unwrap();
    let not_found = get(&url, "/nothing");
    assert_eq!(not_found.status, 404);
    for (path, methods) in paths {
        assert!(path == "/api/v1/openapi.json" || path == "/api/v1/markers" || not_found.body.contains(path), "{path}");
        if ["/api/v1/events", "/api/v1/attach", "/api/v1/past"].contains(&path.as_str()) || methods.get("get").is_none()
        {
            continue;
        }
        let answer = get(&url, path);
        assert_eq!(answer.status, 200, "{path}");
        let kinds = methods["get"]["responses"]["200"]["content"].as_object().unwrap();
        let kind = kinds.keys().next().unwrap();
        assert!(answer.head.contains(&format!("content-type: {kind}")), "{path}: {}", answer.head);
    }
    for path in not_found.body.split([' ', ',', '\n']).filter(|word| word.starts_with('/')) {
        assert!(paths.contains_key(path), "{path} is not described");
    }
    let snapshot = &described["components"]["schemas"]["Snapshot"]["required"];
    let present = get(&url, "/api/v1/snapshot").json();
    for key in snapshot.as_array().unwrap() {
        assert!(present.get(key.as_str().unwrap()).is_some(), "{key}");
    }
    let series = get(&url, "/api/v1/history?measure=output_per_second&step_seconds=5&points=3").json();
    assert_eq!(series["points"].as_array().unwrap().len(), 3);
    for key in described["components"]["schemas"]["Series"]["required"].as_array().unwrap() {
        assert!(series.get(key.as_str().unwrap()).is_some(), "{key}");
    }
    for (wrong, status) in [("measure=x", 400), ("token=x", 400), ("subject=node", 400)] {
        assert_eq!(get(&url, &format!("/api/v1/history?{wrong}")).status, status, "{wrong}");
    }
}

#[test]
fn each_snapshot_is_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let engine = growing("127.0.8.5", "deepseek-r1", Counted::new(1000, 400, 300));
    let (_running, url) = hub(&folder.path().join("ledger.db"), &[&engine], &[]);
    let stream = open(&url, "GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    let mut times = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        if let Some(data) = line.strip_prefix("data: ") {
            let snapshot: Value = serde_json::from_str(data).unwrap();
            assert_eq!(snapshot["nodes"].as_array().map(Vec::len), Some(0), "rows only if they are asked for");
            times.push(snapshot["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
        }
        if times.len() == 4 {
            break;
        }
    }
    assert!(times.is_sorted() && times.first() != times.last(), "{times:?}");
}

#[test]
fn a_posted_marker_is_in_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let engine = growing("127.0.8.6", "deepseek-r1", Counted::new(1000, 400, 300));
    let (_running, url) = hub(&path, &[&engine], &[]);
    until(&url, "/readyz", |answer| answer.status == 200);
    assert_eq!(get(&url, "/api/v1/markers").status, 405);
    assert_eq!(post(&url, "/api/v1/snapshot", "{}").status, 405);
    assert_eq!(post(&url, "/api/v1/markers", "{\"text\": \"\"}").status, 400);
    assert_eq!(post(&url, "/api/v1/markers", "{\"text\": \"x\", \"at\": \"2999-01-01T00:00:00Z\"}").status, 400);
    assert_eq!(post(&url, "/api/v1/markers", &format!("{{\"text\": \"{}\"}}", "x".repeat(80_000))).status, 413);
    assert_eq!(post(&url, "/api/v1/markers", "{\"text\": \"deploy 1.4\"}").status, 202);
    let began = Instant::now();
    loop {
        let ledger = path.to_string_lossy().into_owned();
        let report = Program::new(["report", "--json", "--ledger", &ledger]).run();
        if report.out.contains("deploy 1.4") {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{report:?}");
    }
}

#[test]
fn only_holders_of_the_token_read_and_anyone_may_ask_whether_it_lives() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "s3cret\n").unwrap();
    let engine = growing("127.0.8.7", "deepseek-r1", Counted::new(1000, 400, 300));
    let token = token.to_string_lossy().into_owned();
    let (_running, url) = hub(&folder.path().join("ledger.db"), &[&engine], &["--token-file", &token]);
    for path in ["/", "/metrics", "/api/v1/snapshot", "/api/v1/events", "/api/v1/history", "/nothing"] {
        let refused = get(&url, path);
        assert_eq!(refused.status, 401, "{path}");
        assert!(refused.head.contains("www-authenticate: Bearer") && !refused.body.contains("s3cret"), "{refused:?}");
        assert_eq!(get_with(&url, path, "Authorization: Bearer s3cres\r\n").status, 401, "{path}");
    }
    assert_eq!(get(&url, "/livez").status, 200);
    assert_eq!(get_with(&url, "/metrics", "Authorization: Bearer s3cret\r\n").status, 200);
    assert_eq!(get_with(&url, "/metrics?token=s3cret", "Authorization: Bearer s3cret\r\n").status, 400);
    assert_eq!(post(&url, "/api/v1/markers", "{\"text\": \"x\"}").status, 401);
}

#[test]
fn beyond_this_machine_it_needs_a_token_or_the_word_for_none() {
    for command in ["serve", "agent"] {
        let run = Program::new([command, "--listen", "0.0.0.0:0", "nvml:off"]).run();
        assert_eq!(run.code, Some(2), "{run:?}");
        for word in ["--token-file", "--client-ca", "--insecure"] {
            assert!(run.err.contains(word), "{run:?}");
        }
    }
}

/// A signal to reload ends nothing that was counted: the process goes on from its ledger, under the same id.
#[test]
fn a_reload_loses_no_token_and_a_broken_configuration_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let began = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64() - 30.0;
    let step = Counted::new(1000, 400, 300);
    let engine = Server::at("127.0.8.8", move |nth| {
        Reply::page(&with_start(began, "deepseek-r1", step.times((nth as u64 + 1).min(60))))
    });
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let ledger = path.to_string_lossy().into_owned();
    let metrics = engine.metrics();
    let program =
        Program::new(["serve", "--listen", &listen, "--interval", "100ms", "nvml:off", "--ledger", &ledger, &metrics]);
    let home = program.home().to_owned();
    let (running, url) = hub_of(program, &[]);
    let pid = rustix::process::Pid::from_child(&running.child);
    let reload = || rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    let config = home.join("margintop/margintop.toml");
    until(&url, "/readyz", |answer| answer.status == 200);
    std::fs::write(&config, "nonsense = 1\n").unwrap();
    reload();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(get(&url, "/livez").status, 200, "it goes on with the configuration that it has");
    std::fs::write(&config, PRICES.replace("deepseek-r1-standard", "deepseek-v3-standard")).unwrap();
    reload();
    let began = Instant::now();
    loop {
        // The socket stays: a connection waits for the new process, and is at most cut, if the former had accepted it.
        let asked = try_get(&url, "/api/v1/snapshot").expect("no connection is refused");
        if asked.is_some_and(|answer| answer.body.contains("deepseek-v3-standard")) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "it does not begin again");
        std::thread::sleep(Duration::from_millis(5));
    }
    let all = step.times(60);
    until(&url, "/api/v1/snapshot", |answer| answer.json()["tokens"]["output_total"] == all.output);
    std::thread::sleep(Duration::from_millis(1500));
    drop(running);
    let report = Program::new(["report", "--json", "--ledger", &ledger]).run().json();
    // What the engine had counted before it was watched is not counted.
    let (total, all) = (&report["total"], step.times(59));
    assert_eq!(
        (&total["prompt_tokens"], &total["output_tokens"]),
        (&Value::from(all.prompt), &Value::from(all.output)),
        "{report}"
    );
}
