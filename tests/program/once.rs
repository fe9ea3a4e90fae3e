//! `margintop once --json`: the contract `margintop/1`, checked on the built program over real sockets.

use crate::fake_nvml;
use crate::page;
use crate::program;
use crate::server;

use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

use page::{Counted, vllm};
use program::{Program, once};
use server::{Reply, Server};

const VLLM: &str = include_str!("../fixtures/engines/vllm-dp4.prom");
const VLLM_LATER: &str = include_str!("../fixtures/engines/vllm-dp4.t10.prom");
const SGLANG: &str = include_str!("../fixtures/engines/sglang-dp4.prom");
const SGLANG_LATER: &str = include_str!("../fixtures/engines/sglang-dp4.t10.prom");

/// The fixed keys and their types: `n` number, `i` whole number, `s` text, `m` money, `t` instant, `b` boolean, `?`
/// may be null.
const KEYS: &str = "
    /schema s  /at t  /window_seconds n?
    /coverage/nodes_live i  /coverage/nodes_known i  /coverage/engines_live i  /coverage/engines_known i
    /gpus/count i  /gpus/utilization n?  /gpus/memory_used_bytes i?  /gpus/memory_total_bytes i?
    /gpus/power_watts n?  /gpus/energy_joules n?  /gpus/reporting i
    /tokens/prompt_total i?  /tokens/cached_total i?  /tokens/output_total i?
    /tokens/prompt_per_second n?  /tokens/cached_per_second n?  /tokens/output_per_second n?
    /cache_hit_rate n?  /requests/running i?  /requests/waiting i?
    /money/currency s  /money/since t?  /money/revenue m?  /money/cost m?  /money/profit m?
    /money/revenue_per_hour m?  /money/cost_per_hour m?  /money/profit_per_hour m?
    /money/profit_on_cost n?  /money/gross_margin n?  /money/theoretical b  /money/unpriced_tokens i
    /money/uncosted_revenue m  /money/lower_bound b  /money/upper_bound b  /money/uncertainty m
    /money/idle_cost m?  /money/cost_per_million m?  /money/cost_per_million_output m?
    /nodes/0/name s  /nodes/0/state s  /nodes/0/age_seconds n?
    /nodes/0/gpus/0/index i  /nodes/0/gpus/0/uuid s  /nodes/0/gpus/0/name s?  /nodes/0/gpus/0/utilization n?
    /nodes/0/gpus/0/memory_used_bytes i?  /nodes/0/gpus/0/memory_total_bytes i?  /nodes/0/gpus/0/power_watts n?
    /nodes/0/gpus/0/temperature_celsius i?  /nodes/0/gpus/0/sm_clock_mhz i?  /nodes/0/gpus/0/state s
    /engines/0/target s  /engines/0/node s  /engines/0/unit s?  /engines/0/kind s  /engines/0/model s?
    /engines/0/role s  /engines/0/rank s?  /engines/0/state s  /engines/0/prompt_total i?
    /engines/0/cached_total i?  /engines/0/output_total i?  /engines/0/running i?  /engines/0/waiting i?
    /engines/0/kv_usage n?  /engines/0/ttft_seconds/p50 n?  /engines/0/ttft_seconds/p99 n?
    /engines/0/itl_seconds/p50 n?  /engines/0/itl_seconds/p99 n?  /engines/0/e2e_seconds/p50 n?
    /engines/0/e2e_seconds/p99 n?  /engines/0/scrape/seconds n?  /engines/0/scrape/bytes i?
    /engines/0/scrape/restarts i  /engines/0/scrape/failures i
    /models/0/model s  /models/0/prompt_total i?  /models/0/cached_total i?  /models/0/output_total i?
    /models/0/cache_hit_rate n?  /models/0/revenue m?";

/// Whether a value has the type of a key's letter.
fn is(value: &Value, kind: &str) -> bool {
    let text = |check: fn(&str) -> bool| value.as_str().is_some_and(check);
    match kind.trim_end_matches('?') {
        _ if value.is_null() => kind.ends_with('?'),
        "n" => value.is_number(),
        "i" => value.is_i64() || value.is_u64(),
        "s" => text(|s| !s.is_empty()),
        "t" => text(|s| s.ends_with('Z') && s.parse::<jiff::Timestamp>().is_ok()),
        "m" => text(|s| s.split_once('.').is_some_and(|(_, places)| (2..=6).contains(&places.len()))),
        "b" => value.is_boolean(),
        kind => panic!("no kind {kind}"),
    }
}

