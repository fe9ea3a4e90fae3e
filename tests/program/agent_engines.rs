//! An agent passes its node's engines on: what is read through it is what is read of them.

use crate::page;
use crate::program;
use crate::server;
use crate::web;

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use page::{Counted, vllm};
use program::{Program, Running, once};
use server::{Reply, Server};
use web::get;

fn agent(engines: &[&Server], more: &[&str]) -> (Running, String) {
    let flags = ["agent", "--listen", "127.0.0.1:0", "--node", "gpu-07", "nvml:off"];
    let engines = engines.iter().map(|engine| engine.metrics());
    let all = flags.iter().chain(more).map(|flag| (*flag).to_owned()).chain(engines);
    let mut running = Program::new(all).start();
    let mut line = String::new();
    BufReader::new(running.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (running, line.trim().to_owned())
}

fn ready(url: &str) {
    let began = Instant::now();
    while get(url, "/readyz").status != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "the agent is not ready");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn totals_through_an_agent_are_the_engines_own() {
    let one = Server::at("127.0.9.1", |_| Reply::page(&vllm("deepseek-r1", 60.0, Counted::new(1000, 400, 300))));
    let other = Server::at("127.0.9.1", |_| Reply::page(&vllm("qwen3-32b", 90.0, Counted::new(70, 20, 10))));
    let (_running, url) = agent(&[&one, &other], &["--interval", "100ms"]);
    ready(&url);
    std::thread::sleep(Duration::from_millis(300));
    let through = once([url.clone(), "nvml:off".to_owned()]).run().json();
    let direct = once([one.metrics(), other.metrics(), "nvml:off".to_owned()]).run().json();
    for key in ["prompt_total", "cached_total", "output_total"] {
        assert_eq!(through["tokens"][key], direct["tokens"][key], "{key}");
    }
    for key in ["model", "kind", "role", "prompt_total", "cached_total", "output_total"] {
        let of = |json: &serde_json::Value| {
            let rows = json["engines"].as_array().unwrap().iter();
            let mut values: Vec<String> = rows.map(|row| row[key].to_string()).collect();
            values.sort();
            values
        };
        assert_eq!(of(&through), of(&direct), "{key}");
    }
}

#[test]
fn an_engine_is_asked_once_an_interval_however_many_read() {
    let engine = Server::at("127.0.9.2", |nth| {
        Reply::page(&vllm("deepseek-r1", 60.0, Counted::new(1000, 400, 300).times(nth as u64 + 1)))
    });
    let (_running, url) = agent(&[&engine], &["--interval", "500ms"]);
    ready(&url);
    let (before, began) = (engine.asked(), Instant::now());
    let mut reads = 0;
    while began.elapsed() < Duration::from_secs(2) {
        assert_eq!(get(&url, "/metrics").status, 200);
        reads += 1;
    }
    let asked = engine.asked() - before;
    assert!(reads > 20 && asked <= 6, "{asked} scrapes for {reads} reads in 2 s");
}

#[test]
fn on_a_pipe_there_is_a_page_every_interval() {
    let engine = Server::at("127.0.9.3", |_| Reply::page(&vllm("deepseek-r1", 60.0, Counted::new(1000, 400, 300))));
    let metrics = engine.metrics();
    let mut running =
        Program::new(["agent", "--stdio", "--interval", "100ms", "--node", "gpu-07", "nvml:off", &metrics]).start();
    let mut lines = BufReader::new(running.child.stdout.take().unwrap()).lines();
    let mut pages = Vec::new();
    let mut page = String::new();
    while pages.len() < 3 {
        let line = lines.next().unwrap().unwrap();
        if line == "# EOF" {
            pages.push(std::mem::take(&mut page));
        } else {
            page.extend([line.as_str(), "\n"]);
        }
    }
    assert!(pages[2].contains("margintop_prompt_tokens_total{engine=\"vllm\""), "{}", pages[2]);
    assert!(!pages[2].contains("http://") || pages[2].contains("# HELP"), "no address is listened on");
    // The reader leaves: the agent ends by itself.
    drop(lines);
    let began = Instant::now();
    while running.child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(10), "it goes on although nobody reads");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut said = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "", "what went right is not said on the standard error");
}

fn tls(name: &str) -> String {
    format!("{}/tests/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Class: what one end asks for, the other end can give: a token over TLS, and a certificate of the client.
#[test]
fn an_agent_is_read_over_tls_by_those_who_may() {
    let engine = Server::at("127.0.9.4", |_| Reply::page(&vllm("deepseek-r1", 60.0, Counted::new(1000, 400, 300))));
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token").to_string_lossy().into_owned();
    std::fs::write(&token, "s3cret\n").unwrap();
    let (cert, key) = (tls("server.pem"), tls("server-key.pem"));
    let with_tls = ["--interval", "100ms", "--tls-cert", &cert, "--tls-key", &key];
    let totals = |url: &str, config: &str| {
        let port = url.rsplit_once(':').unwrap().1;
        let url = format!("https://localhost:{port}/metrics");
        let config = format!("[[target]]\nurl = \"{url}\"\nca_file = \"{}\"\n{config}", tls("ca.pem"));
        let once = Program::new(["once", "--json", "--interval", "200ms", &url, "nvml:off"]).config(&config).run();
        (once.code, once.json()["tokens"]["output_total"].clone(), once.err)
    };

    let (_by_token, url) = agent(&[&engine], &[&with_tls[..], &["--token-file", &token]].concat());
    assert!(url.starts_with("https://"), "{url}");
    let (code, tokens, err) = totals(&url, &format!("bearer_token_file = \"{token}\"\n"));
    assert_eq!((code, tokens), (Some(0), 300.into()), "{err}");
    let (code, _, err) = totals(&url, "");
    assert!(code == Some(1) && err.contains("bearer_token_file"), "{err}");

    let client_ca = tls("client-ca.pem");
    let (_mutual, url) = agent(&[&engine], &[&with_tls[..], &["--client-ca", &client_ca]].concat());
    let identity = format!("cert_file = \"{}\"\nkey_file = \"{}\"\n", tls("client.pem"), tls("client-key.pem"));
    let (code, tokens, err) = totals(&url, &identity);
    assert_eq!((code, tokens), (Some(0), 300.into()), "{err}");
    let (code, tokens, err) = totals(&url, "");
    assert!(code == Some(1) && tokens.is_null(), "without a certificate: {err}");
    let foreign = format!("cert_file = \"{}\"\nkey_file = \"{}\"\n", tls("server.pem"), tls("server-key.pem"));
    let (code, tokens, err) = totals(&url, &foreign);
    assert!(code == Some(1) && tokens.is_null(), "with a certificate of another authority: {err}");
    for half in ["cert_file", "key_file"] {
        let (code, _, err) = {
            let config = format!("[[target]]\nurl = \"https://localhost:1\"\n{half} = \"{}\"\n", tls("client.pem"));
            let run = Program::new(["config", "check"]).config(&config).run();
            (run.code, run.out, run.err)
        };
        assert!(code == Some(2) && err.contains(half), "{half}: {err}");
    }
}
