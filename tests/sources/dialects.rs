//! Every engine's page against the numbers that it must give, and the registry of engines.
#![allow(clippy::float_cmp, clippy::format_collect)]

use crate::fixture;

use fixture::{count, fixture, read};
use margintop::counters;
use margintop::dialect::{self, CountedPart, Hint};
use margintop::reading::{
    EngineKind, EngineReading, EngineRole, Histogram, Latency, ModelName, PageReading, PromptCount, Rank, ScrapeError,
};
use margintop::units::{Ratio, Tokens};
use serde_json::Value;

fn expected() -> Value {
    serde_json::from_slice(&fixture("engines/expected.json")).unwrap()
}

/// The sum over the rows that tell it; `None` if none does.
fn total(engines: &[&EngineReading], of: impl Fn(&EngineReading) -> Option<u64>) -> Option<u64> {
    engines.iter().filter_map(|engine| of(engine)).reduce(|a, b| a + b)
}

fn quantile(engines: &[&EngineReading], of: impl Fn(&Latency) -> Option<&Histogram>, q: f64) -> Option<f64> {
    let all = counters::sum(engines.iter().filter_map(|engine| of(&engine.latency)))?;
    counters::quantile(&all, q).map(|value| (value * 1e6).round() / 1e6)
}

/// What the rows come to under the names of `expected.json`; `None` for a name that readings do not carry.
fn figure(name: &str, rows: &[&EngineReading]) -> Option<Value> {
    let prompt = total(rows, |row| count(row.tokens.whole_prompt()));
    let cached = total(rows, |row| count(row.tokens.cached));
    let rate = |part: Option<u64>, whole: Option<u64>| {
        Some((part? as f64 / whole.filter(|whole| *whole > 0)? as f64 * 1e6).round() / 1e6)
    };
    let spec = |of: fn(&margintop::reading::Speculation) -> Option<u64>| {
        total(rows, |row| row.speculation.as_ref().and_then(of))
    };
    let finished = |of: fn(&margintop::reading::Finished) -> Option<u64>| total(rows, |row| of(&row.finished));
    let kv = |rank: Option<&str>| rows.iter().find(|row| row.rank.as_ref().map(Rank::as_str) == rank)?.kv_usage;
    let by_rank = || {
        let ranked = rows.iter().filter(|row| row.kv_usage.is_some());
        let key = |row: &EngineReading| row.rank.as_ref().map_or("-".to_owned(), ToString::to_string);
        Value::Object(ranked.map(|row| (key(row), row.kv_usage.unwrap().get().into())).collect())
    };
    Some(match name {
        "prompt" => prompt.into(),
        "hit" | "hits" => cached.into(),
        "miss" => match rows[0].tokens.prompt {
            PromptCount::ComputedOnly(computed) => computed.count().into(),
            _ => prompt.zip(cached).map(|(prompt, cached)| prompt - cached).into(),
        },
        "external" => total(rows, |row| count(row.transferred)).into(),
        "output" => total(rows, |row| count(row.tokens.output)).into(),
        "hit_rate" => rate(cached, prompt).into(),
        "running" => total(rows, |row| row.running).into(),
        "waiting" => total(rows, |row| row.waiting).into(),
        "preemptions" => total(rows, |row| row.preemptions).into(),
        "requests" => total(rows, |row| row.finished.requests).into(),
        "aborted" => finished(|f| f.aborted).into(),
        "ttft_p50" => quantile(rows, |l| l.ttft.as_ref(), 0.5).into(),
        "ttft_p99" => quantile(rows, |l| l.ttft.as_ref(), 0.99).into(),
        "itl_p50" => quantile(rows, |l| l.itl.as_ref(), 0.5).into(),
        "itl_p99" => quantile(rows, |l| l.itl.as_ref(), 0.99).into(),
        "e2e_p99" => quantile(rows, |l| l.e2e.as_ref(), 0.99).into(),
        "finished" => serde_json::json!({
            "stop": finished(|f| f.stopped), "length": finished(|f| f.length),
            "abort": finished(|f| f.aborted), "error": finished(|f| f.failed),
        }),
        "kv_usage" => kv(None).or_else(|| kv(Some("0"))).map(Ratio::get).into(),
        "kv_usage_by_engine" | "usage_by_dp" => by_rank(),
        "spec_accept_rate" => rate(spec(|s| s.accepted), spec(|s| s.drafted)).into(),
        "spec_accept_len" => rate(spec(|s| s.accepted), spec(|s| s.drafts)).map(|r| 1.0 + r).into(),
        "realtime" => {
            let live = |of: fn(&margintop::reading::LiveTokens) -> Option<Tokens>| {
                total(rows, |row| row.live.as_ref().and_then(of).map(Tokens::count))
            };
            serde_json::json!({
                "prefill_compute": live(|l| l.computed), "prefill_cache": live(|l| l.cached),
                "decode": live(|l| l.output).map(|all| all - finished(|f| f.requests).unwrap()),
            })
        }
        _ => return None,
    })
}