fn assert_contract(snapshot: &Value) {
    let words: Vec<_> = KEYS.split_whitespace().collect();
    for pair in words.chunks(2) {
        let value = snapshot.pointer(pair[0]).unwrap_or_else(|| panic!("no {}: {snapshot}", pair[0]));
        assert!(is(value, pair[1]), "{} is {value}, not {}", pair[0], pair[1]);
    }
    assert_eq!(snapshot["schema"], "margintop/1");
    let gpu = &snapshot["nodes"][0]["gpus"][0];
    assert!(gpu["processes"].is_array() && gpu["also_reported_by"].is_array() && snapshot["alerts"].is_array());
}

/// A rate: growth divided by the window.
fn grown(snapshot: &Value, rate: &str) -> f64 {
    snapshot["tokens"][rate].as_f64().unwrap() * snapshot["window_seconds"].as_f64().unwrap()
}

/// Whether two numbers are equal except for rounding.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

#[test]
fn every_key_of_the_contract_is_there_with_its_type() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let two = once([engine.metrics()]).driver(fake_nvml::library()).run().good();
    assert_contract(&two);
    assert!(two["window_seconds"].as_f64().unwrap() >= 0.15);
    let engine = Server::pages(&[VLLM]);
    let one = once([engine.metrics()]).driver(fake_nvml::library()).arg("--for").arg("0").run().good();
    assert_contract(&one);
}

#[test]
fn a_single_poll_has_totals_and_no_rates() {
    let engine = Server::pages(&[VLLM]);
    let one = once([engine.metrics()]).arg("--for").arg("0").run().good();
    assert_eq!(engine.asked(), 1);
    assert_eq!(one["tokens"]["prompt_total"], 43_668_729);
    for unknown in ["/window_seconds", "/cache_hit_rate", "/tokens/prompt_per_second", "/tokens/output_per_second"] {
        assert!(one.pointer(unknown).unwrap().is_null(), "{unknown}");
    }
    for engine in one["engines"].as_array().unwrap() {
        assert!(engine["ttft_seconds"]["p50"].is_null() && engine["output_per_second"].is_null());
    }
    assert!(one["money"]["revenue_per_hour"].is_null());
}

#[test]
fn a_vllm_is_counted_over_the_window_by_rank() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let snapshot = once([engine.metrics()]).run().good();
    let tokens = &snapshot["tokens"];
    assert_eq!(tokens["prompt_total"], 44_327_729);
    assert_eq!((&tokens["cached_total"], &tokens["output_total"]), (&29_560_816.into(), &6_719_207.into()));
    assert!(close(grown(&snapshot, "prompt_per_second"), 659_000.0));
    assert!(close(grown(&snapshot, "cached_per_second"), 446_000.0));
    assert!(close(grown(&snapshot, "output_per_second"), 86_900.0));
    assert!(close(snapshot["cache_hit_rate"].as_f64().unwrap(), 446.0 / 659.0));
    let rows = snapshot["engines"].as_array().unwrap();
    let ranks: Vec<_> = rows.iter().map(|row| row["rank"].as_str().unwrap()).collect();
    assert_eq!(ranks, ["0", "1", "2", "3"]);
    let sum: u64 = rows.iter().map(|row| row["prompt_total"].as_u64().unwrap()).sum();
    assert_eq!(sum, 44_327_729);
    assert!(close(rows[2]["kv_usage"].as_f64().unwrap(), 0.973_610_4));
    assert_eq!(snapshot["requests"], serde_json::json!({"running": 232, "waiting": 23}));
    let scrape = &rows[0]["scrape"];
    assert_eq!(scrape["bytes"], VLLM_LATER.len());
    assert!(scrape["seconds"].as_f64().unwrap() > 0.0, "a poll takes time: {scrape}");
    assert_eq!(snapshot["models"].as_array().unwrap().len(), 1);
    assert_eq!(snapshot["models"][0]["output_total"], 6_719_207);
}

