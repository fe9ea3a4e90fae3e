//! Invalid pages and arguments: each is reported by name, and the other targets are polled as before.

use crate::page;
use crate::program;
use crate::server;

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use page::{Counted, vllm};
use program::{Program, Ran, micros, once};
use server::{Reply, Server};

const DONE: Counted = Counted::new(1000, 400, 300);

/// A valid engine at a loopback address of its own. It must be polled whatever the others do.
fn good() -> Server {
    Server::at("127.0.6.1", |nth| Reply::page(&vllm("deepseek-r1", 60.0, DONE.times(nth as u64 + 1))))
}

/// Polls an invalid server and a valid one; the invalid one fails the run with this word.
fn fails(reply: impl Fn(usize) -> Reply + Send + Sync + 'static, word: &str) -> Ran {
    let bad = Server::new(reply);
    let ran = beside_good(&bad.metrics());
    assert_failed(&ran, &bad.metrics(), word);
    ran
}

fn beside_good(bad: &str) -> Ran {
    let good = good();
    let ran = once([bad, &good.metrics(), "nvml:off"]).run();
    let snapshot = ran.json();
    let row = row(&snapshot, &good.metrics());
    assert_eq!((&row["state"], &row["output_total"]), (&"live".into(), &600.into()));
    assert!(micros(&snapshot["money"]["revenue"]) > 0);
    ran
}

fn assert_failed(ran: &Ran, target: &str, word: &str) {
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let snapshot = ran.json();
    let row = row(&snapshot, target);
    assert_eq!(row["state"], "never");
    assert!(row["note"].as_str().is_some_and(|note| note.contains(word)), "{word}: {}", row["note"]);
    let said = ran.err.lines().find(|line| line.contains(target)).unwrap_or_else(|| panic!("{target}: {}", ran.err));
    assert!(said.starts_with("margintop: ") && said.contains(word), "{said}");
    assert!(!ran.err.contains("panicked") && ran.err.lines().count() == 1, "{}", ran.err);
}

fn row(snapshot: &Value, target: &str) -> Value {
    let rows = snapshot["engines"].as_array().unwrap();
    rows.iter().find(|row| row["target"] == target).unwrap_or_else(|| panic!("no row of {target}")).clone()
}

