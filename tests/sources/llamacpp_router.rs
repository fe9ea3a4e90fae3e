//! llama.cpp in router mode: a page for each loaded model, and no request that would load or wake one.

use crate::peer;
use crate::support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::Fleet;
use margintop::reading::{EngineKind, PageReading, ScrapeError};
use margintop::source::scrape::{Scraper, Settings};
use margintop::units::{Span, Timestamp, Tokens};
use peer::*;

/// A router: its models, each with its status and what it has put out.
type Models = Arc<Mutex<BTreeMap<&'static str, (&'static str, u64)>>>;

fn models(of: &[(&'static str, &'static str, u64)]) -> Models {
    Arc::new(Mutex::new(of.iter().map(|(name, status, output)| (*name, (*status, *output))).collect()))
}

async fn router(models: &Models) -> Server {
    let models = Arc::clone(models);
    Server::start(move |head| {
        let path = head.split(' ').nth(1).unwrap();
        let models = models.lock().unwrap();
        if path == "/v1/models" {
            let entry = |(id, (status, _)): (&&str, &(&str, u64))| {
                format!("{{\"id\":\"{id}\",\"owned_by\":\"llamacpp\",\"status\":{{\"value\":\"{status}\"}}}}")
            };
            let entries: Vec<String> = models.iter().map(entry).collect();
            return ok(&format!("{{\"object\":\"list\",\"data\":[{}]}}", entries.join(",")));
        }
        let Some(query) = path.strip_prefix("/metrics?model=") else {
            let status = if path == "/metrics" { "400 Bad Request" } else { "404 Not Found" };
            return answer(status, "", b"{\"error\":{\"message\":\"model name is missing from the request\"}}");
        };
        let (name, rest) = query.split_once('&').unwrap_or((query, ""));
        let name = name.replace("%2F", "/");
        match models.get(name.as_str()) {
            Some(("loaded", output)) if rest == "autoload=false" => {
                ok(&format!("llamacpp:prompt_tokens_total 5\nllamacpp:tokens_predicted_total {output}\n"))
            }
            Some(_) if rest == "autoload=false" => answer("400 Bad Request", "", b"model is not loaded"),
            Some(_) => panic!("{path} would load or wake a model"),
            None => answer("404 Not Found", "", b"{}"),
        }
    })
    .await
}

fn rows(page: &PageReading) -> Vec<(&str, u64)> {
    let row = |row: &'_ margintop::reading::EngineReading| row.tokens.output.map_or(0, Tokens::count);
    page.engines.iter().map(|engine| (engine.model.as_ref().unwrap().as_str(), row(engine))).collect()
}

#[tokio::test]
async fn one_target_has_a_row_for_each_loaded_model() {
    let models = models(&[("org/a", "loaded", 10), ("b", "loaded", 20), ("c", "sleeping", 30), ("d", "unloaded", 40)]);
    for path in ["", "/metrics"] {
        let server = router(&models).await;
        let mut scraper = scraper(&format!("{}{path}", server.url));
        for _ in 0..3 {
            let (cost, outcome) = scrape(&mut scraper).await;
            let reading = outcome.unwrap();
            assert_eq!((reading.kind, rows(&reading)), (EngineKind::named("llamacpp"), vec![("b", 20), ("org/a", 10)]));
            assert!(reading.complete && cost.bytes > 100);
        }
        let asked = server.asked();
        assert!(asked.iter().all(|path| !path.contains("=c") && !path.contains("=d")), "{asked:?}");
        assert_eq!(asked.iter().filter(|path| *path == "/v1/models").count(), 3, "before each round of pages");
    }
}

/// Class: a model whose status changed since the list was read. It is asked for by a list of this moment only.
#[tokio::test]
async fn models_that_come_and_go_are_seen_at_once() {
    let models = models(&[("a", "loaded", 10), ("b", "unloaded", 0)]);
    let server = router(&models).await;
    let clock = ScriptedClock::at(Timestamp::from_millis(1_000_000));
    let target = server.url.parse().unwrap();
    let mut scraper = Scraper::new(target, Settings::default(), Clock::Scripted(clock.clone()));
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("a", 10)]);
    models.lock().unwrap().insert("b", ("loaded", 7));
    clock.advance(Span::from_secs(1));
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("a", 10), ("b", 7)]);
    models.lock().unwrap().insert("a", ("sleeping", 10));
    clock.advance(Span::from_secs(1));
    server.asked();
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("b", 7)]);
    assert_eq!(server.asked(), ["/v1/models", "/metrics?model=b&autoload=false"], "a sleeping model is left asleep");
}

