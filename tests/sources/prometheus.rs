//! A Prometheus as a source: what its samples come to, and what becomes of its failures.

use crate::fixture::fixture;
use crate::prometheus_server::{FakePrometheus, Fault};
use crate::support;

use std::sync::Arc;

use margintop::clock::{Clock, ScriptedClock};
use margintop::dialect::{self, Hint};
use margintop::exposition::{Limits, Rows};
use margintop::fleet::{Fleet, FleetConfig};
use margintop::pricing::Book;
use margintop::reading::{Event, Health, TargetId};
use margintop::snapshot::EngineRow;
use margintop::source::scrape::Settings;
use margintop::source::{MessageReceiver, Next, PolledTarget, PrometheusPast, Source, SourceMessage, sink, source_of};
use margintop::units::{Span, Timestamp};
use support::{instant, posted};

const BEGAN: &str = "2026-11-20T10:00:00Z";
const STEP: i64 = 15_000;

fn began() -> i64 {
    instant(BEGAN).millis()
}

/// A fleet that watches a server in scripted time.
struct Watch {
    clock: ScriptedClock,
    source: Box<dyn Source>,
    receiver: MessageReceiver,
    fleet: Fleet,
    /// The times of the pages of each target.
    pages: Vec<(TargetId, Timestamp)>,
}

impl Watch {
    fn of(target: &PolledTarget) -> Self {
        let clock = ScriptedClock::at(instant(BEGAN));
        let mut source = source_of(target, &Settings::default());
        let (sink, receiver) = sink();
        source.start(sink, &Clock::Scripted(clock.clone()));
        let fleet = Fleet::new(FleetConfig::local("laptop"), Book::built_in().unwrap(), clock.now());
        Self { clock, source, receiver, fleet, pages: Vec::new() }
    }

    fn new(server: &FakePrometheus) -> Self {
        Self::of(&server.target().parse().unwrap())
    }

    /// A watch of a past span, from the beginning to a second after it, read to its end.
    async fn past(server: &FakePrometheus, until: i64) -> Self {
        let (since, until) = (instant(BEGAN), instant(BEGAN) + Span::from_secs(until));
        let clock = ScriptedClock::at(PrometheusPast::begin(since));
        let target = server.target().parse().unwrap();
        let now = until + Span::from_secs(86_400);
        let mut source = PrometheusPast::new(target, &Settings::default(), &clock, (since, until), now);
        let (sink, receiver) = sink();
        source.start(sink, &Clock::Scripted(clock.clone()));
        let fleet = Fleet::new(FleetConfig::local("laptop"), Book::built_in().unwrap(), clock.now());
        let mut watch = Self { clock, source: Box::new(source), receiver, fleet, pages: Vec::new() };
        while watch.source.poll().await != Next::End {
            watch.take();
        }
        watch.take();
        watch
    }

    /// Polls at a second after the beginning.
    async fn poll(&mut self, second: i64) {
        self.clock.advance(Span::from_secs(second) - (self.clock.now().wall - instant(BEGAN)));
        self.source.poll().await;
        self.take();
        self.fleet.apply(Event::Tick(self.clock.now()));
    }

    fn take(&mut self) {
        while let Ok(message) = self.receiver.try_recv() {
            match message {
                SourceMessage::Events(events) => events.into_iter().for_each(|event| self.apply(event)),
                SourceMessage::Targets(found) => found.into_iter().for_each(|one| self.fleet.add_target(one.info)),
                SourceMessage::Gone(gone) => self.fleet.leave_targets(&gone),
                SourceMessage::SampleStep(step) if step > self.fleet.interval() => self.fleet.set_interval(step),
                _ => {}
            }
        }
    }

    fn apply(&mut self, event: Event) {
        if let Event::Page { target, at, outcome: Ok(_), .. } = &event {
            self.pages.push((target.clone(), at.wall));
        }
        self.fleet.apply(event);
    }

