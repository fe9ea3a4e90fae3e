//! A server's list of models that cannot be read: the page says why, as names may be missing.

use crate::peer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use margintop::reading::{Label, PageReading};
use margintop::source::scrape::Scraper;
use peer::*;

const NAMED: &str = "# TYPE vllm:prompt_tokens counter\nvllm:prompt_tokens_total{model_name=\"base\"} 5\n\
                     # TYPE vllm:generation_tokens counter\nvllm:generation_tokens_total{model_name=\"base\"} 3\n";
const NAMELESS: &str = "# TYPE vllm:prompt_tokens counter\nvllm:prompt_tokens_total{model_name=\"undefined\"} 5\n\
                        # TYPE vllm:generation_tokens counter\nvllm:generation_tokens_total{model_name=\"undefined\"} 3\n";
const LIST: &str = r#"{"data":[{"id":"base","owned_by":"vllm"},{"id":"lora","parent":"base"}]}"#;

/// How a server answers a path.
type Answers = fn(&str) -> Reply;

/// A page of a server whose list is answered so, once the answer is there.
async fn page(page: &'static str, list: Answers) -> PageReading {
    let server = Server::start(move |head| match head.split(' ').nth(1).unwrap() {
        "/metrics" => ok(page),
        path if path.starts_with("/v1/models") => list(path),
        _ => answer("404 No", "", b""),
    })
    .await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    for _ in 0..100 {
        let reading = read(&mut scraper).await;
        if reading.aliases.is_some() || reading.list_refused.is_some() {
            return reading;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    read(&mut scraper).await
}

async fn read(scraper: &mut Scraper) -> PageReading {
    *scrape(scraper).await.1.unwrap()
}

fn refused(reading: &PageReading) -> Option<&str> {
    reading.list_refused.as_ref().map(Label::as_str)
}

#[tokio::test]
async fn a_list_is_read_also_behind_a_redirect_within_the_server() {
    for list in [(|_| ok(LIST)) as Answers, |path| {
        if path.ends_with('/') { ok(LIST) } else { answer("307 There", "Location: /v1/models/\r\n", b"") }
    }] {
        let reading = page(NAMED, list).await;
        assert_eq!((refused(&reading), reading.aliases.as_ref().map(Vec::len)), (None, Some(1)));
    }
}

#[tokio::test]
async fn why_a_list_cannot_be_read_is_said() {
    let cases: [(Answers, &str); 4] = [
        (|_| answer("401 Who", "", b"{}"), "bearer_token_file"),
        (|_| ok("<html>sign in</html>"), "not a model list"),
        (|_| answer("307 There", "Location: http://127.0.0.9:1/\r\n", b""), "redirects"),
        (|_| answer("500 Oh", "", b""), "HTTP 500"),
    ];
    for (list, words) in cases {
        for text in [NAMED, NAMELESS] {
            let reading = page(text, list).await;
            assert!(refused(&reading).is_some_and(|why| why.contains(words)), "{words}: {:?}", reading.list_refused);
        }
    }
}

#[tokio::test]
async fn a_server_without_a_list_is_not_blamed() {
    for status in ["404 No", "405 No", "501 No"] {
        let list: Answers = match status {
            "404 No" => |_| answer("404 No", "", b""),
            "405 No" => |_| answer("405 No", "", b""),
            _ => |_| answer("501 No", "", b""),
        };
        let server =
            Server::start(move |head| if head.split(' ').nth(1).unwrap() == "/metrics" { ok(NAMED) } else { list("") })
                .await;
        let mut scraper = scraper(&format!("{}/metrics", server.url));
        while !server.asked().iter().any(|path| path == "/v1/models") {
            read(&mut scraper).await;
        }
        for _ in 0..5 {
            assert_eq!(refused(&read(&mut scraper).await), None, "{status}");
        }
    }
}

fn models(reading: &PageReading) -> Vec<Option<String>> {
    reading.engines.iter().map(|row| row.model.as_ref().map(ToString::to_string)).collect()
}

/// Class: a server whose page names no model is restarted with another one between two polls.
#[tokio::test]
async fn another_model_at_a_server_without_a_name_is_asked_for_when_its_counters_fall() {
    let phase = Arc::new(AtomicU64::new(0));
    let at_server = Arc::clone(&phase);
    let server = Server::start(move |head| {
        let phase = at_server.load(Ordering::Relaxed);
        let (made, model) = if phase < 3 { (1000 + 10 * phase, "x") } else { (10 * phase, "y") };
        match head.split(' ').nth(1).unwrap() {
            "/metrics" => ok(&format!(
                "# TYPE llamacpp:prompt_tokens_total counter\nllamacpp:prompt_tokens_total {made}\n\
                 # TYPE llamacpp:tokens_predicted_total counter\nllamacpp:tokens_predicted_total {made}\n"
            )),
            "/v1/models" => ok(&format!(r#"{{"data":[{{"id":"{model}","owned_by":"llamacpp"}}]}}"#)),
            _ => answer("404 No", "", b""),
        }
    })
    .await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    for nth in 0..6 {
        phase.store(nth, Ordering::Relaxed);
        let expected = if nth < 3 { "x" } else { "y" };
        assert_eq!(models(&read(&mut scraper).await), [Some(expected.to_owned())], "poll {nth}");
    }
    let asked = server.asked().iter().filter(|path| *path == "/v1/models").count();
    assert!(asked <= 4, "{asked} times");
}
