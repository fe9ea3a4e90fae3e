//! A dashboard on a hub: `--attach` shows what the hub watches, to the last token, over the hub's restarts.

use crate::page;
use crate::program;
use crate::server;
use crate::web;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use margintop::attach::{FrameReader, decode_past};
use margintop::ledger::Past;
use margintop::snapshot::Snapshot;
use margintop::statement::{By, Statement};
use serde_json::Value;

use page::{Counted, with_start};
use program::{Program, Running};
use server::{Reply, Server};
use web::{get, open};

const PRICES: &str =
    "[[price]]\nmodel = \"*\"\nlist = \"deepseek-r1-standard\"\n[[lease]]\ngpu = \"*\"\nrate = \"2\"\n";
const STEP: Counted = Counted::new(1000, 400, 300);
const PATIENCE: Duration = Duration::from_secs(30);

/// An engine that works for so many scrapes and then rests.
fn engine(address: &str, steps: u64) -> Server {
    let began = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64() - 30.0;
    Server::at(address, move |nth| {
        Reply::page(&with_start(began, "deepseek-r1", STEP.times((nth as u64 + 1).min(steps))))
    })
}

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn serve(listen: &str, ledger: &str, engine: &Server) -> Running {
    let metrics = engine.metrics();
    let flags = ["serve", "--listen", listen, "--interval", "100ms", "--ledger", ledger, "nvml:off", &metrics];
    let mut running = Program::new(flags).config(PRICES).start();
    let mut line = String::new();
    BufReader::new(running.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("http://"), "{line}");
    running
}

fn settled(url: &str, output: u64) {
    let began = Instant::now();
    while get(url, "/api/v1/snapshot").json()["tokens"]["output_total"] != output {
        assert!(began.elapsed() < PATIENCE, "the hub does not see {output} tokens");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The first snapshots of a stream.
fn stream(url: &str, count: usize) -> (Vec<Snapshot>, usize) {
    let mut connection = BufReader::new(open(url, "GET /api/v1/attach HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"));
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert!(connection.read_line(&mut line).unwrap() > 0);
    }
    let (mut reader, mut snapshots, mut bytes) = (FrameReader::default(), Vec::new(), 0);
    let mut part = [0; 4096];
    while snapshots.len() < count {
        let read = connection.read(&mut part).unwrap();
        assert!(read > 0, "the stream ends");
        bytes += read;
        snapshots.extend(reader.take(&part[..read]).unwrap());
    }
    (snapshots, bytes)
}

#[test]
fn one_look_through_a_hub_is_the_hubs_own() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, engine) = (folder.path().join("l.db").to_string_lossy().into_owned(), engine("127.0.11.1", 20));
    let listen = format!("127.0.0.1:{}", port());
    let url = format!("http://{listen}");
    let _hub = serve(&listen, &ledger, &engine);
    settled(&url, STEP.output * 20);
    std::thread::sleep(Duration::from_millis(1500));
    let own = get(&url, "/api/v1/snapshot").json();
    let seen = Program::new(["once", "--json", "--attach", &url]).run().good();
    for key in ["revenue", "cost", "profit", "since", "theoretical"] {
        assert_eq!(seen["money"][key], own["money"][key], "{key}");
    }
    for key in ["prompt_total", "cached_total", "output_total"] {
        assert_eq!(seen["tokens"][key], own["tokens"][key], "{key}");
        assert_eq!(seen["engines"][0][key], own["engines"][0][key], "{key}");
    }
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((keys(&seen), keys(&seen["engines"][0])), (keys(&own), keys(&own["engines"][0])));
}

#[test]
fn later_frames_are_small_and_as_good_as_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, engine) = (folder.path().join("l.db").to_string_lossy().into_owned(), engine("127.0.11.2", 1 << 40));
    let listen = format!("127.0.0.1:{}", port());
    let _hub = serve(&listen, &ledger, &engine);
    let url = format!("http://{listen}");
    let (snapshots, bytes) = stream(&url, 5);
    assert!(snapshots.is_sorted_by(|a, b| a.at < b.at), "each is later than the one before");
    let last = snapshots.last().unwrap();
    let (whole, _) = stream(&url, 1);
    assert_eq!(whole[0].engines[0].target, last.engines[0].target);
    assert!(whole[0].engines[0].output_total >= last.engines[0].output_total);
    assert!(bytes < 30_000, "{bytes} bytes for five snapshots of one engine");
}

#[test]
fn the_past_of_a_hub_adds_up_to_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, engine) = (folder.path().join("l.db").to_string_lossy().into_owned(), engine("127.0.11.3", 20));
    let listen = format!("127.0.0.1:{}", port());
    let url = format!("http://{listen}");
    let hub = serve(&listen, &ledger, &engine);
    settled(&url, STEP.output * 20);
    std::thread::sleep(Duration::from_millis(1500));
    let day = 86_400_000;
    let until = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64 + 60_000;
    let past = |grain: &str| -> Past {
        let path = format!("/api/v1/past?since={}&until={until}&grain={grain}&borne=1", until - day);
        let mut connection = open(&url, &format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"));
        let mut bytes = Vec::new();
        connection.read_to_end(&mut bytes).unwrap();
        let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        decode_past(&bytes[body..]).unwrap()
    };
    let statement = Statement::of(&past("minute"), By::Model, &jiff::tz::TimeZone::UTC);
    drop(hub);
    let report = Program::new(["report", "--json", "--by", "model", "--since", "1d", "--ledger", &ledger]).run().json();
    let total = &report["total"];
    assert_eq!(total["revenue"], statement.total.revenue.unwrap().to_string());
    assert_eq!(total["output_tokens"], statement.total.tokens.unwrap().output.count());
    assert_eq!(total["output_tokens"], STEP.output * 19, "what was counted before it was watched is not");
}

#[test]
fn wrong_questions_about_the_past_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, engine) = (folder.path().join("l.db").to_string_lossy().into_owned(), engine("127.0.11.4", 20));
    let listen = format!("127.0.0.1:{}", port());
    let _hub = serve(&listen, &ledger, &engine);
    let url = format!("http://{listen}");
    for wrong in [
        "",
        "?since=0&until=1",
        "?since=5&until=1&grain=day",
        "?since=0&until=99999999999999&grain=minute",
        "?since=x&until=1&grain=minute",
        "?since=0&until=1&grain=second",
    ] {
        assert_eq!(get(&url, &format!("/api/v1/past{wrong}")).status, 400, "{wrong}");
    }
    assert_eq!(get(&url, "/api/v1/about").json()["version"], env!("CARGO_PKG_VERSION"));
    assert!(get(&url, "/api/v1/log").body.contains('['));
}

#[test]
fn a_hub_that_is_not_there_is_named_with_what_to_do() {
    let nobody = format!("http://127.0.0.1:{}", port());
    let run = Program::new(["once", "--json", "--attach", &nobody]).run();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains(&nobody) && run.err.contains("margintop serve"), "{run:?}");
    let other = Server::new(|_| Reply::page("up 1\n"));
    let run = Program::new(["once", "--json", "--attach", &other.url]).run();
    assert!(run.code == Some(1) && !run.err.is_empty(), "{run:?}");
    let both = Program::new(["once", "--json", "--attach", &nobody, "http://127.0.0.1:1"]).run();
    assert!(both.code == Some(2) && both.err.contains("--attach"), "{both:?}");
}