#[tokio::test]
async fn a_model_that_falls_asleep_while_another_ones_page_is_read_is_left_asleep() {
    let clock = ScriptedClock::at(Timestamp::from_millis(1_000_000));
    let (of_server, awake) = (clock.clone(), Arc::new(Mutex::new(true)));
    let server = Server::start(move |head| match head.split(' ').nth(1).unwrap() {
        "/v1/models" => {
            let status = if *awake.lock().unwrap() { "loaded" } else { "sleeping" };
            let entry = |id, status| {
                format!("{{\"id\":\"{id}\",\"owned_by\":\"llamacpp\",\"status\":{{\"value\":\"{status}\"}}}}")
            };
            ok(&format!("{{\"data\":[{},{}]}}", entry("a", "loaded"), entry("b", status)))
        }
        path if path.contains("model=a") => {
            of_server.advance(Span::from_millis(200));
            *awake.lock().unwrap() = false;
            ok("llamacpp:tokens_predicted_total 7\n")
        }
        _ => answer("400 Bad Request", "", b"{}"),
    })
    .await;
    let target = format!("{}/metrics", server.url).parse().unwrap();
    let mut scraper = Scraper::new(target, Settings::default(), Clock::Scripted(clock));
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("a", 7)]);
    assert_eq!(server.asked(), ["/metrics", "/v1/models", "/metrics?model=a&autoload=false", "/v1/models"]);
}

#[tokio::test]
async fn a_router_without_a_list_is_asked_for_no_page() {
    let up = Arc::new(Mutex::new(true));
    let state = Arc::clone(&up);
    let list = "{\"data\":[{\"id\":\"a\",\"owned_by\":\"llamacpp\",\"status\":{\"value\":\"loaded\"}}]}";
    let server = Server::start(move |head| match (*state.lock().unwrap(), head.split(' ').nth(1).unwrap()) {
        (true, "/v1/models") => ok(list),
        (false, "/v1/models") => answer("503 Busy", "", b""),
        (_, path) if path.contains("model=a") => ok("llamacpp:tokens_predicted_total 7\n"),
        _ => answer("400 Bad Request", "", b"{}"),
    })
    .await;
    let mut scraper = scraper(&format!("{}/metrics", server.url));
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("a", 7)]);
    *up.lock().unwrap() = false;
    server.asked();
    let failure = scrape(&mut scraper).await.1.unwrap_err().to_string();
    assert!(failure.contains("might wake it"), "{failure}");
    assert!(server.asked().iter().all(|path| !path.contains("model=a")));
    *up.lock().unwrap() = true;
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("a", 7)]);
}

#[tokio::test]
async fn a_router_with_nothing_loaded_answers_without_a_row() {
    let models = models(&[("a", "unloaded", 10), ("b", "sleeping", 0)]);
    let server = router(&models).await;
    let reading = once(&server.url).await.unwrap();
    assert_eq!((reading.kind, reading.engines.len(), reading.complete), (EngineKind::named("llamacpp"), 0, true));
    assert_eq!(server.asked(), ["/v1/models"]);
}

/// Class: a model that an address names by hand. Its listed status is heeded as a plain target's models' are.
#[tokio::test]
async fn a_named_model_is_named_by_its_address_and_never_loaded_or_woken() {
    let models = models(&[("org/a", "loaded", 10), ("b", "loaded", 20), ("c", "sleeping", 30), ("d", "unloaded", 40)]);
    let server = router(&models).await;
    for (query, name, output) in [("org%2Fa", "org/a", 10), ("b", "b", 20)] {
        let reading = once(&format!("{}/metrics?model={query}", server.url)).await.unwrap();
        assert_eq!(rows(&reading), [(name, output)]);
        let page = format!("/metrics?model={query}&autoload=false");
        assert_eq!(server.asked(), ["/v1/models", page.as_str()], "nobody else is asked");
    }
    for asleep in ["c", "d", "c&autoload=true"] {
        let reading = once(&format!("{}/metrics?model={asleep}", server.url)).await.unwrap();
        assert_eq!((reading.kind, rows(&reading)), (EngineKind::named("llamacpp"), vec![]), "{asleep}");
        assert_eq!(server.asked(), ["/v1/models"], "{asleep} is left asleep");
    }
}

