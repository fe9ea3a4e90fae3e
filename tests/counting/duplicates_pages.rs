//! One page of a server under two spellings of its address: a process that says no start time counts once.

use crate::peer;
use crate::restart;
use crate::support;

use std::sync::{Arc, Mutex};

use margintop::clock::{Clock, ScriptedClock};
use margintop::fleet::{Fleet, FleetConfig};
use margintop::source::scrape::{Scraper, Settings};
use margintop::units::Span;
use peer::*;

/// A llama.cpp server with one model of two names, its output, and two targets that show it.
struct Two {
    output: Arc<Mutex<u64>>,
    clock: ScriptedClock,
    scrapers: Vec<Scraper>,
    config: FleetConfig,
    fleet: Fleet,
    _server: Server,
}

impl Two {
    /// `list` is the server's list of models. The targets are this server with these hosts and endings.
    async fn of(list: &'static str, targets: [(&str, &str); 2]) -> Self {
        let output = Arc::new(Mutex::new(5_000));
        let made = Arc::clone(&output);
        let server = Server::start(move |head| {
            if head.split(' ').nth(1) == Some("/v1/models") {
                return ok(list);
            }
            let output = *made.lock().unwrap();
            ok(&format!("llamacpp:prompt_tokens_total {}\nllamacpp:tokens_predicted_total {output}\n", 2 * output))
        })
        .await;
        let clock = ScriptedClock::at(support::instant("2026-11-24T10:00:00Z"));
        let settings = Settings::default();
        let scraper = |(host, ending): (&str, &str)| {
            let url = format!("{}{ending}", server.url.replace("127.0.0.1", host));
            Scraper::new(url.parse().unwrap(), settings.clone(), Clock::Scripted(clock.clone()))
        };
        let scrapers: Vec<Scraper> = targets.into_iter().map(scraper).collect();
        let members = scrapers.iter().map(|one| support::member(one.target().id.as_str(), "n", None)).collect();
        let config = FleetConfig { targets: members, ..FleetConfig::local("box") };
        let fleet = support::fleet(config.targets.clone(), Clock::Scripted(clock.clone()).now());
        Self { output, clock, scrapers, config, fleet, _server: server }
    }

    /// Polls these targets each second, while the server makes 10 tokens a second.
    async fn poll(&mut self, seconds: u64, targets: &[usize]) {
        for _ in 0..seconds {
            *self.output.lock().unwrap() += 10;
            self.clock.advance(Span::from_secs(1));
            for target in targets {
                let event = self.scrapers[*target].scrape().await;
                self.fleet.apply(event);
            }
        }
    }

    fn posted(&self) -> u64 {
        self.fleet.ledger().today().tokens().map(|(.., tokens)| tokens.output.count()).sum()
    }

    /// The notes of the rows.
    fn notes(&self) -> Vec<String> {
        let rows = self.fleet.snapshot().engines;
        rows.iter().map(|row| row.note.as_ref().map(ToString::to_string).unwrap_or_default()).collect()
    }
}

const ROUTER: &str = "{\"data\":[{\"id\":\"org/a\",\"aliases\":[\"short\"],\"owned_by\":\"llamacpp\",\
                      \"status\":{\"value\":\"loaded\"}}]}";
const PLAIN: &str = "{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\"}]}";

fn cases() -> Vec<(&'static str, [(&'static str, &'static str); 2])> {
    vec![
        (ROUTER, [("127.0.0.1", "/metrics?model=org%2Fa"), ("127.0.0.1", "/metrics?model=short")]),
        (ROUTER, [("127.0.0.1", "/metrics?model=short"), ("localhost", "/metrics/?autoload=false&model=org/a")]),
        (ROUTER, [("127.0.0.1", ""), ("localhost", "/metrics")]),
        (PLAIN, [("127.0.0.1", ""), ("localhost", "/metrics")]),
        (PLAIN, [("127.0.0.1", "/metrics"), ("localhost", "/metrics/?autoload=false")]),
    ]
}

#[tokio::test]
async fn one_page_under_two_addresses_counts_once() {
    for (list, targets) in cases() {
        let mut two = Two::of(list, targets).await;
        two.poll(6, &[0, 1]).await;
        assert_eq!(two.posted(), 50, "{targets:?}");
        let notes = two.notes();
        assert!(notes[0].contains("also seen as http") && !notes[0].contains("counted there"), "{notes:?}");
        assert!(notes[1].contains("and counted there"), "{notes:?}");
        let now = two.fleet.snapshot();
        assert_eq!((now.coverage.engines_known, now.tokens.output_total.unwrap().count()), (1, 5_060));
    }
}

#[tokio::test]
async fn the_other_address_takes_over_and_nothing_counts_twice() {
    for (list, targets) in cases() {
        let mut two = Two::of(list, targets).await;
        two.poll(6, &[0, 1]).await;
        two.poll(20, &[1]).await;
        assert_eq!(two.posted(), 250, "{targets:?}");
        two.poll(5, &[0, 1]).await;
        assert_eq!(two.posted(), 300, "{targets:?}");
    }
}

/// Class: what is known of two addresses is known after a restart of the watch, whichever answers first.
#[tokio::test]
async fn one_page_under_two_addresses_counts_once_after_a_restart() {
    for order in [[0, 1], [1, 0]] {
        for (list, targets) in cases() {
            let mut two = Two::of(list, targets).await;
            let day = Span::from_secs(86_400);
            two.fleet.restore(margintop::fleet::SavedState::default(), day);
            two.poll(6, &[0, 1]).await;
            let (saved, posted) = (restart::saved(&mut two.fleet), two.posted());
            two.fleet = support::fleet(two.config.targets.clone(), Clock::Scripted(two.clock.clone()).now());
            two.fleet.restore(saved, day);
            two.poll(5, &order).await;
            assert_eq!((posted, two.posted()), (50, 100), "{targets:?} {order:?}");
        }
    }
}

/// Class: two models of one router, and two servers, whose values agree for a while.
#[tokio::test]
async fn two_pages_are_never_one() {
    const TWO: &str = "{\"data\":[{\"id\":\"a\",\"owned_by\":\"llamacpp\",\"status\":{\"value\":\"loaded\"}},\
                       {\"id\":\"b\",\"owned_by\":\"llamacpp\",\"status\":{\"value\":\"loaded\"}}]}";
    let mut two = Two::of(TWO, [("127.0.0.1", "/metrics?model=a"), ("127.0.0.1", "/metrics?model=b")]).await;
    two.poll(9, &[0, 1]).await;
    assert_eq!(two.posted(), 160, "two models");
    let mut two = Two::of(PLAIN, [("127.0.0.1", "/metrics?name=a"), ("127.0.0.1", "/metrics?name=b")]).await;
    two.poll(9, &[0, 1]).await;
    assert_eq!(two.posted(), 160, "two pages");
}