    async fn poll_every_second(&mut self, seconds: std::ops::RangeInclusive<i64>) {
        for second in seconds {
            self.poll(second).await;
        }
    }

    fn rows(&self) -> Vec<Arc<EngineRow>> {
        self.fleet.snapshot().engines.clone()
    }

    fn notes(&self) -> String {
        self.rows().iter().filter_map(|row| row.note.as_ref().map(ToString::to_string)).collect::<Vec<_>>().join("\n")
    }
}

/// A process's page whose counters have so many thousands of tokens.
fn page(start: i64, thousands: i64) -> Vec<u8> {
    let line = |name: &str, value: i64| format!("vllm:{name}{{model_name=\"deepseek-r1\",engine=\"0\"}} {value}\n");
    [
        line("prompt_tokens_total", 10_000 * thousands),
        line("prompt_tokens_cached_total", 4_000 * thousands),
        line("generation_tokens_total", 1_000 * thousands),
        line("num_requests_running", 3),
        format!("process_start_time_seconds {}\n", start as f64 / 1000.0),
    ]
    .concat()
    .into_bytes()
}

const ENGINE: [(&str, &str); 2] = [("job", "vllm"), ("instance", "10.0.0.1:8000")];
const LONG_AGO: i64 = 1_700_000_000_000;

/// Scrapes of one process at these steps after the beginning, with a thousand tokens more at each.
fn scrapes(server: &FakePrometheus, steps: std::ops::Range<i64>) {
    for step in steps {
        server.scrape(&ENGINE, began() + step * STEP, &page(LONG_AGO, 100 + step));
    }
}

/// Class: tokens of real pages that are lost or counted twice between two polls.
#[tokio::test]
async fn the_growth_of_real_pages_is_posted_to_the_token() {
    let server = FakePrometheus::new();
    let engines = [
        ("vllm", ["vllm-0.32.0-0-idle", "vllm-0.32.0-1-busy", "vllm-0.32.0-3-after", "vllm-0.32.0-7-after-queue"]),
        ("sglang", ["sglang-0.5.23-before", "sglang-0.5.23-midload", "sglang-0.5.23-after", "sglang-0.5.23-after"]),
    ];
    let mut watch = Watch::new(&server);
    let totals = |page: &[u8]| {
        let read = dialect::read(page, &Hint::default()).unwrap();
        read.engines.iter().fold([0; 3], |[prompt, cached, output], row| {
            let count = |tokens: Option<margintop::units::Tokens>| tokens.map_or(0, margintop::units::Tokens::count);
            [
                prompt + count(row.tokens.whole_prompt()),
                cached + count(row.tokens.cached),
                output + count(row.tokens.output),
            ]
        })
    };
    let mut expected = [0; 3];
    // The same pages, scraped by margintop itself.
    let mut direct = Watch::new(&server);
    for id in ["0", "1"] {
        direct.fleet.add_target(support::member(id, "n", None));
    }
    // A name that comes late is found within a minute.
    for (nth, step) in (0..9).zip(0_i64..) {
        for (place, (job, pages)) in (0_i64..).zip(&engines) {
            let pages: Vec<Vec<u8>> = pages.iter().map(|page| fixture(&format!("real/{page}.prom"))).collect();
            let at = began() + step * STEP + place * 4_321;
            server.scrape(&[("job", job), ("instance", &format!("10.0.0.{place}:8000"))], at, &pages[nth.min(3)]);
            let mut reading = dialect::read(&pages[nth.min(3)], &Hint::default()).unwrap();
            reading.date = Some(Timestamp::from_millis(at));
            let moment = direct.clock.now() + Span::from_millis(at - began());
            direct.fleet.apply(support::answered(&place.to_string(), moment, reading));
            if nth == 3 {
                let (first, last) = (totals(&pages[0]), totals(&pages[3]));
                expected = std::array::from_fn(|at| expected[at] + last[at] - first[at]);
            }
        }
        watch.poll_every_second(step * 15 + 5..=step * 15 + 19).await;
    }
    assert!(expected[0] > 0 && expected[2] > 0, "{expected:?}");
    let all = posted(&watch.fleet);
    assert_eq!(all, posted(&direct.fleet));
    assert_eq!([all[0], all[2]], [expected[0], expected[2]], "hits are limited to prompts");
    let mut times = watch.pages.clone();
    times.sort_unstable();
    times.dedup();
    assert_eq!((times.len(), watch.pages.len()), (18, 18), "each scrape once: {:?}", watch.pages);
    assert_eq!(watch.rows().iter().map(|row| row.state).collect::<Vec<_>>(), [Health::Live; 2]);
}