#[test]
fn an_sglang_is_counted_once_beside_its_ranks() {
    let engine = Server::pages(&[SGLANG, SGLANG_LATER]);
    let snapshot = once([engine.metrics()]).run().good();
    assert_eq!(snapshot["tokens"]["prompt_total"], 24_240_000);
    assert_eq!(snapshot["tokens"]["cached_total"], 15_655_000);
    assert_eq!(snapshot["tokens"]["output_total"], 3_232_000);
    let rows = snapshot["engines"].as_array().unwrap();
    let ranks: Vec<_> = rows.iter().map(|row| row["rank"].as_str()).collect();
    assert_eq!(ranks, [None, Some("0"), Some("1"), Some("2"), Some("3")]);
    assert!(rows[1..].iter().all(|row| row["prompt_total"].is_null() && row["kv_usage"].is_number()));
    assert_eq!(rows[0]["prompt_total"], 24_240_000);
    assert_eq!(snapshot["coverage"]["engines_known"], 1);
    // What is drawn moves with the work, not with the ends of requests, but for their first tokens.
    assert!(close(grown(&snapshot, "output_per_second"), 80_040.0));
}

#[test]
fn a_file_is_polled_once_without_a_pause() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/engines/vllm-dp4.prom");
    let ran = Program::new(["once", "--json", "--interval", "30s", file]).run();
    let snapshot = ran.good();
    assert!(ran.took.as_secs() < 10, "{:?}", ran.took);
    assert_eq!(snapshot["tokens"]["output_total"], 6_632_307);
    assert!(snapshot["tokens"]["output_per_second"].is_null() && snapshot["window_seconds"].is_null());
    assert_eq!(snapshot["engines"][0]["target"], file);
    assert_eq!(snapshot["engines"][0]["state"], "live");
}

/// Class: a window that was asked for and is not taken.
#[test]
fn a_file_that_is_written_anew_has_rates_over_a_window() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.prom");
    std::fs::write(&file, VLLM).unwrap();
    let later = {
        let (file, draft) = (file.clone(), folder.path().join("draft"));
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(900));
            std::fs::write(&draft, VLLM_LATER).unwrap();
            std::fs::rename(&draft, &file).unwrap();
        })
    };
    let engine = Server::pages(&[SGLANG, SGLANG_LATER]);
    let alone = once([file.to_str().unwrap(), "nvml:off"]).arg("--for").arg("3s").run().good();
    later.join().unwrap();
    assert!(close(grown(&alone, "prompt_per_second"), 659_000.0), "{}", alone["tokens"]);
    assert!(alone["window_seconds"].as_f64().unwrap() >= 2.5);
    // Beside an engine, and unchanged: it made nothing, which is no unknown rate.
    let beside = once([file.to_str().unwrap(), engine.metrics().as_str()]).arg("--for").arg("1s").run().good();
    let of_file = |row: &&Value| row["target"] == file.to_str().unwrap();
    let row = beside["engines"].as_array().unwrap().iter().find(of_file).unwrap();
    assert_eq!(row["prompt_per_second"], 0.0, "{row}");
}

/// Class: GPUs of a file were first seen at the last poll, so that they had no cost beside an engine.
#[test]
fn gpus_of_a_file_are_paid_from_the_first_poll_on() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let label = |gpu: u32| format!("gpu=\"{gpu}\",UUID=\"GPU-a{gpu}\",modelName=\"NVIDIA H800\",Hostname=\"gpu-01\"");
    let page = [0, 1].map(|gpu| format!("DCGM_FI_DEV_GPU_UTIL{{{}}} 50\n", label(gpu))).concat();
    let file = std::env::temp_dir().join(format!("margintop-gpus-{}.prom", std::process::id()));
    std::fs::write(&file, page).unwrap();
    let snapshot = once([engine.metrics().as_str(), file.to_str().unwrap()]).arg("--for").arg("1s").run().good();
    std::fs::remove_file(&file).unwrap();
    let cost = snapshot["money"]["cost"].as_str().expect("the GPUs have a cost");
    // Two GPUs at 2 an hour for a second.
    let cost: f64 = cost.parse().unwrap();
    assert!((0.0009..0.0040).contains(&cost), "{cost}");
    assert_eq!(snapshot["nodes"][0]["state"], "live");
    let alone = once([engine.metrics().as_str()]).run().good();
    assert_eq!(alone["money"]["cost"], Value::Null);
}