#[tokio::test]
async fn a_named_model_that_wakes_or_falls_asleep_is_seen_at_once() {
    let models = models(&[("a", "sleeping", 10), ("b", "loaded", 0)]);
    let server = router(&models).await;
    let clock = ScriptedClock::at(Timestamp::from_millis(1_000_000));
    let target = format!("{}/metrics?model=a", server.url).parse().unwrap();
    let mut scraper = Scraper::new(target, Settings::default(), Clock::Scripted(clock.clone()));
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), []);
    models.lock().unwrap().insert("a", ("loaded", 11));
    clock.advance(Span::from_secs(1));
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("a", 11)]);
    models.lock().unwrap().insert("a", ("sleeping", 11));
    clock.advance(Span::from_secs(1));
    server.asked();
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), []);
    assert_eq!(server.asked(), ["/v1/models"]);
}

/// Class: a refusal of a model's page. What is said fits llama.cpp, and names the models that there are.
#[tokio::test]
async fn a_model_that_is_not_there_is_reported_with_those_that_are() {
    let models = models(&[("org/a", "loaded", 10), ("b", "sleeping", 20)]);
    let server = router(&models).await;
    let failure = once(&format!("{}/metrics?model=a", server.url)).await.unwrap_err().to_string();
    assert_eq!(failure, "the server has no model a; it lists b, org/a");
    assert_eq!(server.asked(), ["/v1/models"]);
    let plain = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/v1/models" => answer("404 No", "", b""),
        _ => answer("404 Not Found", "", b"{\"error\":{\"message\":\"no such model\"}}"),
    })
    .await;
    let failure = once(&format!("{}/metrics?model=a", plain.url)).await.unwrap_err().to_string();
    assert!(
        failure.starts_with("HTTP 404: the server has no page of model a") && !failure.contains("SGLang"),
        "{failure}"
    );
}

/// Class: a list that can't be had. Nothing is asked for that might wake a model.
#[tokio::test]
async fn a_model_of_unknown_status_is_not_asked_for() {
    let list = Arc::new(Mutex::new("503 Busy"));
    let state = Arc::clone(&list);
    let server = Server::start(move |head| match (*state.lock().unwrap(), head.split(' ').nth(1).unwrap()) {
        ("200 OK", "/v1/models") => {
            ok("{\"data\":[{\"id\":\"m\",\"aliases\":[\"n\"],\"owned_by\":\"llamacpp\",\"status\":{\"value\":\"loaded\"}}]}")
        }
        (status, "/v1/models") => answer(status, "", b""),
        _ => ok("llamacpp:tokens_predicted_total 7\n"),
    })
    .await;
    let clock = ScriptedClock::at(Timestamp::from_millis(1_000_000));
    let target = format!("{}/metrics?model=n", server.url).parse().unwrap();
    let mut scraper = Scraper::new(target, Settings::default(), Clock::Scripted(clock.clone()));
    let failure = scrape(&mut scraper).await.1.unwrap_err().to_string();
    assert!(failure.contains("might wake it"), "{failure}");
    assert_eq!(server.asked(), ["/v1/models"]);
    *list.lock().unwrap() = "200 OK";
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("n", 7)], "an alias is a name");
    *list.lock().unwrap() = "503 Busy";
    clock.advance(Span::from_secs(60));
    assert!(scrape(&mut scraper).await.1.is_err(), "it may have fallen asleep");
    *list.lock().unwrap() = "404 No";
    clock.advance(Span::from_secs(60));
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("n", 7)], "a server without a list is no router");
}

#[tokio::test]
async fn a_server_that_refuses_without_being_a_router_is_reported() {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/v1/models" => ok("{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\"}]}"),
        _ => answer("400 No", "", b""),
    })
    .await;
    for path in ["", "/metrics"] {
        assert_eq!(once(&format!("{}{path}", server.url)).await, Err(ScrapeError::Status(400)));
    }
}