/// Class: a restart between two scrapes loses the tokens of the new process, or counts those of the old one again.
#[tokio::test]
async fn a_restart_between_two_scrapes_counts_the_new_process_from_zero() {
    let server = FakePrometheus::new();
    let mut watch = Watch::new(&server);
    scrapes(&server, 0..3);
    watch.poll_every_second(0..=44).await;
    // It begins one second after the last scrape, long before the next one.
    server.scrape(&ENGINE, began() + 3 * STEP, &page(began() + 2 * STEP + 1_000, 7));
    watch.poll_every_second(45..=70).await;
    assert_eq!(posted(&watch.fleet), [20_000 + 70_000, 8_000 + 28_000, 2_000 + 7_000]);
    assert_eq!(watch.rows()[0].scrape.restarts, 1);
}

/// Class: figures between two samples are stale, none, or swing between zero and twice the truth.
#[tokio::test]
async fn rows_are_live_and_rates_steady_between_two_scrapes() {
    let server = FakePrometheus::new();
    let mut watch = Watch::new(&server);
    for second in 0..180 {
        if second % 15 == 0 {
            server.scrape(&ENGINE, began() + second * 1000, &page(LONG_AGO, 100 + second));
        }
        watch.poll(second).await;
        // Nothing says yet how many series a scrape has, and how far apart they are.
        if second < 17 {
            continue;
        }
        let row = Arc::clone(&watch.rows()[0]);
        assert_eq!(row.state, Health::Live, "{second}");
        if second > 40 {
            let rate = row.output_per_second.unwrap();
            assert!((rate - 1_000.0).abs() < 1.0, "{second}: {rate}");
        }
    }
    // Prometheus reaches it no longer.
    for second in 180..=260 {
        watch.poll(second).await;
    }
    assert_eq!(watch.rows()[0].state, Health::Lost);
    assert_eq!(watch.rows()[0].running, None);
}

/// Class: scrapes between two polls are skipped, and with them a restart.
#[tokio::test]
async fn an_outage_delays_what_was_scraped_meanwhile_and_loses_nothing() {
    for outage in [Fault::HangUp, Fault::Status(503, "no".to_owned())] {
        let server = FakePrometheus::new();
        let mut watch = Watch::new(&server);
        scrapes(&server, 0..3);
        watch.poll_every_second(0..=40).await;
        server.fail(outage);
        scrapes(&server, 3..40);
        for (nth, step) in (0..).zip(40..80) {
            server.scrape(&ENGINE, began() + step * STEP, &page(began() + 39 * STEP + 500, 1 + nth));
        }
        watch.poll_every_second(41..=60).await;
        assert_eq!(posted(&watch.fleet)[2], 2_000, "what was there before");
        server.fail(None);
        // Twenty minutes later, in which both processes went on.
        watch.poll_every_second(1201..=1210).await;
        assert_eq!(posted(&watch.fleet), [390_000 + 400_000, 156_000 + 160_000, 39_000 + 40_000]);
        assert_eq!(watch.pages.len(), 80);
        let times: Vec<Timestamp> = watch.pages.iter().map(|(_, at)| *at).collect();
        assert!(times.is_sorted(), "in the order of time");
    }
}

