//! The program over a Prometheus: its present by `once`, its past by `report --from`.

use crate::program::{Program, once};
use crate::prometheus_server::{FakePrometheus, Fault};

use margintop::clock::Clock;
use margintop::units::Timestamp;
use serde_json::{Value, json};

const ENGINE: [(&str, &str); 2] = [("job", "vllm"), ("instance", "10.0.0.1:8000")];
const EXPORTER: [(&str, &str); 2] = [("job", "dcgm"), ("instance", "10.0.0.1:9400")];

fn engine(start: i64, thousands: i64) -> Vec<u8> {
    let line = |name: &str, value: i64| format!("vllm:{name}{{model_name=\"deepseek-r1\",engine=\"0\"}} {value}\n");
    [
        line("prompt_tokens_total", 10_000 * thousands),
        line("prompt_tokens_cached_total", 4_000 * thousands),
        line("generation_tokens_total", 1_000 * thousands),
        format!("process_start_time_seconds {}\n", start / 1000),
    ]
    .concat()
    .into_bytes()
}

const GPU: &str = "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",modelName=\"NVIDIA H800\",Hostname=\"n1\"} 50\n";

/// A server that has scraped an engine and its GPU every 15 s for half an hour up to `end`; a restart is in the middle.
fn server(end: i64) -> FakePrometheus {
    let server = FakePrometheus::new();
    for step in 0..120 {
        let at = end - 1_800_000 + step * 15_000;
        let (start, made) =
            if step < 60 { (1_700_000_000_000, 100 + step) } else { (at - step % 60 * 15_000 - 2_000, step - 59) };
        server.scrape(&ENGINE, at, &engine(start, made));
        server.scrape(&EXPORTER, at + 3_000, GPU.as_bytes());
    }
    server
}

/// The beginning of a minute, in milliseconds: long enough ago for what is read after a span to be over.
fn past_minute() -> i64 {
    Clock::System.now().wall.minute().millis() - 600_000
}

fn instant(millis: i64) -> String {
    Timestamp::from_millis(millis).to_string()
}

#[test]
fn once_reads_the_last_scrapes_and_their_rates() {
    let now = Clock::System.now().wall.millis();
    let server = server(now);
    let seen = once([server.target()]).run().good();
    let engines = &seen["engines"];
    assert_eq!(engines.as_array().map(Vec::len), Some(1), "{engines}");
    let engine = &engines[0];
    assert_eq!(
        (&engine["state"], &engine["node"], &engine["output_total"]),
        (&json!("live"), &json!("n1"), &json!(60_000))
    );
    assert!(engine["target"].as_str().is_some_and(|target| target.ends_with("#vllm/10.0.0.1:8000")), "{engine}");
    assert_eq!(seen["coverage"]["engines_known"], 1, "the server is no engine");
    assert_eq!(seen["gpus"]["count"], 1);
    let rate = seen["tokens"]["output_per_second"].as_f64().unwrap();
    assert!((rate - 66.67).abs() < 0.1, "of the last two scrapes: {rate}");
}

#[test]
fn a_server_that_fails_fails_the_call() {
    let server = FakePrometheus::new();
    server.fail(Fault::Status(401, String::new()));
    let ran = once([server.target()]).run();
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains(&server.target()) && ran.err.contains("bearer_token_file"), "{}", ran.err);
}

fn report(server: &FakePrometheus, since: i64, until: i64, more: &[&str]) -> Program {
    let arguments =
        ["report", "--from", &server.target(), "--since", &instant(since), "--until", &instant(until), "--json"];
    Program::new(arguments.into_iter().chain(more.iter().copied()))
}

/// Class: a past that is priced by something else than the growth of counters, or differs from one call to the next.
#[test]
fn a_past_span_is_priced_from_its_samples() {
    let end = past_minute();
    let server = server(end);
    let whole = report(&server, end - 1_800_000, end, &["--by", "node"]);
    let own = whole.home().to_owned();
    let whole = whole.run().good();
    let total = &whole["total"];
    // 59 steps of the first process; the second counts from zero, and its last scrape is 15 s before the end.
    let tokens =
        |total: &Value| ["prompt_tokens", "cached_tokens", "output_tokens"].map(|key| total[key].as_u64().unwrap());
    assert_eq!(tokens(total), [590_000 + 600_000, 236_000 + 240_000, 59_000 + 60_000]);
    assert_eq!(whole["rows"][0]["key"], "n1");
    let hours = total["gpu_hours"].as_f64().unwrap();
    assert!((hours - 0.5).abs() < 0.02, "{hours}");
    assert!(!own.join("margintop/ledger.db").exists(), "the user's ledger is not written");
    assert_eq!(report(&server, end - 1_800_000, end, &["--by", "node"]).run().good(), whole, "the same each time");
    // Two halves are the whole.
    let halves = [0, 1].map(|half| {
        let since = end - 1_800_000 + half * 900_000;
        report(&server, since, since + 900_000, &[]).run().good()
    });
    let sum: Vec<u64> =
        tokens(&halves[0]["total"]).iter().zip(tokens(&halves[1]["total"])).map(|(a, b)| a + b).collect();
    assert_eq!(sum, tokens(total));
}

#[test]
fn a_wrong_call_says_what_to_write() {
    let server = FakePrometheus::new();
    for (arguments, code, word) in [
        (vec!["report", "--from", "prometheus+http://h:1"], 2, "--since"),
        (vec!["report", "--from", "http://h:1", "--since", "1h"], 2, "prometheus+http://HOST:PORT"),
        (vec!["report", "--from", &server.target(), "--since", "1h"], 1, "no series of an engine"),
    ] {
        let ran = Program::new(arguments.clone()).run();
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(word), "{arguments:?}: {}", ran.err);
    }
}