/// Equal as numbers, to the last of the six places that `expected.json` gives.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            theirs.iter().all(|(key, value)| same(ours.get(key).unwrap_or(&Value::Null), value))
        }
        (Value::Number(ours), Value::Number(theirs)) => {
            (ours.as_f64().unwrap() - theirs.as_f64().unwrap()).abs() < 2e-6
        }
        _ => ours == theirs,
    }
}

/// Checks every figure that `expected.json` gives for `page` and readings carry, but for `except`; says how many.
#[track_caller]
fn check(page: &str, except: &[&str]) -> usize {
    let (file, model) = page.split_once(".prom:").map_or((page, None), |(file, model)| (file, Some(model)));
    let reading = read(&format!("engines/{}.prom", file.trim_end_matches(".prom")));
    let rows: Vec<&EngineReading> = reading
        .engines
        .iter()
        .filter(|row| model.is_none_or(|model| row.model.as_ref().is_some_and(|name| name.as_str() == model)))
        .collect();
    assert!(reading.complete, "{page} is complete");
    assert_eq!(reading.refusals, margintop::reading::Refusals::default(), "{page}");
    let mut checked = 0;
    for (name, value) in expected()[page].as_object().unwrap_or_else(|| panic!("{page} is expected")) {
        if let Some(ours) = figure(name, &rows).filter(|_| !except.contains(&name.as_str())) {
            assert!(same(&ours, value), "{page}: {name} is {ours}, expected {value}");
            checked += 1;
        }
    }
    checked
}

fn tokens(reading: &PageReading) -> (u64, u64, u64) {
    let rows: Vec<&EngineReading> = reading.engines.iter().collect();
    (
        total(&rows, |row| count(row.tokens.whole_prompt())).unwrap(),
        // SGLang prints a cached counter from its first hit on; what appears later counts from 0.
        total(&rows, |row| count(row.tokens.cached)).unwrap_or(0),
        total(&rows, |row| count(row.tokens.output)).unwrap(),
    )
}

/// How much prompt, cached and output tokens grew between two real pages.
#[track_caller]
fn growth(before: &str, after: &str) -> (u64, u64, u64) {
    let (b, a) = (tokens(&read(&format!("real/{before}.prom"))), tokens(&read(&format!("real/{after}.prom"))));
    (a.0 - b.0, a.1 - b.1, a.2 - b.2)
}

#[test]
fn vllm_says_what_it_must() {
    assert!(check("vllm-dp4.prom", &[]) >= 17);
    check("vllm-dp4.t10.prom", &[]);
    check("vllm-qwen.prom", &[]);
    check("vllm-pd-prefill.prom", &[]);
    check("vllm-pd-decode.prom", &[]);
    check("vllm-rust-frontend.prom", &[]);
    // Hit rates of these are over queries or blocks, which are not what is billed.
    check("vllm-0.11.0-apiservers2.prom", &["hit_rate"]);
    check("vllm-v1-0.8.5-blocks.prom", &[]);
    check("vllm-v0-0.6.6.prom", &[]);
}

#[test]
fn vllm_ranks_are_rows_in_their_order() {
    let reading = read("engines/vllm-dp4.prom");
    let ranks: Vec<&str> = reading.engines.iter().map(|row| row.rank.as_ref().unwrap().as_str()).collect();
    assert_eq!(ranks, ["0", "1", "2", "3"]);
    assert_eq!(reading.kind, EngineKind::named("vllm"));
    assert_eq!(reading.start.unwrap().millis(), 1_790_000_000_000);
    assert!(reading.engines.iter().all(|row| row.model == Some(ModelName::new("deepseek-ai/DeepSeek-V3.2"))));
    assert!(reading.engines.iter().all(|row| row.role.is_none()), "vLLM does not tell its role");
}

