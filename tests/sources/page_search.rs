//! Where a server keeps its page, and which engines a box has.
#![allow(clippy::format_collect)]

use crate::peer;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use margintop::clock::{Clock, ScriptedClock};
use margintop::reading::{EngineKind, Event, ScrapeError};
use margintop::source::PolledTarget;
use margintop::source::discover::Discovery;
use margintop::source::scrape::{Scraper, Settings};
use margintop::units::{Span, Timestamp};
use peer::*;
use tokio::net::TcpListener;

async fn site(pages: &'static [(&'static str, &'static str)]) -> Server {
    Server::start(move |head| {
        let path = head.split(' ').nth(1).unwrap();
        pages.iter().find(|(name, _)| *name == path).map_or(answer("404 No", "", b""), |(_, body)| ok(body))
    })
    .await
}

const VLLM: &str = r#"{"object":"list","data":[{"id":"m","owned_by":"vllm"}]}"#;
const NOBODY: &str = r#"{"object":"list","data":[{"id":"m","owned_by":"me"}]}"#;
const TRTLLM: &str = r#"{"object":"list","data":[{"id":"m","owned_by":"tensorrt_llm"}]}"#;
const LLAMA: &str = r#"{"object":"list","data":[{"id":"qwen3","owned_by":"llamacpp"}]}"#;

/// Whether a server answers, and has no page of metrics where one was looked for.
fn has_no_page<T>(read: &Result<T, ScrapeError>) -> bool {
    read.as_ref().err().is_some_and(|error| error.to_string().starts_with("HTTP 404: no metrics page there"))
}

#[tokio::test]
async fn where_a_page_was_found_is_remembered() {
    let server = site(&[("/v1/models", VLLM), ("/metrics", PAGE)]).await;
    let mut scraper = scraper(&server.url);
    assert!(scrape(&mut scraper).await.1.is_ok() && scrape(&mut scraper).await.1.is_ok());
    assert_eq!(server.asked(), ["/v1/models", "/metrics", "/metrics"]);
}

#[tokio::test]
async fn the_safe_path_is_asked_first_where_nobody_says_who_is_there() {
    let server = site(&[("/v1/models", NOBODY), ("/v1/metrics", PAGE)]).await;
    assert!(once(&server.url).await.is_ok());
    assert_eq!(server.asked(), ["/v1/models", "/prometheus/metrics", "/metrics", "/v1/metrics"]);
}

#[tokio::test]
async fn tensorrt_llm_is_not_asked_for_what_reading_uses_up() {
    let server = site(&[("/v1/models", TRTLLM), ("/metrics", "[]")]).await;
    assert!(has_no_page(&once(&server.url).await));
    assert_eq!(server.asked(), ["/v1/models", "/prometheus/metrics"]);
}

#[tokio::test]
async fn a_server_without_a_page_is_searched_ever_more_rarely() {
    let server = site(&[("/v1/models", NOBODY)]).await;
    let mut scraper = scraper(&server.url);
    for _ in 0..100 {
        assert!(has_no_page(&scrape(&mut scraper).await.1));
    }
    let searches = server.asked().iter().filter(|asked| *asked == "/metrics").count();
    assert_eq!(searches, 7, "at polls 1, 3, 6, 11, 20, 37 and 70");
}

#[tokio::test]
async fn an_array_is_never_asked_for_again() {
    let server = site(&[("/metrics", "[{\"iter\": 1}]")]).await;
    for path in ["", "/metrics"] {
        let mut scraper = scraper(&format!("{}{path}", server.url));
        for _ in 0..3 {
            assert!(matches!(scrape(&mut scraper).await.1, Err(ScrapeError::NotMetrics(_))));
        }
        assert_eq!(server.asked().iter().filter(|asked| *asked == "/metrics").count(), 1);
    }
}