/// Class: a pair of servers doubles what is scraped.
#[tokio::test]
async fn a_pair_of_servers_counts_once_and_either_may_end() {
    for label in ["prometheus_replica", "__replica__", "replica"] {
        let server = FakePrometheus::new();
        let mut watch = Watch::new(&server);
        for second in 0..400_i64 {
            for (replica, lag) in [("a", 0), ("b", 7)] {
                let labels = [ENGINE[0], ENGINE[1], (label, replica)];
                if second % 15 == lag && (replica == "b" || second < 150) {
                    server.scrape(&labels, began() + second * 1000, &page(LONG_AGO, 100 + second));
                }
            }
            if second % 3 == 0 {
                watch.poll(second).await;
            }
        }
        assert_eq!(watch.rows().len(), 1, "{label}");
        // The last scrape of the second server is at 397 s.
        assert_eq!(posted(&watch.fleet), [3_970_000, 1_588_000, 397_000], "{label}");
        assert_eq!(watch.fleet.snapshot().money.disputed, margintop::units::Money::ZERO, "{label}");
    }
}

/// Class: a server that fails looks like one without engines.
#[tokio::test]
async fn failures_are_shown_with_what_to_do_and_end() {
    let error =
        |kind: &str, why: &str| format!("{{\"status\":\"error\",\"errorType\":\"{kind}\",\"error\":\"{why}\"}}");
    let cases = [
        (Fault::Status(401, String::new()), "bearer_token_file"),
        (Fault::Status(403, String::new()), "bearer_token_file"),
        (Fault::Status(401, "no org id\n".to_owned()), "X-Scope-OrgID"),
        (Fault::Status(404, "404 page not found".to_owned()), "/select/0/prometheus"),
        (Fault::Status(503, error("timeout", "query timed out")), "query timed out"),
        (Fault::Status(422, error("execution", "too many samples")), "too large for its limits"),
        (Fault::Status(200, "<html>".to_owned()), "check the address"),
        (Fault::Status(200, "[".repeat(200_000)), "check the address"),
        (Fault::Warning("store-1 is down".to_owned()), "store-1 is down"),
    ];
    for (fault, word) in cases {
        let server = FakePrometheus::new();
        scrapes(&server, 0..2);
        server.fail(fault.clone());
        let mut watch = Watch::new(&server);
        watch.poll(16).await;
        assert!(watch.notes().contains(word), "{fault:?}: {}", watch.notes());
        assert_eq!(watch.rows()[0].state, Health::Never, "{fault:?}");
        server.fail(None);
        scrapes(&server, 2..4);
        watch.poll_every_second(17..=60).await;
        let states: Vec<Health> = watch.rows().iter().map(|row| row.state).collect();
        assert_eq!(states, [Health::Live], "{fault:?}: the server is no engine");
        assert_eq!(posted(&watch.fleet)[2], 2_000, "{fault:?}");
    }
    let server = FakePrometheus::new();
    server.scrape(&ENGINE, began(), b"up 1\n");
    let mut watch = Watch::new(&server);
    watch.poll(1).await;
    assert!(watch.notes().contains("no series of an engine"), "{}", watch.notes());
}

/// Class: a limit of the server hides a fleet.
#[tokio::test]
async fn a_query_that_is_too_large_is_split_by_name() {
    let server = FakePrometheus::new();
    scrapes(&server, 0..2);
    server.fail(Fault::TooMany(1));
    let mut watch = Watch::new(&server);
    watch.poll(16).await;
    scrapes(&server, 2..3);
    watch.poll_every_second(17..=50).await;
    assert_eq!(posted(&watch.fleet), [10_000, 4_000, 1_000]);
    let queries = server.asked().iter().filter(|asked| asked.line.starts_with("POST")).count();
    assert!(queries > 5, "{queries}");
}