#[tokio::test]
async fn a_router_that_went_away_is_found_again() {
    let up = Arc::new(Mutex::new(true));
    let state = Arc::clone(&up);
    let server = Server::start(move |head| match (*state.lock().unwrap(), head.split(' ').nth(1).unwrap()) {
        (false, _) => answer("503 Busy", "", b""),
        (true, "/v1/models") => {
            ok("{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\",\"status\":{\"value\":\"loaded\"}}]}")
        }
        (true, _) => ok("llamacpp:tokens_predicted_total 7\n"),
    })
    .await;
    let mut scraper = scraper(&server.url);
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("m", 7)]);
    *up.lock().unwrap() = false;
    assert!(scrape(&mut scraper).await.1.is_err() && scrape(&mut scraper).await.1.is_err());
    *up.lock().unwrap() = true;
    assert_eq!(rows(&scrape(&mut scraper).await.1.unwrap()), [("m", 7)]);
}

/// Class: a model's page that two targets would read. The address that names it does, under whatever name of the server
/// or of the model, and whether the router's target has a path or not.
#[tokio::test]
async fn a_model_that_an_address_names_is_read_there_alone() {
    let list = |id, alias| {
        format!(
            "{{\"id\":\"{id}\",\"aliases\":[\"{alias}\"],\"owned_by\":\"llamacpp\",\"status\":{{\"value\":\"loaded\"}}}}"
        )
    };
    let list = format!("{{\"data\":[{},{}]}}", list("org/a", "short"), list("b", "other"));
    let server = Server::start(move |head| match head.split(' ').nth(1).unwrap() {
        "/v1/models" => ok(&list),
        "/metrics" => answer("400 Bad Request", "", b"{}"),
        _ => ok("llamacpp:tokens_predicted_total 7\n"),
    })
    .await;
    let other_host = server.url.replace("127.0.0.1", "localhost");
    for (plain, by_hand, model) in [
        (server.url.clone(), format!("{}/metrics?model=org%2Fa", server.url), "org/a"),
        (format!("{}/metrics", server.url), format!("{}/metrics/?autoload=false&model=org/a", server.url), "org/a"),
        (server.url.clone(), format!("{}/metrics?model=short", server.url), "short"),
        (format!("{other_host}/metrics"), format!("{}/metrics?model=short", server.url), "short"),
    ] {
        let settings = Settings::default();
        let scraper = |url: &str| Scraper::new(url.parse().unwrap(), settings.clone(), Clock::System);
        let mut all = scraper(&plain);
        let mut one = scraper(&by_hand);
        let elsewhere =
            Scraper::new("http://127.0.0.2:1/metrics?model=b".parse().unwrap(), settings.clone(), Clock::System);
        for _ in 0..3 {
            assert_eq!(rows(&scrape(&mut all).await.1.unwrap()), [("b", 7)], "{plain} beside {by_hand}");
            assert_eq!(rows(&scrape(&mut one).await.1.unwrap()), [(model, 7)]);
        }
        let second = scraper(&format!("{}/metrics?model=b", server.url));
        let none = scrape(&mut all).await.1.unwrap();
        assert_eq!((none.kind, rows(&none), none.complete), (EngineKind::named("llamacpp"), vec![], true));
        drop((one, second, elsewhere));
        assert_eq!(rows(&scrape(&mut all).await.1.unwrap()), [("org/a", 7), ("b", 7)]);
    }
}

/// A watch over a router's target: each poll's event goes to a fleet.
struct Watched {
    models: Models,
    clock: ScriptedClock,
    scraper: Scraper,
    fleet: Fleet,
    _server: Server,
}

impl Watched {
    /// Polls from the beginning on at a server's address with this ending.
    async fn of(ending: &str, of: &[(&'static str, &'static str, u64)]) -> Self {
        let models = models(of);
        let server = router(&models).await;
        let clock = ScriptedClock::at(support::instant("2026-11-24T10:00:00Z"));
        let url = format!("{}{ending}", server.url);
        let scraper = Scraper::new(url.parse().unwrap(), Settings::default(), Clock::Scripted(clock.clone()));
        let member = support::member(scraper.target().id.as_str(), "n", None);
        let fleet = support::fleet(vec![member], Clock::Scripted(clock.clone()).now());
        let mut watched = Self { models, clock, scraper, fleet, _server: server };
        watched.scrape().await;
        watched
    }

    async fn scrape(&mut self) {
        self.fleet.apply(Box::pin(self.scraper.scrape()).await);
    }