#[test]
fn vllm_really_ran() {
    assert_eq!(growth("vllm-0.32.0-0-idle", "vllm-0.32.0-3-after"), (16552, 11648, 1370));
    assert_eq!(growth("vllm-0.32.0-7-after-queue", "vllm-0.32.0-8-after-abort"), (10983, 7168, 1366));
    assert_eq!(growth("vllm-0.32.0-dp2-before", "vllm-0.32.0-dp2-after"), (15915, 7680, 1478));
    let (before, after) = (read("real/vllm-0.32.0-7-after-queue.prom"), read("real/vllm-0.32.0-8-after-abort.prom"));
    let finished = |reading: &PageReading| {
        let finished = reading.engines[0].finished;
        (finished.prompt.unwrap().count(), finished.output.unwrap().count())
    };
    let (before, after) = (finished(&before), finished(&after));
    assert_eq!((after.0 - before.0, after.1 - before.1), (8284, 1343), "what usage billed");
}

#[test]
fn a_dynamo_worker_is_the_engine_behind_it() {
    let reading = read("engines/dynamo-worker.prom");
    assert_eq!(reading.kind, EngineKind::named("vllm"));
    assert_eq!(tokens(&reading), (845_000, 409_600, 86_512));
}

#[test]
fn a_role_is_taken_from_a_page_that_has_one() {
    let page = b"vllm:prompt_tokens_total{engine=\"0\",dynamo_component=\"prefill\"} 1\n";
    assert_eq!(dialect::read(page, &Hint::default()).unwrap().engines[0].role, Some(EngineRole::Prefill));
}

#[test]
fn sglang_says_what_it_must() {
    // `expected.json` takes these two over all requests; a request that does not stream has no first token of its own.
    let mixed = ["ttft_p50", "ttft_p99"];
    assert!(check("sglang-dp4.prom", &mixed) >= 12);
    check("sglang-dp4.t10.prom", &mixed);
    check("sglang-pd-prefill.prom", &[]);
    // A decode node's effective prefill counters say 0 where the realtime ones say nothing.
    check("sglang-pd-decode.prom", &["ttft_p50", "ttft_p99", "realtime"]);
    let live = read("engines/sglang-pd-decode.prom").engines[0].live.unwrap();
    assert_eq!((count(live.computed), count(live.cached), count(live.output)), (Some(0), Some(0), Some(512_000)));
    check("sglang-0.5.5.prom", &[]);
    let reading = read("engines/sglang-dp4.prom");
    let ttft = reading.engines[0].latency.ttft.as_ref().unwrap();
    assert_eq!((ttft.counts.last(), counters::quantile(ttft, 0.5)), (Some(&3000), Some(0.5)));
}

#[test]
fn sglang_counts_tokens_on_a_row_without_a_rank() {
    let reading = read("engines/sglang-dp4.t10.prom");
    let ranks: Vec<Option<&str>> = reading.engines.iter().map(|row| row.rank.as_ref().map(Rank::as_str)).collect();
    assert_eq!(ranks, [None, Some("0"), Some("1"), Some("2"), Some("3")]);
    let [whole, ranked @ ..] = &reading.engines[..] else { unreachable!() };
    assert!(ranked.iter().all(|row| row.tokens.is_empty() && row.running.is_some() && row.kv_usage.is_some()));
    assert!(whole.running.is_none() && whole.latency.ttft.is_some());
    assert!(reading.engines.iter().all(|row| row.role == Some(EngineRole::Unified)));
    let live: Vec<_> = reading.engines.iter().map(|row| row.live.unwrap()).collect();
    assert_eq!((count(live[0].output), live[0].computed), (Some(4040), None), "first tokens");
    let sum = |of: fn(&margintop::reading::LiveTokens) -> Option<Tokens>| {
        live.iter().filter_map(of).map(Tokens::count).sum::<u64>()
    };
    assert_eq!(sum(|l| l.output), 3_280_000 + 4040);
    assert_eq!((sum(|l| l.computed), sum(|l| l.cached)), (8_520_000, 15_540_000));
}