#[test]
fn text_is_the_default_output() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let target = engine.metrics();
    let ran = Program::new(["once", "--text", "--interval", "200ms", &target]).run();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for word in ["profit", "revenue", "hit rate  67.7", "rank 3", "output 1", &target] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert!(ran.out.lines().all(|line| !line.ends_with(' ')), "{}", ran.out);
}

#[test]
fn a_card_is_ten_lines_to_paste() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let target = engine.metrics();
    let ran = Program::new(["once", "--card", "--interval", "200ms", &target]).run();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!((9..=10).contains(&lines.len()), "{}", ran.out);
    assert!(lines.iter().all(|line| line.chars().count() <= 72 && !line.ends_with(' ')), "{}", ran.out);
    for word in ["margintop ", "\nin ", "an hour", "tokens ", "cached 67.7 %", "requests", "basis"] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    let refused = Program::new(["once", "--card", "--json", &target]).run();
    assert_eq!(refused.code, Some(2));
}

#[test]
fn every_prints_a_line_of_json_each_time() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let mut running = once([engine.metrics()]).arg("--every").arg("200ms").start();
    let lines = BufReader::new(running.child.stdout.take().unwrap()).lines();
    let snapshots: Vec<Value> = lines.take(2).map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert_eq!(snapshots[0]["schema"], "margintop/1");
    assert!(snapshots[0]["at"].as_str() < snapshots[1]["at"].as_str());
    assert!(running.terminate().is_some_and(|took| took.as_millis() < 1000));
}

#[test]
fn several_targets_are_one_fleet() {
    let (vllm, sglang) = (Server::pages(&[VLLM, VLLM_LATER]), Server::at("127.0.5.1", |_| Reply::page(SGLANG)));
    let snapshot = once([vllm.url.clone(), sglang.url.clone(), vllm.url.clone(), "nvml:off".to_owned()]).run().good();
    let coverage = &snapshot["coverage"];
    assert_eq!((&coverage["engines_live"], &coverage["engines_known"]), (&2.into(), &2.into()));
    assert_eq!(coverage["nodes_known"], 2);
    assert_eq!(snapshot["tokens"]["prompt_total"], 44_327_729 + 24_000_000);
    assert_eq!(snapshot["engines"].as_array().unwrap().len(), 4 + 5);
}

#[test]
fn an_engine_under_two_names_of_this_box_counts_once() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let again = engine.url.replace("127.0.0.1", "localhost");
    let snapshot = once([engine.url.as_str(), &again, "nvml:off"]).run().good();
    assert_eq!(snapshot["coverage"]["engines_known"], 1);
    assert_eq!(snapshot["tokens"]["prompt_total"], 44_327_729);
}

#[test]
fn the_role_flag_overrides_the_page() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let role = format!("{}=decode", engine.url);
    let snapshot = once([engine.url.as_str(), "--role", &role]).run().good();
    assert!(snapshot["engines"].as_array().unwrap().iter().all(|row| row["role"] == "decode"));
    assert!(snapshot["tokens"]["prompt_total"].is_null(), "a decode node's prompts are counted on its prefill node");
    assert_eq!(snapshot["tokens"]["output_total"], 6_719_207);
    let wrong = once([engine.url.as_str(), "--role", "http://nobody:1=decode"]).run();
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("not among the targets"), "{}", wrong.err);
}

#[test]
fn a_machine_without_any_source_says_what_to_do() {
    let ran = Program::new(["once", "--json", "--interval", "200ms"]).run();
    let snapshot = ran.good();
    assert!(snapshot["gpus"]["utilization"].is_null() && snapshot["gpus"]["count"] == 0);
    let source_errors = snapshot["source_errors"].as_array().unwrap();
    let nvml = source_errors.iter().find(|failure| failure["source"] == "NVML").unwrap();
    assert!(nvml["remedy"].as_str().unwrap().contains("--nvml-lib"));
    // An engine of somebody else's may be up on this machine.
    if snapshot["engines"].as_array().unwrap().is_empty() {
        assert!(snapshot["money"]["revenue"].is_null() && source_errors.len() == 2);
    }
}