/// Class: secrets in addresses, and headers that are not sent.
#[tokio::test]
async fn credentials_and_tenants_are_sent_in_headers_alone() {
    let server = FakePrometheus::new();
    scrapes(&server, 0..2);
    let folder = tempfile::tempdir().unwrap();
    let (token, tenant) = (folder.path().join("token"), folder.path().join("tenant"));
    std::fs::write(&token, "s3cret\n").unwrap();
    std::fs::write(&tenant, "team-b\n").unwrap();
    let mut target: PolledTarget = format!("{}/mimir/prometheus", server.target()).parse().unwrap();
    target.options.bearer_token_file = Some(token);
    let headers = [
        ("X-Scope-OrgID".to_owned(), margintop::source::HeaderSetting::Value("team-a".to_owned())),
        ("X-Other".to_owned(), margintop::source::HeaderSetting::File(tenant)),
    ];
    target.options.headers = headers.into();
    let mut watch = Watch::of(&target);
    watch.poll(16).await;
    assert_eq!(watch.rows().len(), 1);
    let asked = server.asked();
    assert!(asked.len() >= 3);
    for asked in asked {
        let header = |name: &str| asked.headers.get(name).map(String::as_str);
        assert_eq!(header("authorization"), Some("Bearer s3cret"));
        assert_eq!((header("x-scope-orgid"), header("x-other")), (Some("team-a"), Some("team-b")));
        assert!(asked.line.contains("/mimir/prometheus/api/v1/"), "{}", asked.line);
        assert!(!asked.line.contains("s3cret") && !asked.line.contains("team"), "{}", asked.line);
        let query = asked.fields.get("query").map_or("", String::as_str);
        assert!(!["rate(", "increase("].iter().any(|word| query.contains(word)), "{query}");
    }
}

/// Class: watching costs the watched more than it needs.
#[tokio::test]
async fn it_is_asked_a_few_times_between_two_scrapes() {
    let server = FakePrometheus::new();
    let mut watch = Watch::new(&server);
    scrapes(&server, 0..8);
    watch.poll_every_second(60..=119).await;
    let asked = server.asked();
    let (queries, others): (Vec<_>, Vec<_>) = asked.iter().partition(|asked| asked.line.starts_with("POST"));
    assert!((24..=26).contains(&queries.len()), "two queries in five seconds: {}", queries.len());
    assert_eq!(others.len(), 1, "names are asked for once a minute");
}

/// Class: labels of a page that reach a terminal, and an answer that takes all memory.
#[tokio::test]
async fn hostile_labels_are_stripped() {
    let server = FakePrometheus::new();
    let evil = "10.0.0.1\u{1b}[2J:8000";
    server.scrape(&[("job", "v\r\n"), ("instance", evil)], began(), &page(LONG_AGO, 1));
    server.scrape(&[("job", "v\r\n"), ("instance", evil)], began() + STEP, &page(LONG_AGO, 2));
    let mut watch = Watch::new(&server);
    watch.poll(16).await;
    let rows = watch.rows();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].target.as_str().chars().any(char::is_control), "{:?}", rows[0].target);
}