#[test]
fn sglang_counts_what_ranks_and_experts_wait() {
    let reading = read("engines/sglang-dp4.prom");
    let steps: Vec<Option<[f64; 2]>> = reading.engines.iter().map(|row| row.work.steps).collect();
    let expected = [[2.9e6, 1.74e6], [3.19e6, 1.45e6], [870_000.0, 3.77e6], [4.64e6, 0.0]].map(Some);
    assert_eq!(steps, [&[None], &expected[..]].concat());
    let series = |name: &str, more: &str, value: &str| {
        format!("sglang:{name}{{dp_rank=\"0\",model_name=\"m\",tp_rank=\"0\"{more}}} {value}\n")
    };
    let page = [
        series("num_running_reqs", "", "3.0"),
        series("dp_attention_tokens_total", ",kind=\"scheduled\"", "10.0"),
        series("dp_attention_tokens_total", ",kind=\"imbalance\"", "5.0"),
        // Pairs are the work of attention, and outgrow what a float counts exactly.
        series("dp_attention_pairs_total", ",kind=\"scheduled\"", "9.1e+16"),
        series("dp_attention_pairs_total", ",kind=\"imbalance\"", "1.3e+16"),
        series("dp_attention_pairs_total", ",kind=\"other\"", "7.0"),
        series("eplb_balancedness_sum", ",forward_mode=\"decode\"", "80.5"),
        series("eplb_balancedness_count", ",forward_mode=\"decode\"", "100.0"),
        series("eplb_balancedness_sum", ",forward_mode=\"extend\"", "9.5"),
        series("eplb_balancedness_count", ",forward_mode=\"extend\"", "10.0"),
    ]
    .concat();
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    assert_eq!(reading.refusals.text(), None);
    let work = reading.engines[0].work;
    assert_eq!((work.steps, work.experts), (Some([9.1e16, 1.3e16]), Some([90.0, 110.0])));
}

#[test]
fn sglang_really_ran() {
    assert_eq!(growth("sglang-0.5.23-before", "sglang-0.5.23-after"), (15675, 12272, 1458));
    let live = |page: &str| read(page).engines[0].live.unwrap();
    let (before, mid, after) = (
        live("real/sglang-0.5.23-before.prom"),
        live("real/sglang-0.5.23-midload.prom"),
        live("real/sglang-0.5.23-after.prom"),
    );
    let grown = |of: fn(&margintop::reading::LiveTokens) -> Option<Tokens>| {
        count(of(&after)).unwrap() - count(of(&before)).unwrap()
    };
    assert_eq!((grown(|l| l.computed), grown(|l| l.cached), grown(|l| l.output)), (3403, 12272, 1458));
    assert!(before.output < mid.output && mid.output < after.output);
}

#[test]
fn sglang_repeats_are_not_added() {
    let series = |labels: &str, value: u32| {
        format!(
            "sglang:num_running_reqs{{model_name=\"m\",{labels}}} {value}\n\
                 sglang:realtime_tokens_total{{mode=\"decode\",model_name=\"m\",{labels}}} {value}\n"
        )
    };
    let page = [
        series("dp_rank=\"0\",tp_rank=\"1\",pp_rank=\"0\"", 90),
        series("dp_rank=\"0\",tp_rank=\"0\",pp_rank=\"1\"", 70),
        series("dp_rank=\"0\",tp_rank=\"0\",pp_rank=\"0\"", 5),
        series("dp_rank=\"0\",tp_rank=\"0\",pp_rank=\"0\",priority=\"\"", 0),
        series("dp_rank=\"0\",tp_rank=\"0\",pp_rank=\"0\",priority=\"3\"", 40),
    ]
    .concat();
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    assert_eq!(reading.engines.len(), 1);
    assert_eq!(reading.engines[0].running, Some(5));
    assert_eq!(reading.engines[0].live.unwrap().output, Some(Tokens::new(5)));
}

#[test]
fn llamacpp_says_what_it_must() {
    check("llamacpp.prom", &[]);
    check("llamacpp-2025.prom", &[]);
    let named = Hint { model: Some(ModelName::new("qwen3")), ..Hint::default() };
    let reading = dialect::read(&fixture("engines/llamacpp-2025.prom"), &named).unwrap();
    assert_eq!(reading.engines[0].tokens.prompt, PromptCount::ComputedOnly(Tokens::new(1_234_570)));
    assert_eq!(reading.engines[0].model, named.model);
}