#[tokio::test]
async fn a_page_without_a_model_is_named_by_the_server_once() {
    let page = "llamacpp:prompt_tokens_total 5\nllamacpp:tokens_predicted_total 7\n";
    let server: &'static [(&str, &str)] = Box::leak(Box::new([("/v1/models", LLAMA), ("/metrics", page)]));
    for path in ["", "/metrics"] {
        let server = site(server).await;
        let mut scraper = scraper(&format!("{}{path}", server.url));
        for _ in 0..3 {
            let reading = scrape(&mut scraper).await.1.unwrap();
            assert_eq!(reading.engines[0].model.as_ref().unwrap().as_str(), "qwen3");
        }
        assert_eq!(server.asked().iter().filter(|asked| *asked == "/v1/models").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn the_name_is_asked_for_again_when_the_process_is_another() {
    let polls = AtomicUsize::new(0);
    let server = Server::start(move |head| {
        if head.starts_with("GET /v1/models ") {
            return ok(LLAMA);
        }
        if !head.starts_with("GET /metrics ") {
            return answer("404 No", "", b"");
        }
        let process = polls.fetch_add(1, Ordering::SeqCst) / 2;
        answer("200 OK", &format!("Process-Start-Time-Unix: {process}\r\n"), b"llamacpp:tokens_predicted_total 7\n")
    })
    .await;
    let mut scraper = scraper(&server.url);
    let mut asked = Vec::new();
    for _ in 0..4 {
        assert!(scrape(&mut scraper).await.1.unwrap().engines[0].model.is_some());
        asked.push(server.asked().iter().filter(|asked| *asked == "/v1/models").count());
    }
    assert_eq!(asked, [1, 0, 1, 0]);
}

#[tokio::test]
async fn another_engine_on_the_same_port_is_seen() {
    let turn = Mutex::new(0);
    let server = Server::start(move |head| {
        let first = {
            let mut turn = turn.lock().unwrap();
            *turn += 1;
            *turn <= 2
        };
        match (head.split(' ').nth(1).unwrap(), first) {
            ("/v1/models", true) => ok(VLLM),
            ("/metrics", true) => ok(PAGE),
            ("/prometheus/metrics", false) => ok("trtllm_generation_tokens_total 9\n"),
            _ => answer("404 No", "", b""),
        }
    })
    .await;
    let mut scraper = scraper(&server.url);
    assert_eq!(scrape(&mut scraper).await.1.unwrap().kind, EngineKind::named("vllm"));
    assert!(has_no_page(&scrape(&mut scraper).await.1));
    assert_eq!(scrape(&mut scraper).await.1.unwrap().kind, EngineKind::named("trtllm"));
}

#[tokio::test]
async fn a_key_asked_for_on_the_way_is_what_is_reported() {
    let server =
        Server::start(|head| answer(if head.starts_with("GET /metrics ") { "401 No" } else { "404 No" }, "", b""))
            .await;
    assert_eq!(once(&server.url).await, Err(ScrapeError::Status(401)));
}

#[tokio::test]
async fn engines_are_found_by_their_pages() {
    let vllm = site(&[("/v1/models", VLLM), ("/metrics", PAGE)]).await;
    let gpus = site(&[("/metrics", "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\"} 50\n")]).await;
    let stranger = site(&[("/metrics", "go_goroutines 7\n")]).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let port = |server: &Server| server.url.rsplit_once(':').unwrap().1.parse::<u16>().unwrap();
    let ports = vec![port(&vllm), port(&gpus), port(&stranger), nobody];
    let mut discovery = Discovery::on(ports, Settings::default(), Clock::System);
    let found = discovery.discover(&[], &[]).await;
    let mut urls: Vec<&str> = found.iter().map(|found| found.scraper.target().id.as_str()).collect();
    urls.sort_unstable();
    let mut expected = [vllm.url.as_str(), gpus.url.as_str()];
    expected.sort_unstable();
    assert_eq!(urls, expected);
    assert!(found.iter().all(|found| found.scraper.page().is_some()));
    stranger.asked();
    let known: Vec<PolledTarget> = found.into_iter().map(|found| found.scraper.target().clone()).collect();
    assert!(discovery.discover(&[], &known).await.is_empty());
    assert!(stranger.asked().is_empty(), "a stranger is left alone");
}

#[tokio::test]
async fn an_engine_that_shows_no_metrics_is_found_with_its_failure() {
    let server = site(&[("/v1/models", r#"{"data":[{"id":"m","owned_by":"sglang"}]}"#)]).await;
    let port = server.url.rsplit_once(':').unwrap().1.parse().unwrap();
    let found = Discovery::on(vec![port], Settings::default(), Clock::System).discover(&[], &[]).await;
    assert_eq!(found[0].scraper.owner(), Some(EngineKind::named("sglang")));
    let Event::Page { outcome: Err(failure), .. } = &found[0].first else { panic!() };
    assert!(failure.to_string().contains("--enable-metrics"), "{failure}");
}

#[tokio::test]
async fn a_port_that_hangs_delays_discovery_by_a_second_at_most() {
    let server = Server::start(|_| Reply::Hang).await;
    let port = server.url.rsplit_once(':').unwrap().1.parse().unwrap();
    let begun = Instant::now();
    let found = Discovery::on(vec![port], Settings::default(), Clock::System).discover(&[], &[]).await;
    assert!(found.is_empty() && begun.elapsed() < Duration::from_secs(3));
}

/// A page that names its model, of a process that started then.
fn named(model: &str, start: u32) -> &'static str {
    let page = format!("process_start_time_seconds {start}\nvllm:prompt_tokens_total{{model_name=\"{model}\"}} 5\n");
    Box::leak(page.into_boxed_str())
}

const NAMES: &str = r#"{"data":[{"id":"chat","owned_by":"vllm","root":"Qwen/Qwen3-32B"},
    {"id":"qwen3-32b","root":"Qwen/Qwen3-32B"},{"id":"sql-lora","parent":"chat","root":"/adapters"}]}"#;

/// Polls until other names of the models are known, or so many times.
async fn aliases(scraper: &mut Scraper, polls: usize) -> Vec<(String, String)> {
    for _ in 0..polls {
        let reading = scrape(scraper).await.1.unwrap();
        if let Some(aliases) = reading.aliases {
            return aliases.iter().map(|a| (a.name.to_string(), a.model.to_string())).collect();
        }
        tokio::task::yield_now().await;
    }
    Vec::new()
}

fn lists(asked: &[String]) -> usize {
    asked.iter().filter(|path| *path == "/v1/models").count()
}

#[tokio::test]
async fn other_names_of_models_are_asked_for_behind_the_first_page() {
    let pages: &'static [(&str, &str)] =
        Box::leak(Box::new([("/v1/models", NAMES), ("/x/metrics", named("chat", 1_790_000_000))]));
    let server = site(pages).await;
    let mut scraper = scraper(&format!("{}/x/metrics", server.url));
    assert!(scrape(&mut scraper).await.1.unwrap().aliases.is_none(), "the first page does not wait");
    let pairs = [("chat", "Qwen/Qwen3-32B"), ("qwen3-32b", "Qwen/Qwen3-32B"), ("sql-lora", "chat")];
    assert_eq!(aliases(&mut scraper, 1000).await, pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert!(!aliases(&mut scraper, 1).await.is_empty() && lists(&server.asked()) == 1, "asked once");
}

#[tokio::test]
async fn names_that_cannot_be_had_are_no_failure_and_not_asked_for_at_once() {
    let pages: &'static [(&str, &str)] = Box::leak(Box::new([("/metrics", named("chat", 1_790_000_000))]));
    let server = site(pages).await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    assert_eq!((aliases(&mut scraper, 50).await.len(), lists(&server.asked())), (0, 1));
}

/// Class: what a server says once and changes later. Adapters are loaded and unloaded while it runs, and a restart may
/// bring other names. A list that can't be had takes none away.
#[tokio::test]
async fn other_names_of_models_are_asked_for_again() {
    let state = std::sync::Arc::new(Mutex::new((NAMES, 1_790_000_000)));
    let answers = std::sync::Arc::clone(&state);
    let server = Server::start(move |head| {
        let (list, start) = *answers.lock().unwrap();
        match head.split(' ').nth(1).unwrap() {
            "/v1/models" if list.is_empty() => answer("503 Busy", "", b""),
            "/v1/models" => ok(list),
            _ => ok(named("chat", start)),
        }
    })
    .await;
    let clock = ScriptedClock::at(Timestamp::from_millis(1_000_000));
    let target = format!("{}/x/metrics", server.url).parse().unwrap();
    let mut scraper = Scraper::new(target, Settings::default(), Clock::Scripted(clock.clone()));
    assert_eq!(aliases(&mut scraper, 1000).await.len(), 3);
    // After so long, with this list and start time: how many names there are, and whether the list was asked for.
    for (seconds, list, start, expected, asked) in [
        (119, NAMES, 1_790_000_000, 3, false),
        (1, VLLM, 1_790_000_000, 0, true),
        (120, NAMES, 1_790_000_000, 3, true),
        (120, "", 1_790_000_000, 3, true),
        (59, VLLM, 1_790_000_059, 3, false),
        (1, VLLM, 1_790_000_059, 0, true),
    ] {
        *state.lock().unwrap() = (list, start);
        clock.advance(Span::from_secs(seconds));
        server.asked();
        let mut names = Vec::new();
        let mut lists_asked = 0;
        for _ in 0..50 {
            names = aliases(&mut scraper, 1).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            lists_asked += lists(&server.asked());
        }
        assert_eq!((names.len(), lists_asked), (expected, usize::from(asked)), "{seconds} s later");
    }
}

#[tokio::test]
async fn exporters_and_proxies_are_not_asked_for_models() {
    for page in [
        "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\"} 50\n",
        "litellm_input_tokens_metric_total{model=\"m\"} 5\n",
        "nv_llm_input_token_len_sum{model=\"m\"} 5\n",
        "vllm:input_tokens_total{server=\"s\",model=\"m\"} 5\n",
    ] {
        let pages: &'static [(&str, &str)] = Box::leak(Box::new([("/metrics", page)]));
        let server = site(pages).await;
        let mut scraper = scraper(&format!("{}/metrics", server.url));
        aliases(&mut scraper, 20).await;
        assert_eq!(lists(&server.asked()), 0, "{page}");
    }
}

#[tokio::test]
async fn a_placeholder_is_replaced_by_the_servers_word() {
    for placeholder in ["undefined", "Undefined", "NULL", "None", " none ", ""] {
        let page = format!("trtllm_prompt_tokens_total{{model_name=\"{placeholder}\"}} 5\n").leak();
        let pages: &'static [(&str, &str)] =
            Box::leak(Box::new([("/v1/models", TRTLLM), ("/prometheus/metrics", page)]));
        let server = site(pages).await;
        for path in ["", "/prometheus/metrics"] {
            let reading = once(&format!("{}{path}", server.url)).await.unwrap();
            assert_eq!(
                reading.engines[0].model.as_ref().map(margintop::reading::ModelName::as_str),
                Some("m"),
                "{placeholder:?}"
            );
        }
    }
    let page = "trtllm_prompt_tokens_total{model_name=\"undefined\"} 5\n";
    let pages: &'static [(&str, &str)] = Box::leak(Box::new([("/prometheus/metrics", page)]));
    let server = site(pages).await;
    assert_eq!(once(&format!("{}/prometheus/metrics", server.url)).await.unwrap().engines[0].model, None);
}

#[tokio::test]
async fn a_row_keeps_its_name_while_its_process_lives() {
    // The list is had at first, and not after the server was away for a moment.
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |head| {
        let nth = asked.fetch_add(1, Ordering::SeqCst);
        match head.split(' ').nth(1).unwrap() {
            "/v1/models" if nth < 2 => ok(LLAMA),
            "/v1/models" => answer("500 No", "", b""),
            _ if nth == 2 => answer("503 Busy", "", b""),
            _ => ok("llamacpp:tokens_predicted_total 7\n"),
        }
    })
    .await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    let name = |reading: &margintop::reading::PageReading| reading.engines[0].model.clone();
    let first = name(&scrape(&mut scraper).await.1.unwrap());
    assert!(first.is_some() && scrape(&mut scraper).await.1.is_err());
    assert_eq!(name(&scrape(&mut scraper).await.1.unwrap()), first);
}

#[tokio::test]
async fn several_models_of_a_server_name_no_page() {
    let list = r#"{"data":[{"id":"a","owned_by":"me"},{"id":"b","owned_by":"me"}]}"#;
    let pages: &'static [(&str, &str)] =
        Box::leak(Box::new([("/v1/models", list), ("/metrics", "tgi_request_generated_tokens_sum 7\n")]));
    let server = site(pages).await;
    assert_eq!(once(&format!("{}/metrics", server.url)).await.unwrap().engines[0].model, None);
}