/// Class: engines and GPUs of one machine on two nodes.
#[tokio::test]
async fn engines_are_on_the_nodes_of_their_gpus() {
    let gpu = |host: &str| {
        format!(
            "DCGM_FI_DEV_GPU_UTIL{{gpu=\"0\",UUID=\"GPU-{host}\",modelName=\"NVIDIA H800\",Hostname=\"{host}\"}} 50\n"
        )
    };
    // By the address, and by the label that both have of the machine.
    for labelled in [false, true] {
        let server = FakePrometheus::new();
        for step in 0..3 {
            for node in ["n1", "n2"] {
                let number = &node[1..];
                let of = |job: &'static str, address: String| {
                    let labels = vec![("job".to_owned(), job.to_owned()), ("instance".to_owned(), address)];
                    let machine = labelled.then(|| ("node".to_owned(), node.to_owned()));
                    labels.into_iter().chain(machine).collect::<Vec<_>>()
                };
                let pod = if labelled { "9" } else { "0" };
                let engine = of("vllm", format!("10.0.0.{number}:8000"));
                let exporter = of("dcgm", format!("10.0.{pod}.{number}:9400"));
                let scrape = |labels: &[(String, String)], page: &[u8]| {
                    let labels: Vec<(&str, &str)> =
                        labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                    server.scrape(&labels, began() + step * STEP, page);
                };
                scrape(&exporter, gpu(node).as_bytes());
                scrape(&engine, &page(LONG_AGO, 1 + step));
            }
        }
        let mut watch = Watch::new(&server);
        watch.poll(31).await;
        watch.poll_every_second(32..=60).await;
        let nodes: Vec<String> = watch.rows().iter().map(|row| row.node.to_string()).collect();
        assert_eq!(nodes, ["n1", "n2"], "labelled {labelled}");
        let snapshot = watch.fleet.snapshot();
        assert_eq!((snapshot.nodes.len(), snapshot.money.uncosted_engines), (2, 0), "labelled {labelled}");
        assert!(snapshot.nodes.iter().all(|node| node.gpus.len() == 1), "labelled {labelled}");
    }
}

/// Class: the past is counted by other rules than the present.
#[tokio::test]
async fn a_past_span_is_what_watching_it_had_posted() {
    let server = FakePrometheus::new();
    let gpu = "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",modelName=\"NVIDIA H800\",Hostname=\"n1\"} 50\n";
    for (step, second) in (0..=60).map(|step| (step, step * 15)) {
        let at = began() + second * 1000;
        // The second process begins between two scrapes, and the first series of a third target comes late.
        let (start, made) = if step < 20 { (LONG_AGO, 100 + step) } else { (began() + 19 * STEP + 400, step - 19) };
        server.scrape(&[("job", "dcgm"), ("instance", "10.0.0.1:9400")], at - 2_000, gpu.as_bytes());
        server.scrape(&ENGINE, at, &page(start, made));
        if step > 33 {
            server.scrape(&[("job", "vllm"), ("instance", "10.0.0.1:8001")], at + 1_000, &page(LONG_AGO, step));
        }
    }
    let mut live = Watch::new(&server);
    for second in (0..=920).step_by(3) {
        live.poll(second).await;
    }
    let past = Watch::past(&server, 900).await;
    assert_eq!(posted(&past.fleet), posted(&live.fleet));
    assert_eq!(posted(&past.fleet)[2], 19_000 + 41_000 + 26_000);
    let times = |watch: &Watch| {
        let mut times = watch.pages.clone();
        times.sort_unstable();
        times
    };
    // The scrape before the span is read too, and those after it are not there.
    assert_eq!(times(&past), times(&live));
    let revenue = |watch: &Watch| watch.fleet.snapshot().money.revenue;
    assert_eq!(revenue(&past), revenue(&live));
    assert!(revenue(&past).is_some_and(|revenue| revenue > margintop::units::Money::ZERO));
}

/// Class: an engine or exporter whose names are never asked for.
#[test]
fn every_name_that_is_read_begins_as_the_names_that_are_asked_for() {
    let prefixes = dialect::prefixes();
    let mut read = 0;
    for folder in ["engines", "real"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
        for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            let page = std::fs::read(&file).unwrap();
            for row in Rows::new(&page, Limits::default(), |_, _| Some(())) {
                let is_known =
                    prefixes.iter().any(|prefix| row.name.starts_with(prefix)) || dialect::is_start(row.name);
                assert!(is_known || !dialect::is_read(row.name), "{} of {}", row.name, file.display());
                read += usize::from(dialect::is_read(row.name));
            }
        }
    }
    assert!(read > 1_000, "{read}");
}