#[test]
fn llamacpp_really_ran() {
    assert_eq!(growth("llamacpp-7-before", "llamacpp-8-after"), (16801, 12401, 12928));
}

#[test]
fn the_other_engines_say_what_they_must() {
    assert!(check("trtllm.prom", &[]) >= 7);
    check("tgi.prom", &[]);
    assert!(check("lmdeploy.prom", &[]) >= 8);
    assert_eq!(check("dynamo-frontend.prom:deepseek-ai/DeepSeek-R1", &[]), 4);
    assert_eq!(check("dynamo-frontend.prom:Qwen/Qwen3-32B", &[]), 4);
    assert_eq!(check("ray-vllm.prom", &[]), 3);
    assert_eq!(check("litellm.prom", &[]), 3);
    // Given in milliseconds, as Triton prints it; readings are in seconds.
    assert!(check("triton-trtllm.prom", &["ttft_p99"]) >= 6);
    let triton = read("engines/triton-trtllm.prom");
    let p99 = counters::quantile(triton.engines[0].latency.ttft.as_ref().unwrap(), 0.99).unwrap();
    assert!((p99 - 1.815_789_474).abs() < 1e-9);
    let nim = &read("engines/nim.prom").engines[0];
    assert_eq!((count(nim.tokens.whole_prompt()), count(nim.tokens.output)), (Some(812_331), Some(201_223)));
    assert_eq!((nim.tokens.cached, nim.running, nim.kv_usage), (None, Some(11), Ratio::new(0.2214)));
}

#[test]
fn every_kind_is_recognised_by_its_page() {
    for (page, kind) in [
        ("vllm-v0-0.6.6", EngineKind::named("vllm")),
        ("sglang-0.5.5", EngineKind::named("sglang")),
        ("trtllm", EngineKind::named("trtllm")),
        ("triton-trtllm", EngineKind::named("triton")),
        ("llamacpp-2025", EngineKind::named("llamacpp")),
        ("tgi", EngineKind::named("tgi")),
        ("lmdeploy", EngineKind::named("lmdeploy")),
        ("dynamo-frontend", EngineKind::named("dynamo")),
        ("dynamo-worker", EngineKind::named("vllm")),
        ("nim", EngineKind::named("nim")),
        ("ray-vllm", EngineKind::named("ray")),
        ("litellm", EngineKind::named("litellm")),
        ("dcgm-exporter", EngineKind::UNKNOWN),
        ("nvidia_gpu_exporter", EngineKind::UNKNOWN),
    ] {
        assert_eq!(read(&format!("engines/{page}.prom")).kind, kind, "{page}");
    }
    let statistics = dialect::read(&fixture("engines/trtllm-iteration-stats.json"), &Hint::default());
    assert!(matches!(statistics, Err(ScrapeError::NotMetrics(_))));
}

#[test]
fn proxies_say_that_they_are() {
    for page in ["dynamo-frontend", "litellm"] {
        let reading = read(&format!("engines/{page}.prom"));
        assert!(reading.engines.iter().all(|row| row.role == Some(EngineRole::Proxy)), "{page}");
    }
    let gateway = b"smg_router_tokens_total{model=\"m\",token_type=\"input\"} 5\n\
                    smg_router_tokens_total{model=\"m\",token_type=\"output\"} 7\n";
    let row = &dialect::read(gateway, &Hint::default()).unwrap().engines[0];
    assert_eq!((row.kind, row.role), (EngineKind::named("sglang-gateway"), Some(EngineRole::Proxy)));
    assert_eq!(
        (count(row.tokens.whole_prompt()), row.tokens.cached, count(row.tokens.output)),
        (Some(5), None, Some(7))
    );
}

#[test]
fn proxies_really_ran() {
    assert_eq!(growth("litellm-1.106.2-before", "litellm-1.106.2-after"), (15239, 6656, 1389));
    assert_eq!(growth("litellm-1.106.2-vllm-before", "litellm-1.106.2-vllm-after"), (15239, 6656, 1389));
    assert_eq!(growth("dynamo-1.6.1-frontend-before", "dynamo-1.6.1-frontend-after"), (15767, 12608, 1380));
}