#[test]
fn the_local_driver_reports_its_gpus() {
    let snapshot = once(["nvml:"]).driver(fake_nvml::library()).env("FAKE_NVML_GPUS", "3").run().good();
    assert_eq!((&snapshot["gpus"]["count"], &snapshot["gpus"]["reporting"]), (&3.into(), &3.into()));
    let gpu = &snapshot["nodes"][0]["gpus"][2];
    assert_eq!((&gpu["index"], &gpu["state"]), (&2.into(), &"live".into()));
    assert!(gpu["power_watts"].as_f64().unwrap() > 0.0 && gpu["processes"].is_array());
    let missing = once(["nvml:"]).driver(Path::new("/nowhere/libnvidia-ml.so.1")).run();
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("NVML: /nowhere/libnvidia-ml.so.1 cannot be loaded"), "{}", missing.err);
    assert!(missing.json()["gpus"]["count"] == 0, "the snapshot is printed all the same");
}

/// An engine of 1,000 prompt and 1,000 output tokens a second, whose page takes 0 to 60 ms.
fn even() -> Server {
    let began = std::time::Instant::now();
    Server::new(move |nth| {
        std::thread::sleep(std::time::Duration::from_millis([7, 31, 58, 2, 44][nth % 5]));
        let made = 1_000_000 + u64::try_from(began.elapsed().as_millis()).unwrap();
        Reply::page(&page::with_start(1_700_000_000.0, "m", page::Counted::new(made, 0, made)))
    })
}

const PRICED: &str = "[[price]]\nmodel = \"*\"\nhit = \"0.10\"\nmiss = \"1.00\"\noutput = \"2.00\"\n";

/// Class: an amount an hour that is computed over another time than the growth took.
#[test]
fn a_steady_engine_has_the_same_hourly_amounts_on_every_line() {
    for every in ["250ms", "1s"] {
        let engine = even();
        let target = engine.metrics();
        let program = Program::new(["once", "--json", "--every", every, "--interval", every, &target, "nvml:off"]);
        let mut running = program.config(PRICED).start();
        let lines = BufReader::new(running.child.stdout.take().unwrap()).lines();
        for line in lines.take(8) {
            let snapshot: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let per_hour = program::micros(&snapshot["money"]["revenue_per_hour"]);
            assert!((9_720_000..=11_880_000).contains(&per_hour), "every {every}: {snapshot}");
        }
    }
}

/// Runs `once` with the driver as a named target and these faults; it fails.
fn named_driver(variables: &[(&str, &str)]) -> (Value, String) {
    let program = once(["nvml:"]).driver(fake_nvml::library()).env("FAKE_NVML_GPUS", "2");
    let ran = variables.iter().fold(program, |program, (name, value)| program.env(name, value)).run();
    assert_eq!(ran.code, Some(1), "{variables:?}: {ran:?}");
    (ran.json(), ran.err)
}

/// Class: a driver that is a named target and returns nothing (nvidia-container-toolkit #842): a row, an alert, a message and exit code 1.
#[test]
fn a_named_driver_without_figures_fails_with_rows_an_alert_and_words() {
    let cases = [
        ("FAKE_NVML_DENIED", "*", "permission denied", "--gpus all"),
        ("FAKE_NVML_DENIED", "*:handle", "permission denied", "video group"),
        ("FAKE_NVML_UNKNOWN", "*", "unknown error", "dmesg"),
        ("FAKE_NVML_LOST", "*", "the driver lost it", "reset"),
        ("FAKE_NVML_SLOW", "*:600", "too long", "persistence mode"),
        // Written off, and asked again when they come back.
        ("FAKE_NVML_SLOW", "*:3000", "driver", "GPU"),
    ];
    for (fault, places, cause, remedy) in cases {
        let (snapshot, err) = named_driver(&[(fault, places)]);
        assert!(err.contains(cause) && err.contains(remedy) && err.contains("GPU"), "{fault}: {err}");
        let gpus = snapshot["nodes"][0]["gpus"].as_array().unwrap();
        assert_eq!((gpus.len(), &snapshot["gpus"]["reporting"]), (2, &0.into()), "{fault}");
        for (index, gpu) in gpus.iter().enumerate() {
            assert_eq!(gpu["index"], index);
            assert!(["stale", "lost"].contains(&gpu["state"].as_str().unwrap()), "{fault}: {gpu}");
            assert!(gpu["reason"].as_str().unwrap().contains(cause), "{fault}: {gpu}");
            assert!(gpu["utilization"].is_null() && !gpu["uuid"].as_str().unwrap().is_empty());
        }
        let alerts = snapshot["alerts"].as_array().unwrap();
        assert_eq!(alerts.iter().filter(|alert| alert["rule"] == "gpu_lost").count(), 2, "{fault}: {alerts:?}");
    }
}

