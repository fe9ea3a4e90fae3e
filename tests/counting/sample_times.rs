//! Pages whose samples say when they were taken, as Prometheus' `/federate` has them.

use crate::support;

use margintop::dialect::{self, Hint};
use margintop::fleet::Fleet;
use margintop::reading::Health;
use margintop::snapshot::EngineRow;
use margintop::units::{Moment, Span};
use support::{answered, at, fleet, member, moment, posted};

fn after(seconds: i64) -> Moment {
    at(moment("2026-11-20T10:00:00Z").wall + Span::from_secs(seconds))
}

/// A page of two processes whose samples are from these seconds.
fn page(sampled: [i64; 2], has_times: bool) -> String {
    let row = |place: usize| {
        let second = sampled[place];
        let time = if has_times { format!(" {}", after(second).wall.millis()) } else { String::new() };
        let labels = format!("model_name=\"m\",instance=\"10.0.0.{place}:8000\",job=\"v\"");
        let line = |name: &str, value: i64| format!("vllm:{name}{{{labels}}} {value}{time}\n");
        let made = 1_000_000 + second * 100;
        [
            line("prompt_tokens_total", 10 * made),
            line("prompt_tokens_cached_total", 4 * made),
            line("generation_tokens_total", made),
            line("num_requests_running", 3),
            format!("process_start_time_seconds{{instance=\"10.0.0.{place}:8000\",job=\"v\"}} 1700000000.00{time}\n"),
        ]
        .concat()
    };
    [row(0), row(1)].concat()
}

struct Federation {
    fleet: Fleet,
    now: i64,
    has_times: bool,
}

impl Federation {
    fn new(has_times: bool) -> Self {
        Self { fleet: fleet(vec![member("e", "n", None)], after(0)), now: 0, has_times }
    }

    fn poll(&mut self, second: i64, sampled: [i64; 2], is_dated: bool) {
        self.now = second;
        let hint = Hint { date: is_dated.then(|| after(second).wall), ..Hint::default() };
        let reading = dialect::read(page(sampled, self.has_times).as_bytes(), &hint).unwrap();
        self.fleet.apply(answered("e", after(second), reading));
        self.fleet.apply(margintop::reading::Event::Tick(after(second)));
    }

    fn rows(&self) -> Vec<EngineRow> {
        self.fleet.snapshot().engines.iter().map(|row| (**row).clone()).collect()
    }

    fn states(&self) -> Vec<Health> {
        self.rows().iter().map(|row| row.state).collect()
    }
}

/// Class: figures of a server that is no longer reached are shown as those of now.
#[test]
fn a_page_whose_samples_stand_still_is_stale_after_three_steps() {
    for is_dated in [true, false] {
        let mut federation = Federation::new(true);
        for second in 0..40 {
            let step = |last: i64| second.min(last) / 5 * 5;
            federation.poll(second, [step(40), step(20)], is_dated);
            // Samples every five seconds are live between two of them, whatever the interval of polls is.
            let frozen = if second - 20 >= 15 { Health::Stale } else { Health::Live };
            assert_eq!(federation.states(), [Health::Live, frozen], "{second}");
        }
        let row = &federation.rows()[1];
        assert!(row.age_seconds.is_some_and(|age| (age - 19.0).abs() < 1.1), "{:?}", row.age_seconds);
        assert!(row.note.as_ref().is_some_and(|note| note.as_str().contains("samples are old")), "{:?}", row.note);
        assert_eq!((row.running, row.output_per_second), (None, None), "no figure of earlier is of now");
        federation.poll(40, [40, 40], is_dated);
        assert_eq!(federation.states(), [Health::Live; 2], "it is reached again");
    }
}

#[test]
fn a_page_of_old_samples_is_stale_from_the_first_poll_on() {
    let mut federation = Federation::new(true);
    for second in 0..12 {
        federation.poll(second, [second - 600; 2], true);
    }
    assert_eq!(federation.states(), [Health::Stale; 2]);
    assert!(federation.rows().iter().all(|row| row.age_seconds.is_some_and(|age| (age - 600.0).abs() < 1.1)));
    let money = federation.fleet.snapshot().money;
    assert_eq!(money.revenue_per_hour, None, "what an hour earns is unknown");
}

#[test]
fn the_totals_are_those_of_a_page_without_times() {
    let [with, without] = [true, false].map(|has_times| {
        let mut federation = Federation::new(has_times);
        for second in 0..60 {
            let frozen = if (20..45).contains(&second) { 20 } else { second };
            federation.poll(second, [second / 3 * 3, frozen], true);
        }
        posted(&federation.fleet)
    });
    assert_eq!(with, without);
    assert!(with.iter().all(|tokens| *tokens > 0));
}

/// The clock of the server that took the samples may be another than this machine's.
#[test]
fn the_servers_own_clock_says_how_old_its_samples_are() {
    let mut federation = Federation::new(true);
    for second in 0..10 {
        let hint = Hint { date: Some(after(second - 7200).wall), ..Hint::default() };
        let reading = dialect::read(page([second - 7200; 2], true).as_bytes(), &hint).unwrap();
        federation.fleet.apply(answered("e", after(second), reading));
    }
    assert_eq!(federation.states(), [Health::Live; 2]);
}