/// The row of a server whose pages are read, in part or in whole.
fn row_of(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> (Ran, Value) {
    let server = Server::new(reply);
    let ran = once([server.metrics().as_str(), "nvml:off"]).run();
    let row = row(&ran.json(), &server.metrics());
    (ran, row)
}

#[test]
fn a_refused_connection_is_reported() {
    let nobody = TcpListener::bind("127.0.6.9:0").unwrap().local_addr().unwrap();
    let target = format!("http://{nobody}/metrics");
    assert_failed(&beside_good(&target), &target, "refused: nothing listens there");
}

#[test]
fn a_target_that_hangs_is_given_up() {
    let ran = fails(|_| Reply::Hang, "no answer in time");
    assert!(ran.took.as_secs() < 20, "{:?}", ran.took);
}

#[test]
fn responses_that_are_not_metrics_pages_are_reported() {
    let html = "<!DOCTYPE html><html><title>Grafana</title></html>";
    fails(|_| Reply::status("500 Internal Server Error", "", "no"), "HTTP 500");
    fails(|_| Reply::status("403 Forbidden", "", ""), "bearer_token_file");
    fails(
        |_| Reply::status("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""),
        "username and password_file",
    );
    fails(move |_| Reply::page(html), "it is HTML");
    fails(|_| Reply::Page((0..=255).cycle().take(9999).collect()), "not a metrics page");
    fails(|_| Reply::page(""), "not a metrics page");
    fails(|_| Reply::Raw(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), "HTTP");
}

#[test]
fn a_truncated_page_is_incomplete() {
    let page = vllm("deepseek-r1", 60.0, DONE);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", page.len(), &page[..200]);
    fails(move |_| Reply::Raw(head.clone().into_bytes()), "cut after 200 bytes");
    let openmetrics = "# TYPE vllm:generation_tokens counter\nvllm:generation_tokens_total 5\n";
    fails(move |_| Reply::page(openmetrics), "cut after 69 bytes");
}

/// Class: a truncated page whose length does not show it: a proxy rewrote the length, a server sent one that is too short, or
/// the file is still being written.
#[test]
fn a_page_without_its_last_line_feed() {
    let page = vllm("deepseek-r1", 60.0, DONE);
    let cut = page[..page.len() - 2].to_owned();
    let word = format!("cut after {} bytes: its last line has no line feed", cut.len());
    let body = cut.clone();
    fails(move |_| Reply::page(&body), &word);
    let short = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", cut.len());
    fails(move |_| Reply::Raw(short.clone().into_bytes()), &word);
    let open_ended = format!("HTTP/1.1 200 OK\r\n\r\n{cut}");
    fails(move |_| Reply::Raw(open_ended.clone().into_bytes()), &word);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.prom");
    std::fs::write(&file, &cut).unwrap();
    let target = file.to_str().unwrap();
    assert_failed(&beside_good(target), target, &word);
}

#[test]
fn a_page_of_sixty_megabytes() {
    let line = "vllm:generation_tokens_total{engine=\"0\"} 5\n";
    let page = line.repeat((60 << 20) / line.len());
    let ran = fails(move |_| Reply::page(&page), "page over 16 MiB, not read");
    assert!(ran.took.as_secs() < 20, "{:?}", ran.took);
}

#[test]
fn a_page_with_more_than_a_page_may_hold() {
    let page = vllm("deepseek-r1", 60.0, DONE);
    let label = page.replace("engine=\"0\"", &format!("engine=\"0\",x=\"{}\"", "y".repeat(5000)));
    fails(move |_| Reply::page(&label), "3 lines or series beyond a limit: not counted");
}

#[test]
fn a_redirect_to_another_origin_is_not_followed() {
    let elsewhere = good();
    let there = format!("Location: {}\r\n", elsewhere.metrics());
    let word = format!("redirects to {}, which is not followed", elsewhere.metrics());
    fails(move |_| Reply::status("302 Found", &there, ""), &word);
    assert_eq!(elsewhere.asked(), 0);
}

#[test]
fn counters_with_invalid_values_are_unknown_not_zero() {
    for (value, word) in [
        ("NaN", "1 counter has an invalid value"),
        ("+Inf", "1 counter has an invalid value"),
        ("-7", "1 counter has an invalid value"),
        ("1.5", "1 counter has an invalid value"),
        ("9.1e15", "1 counter is too large to be exact"),
        ("9223372036854775808", "1 counter is too large to be exact"),
        ("12_000", "1 line of the page cannot be read, the first is of vllm:generation_tokens_total"),
    ] {
        let page = vllm("deepseek-r1", 60.0, DONE).replace(" 300.0", &format!(" {value}"));
        let (ran, row) = row_of(move |_| Reply::page(&page));
        assert_eq!(ran.code, Some(0), "{value}: {}", ran.err);
        assert!(row["output_total"].is_null(), "{value}: {}", row["output_total"]);
        assert_eq!(row["prompt_total"], 1000);
        assert!(row["note"].as_str().unwrap().starts_with(word), "{}", row["note"]);
        let alert = &ran.json()["alerts"][0];
        assert_eq!(alert["rule"], "page_refused");
        assert!(alert["text"].as_str().unwrap().starts_with(word), "{alert}");
        assert_eq!(row["scrape"]["refusals"]["values"], 1);
        assert_eq!(ran.json()["money"]["revenue"], "0.00");
    }
}

#[test]
fn a_counter_that_falls_without_a_restart_is_quarantined() {
    let page = |counted| vllm("deepseek-r1", 60.0, counted).replace("process_start_time_seconds", "other_seconds");
    let (ran, row) = row_of(move |nth| Reply::page(&page(if nth == 0 { DONE.times(9) } else { DONE })));
    assert_eq!(ran.code, Some(0));
    assert!(row["note"].as_str().unwrap().contains("waits to be explained"), "{}", row["note"]);
    let snapshot = ran.json();
    assert_eq!(snapshot["money"]["revenue"], "0.00");
    for rate in ["prompt_per_second", "cached_per_second", "output_per_second"] {
        let rate = &snapshot["tokens"][rate];
        assert!(rate.as_f64().is_none_or(|rate| rate >= 0.0), "{rate}");
    }
}

#[test]
fn names_cannot_command_a_terminal() {
    let evil = "r1\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{90}x";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a\u{1b}[2Jb.prom");
    std::fs::write(&file, vllm(evil, 60.0, DONE)).unwrap();
    let absent = folder.path().join("gone\u{9b}5m.prom");
    for format in ["--json", "--text"] {
        let targets = [file.to_str().unwrap(), absent.to_str().unwrap()];
        let ran = Program::new(["once", format].into_iter().chain(targets)).run();
        assert_eq!(ran.code, Some(1));
        assert!(ran.out.contains("r1]0;owned[2J31mx") && ran.err.contains("gone5m.prom"), "{ran:?}");
        let harmless = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
        assert!(ran.out.chars().all(harmless) && ran.err.chars().all(harmless), "{ran:?}");
    }
}

#[test]
fn errors_cannot_command_a_terminal() {
    for arguments in [["once", "ftp://\u{1b}[2J"], ["once", "--theme=\u{1b}[2J"], ["themes", "\u{9b}31m"]] {
        let ran = Program::new(arguments).run();
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", ran.err);
    }
}

#[test]
fn metrics_of_an_unknown_program_are_reported_as_such() {
    let (ran, row) = row_of(|_| Reply::page("# TYPE node_load1 gauge\nnode_load1 0.5\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!((&row["kind"], &row["state"]), (&"unknown".into(), &"live".into()));
    assert!(row["note"].as_str().is_some_and(|note| note.contains("of no engine")), "{}", row["note"]);
}

#[test]
fn a_mistake_in_the_configuration_names_line_and_remedy() {
    let wrong = |config: &str| {
        let ran = once(["nvml:off"]).config(config).run();
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
        ran.err
    };
    let err = wrong("currency = \"USD\"\nintervall = \"1s\"\n");
    assert!(err.contains("margintop.toml:2: unknown key \"intervall\"; is it \"interval\"?"), "{err}");
    let err = wrong("[[price]]\nmodel = \"x\"\nhit = \"0.1\"\nmiss = \"cheap\"\noutput = \"1\"\n");
    assert!(err.contains("margintop.toml:4: miss \"cheap\": not a decimal number: write it like \"0.55\""), "{err}");
    let err = wrong("theme = \"margintop-drak\"\n");
    assert!(err.contains("is it \"margintop-dark\"?"), "{err}");
    let err = wrong("color = \"sometimes\"\n");
    assert!(err.contains("auto, always or never"), "{err}");
    let named = once(["nvml:off", "--config", "/nowhere/margintop.toml"]).run();
    assert_eq!(named.code, Some(2));
    assert!(named.err.contains("/nowhere/margintop.toml: No such file"), "{}", named.err);
}

#[test]
fn targets_that_differ_in_their_query_are_separate_and_a_duplicate_is_reported() {
    let server = Server::new(|_| Reply::page(&vllm("deepseek-r1", 60.0, DONE)));
    let (one, other) = (format!("{}?model=a", server.metrics()), format!("{}?model=b", server.metrics()));
    let ran = once([one.as_str(), &other, "nvml:off"]).run();
    let targets: Vec<Value> =
        ran.json()["engines"].as_array().unwrap().iter().map(|row| row["target"].clone()).collect();
    assert_eq!(targets, [Value::from(one.as_str()), other.as_str().into()]);
    assert!(!ran.err.contains("named twice") && !ran.err.contains("another name"), "{}", ran.err);
    let localhost = one.replace("127.0.0.1", "localhost") + "&autoload=false";
    for (double, word) in [(one.as_str(), "is named twice and read once"), (&localhost, "under another name")] {
        let ran = once([one.as_str(), double, "nvml:off"]).run();
        assert_eq!((ran.json()["engines"].as_array().unwrap().len(), ran.err.as_str()), (1, ""), "for programs");
        let ran = Program::new(["once", "--text", "--for", "0", "--ledger", "none", &one, double, "nvml:off"]).run();
        assert!(ran.err.starts_with(&format!("margintop: {double} is ")) && ran.err.contains(word), "{}", ran.err);
    }
}

/// Class: an exporter or engine that asks for a user and a password (dcgm-exporter #209), and there was no way to configure them.
#[test]
fn a_user_and_a_password_come_from_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "pw\n").unwrap();
    let wrong = |keys: &str| {
        let ran = once(["nvml:off"]).config(&format!("[[target]]\nurl = \"http://127.0.0.1:1\"\n{keys}\n")).run();
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
        ran.err
    };
    assert!(wrong("username = \"u\"").contains("username without password_file"));
    let both = format!("username = \"u\"\npassword_file = {file:?}\nbearer_token_file = {file:?}");
    assert!(wrong(&both).contains("cannot be combined"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/metrics", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 2048];
            let length = stream.read(&mut head).unwrap();
            let known = String::from_utf8_lossy(&head[..length]).contains("authorization: Basic dTpwdw==");
            let page = vllm("deepseek-r1", 60.0, DONE);
            let status = if known { "200 OK" } else { "401 No\r\nWWW-Authenticate: Basic" };
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}", page.len())
                .unwrap();
        }
    });
    let config = format!("[[target]]\nurl = {url:?}\nusername = \"u\"\npassword_file = {file:?}\n");
    // A target that the call names keeps what the configuration says of it.
    for call in [vec!["nvml:off"], vec!["nvml:off", &url]] {
        let ran = once(call).config(&config).run();
        assert_eq!((ran.code, &row(&ran.json(), &url)["output_total"]), (Some(0), &300.into()), "{}", ran.err);
    }
}

#[test]
fn an_invalid_call_says_what_to_write() {
    for (arguments, word) in [
        (&["once", "--interval", "soon"][..], "\"soon\" is not a duration: write it like 500ms, 1s or 2m"),
        (&["once", "--interval", "1ms"], "at least 100ms"),
        (&["once", "--for=-1s"], "--for: \"-1s\" is not a duration"),
        (&["once", "--every", "0"], "--every 0"),
        (&["once", "--json", "--text"], "--text"),
        (&["once", "ftp://host"], "write http://HOST:PORT"),
        (&["once", "http://u:p@host:1"], "bearer_token_file"),
        (&["once", "x:1", "--role", "http://x:1=chief"], "write it like http://gpu-01:8000=prefill"),
        (&["--theme", "nosuch"], "--theme: \"nosuch\": no such theme; `margintop themes` lists them"),
        (&["themes", "margintop-drak"], "is it \"margintop-dark\"?"),
        (&["--theme", "margintop-drak"], "is it \"margintop-dark\"?"),
        (&["--color", "sometimes"], "auto, always or never"),
        (&["demo", "--nodes", "0"], "--nodes"),
        (&["demo", "--speed", "0"], "--speed: 0: write a number"),
        (&["frobnicate", "--json"], "--json"),
        (&[], "`margintop once`"),
    ] {
        let ran = Program::new(arguments).run();
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(word), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains("panicked") && !ran.err.contains("RUST_BACKTRACE"), "{}", ran.err);
    }
}