#[test]
fn a_named_driver_that_cannot_be_opened_fails_with_an_alert_and_words() {
    let cases = [
        ("FAKE_NVML_INIT", "4", "permission denied"),
        ("FAKE_NVML_COUNT", "4", "permission denied"),
        ("FAKE_NVML_INIT", "999", "initialisation failed"),
        ("FAKE_NVML_INIT_MS", "20000", "not answered in 2.5 s"),
    ];
    for (fault, code, why) in cases {
        let (snapshot, err) = named_driver(&[(fault, code)]);
        assert!(err.contains("NVML: ") && err.contains(why), "{fault}: {err}");
        let alerts = snapshot["alerts"].as_array().unwrap();
        let alert = alerts.iter().find(|alert| alert["subject"] == "NVML").unwrap_or_else(|| panic!("{snapshot}"));
        assert_eq!((&alert["severity"], alert["text"].as_str().unwrap().contains(why)), (&"warning".into(), true));
    }
}

#[test]
fn a_driver_that_initialises_slowly_is_used_when_it_is_ready() {
    let program = once(["nvml:", "--for", "1s"]).driver(fake_nvml::library()).env("FAKE_NVML_INIT_MS", "3000");
    assert_eq!(program.run().good()["gpus"]["reporting"], 8);
}

#[test]
fn a_leased_gpu_that_is_lost_from_the_start_is_paid_for() {
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let lease = format!("[[lease]]\nnode = \"{node}\"\nrate = \"3.60\"\n");
    let program = once(["nvml:", "--for", "1s"]).config(&lease).driver(fake_nvml::library()).env("FAKE_NVML_GPUS", "2");
    let ran = program.env("FAKE_NVML_LOST", "0").run();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let snapshot = ran.json();
    let gpu = &snapshot["nodes"][0]["gpus"][0];
    assert_eq!((&gpu["index"], &gpu["state"]), (&0.into(), &"lost".into()));
    let cost = program::micros(&snapshot["money"]["cost_per_hour"]);
    assert!((7_100_000..7_300_000).contains(&cost), "both are paid: {cost}");
}

#[test]
fn a_ledger_error_does_not_hide_the_figures() {
    let engine = Server::pages(&[VLLM, VLLM_LATER]);
    let ran = once([engine.metrics(), "--ledger".to_owned(), "/proc/no/ledger.db".to_owned()]).run();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("/proc/no"), "{}", ran.err);
    let snapshot = ran.json();
    assert_eq!(snapshot["tokens"]["output_total"], 6_719_207);
    assert!(snapshot["money"]["revenue"].is_string());
    assert!(
        snapshot["alerts"].as_array().unwrap().iter().any(|alert| alert["rule"] == "ledger_unwritten"),
        "{snapshot}"
    );
}

/// Class: a count with thousands separators in one place and without them in another.
#[test]
fn counts_in_text_have_thousands_separators() {
    let engine = Server::new(|nth| {
        Reply::page(&vllm("a-model-without-a-price", 60.0, Counted::new(1000, 400, 300).times(nth as u64 * 3)))
    });
    let ran = Program::new(["once", "--text", "--for", "200ms", "nvml:off", engine.metrics().as_str()]).run();
    assert!(ran.out.contains("unpriced  3,900 tokens: revenue is a lower bound"), "{ran:?}");
}