    /// Polls a second later, when a model has this status and output. What is posted until then, and the number of
    /// lost windows.
    async fn then(&mut self, model: &'static str, status: &'static str, output: u64) -> (u64, u64) {
        self.models.lock().unwrap().insert(model, (status, output));
        self.clock.advance(Span::from_secs(1));
        self.scrape().await;
        let posted = self.fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum();
        (posted, self.fleet.snapshot().money.lost_windows)
    }
}

/// Class: the first page of a model's process on a later page of its router. It was there before if its model was asleep,
/// which ends no process, or if that is not known.
#[tokio::test]
async fn a_model_that_wakes_posts_nothing_of_its_earlier_life() {
    for ending in ["", "/metrics", "/metrics?model=b"] {
        let mut watched = Watched::of(ending, &[("a", "loaded", 5), ("b", "sleeping", 9_000)]).await;
        assert_eq!(watched.then("b", "sleeping", 9_000).await.0, 0);
        assert_eq!(watched.then("b", "loaded", 9_040).await.0, 0, "{ending}: a baseline");
        assert_eq!(watched.then("b", "loaded", 9_060).await.0, 20, "{ending}");
        assert_eq!(watched.then("b", "sleeping", 9_070).await.0, 20);
        assert_eq!(watched.then("b", "loaded", 9_100).await.0, 60, "{ending}: its process went on");
    }
    let mut watched = Watched::of("", &[("a", "loaded", 5)]).await;
    assert_eq!(watched.then("new", "loaded", 700).await.0, 0, "the list did not have it");
    assert_eq!(watched.then("new", "loaded", 710).await.0, 10);
}

/// Class: the first page of a process that began while it was watched, as the router's list tells. It counts from zero.
#[tokio::test]
async fn a_model_that_is_loaded_while_it_is_watched_counts_from_zero() {
    for (ending, status) in
        [("", "unloaded"), ("", "loading"), ("/metrics", "unloaded"), ("/metrics?model=b", "unloaded")]
    {
        for others in [&[("b", status, 0)][..], &[("a", "loaded", 5_000), ("b", status, 0)]] {
            let mut watched = Watched::of(ending, others).await;
            assert_eq!(watched.then("b", "loading", 0).await.0, 0);
            assert_eq!(watched.then("b", "loaded", 40).await, (40, 0), "{ending} {status}");
            assert_eq!(watched.then("b", "loaded", 60).await, (60, 0), "{ending} {status}");
        }
    }
}

/// Class: a process that replaced the one before it, as the list tells: whatever its first values are.
#[tokio::test]
async fn a_model_that_is_loaded_again_counts_from_zero() {
    for first in [30, 9_000, 9_500] {
        for ending in ["", "/metrics?model=b"] {
            let mut watched = Watched::of(ending, &[("a", "loaded", 100), ("b", "loaded", 8_980)]).await;
            assert_eq!(watched.then("b", "loaded", 9_000).await, (20, 0));
            watched.then("b", "unloaded", 0).await;
            let (posted, lost) = watched.then("b", "loaded", first).await;
            assert_eq!((posted, lost), (20 + first, 1), "{ending}: what it made before it ended is missing");
            assert_eq!(watched.then("b", "loaded", first + 10).await.0, 30 + first, "{ending}");
            // So much at once waits for two more pages.
            watched.then("b", "loaded", first + 9_100).await;
            watched.then("b", "loaded", first + 9_101).await;
            assert_eq!(
                watched.then("b", "loaded", first + 9_102).await.0,
                20 + first + 9_102,
                "{ending}: nothing returns"
            );
        }
    }
}

/// Class: a model that goes while another one comes. Each is a process of its own, whatever their values.
#[tokio::test]
async fn a_model_is_never_taken_for_another_one() {
    let mut watched = Watched::of("", &[("a", "loaded", 1_000), ("b", "sleeping", 1_030)]).await;
    assert_eq!(watched.then("a", "loaded", 1_020).await.0, 20);
    watched.models.lock().unwrap().insert("a", ("sleeping", 1_020));
    assert_eq!(watched.then("b", "loaded", 1_030).await.0, 20, "a baseline");
    assert_eq!(watched.then("b", "loaded", 1_040).await.0, 30);
    watched.models.lock().unwrap().insert("b", ("sleeping", 1_040));
    assert_eq!(watched.then("a", "loaded", 1_025).await.0, 35);
    assert_eq!(watched.then("b", "loaded", 1_050).await.0, 45);
    assert_eq!(watched.then("a", "loaded", 1_030).await.0, 50);
}