#[test]
fn dynamo_does_not_call_unreported_hits_none() {
    let page = b"dynamo_frontend_input_sequence_tokens_sum 1000\ndynamo_frontend_input_sequence_tokens_count 10\n\
                 dynamo_frontend_cached_tokens_sum 0\ndynamo_frontend_cached_tokens_count 0\n";
    assert_eq!(dialect::read(page, &Hint::default()).unwrap().engines[0].tokens.cached, None);
}

#[test]
fn ray_replicas_are_rows_of_their_own() {
    let reading = read("engines/ray-vllm.prom");
    let rows: Vec<(&str, &str)> = reading
        .engines
        .iter()
        .map(|row| (row.instance.as_ref().unwrap().as_str(), row.rank.as_ref().unwrap().as_str()))
        .collect();
    assert_eq!(rows, [("rep-0a11 0a11", "0"), ("rep-0b22 0b22", "0")]);
}

#[test]
fn tokens_that_stand_on_two_pages_count_on_one() {
    let (prompts, output) = (CountedPart { prompt: true, output: false }, CountedPart { prompt: false, output: true });
    for kind in [EngineKind::named("vllm"), EngineKind::named("trtllm"), EngineKind::named("ray"), EngineKind::UNKNOWN]
    {
        let of = |role| dialect::attribution(kind, role);
        assert_eq!(
            (of(EngineRole::Unified), of(EngineRole::Prefill), of(EngineRole::Decode)),
            (CountedPart::ALL, prompts, output)
        );
    }
    let of = |role| dialect::attribution(EngineKind::named("sglang"), role);
    assert_eq!(
        (of(EngineRole::Unified), of(EngineRole::Prefill), of(EngineRole::Decode)),
        (CountedPart::ALL, CountedPart::NONE, CountedPart::ALL)
    );
}

#[test]
fn the_registry_knows_owners_paths_and_ports() {
    for (owner, kind) in [
        ("vllm", EngineKind::named("vllm")),
        ("SGLang", EngineKind::named("sglang")),
        ("tensorrt_llm", EngineKind::named("trtllm")),
    ] {
        assert_eq!(dialect::owned_by(owner), Some(kind));
    }
    assert_eq!(dialect::owned_by("me"), None);
    assert_eq!(dialect::paths(Some(EngineKind::named("vllm")))[0], "/metrics");
    assert_eq!(
        dialect::paths(Some(EngineKind::named("trtllm"))),
        ["/prometheus/metrics"],
        "its `/metrics` is used up by reading"
    );
    assert_eq!(dialect::paths(None)[0], "/prometheus/metrics");
    let ports = dialect::ports();
    let usual = [3000, 4000, 5000, 8000, 8002, 8015, 8080, 8081, 9090, 9400, 9835, 23333, 29000, 30000];
    assert!(usual.iter().all(|port| ports.contains(port)) && ports.is_sorted());
}

/// Class: a page whose families are sorted by name, as a federation and a collector write them.
#[test]
fn a_page_says_the_same_with_its_families_sorted() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/engines");
    let mut read_pages = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "prom") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // A comment stays before the series that it describes.
        let mut families: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# EOF")) {
            let begins = line.starts_with("# HELP") || line.starts_with("# TYPE") && !text.contains("# HELP");
            match families.last_mut().filter(|_| !begins) {
                Some(family) => family.extend([line, "\n"]),
                None => families.push(format!("{line}\n")),
            }
        }
        let end = if text.contains("# EOF") { "# EOF\n" } else { "" };
        let mut sorted = families.clone();
        sorted.sort();
        sorted.reverse();
        let rows = |families: &[String]| {
            let reading = fixture::page(&(families.concat() + end));
            let mut rows: Vec<String> =
                reading.engines.iter().map(|row| format!("{:?} {:?} {:?}", row.kind, row.rank, row.tokens)).collect();
            rows.sort();
            rows
        };
        let (plain, backward) = (rows(&families), rows(&sorted));
        sorted.reverse();
        assert_eq!(plain, backward, "{}", path.display());
        assert_eq!(plain, rows(&sorted), "{}", path.display());
        read_pages += usize::from(!plain.is_empty());
    }
    assert!(read_pages > 15, "{read_pages} pages of engines");
}
