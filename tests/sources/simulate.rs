//! The simulated fleet through its real sockets: the pages agree with themselves, with each other and with the clock.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use margintop::clock::{Clock, LateClock, ScriptedClock};
use margintop::reading::EngineRole;
use margintop::source::simulate::{
    DAY_BEGIN, DAY_CACHED, DAY_OUTPUT, DAY_PROMPT, Plan, SimulatedFleet, SimulatedTarget, open,
};
use margintop::units::{Span, Timestamp};
use tokio::runtime::Runtime;

/// A fleet, the clock that turns it and the runtime that it answers on.
struct Stage {
    _runtime: Runtime,
    clock: ScriptedClock,
    fleet: SimulatedFleet,
}

impl Stage {
    fn new(start: Timestamp, plan: impl Fn(Clock) -> Plan) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = ScriptedClock::at(start);
        let fleet = runtime.block_on(open(plan(Clock::Scripted(clock.clone())))).unwrap();
        Self { _runtime: runtime, clock, fleet }
    }

    /// An ordinary fleet on a Monday at noon.
    fn ordinary(nodes: u32) -> Self {
        Self::new(Timestamp::from_millis(1_763_985_600_000), |clock| Plan::ordinary(nodes, clock))
    }

    fn engines(&self) -> impl Iterator<Item = &SimulatedTarget> {
        self.fleet.targets().iter().filter(|target| target.role.is_some())
    }

    fn exporters(&self) -> impl Iterator<Item = &SimulatedTarget> {
        self.fleet.targets().iter().filter(|target| target.role.is_none())
    }
}

