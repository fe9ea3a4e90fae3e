//! A proxy or a router before an engine that is watched too.

use std::fmt::Write;

use crate::scene::{Scene, alerts, read, revenue, target};
use margintop::fleet::TargetInfo;
use margintop::reading::{ModelAlias, ModelName, PageReading, Role};
use margintop::snapshot::Rule;

const ENGINE: &str = "http://10.0.0.5:8000/vllm/metrics";
const PROXY: &str = "http://10.0.0.5:8000/litellm/metrics";
const ROUTER: &str = "http://10.0.0.5:8000/router/metrics";

fn both(second: &str) -> Vec<TargetInfo> {
    vec![target(ENGINE, None), target(second, None)]
}

fn made(second: i64) -> u64 {
    1000 * u64::try_from(second).unwrap()
}

fn vllm(model: &str, tokens: u64, more: &str) -> PageReading {
    let labels = format!("engine=\"0\",model_name=\"{model}\"");
    let series = |name: &str, value: u64| format!("# TYPE vllm:{name} counter\nvllm:{name}{{{labels}}} {value}\n");
    let text = series("prompt_tokens_total", tokens)
        + &series("prompt_tokens_cached_total", 0)
        + &series("generation_tokens_total", tokens)
        + more;
    read(&text)
}

fn litellm(models: &[[&str; 2]], tokens: u64) -> PageReading {
    let mut text = String::new();
    for class in ["input", "output"] {
        writeln!(text, "# TYPE litellm_{class}_tokens_metric_total counter").unwrap();
        for [model, requested] in models {
            let labels = format!("model=\"{model}\",requested_model=\"{requested}\"");
            writeln!(text, "litellm_{class}_tokens_metric_total{{{labels}}} {tokens}").unwrap();
        }
    }
    read(&text)
}

/// Class: one model under two names, the second with its provider before it.
#[test]
fn a_providers_prefix_makes_no_second_model() {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=4 {
        scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
        scene.take(PROXY, second, litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], made(second)));
    }
    assert_eq!((scene.posted(), scene.disputed()), ([4_000, 0, 4_000], 0));
    assert!((revenue(&scene.picture(4)) - 0.012).abs() < 1e-9);
}

/// What an engine's page says of its adapter.
const ADAPTER: &str = "# TYPE vllm:lora_requests_info gauge\n\
    vllm:lora_requests_info{max_lora=\"2\",running_lora_adapters=\"sql-lora\",waiting_lora_adapters=\"\"} 1.764e9\n";

/// An engine whose first name is `chat-large`, and a proxy that calls it by its second name and by an adapter's.
fn under_other_names(until: i64, adapters: &str, aliases: &[ModelAlias]) -> Scene {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=until {
        let mut engine = vllm("chat-large", 2 * made(second), adapters);
        engine.aliases = aliases.to_vec();
        scene.take(ENGINE, second, engine);
        let models = [["qwen3-32b", "qwen3-32b"], ["sql-lora", "sql-lora"]];
        scene.take(PROXY, second, litellm(&models, made(second)));
    }
    scene
}

/// Class: one model under two names, the second of which the server lists besides the first.
#[test]
fn names_that_the_server_lists_make_no_second_model() {
    let alias = |name: &str, model: &str| ModelAlias { name: ModelName::new(name), model: ModelName::new(model) };
    let root = "Qwen/Qwen3-32B";
    let aliases = [alias("chat-large", root), alias("qwen3-32b", root), alias("sql-lora", "chat-large")];
    let mut scene = under_other_names(4, ADAPTER, &aliases);
    assert_eq!((scene.posted(), scene.disputed()), ([8_000, 0, 8_000], 0));
    assert!((revenue(&scene.picture(4)) - 0.024).abs() < 1e-9);
}

/// Class: one model under two names that nothing joins yet.
#[test]
fn a_name_that_nobody_lists_is_not_posted_at_once() {
    for adapters in [ADAPTER, ""] {
        let mut scene = under_other_names(4, adapters, &[]);
        assert_eq!((scene.posted(), scene.disputed()), ([8_000, 0, 8_000], 0));
        let picture = scene.picture(4);
        assert!((revenue(&picture) - 0.024).abs() < 1e-9);
        assert!(picture.money.lower_bound, "what is held may be owed");
        let held = picture.models.iter().find(|row| row.model.as_str() == "qwen3-32b").unwrap();
        assert_eq!(held.money.revenue, None, "unknown, not nothing");
        let row = picture.engines.iter().find(|row| row.model == Some(ModelName::new("qwen3-32b"))).unwrap();
        assert_eq!(row.revenue, None);
    }
}

/// Class: one model under two names that nothing but its counters joins.
#[test]
fn names_that_nobody_lists_are_not_posted_twice_and_said() {
    let mut scene = under_other_names(700, "", &[]);
    assert_eq!((scene.posted(), scene.disputed()), ([1_400_000, 0, 1_400_000], 0));
    let picture = scene.picture(700);
    assert!(!alerts(&picture, Rule::ProbablySame).is_empty(), "{:?}", picture.alerts);
}

/// Class: a router that speaks of the engine behind it in the engine's own words.
#[test]
fn a_router_under_the_engines_names_is_no_second_engine() {
    let mut scene = Scene::of(both(ROUTER));
    let gauges = "# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{engine=\"0\",model_name=\"m\"} 8\n\
        # TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting{engine=\"0\",model_name=\"m\"} 3\n";
    let server = "server=\"http://10.0.0.1:8000\"";
    for second in 0..=10 {
        scene.take(ENGINE, second, vllm("m", made(second), gauges));
        let gauge = |name: &str, value: &str| format!("# TYPE vllm:{name} gauge\nvllm:{name}{{{server}}} {value}\n");
        let routed =
            |name: &str| format!("# TYPE vllm:{name} counter\nvllm:{name}{{{server},model=\"m\"}} {}\n", made(second));
        let page = gauge("num_requests_running", "8")
            + &gauge("num_requests_waiting", "3")
            + &gauge("current_qps", "2.5")
            + &gauge("healthy_pods_total", "1")
            + &routed("input_tokens_total")
            + &routed("output_tokens_total");
        scene.take(ROUTER, second, read(&page));
    }
    let picture = scene.picture(10);
    assert_eq!((picture.requests.running, picture.requests.waiting), (Some(8), Some(3)));
    let engines = picture.engines.iter().filter(|row| row.role != Role::Proxy);
    assert_eq!(engines.count(), 1);
    assert_eq!((picture.coverage.engines_live, picture.coverage.engines_known), (1, 1));
    assert_eq!((scene.posted(), scene.disputed()), ([10_000, 0, 10_000], 0));
    assert!((revenue(&picture) - 0.03).abs() < 1e-9);
}

/// Class: one model under two names, of which the engine's page joins one and nothing but the counters the other.
#[test]
fn a_name_that_nobody_lists_beside_one_that_is_known_is_not_posted_twice() {
    let mut scene = under_other_names(700, ADAPTER, &[]);
    assert_eq!((scene.posted(), scene.disputed()), ([1_400_000, 0, 1_400_000], 0));
    let picture = scene.picture(700);
    assert!(!alerts(&picture, Rule::ProbablySame).is_empty(), "{:?}", picture.alerts);
}