/// Status and body; a body that is held back is not waited for.
fn get(url: &str, path: &str) -> (u16, String) {
    let place = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(place).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    if reader.read_line(&mut status).is_err() {
        return (0, String::new());
    }
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    let body = rest.split_once("\r\n\r\n").unwrap().1.to_owned();
    (status.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

fn page(target: &SimulatedTarget) -> String {
    let (status, body) = get(&target.url, "/metrics");
    assert_eq!(status, 200, "{}: {body}", target.url);
    body
}

/// Every series and its value.
fn series(page: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// The sum of a name's series whose labels hold `part`.
fn sum(series: &BTreeMap<String, f64>, name: &str, part: &str) -> f64 {
    let wanted = series.iter().filter(|(key, _)| key.split('{').next() == Some(name) && key.contains(part));
    wanted.map(|(_, value)| value).sum()
}

#[test]
fn the_same_instant_is_the_same_bytes() {
    let (one, two) = (Stage::ordinary(10), Stage::ordinary(10));
    for stage in [&one, &two] {
        stage.clock.advance(Span::from_secs(77));
    }
    for (a, b) in one.fleet.targets().iter().zip(two.fleet.targets()) {
        assert_eq!((&a.nodes, &a.unit, a.role), (&b.nodes, &b.unit, b.role));
        assert_ne!(a.url, b.url, "two fleets share a port");
        let first = page(a);
        assert_eq!(first, page(b));
        assert_eq!(first, page(a));
        one.clock.advance(Span::from_millis(1500));
        two.clock.advance(Span::from_millis(1500));
        assert_ne!(first, page(a), "time passed and nothing happened");
    }
}

#[test]
fn counters_only_fall_when_a_process_began_anew() {
    let stage = Stage::ordinary(6);
    let mut last: BTreeMap<String, (f64, BTreeMap<String, f64>)> = BTreeMap::new();
    let mut restarts = 0;
    let mut faults = 0;
    for _ in 0..120 {
        stage.clock.advance(Span::from_millis(9_700));
        for target in stage.fleet.targets() {
            let (status, body) = get(&target.url, "/metrics");
            if status != 200 {
                faults += 1;
                continue;
            }
            let now = series(&body);
            let start = now.get("process_start_time_seconds{}").copied().unwrap_or_default();
            let sglang = body.contains("sglang:");
            if let Some((old_start, before)) = last.get(&target.url) {
                let fell: Vec<_> = before
                    .iter()
                    .filter(|(name, _)| ["_total", "_count", "_sum", "_bucket"].iter().any(|s| name.contains(s)))
                    .filter(|(name, value)| now.get(*name).is_some_and(|new| new < value))
                    .collect();
                let anew = start > *old_start || (sglang && !fell.is_empty());
                restarts += u32::from(anew);
                assert!(anew || fell.is_empty(), "{}: {fell:?}", target.url);
            }
            last.insert(target.url.clone(), (start, now));
        }
    }
    assert!(restarts > 0 && faults > 0, "{restarts} restarts, {faults} faults: nothing ever happens");
}

#[test]
fn an_engines_page_agrees_with_itself() {
    let stage = Stage::ordinary(10);
    stage.clock.advance(Span::from_secs(60));
    for target in stage.engines() {
        let now = series(&page(target));
        if sum(&now, "sglang:prompt_tokens_total", "") > 0.0 {
            let prompt = sum(&now, "sglang:prompt_tokens_total", "");
            let live = sum(&now, "sglang:realtime_tokens_total", "prefill");
            assert!((prompt - live).abs() < 0.5, "{prompt} {live}");
            assert!(sum(&now, "sglang:cached_tokens_total", "") < prompt);
            continue;
        }
        for rank in 0..4 {
            let rank = format!("engine=\"{rank}\"");
            let of = |name: &str| sum(&now, &format!("vllm:{name}"), &rank);
            let prompt = of("prompt_tokens_total");
            assert!(prompt > 1e6);
            assert!((prompt - of("prompt_tokens_by_source_total")).abs() < 0.5);
            let cached = of("prompt_tokens_cached_total");
            assert!(cached > 0.0 && cached <= prompt);
            assert!((0.0..=1.0).contains(&of("kv_cache_usage_perc")));
            let count = of("time_to_first_token_seconds_count");
            let last = sum(&now, "vllm:time_to_first_token_seconds_bucket", &format!("{rank},model_name"));
            assert!(last >= count && count > 0.0);
            assert!((of("request_success_total") - count).abs() < 0.5);
            let output = of("generation_tokens_total");
            let expected = if target.role == Some(EngineRole::Prefill) { count } else { count * 800.0 };
            assert!((output / expected - 1.0).abs() < 0.01, "{output} {expected}");
        }
    }
}

#[test]
fn prefill_and_decode_are_two_sides_of_the_same_requests() {
    let stage = Stage::ordinary(16);
    let reading = |stage: &Stage, role: EngineRole| {
        let pages = stage.engines().filter(|t| t.role == Some(role)).map(|t| series(&page(t)));
        pages.fold((0.0, 0.0), |(prompt, moved), s| {
            let of = |name, part| sum(&s, name, part);
            (prompt + of("vllm:prompt_tokens_total", ""), moved + of("vllm:prompt_tokens_by_source_total", "external"))
        })
    };
    let (prefill, decode) = (reading(&stage, EngineRole::Prefill), reading(&stage, EngineRole::Decode));
    stage.clock.advance(Span::from_secs(100));
    let (prefill_then, decode_then) = (reading(&stage, EngineRole::Prefill), reading(&stage, EngineRole::Decode));
    let (computed, taken) = (prefill_then.0 - prefill.0, decode_then.0 - decode.0);
    assert!((computed / taken - 1.0).abs() < 1e-4, "{computed} {taken}");
    assert!((decode_then.1 - decode.1) / taken > 0.99, "nearly all of it came from elsewhere");
    let units: Vec<_> = stage.engines().filter_map(|t| t.unit.as_ref()).map(|u| u.as_str().to_owned()).collect();
    assert!(units.contains(&"prefill-01".to_owned()) && units.contains(&"decode-1".to_owned()), "{units:?}");
}

#[test]
fn an_exporter_names_its_node_and_an_engine_its_model() {
    let stage = Stage::ordinary(2);
    let exporter = stage.exporters().nth(1).unwrap();
    let body = page(exporter);
    assert_eq!(body.matches("DCGM_FI_DEV_GPU_UTIL{").count(), 8);
    assert!(body.contains("hostname=\"gpu-0002\""));
    assert_eq!(get(&exporter.url, "/v1/models").0, 404);
    let engine = stage.engines().next().unwrap();
    let (status, models) = get(&engine.url, "/v1/models");
    assert_eq!(status, 200);
    assert!(models.contains("\"owned_by\":\"vllm\"") && models.contains("deepseek-r1"), "{models}");
}

#[test]
fn a_fleet_that_is_dropped_is_gone() {
    let stage = Stage::ordinary(1);
    let place = stage.engines().next().unwrap().url.strip_prefix("http://").unwrap().replace("/metrics", "");
    let mut open = TcpStream::connect(&place).unwrap();
    open.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let Stage { _runtime, fleet, .. } = stage;
    drop(fleet);
    // Its address may be another test's fleet by now; its connections are nobody's.
    let ended = open.read(&mut [0; 1]);
    assert!(
        ended.as_ref().map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |read| *read == 0),
        "{ended:?}"
    );
}

#[test]
fn the_published_day_passes_through_its_sockets() {
    let stage = Stage::new(DAY_BEGIN, Plan::deepseek_day);
    assert_eq!(stage.fleet.targets().len(), 76);
    assert_eq!(stage.fleet.holdings().iter().map(|h| &h.node).collect::<std::collections::BTreeSet<_>>().len(), 278);
    let totals = |stage: &Stage| {
        let mut totals = (0.0, 0.0, 0.0);
        for target in stage.engines() {
            let (status, body) = get(&target.url, "/metrics");
            if status == 200 {
                let s = series(&body);
                if target.role == Some(EngineRole::Prefill) {
                    totals.0 += sum(&s, "vllm:prompt_tokens_total", "");
                    totals.1 += sum(&s, "vllm:prompt_tokens_cached_total", "");
                } else {
                    totals.2 += sum(&s, "vllm:generation_tokens_total", "");
                }
            }
        }
        totals
    };
    let answering = |stage: &Stage| {
        let gpus = stage.exporters().map(|t| get(&t.url, "/metrics")).filter(|(status, _)| *status == 200);
        gpus.map(|(_, body)| body.matches("DCGM_FI_DEV_GPU_UTIL{").count()).sum::<usize>()
    };
    assert_eq!(totals(&stage), (0.0, 0.0, 0.0));
    assert_eq!(answering(&stage), 2224);
    stage.clock.advance(Span::from_secs(16 * 3600));
    assert_eq!(answering(&stage), 68 * 8);
    stage.clock.advance(Span::from_secs(8 * 3600));
    let expected = [DAY_PROMPT, DAY_CACHED, DAY_OUTPUT].map(|tokens| tokens.count() as f64);
    assert_eq!(totals(&stage), (expected[0], expected[1], expected[2]));
    assert_eq!(answering(&stage), 2224);
}

/// Class: the hour before the opening has tokens that a poll every 10 s cannot tell from lost ones.
#[test]
fn the_hour_before_the_opening_loses_no_tokens() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let late = LateClock::default();
    let fleet = runtime.block_on(open(Plan::ordinary(12, Clock::Late(late.clone())))).unwrap();
    late.set_back(Span::from_secs(3_600));
    let (mut starts, mut faults) = (BTreeMap::new(), 0);
    while late.behind() > Span::from_secs(10) {
        for target in fleet.targets().iter().filter(|target| target.role.is_some()) {
            let (status, body) = get(&target.url, "/metrics");
            if status != 200 {
                faults += 1;
                // Of an engine that says when it started a silence loses nothing.
                assert!(starts.get(&target.url).is_none_or(Option::is_some), "{}: {status}", target.url);
                continue;
            }
            let start = series(&body).get("process_start_time_seconds{}").copied();
            let first = *starts.entry(target.url.clone()).or_insert(start);
            assert_eq!(start, first, "{} began anew", target.url);
        }
        late.catch_up(Span::from_secs(10));
    }
    assert!(faults > 0, "nothing happened");
}
