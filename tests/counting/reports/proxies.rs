//! A proxy or a router before an engine that is watched too.

use std::fmt::Write;

use crate::reports::scene::{Scene, after, alerts, read, revenue, target};
use margintop::fleet::TargetInfo;
use margintop::reading::{EngineRole, Health, ModelAlias, ModelName, PageReading};
use margintop::snapshot::{EngineRow, Rule, Snapshot};
use margintop::units::Tokens;

pub(crate) const ENGINE: &str = "http://10.0.0.5:8000/vllm/metrics";
pub(crate) const PROXY: &str = "http://10.0.0.5:8000/litellm/metrics";
const ROUTER: &str = "http://10.0.0.5:8000/router/metrics";

pub(crate) fn both(second: &str) -> Vec<TargetInfo> {
    vec![target(ENGINE, None), target(second, None)]
}

pub(crate) fn made(second: i64) -> u64 {
    1000 * u64::try_from(second).unwrap()
}

pub(crate) fn vllm(model: &str, tokens: u64, more: &str) -> PageReading {
    mixed(model, [tokens, tokens], more)
}

/// An engine's page with prompt and output tokens.
pub(crate) fn mixed(model: &str, [prompt, output]: [u64; 2], more: &str) -> PageReading {
    let labels = format!("engine=\"0\",model_name=\"{model}\"");
    let series = |name: &str, value: u64| format!("# TYPE vllm:{name} counter\nvllm:{name}{{{labels}}} {value}\n");
    let text = series("prompt_tokens_total", prompt)
        + &series("prompt_tokens_cached_total", 0)
        + &series("generation_tokens_total", output)
        + more;
    read(&text)
}

pub(crate) fn litellm(models: &[[&str; 2]], tokens: u64) -> PageReading {
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
    assert!((revenue(&scene.snapshot(4)) - 0.012).abs() < 1e-9);
}

/// What an engine's page says of its adapter.
const ADAPTER: &str = "# TYPE vllm:lora_requests_info gauge\n\
    vllm:lora_requests_info{max_lora=\"2\",running_lora_adapters=\"sql-lora\",waiting_lora_adapters=\"\"} 1.764e9\n";

/// An engine whose first name is `chat-large`, and a proxy that calls it by its second name and by an adapter's.
fn under_other_names(until: i64, adapters: &str, aliases: &[ModelAlias]) -> Scene {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=until {
        let mut engine = vllm("chat-large", 2 * made(second), adapters);
        engine.aliases = Some(aliases.to_vec());
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
    assert!((revenue(&scene.snapshot(4)) - 0.024).abs() < 1e-9);
}

/// Class: one model under two names that nothing joins yet.
#[test]
fn a_name_that_nobody_lists_is_not_posted_at_once() {
    for adapters in [ADAPTER, ""] {
        let mut scene = under_other_names(4, adapters, &[]);
        assert_eq!((scene.posted(), scene.disputed()), ([8_000, 0, 8_000], 0));
        let snapshot = scene.snapshot(4);
        assert!((revenue(&snapshot) - 0.024).abs() < 1e-9);
        assert!(snapshot.money.lower_bound, "what is withheld may be owed");
        let withheld = snapshot.models.iter().find(|row| row.model.as_str() == "qwen3-32b").unwrap();
        assert_eq!(withheld.money.revenue, None, "unknown, not nothing");
        let row = snapshot.engines.iter().find(|row| row.model == Some(ModelName::new("qwen3-32b"))).unwrap();
        assert_eq!(row.revenue, None);
    }
}

/// Class: one model under two names that nothing but its counters joins.
#[test]
fn names_that_nobody_lists_are_not_posted_twice_and_said() {
    let mut scene = under_other_names(700, "", &[]);
    assert_eq!((scene.posted(), scene.disputed()), ([1_400_000, 0, 1_400_000], 0));
    let snapshot = scene.snapshot(700);
    assert!(!alerts(&snapshot, Rule::ProbablySame).is_empty(), "{:?}", snapshot.alerts);
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
    let snapshot = scene.snapshot(10);
    assert_eq!((snapshot.requests.running, snapshot.requests.waiting), (Some(8), Some(3)));
    let engines = snapshot.engines.iter().filter(|row| row.role != EngineRole::Proxy);
    assert_eq!(engines.count(), 1);
    assert_eq!((snapshot.coverage.engines_live, snapshot.coverage.engines_known), (1, 1));
    assert_eq!((scene.posted(), scene.disputed()), ([10_000, 0, 10_000], 0));
    assert!((revenue(&snapshot) - 0.03).abs() < 1e-9);
}

/// Class: one model under two names, of which the engine's page joins one and nothing but the counters the other.
#[test]
fn a_name_that_nobody_lists_beside_one_that_is_known_is_not_posted_twice() {
    let mut scene = under_other_names(700, ADAPTER, &[]);
    assert_eq!((scene.posted(), scene.disputed()), ([1_400_000, 0, 1_400_000], 0));
    let snapshot = scene.snapshot(700);
    assert!(!alerts(&snapshot, Rule::ProbablySame).is_empty(), "{:?}", snapshot.alerts);
}

/// An engine and a proxy before it that calls its model by another name, one poll a second; the proxy answers first.
fn proxy_first(scene: &mut Scene, seconds: std::ops::RangeInclusive<i64>) {
    for second in seconds {
        scene.take(PROXY, second, litellm(&[["other-name", "other-name"]], made(second)));
        scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
    }
}

fn proxy_row(snapshot: &Snapshot) -> &EngineRow {
    snapshot.engines.iter().find(|row| row.role == EngineRole::Proxy).unwrap()
}

pub(crate) fn note(row: &EngineRow) -> String {
    row.note.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Class: a verdict that is made of figures from before a restart and figures from after it.
#[test]
fn a_restart_makes_no_proxys_tokens_its_own() {
    // While they are withheld, and while they count as the engine's; after an absence shorter and longer than a comparison.
    for (kill, gone) in [(3, 20), (200, 1), (200, 400), (500, 20), (500, 2000)] {
        let mut scene = Scene::of(both(PROXY));
        proxy_first(&mut scene, 0..=kill);
        scene.restart(kill + gone);
        let until = kill + gone + 400;
        proxy_first(&mut scene, kill + gone..=until);
        let one = made(until);
        assert_eq!(scene.posted(), [one, 0, one], "killed at {kill} for {gone} s");
        let snapshot = scene.snapshot(until);
        assert!(!alerts(&snapshot, Rule::ProbablySame).is_empty(), "killed at {kill} for {gone} s");
    }
}

/// A page that says when its process started.
pub(crate) fn started(mut page: PageReading) -> PageReading {
    page.start = Some(after(-3600).wall);
    page
}

/// Class: a restart whose first page is a proxy's, for a model that an engine serves by name.
#[test]
fn a_proxy_that_answers_first_after_a_restart_counts_nothing_of_an_engines() {
    let poll = |scene: &mut Scene, second: i64| {
        scene.take(PROXY, second, litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], made(second)));
        scene.take(ENGINE, second, started(vllm("ds-v3", made(second), "")));
    };
    let mut scene = Scene::of(both(PROXY));
    (0..=5).for_each(|second| poll(&mut scene, second));
    scene.restart(60);
    scene.take(PROXY, 60, litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], made(60)));
    assert_eq!(scene.posted()[2], 5_000, "the engine has not answered yet");
    assert_eq!(proxy_row(&scene.snapshot(60)).revenue, None);
    (61..=65).for_each(|second| poll(&mut scene, second));
    assert_eq!(scene.posted(), [65_000, 0, 65_000]);
    assert!(!scene.snapshot(65).money.lower_bound);
}

/// Class: a restart after which an alias is learnt again from a page that comes later than the proxy's.
#[test]
fn what_is_withheld_until_an_alias_is_learnt_is_an_engines() {
    let alias = [ModelAlias { name: ModelName::new("other-name"), model: ModelName::new("ds-v3") }];
    let poll = |scene: &mut Scene, second: i64| {
        scene.take(PROXY, second, started(litellm(&[["other-name", "other-name"]], made(second))));
        let mut page = started(vllm("ds-v3", made(second), ""));
        page.aliases = Some(alias.to_vec());
        scene.take(ENGINE, second, page);
    };
    let mut scene = Scene::of(both(PROXY));
    (0..=5).for_each(|second| poll(&mut scene, second));
    scene.restart(60);
    (60..=70).for_each(|second| poll(&mut scene, second));
    assert_eq!(scene.posted(), [70_000, 0, 70_000]);
    assert!(!scene.snapshot(70).money.lower_bound, "nothing is withheld, nothing is lost");
}

/// Class: a verdict while growth of an engine is still to come.
#[test]
fn an_engine_that_is_silent_while_a_comparison_ends_is_waited_for() {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=400 {
        scene.take(PROXY, second, litellm(&[["other-name", "other-name"]], made(second)));
        if !(250..=350).contains(&second) {
            scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
        }
    }
    assert_eq!(scene.posted(), [400_000, 0, 400_000]);
}

/// Class: an engine under two names, and a proxy before it under a third.
#[test]
fn an_engine_under_two_names_is_compared_with_once() {
    let names = ["http://10.0.0.5:8000/a/metrics", "http://10.0.0.5:8000/b/metrics"];
    let mut scene = Scene::of(vec![target(names[0], None), target(names[1], None), target(PROXY, None)]);
    let start = format!("# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {}\n", 1_790_000_000);
    for second in 0..=700 {
        for name in names {
            scene.take(name, second, vllm("ds-v3", made(second), &start));
        }
        scene.take(PROXY, second, litellm(&[["other-name", "other-name"]], made(second)));
    }
    assert_eq!(scene.posted(), [700_000, 0, 700_000]);
}

/// Class: a source of figures that nothing shows, because its figures are in no sum.
#[test]
fn a_proxy_whose_models_are_served_has_a_row_and_is_in_no_sum() {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=10 {
        scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
        scene.take(PROXY, second, litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], 7 + made(second)));
    }
    let snapshot = scene.snapshot(10);
    let row = proxy_row(&snapshot);
    assert_eq!((row.target.as_str(), row.model.as_ref().unwrap().as_str()), (PROXY, "hosted_vllm/ds-v3"));
    assert_eq!((row.prompt_total.unwrap().count(), row.output_total.unwrap().count()), (10_007, 10_007));
    assert!((row.prompt_per_second.unwrap() - 1000.0).abs() < 1e-6 && row.output_per_second.is_some());
    assert_eq!(row.revenue, None);
    assert_eq!(note(row), "not counted: watched engines serve its model");
    only_the_engine(&snapshot, 10_000);
    assert_eq!((snapshot.coverage.engines_live, snapshot.coverage.engines_known), (1, 1));
    assert!(!snapshot.money.lower_bound);
}

/// Only the engine's tokens are in the sums.
#[track_caller]
fn only_the_engine(snapshot: &Snapshot, total: u64) {
    let tokens = &snapshot.tokens;
    assert_eq!((tokens.prompt_total.unwrap().count(), tokens.output_total.unwrap().count()), (total, total));
    for rate in [tokens.prompt_per_second, tokens.output_per_second, snapshot.nodes[0].prompt_per_second] {
        assert!((rate.unwrap() - 1000.0).abs() < 1e-6, "{rate:?}");
    }
    let models = snapshot.models.iter().filter_map(|row| row.output_total);
    assert_eq!(models.map(Tokens::count).sum::<u64>(), total);
}

/// Class: a target that fails, and whose figures are in no sum.
#[test]
fn a_proxy_that_fails_is_seen_to_fail() {
    for restart in [false, true] {
        let mut scene = Scene::of(both(PROXY));
        for second in 0..=5 {
            scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
            scene.take(PROXY, second, litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], made(second)));
        }
        if restart {
            scene.restart(6);
        }
        for second in 6..=60 {
            scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
            scene.fail(PROXY, second);
        }
        let snapshot = scene.snapshot(60);
        let row = proxy_row(&snapshot);
        assert_eq!((row.target.as_str(), row.state, row.scrape.failures), (PROXY, Health::Lost, 55));
        assert!(note(row).contains("500"), "{}", note(row));
        let silent = alerts(&snapshot, Rule::EngineSilent);
        assert!(silent.iter().any(|alert| alert.subject.as_str() == PROXY), "{:?}", snapshot.alerts);
        only_the_engine(&snapshot, 60_000);
        assert_eq!((snapshot.coverage.engines_live, snapshot.coverage.engines_known), (1, 1));
    }
}

/// Class: tokens that may be an engine's are in the fleet's sums beside the engine's.
#[test]
fn what_is_withheld_is_in_no_sum() {
    let mut scene = Scene::of(both(PROXY));
    proxy_first(&mut scene, 0..=10);
    let snapshot = scene.snapshot(10);
    only_the_engine(&snapshot, 10_000);
    let row = proxy_row(&snapshot);
    assert_eq!(row.output_total.unwrap().count(), 10_000, "its own figures stand beside them");
    assert!(note(row).starts_with("withheld for five minutes"), "{}", note(row));
}

/// Class: what was found not to be an engine's is in the sums, and is posted in full.
#[test]
fn what_is_its_own_is_in_every_sum() {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=400 {
        scene.take(PROXY, second, litellm(&[["other-name", "other-name"]], 3 * made(second)));
        scene.take(ENGINE, second, mixed("ds-v3", [2 * made(second), made(second)], ""));
    }
    assert_eq!(scene.posted(), [2_000_000, 0, 1_600_000]);
    let snapshot = scene.snapshot(400);
    assert_eq!(snapshot.tokens.output_total.unwrap().count(), 1_600_000);
    assert!(!snapshot.money.lower_bound);
    assert!(!note(proxy_row(&snapshot)).contains("withheld"));
}

/// Class: the end of a proxy's counting, because an engine that serves its model is read from now on.
#[test]
fn a_handover_to_an_engine_that_answers_later_is_a_lower_bound() {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=11 {
        if second >= 6 {
            scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
        }
        scene.take(PROXY, second, litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], made(second)));
        assert_eq!(scene.snapshot(second).money.lower_bound, second >= 6, "at {second}");
    }
    assert_eq!(scene.posted()[2], 10_000);
    assert_eq!(scene.snapshot(11).money.lost_windows, 1, "once");
    assert!(proxy_row(&scene.snapshot(11)).revenue.is_some(), "what it earned before stays in the day's revenue");
}

/// Class: a bound that nothing lost asks for.
#[test]
fn a_proxy_that_answers_a_moment_before_its_engine_loses_nothing() {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=10 {
        scene.take(PROXY, second, litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], made(second)));
        scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
    }
    assert_eq!(scene.posted()[2], 10_000);
    assert!(!scene.snapshot(10).money.lower_bound);
}

/// Class: a handover while the proxy's tokens wait for a verdict because of another engine.
#[test]
fn what_is_withheld_at_a_handover_is_a_lower_bound() {
    let late = "http://10.0.0.6:8000/metrics";
    let mut scene = Scene::of(vec![target(ENGINE, None), target(PROXY, None), target(late, None)]);
    for second in 0..=11 {
        scene.take(ENGINE, second, vllm("another", made(second), ""));
        if second >= 6 {
            scene.take(late, second, vllm("ds-v3", made(second), ""));
        }
        scene.take(PROXY, second, litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], made(second)));
    }
    assert!(scene.snapshot(11).money.lower_bound);
    assert_eq!(scene.posted()[2], 11_000 + 5_000);
}

/// Class: tokens that are neither posted nor counted anywhere.
#[test]
fn what_is_probably_an_engines_is_withheld_and_said() {
    let mut scene = Scene::of(both(PROXY));
    proxy_first(&mut scene, 0..=700);
    assert_eq!(scene.posted(), [700_000, 0, 700_000]);
    let snapshot = scene.snapshot(700);
    only_the_engine(&snapshot, 700_000);
    assert!(snapshot.money.lower_bound, "what is withheld may be owed");
    let row = proxy_row(&snapshot);
    assert_eq!(note(row), "probably the same as ds-v3: 1400000 tokens are withheld, not posted");
    assert_eq!((row.revenue, row.output_total.unwrap().count()), (None, 700_000));
    scene.restart(701);
    proxy_first(&mut scene, 701..=710);
    let snapshot = scene.snapshot(710);
    assert_eq!(note(proxy_row(&snapshot)), "probably the same as ds-v3: 1420000 tokens are withheld, not posted");
    // The engine idles and the proxy does not: from its next verdict on the proxy counts, and what was withheld stays withheld.
    for second in 711..=1700 {
        scene.take(PROXY, second, litellm(&[["other-name", "other-name"]], made(second)));
        scene.take(ENGINE, second, vllm("ds-v3", made(710), ""));
    }
    let snapshot = scene.snapshot(1700);
    let [prompt, _, output] = scene.posted();
    let kept: u64 = 2 * (1700 + 710) * 1000 - prompt - output;
    assert!(output > 710_000 && kept > 1_420_000, "{output} {kept}");
    let withheld = format!("{kept} tokens are withheld as probably an engine's, not posted");
    assert!(note(proxy_row(&snapshot)).starts_with(&withheld), "{}", note(proxy_row(&snapshot)));
    assert!(snapshot.money.lower_bound);
}

/// Class: tokens that wait for a verdict, of a row that leaves its page.
#[test]
fn what_is_withheld_for_a_row_that_is_dropped_is_a_lower_bound() {
    let mut scene = Scene::of(both(PROXY));
    proxy_first(&mut scene, 0..=10);
    for second in 11..=700 {
        scene.take(PROXY, second, litellm(&[["third-name", "third-name"]], 5));
        scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
    }
    let snapshot = scene.snapshot(700);
    assert!(snapshot.engines.iter().all(|row| row.model != Some(ModelName::new("other-name"))));
    assert!(snapshot.money.lower_bound);
}

/// Class: tokens that are said to be withheld where a page counts none.
#[test]
fn a_proxy_that_counts_no_tokens_holds_none() {
    let mut scene = Scene::of(both(PROXY));
    let router = "vllm:num_requests_running{server=\"http://10.0.0.1:8000\"} 4\n\
                  vllm:num_prefill_requests{server=\"http://10.0.0.1:8000\"} 1\n\
                  vllm:current_qps{server=\"http://10.0.0.1:8000\"} 1.5\n";
    for second in 0..=20 {
        scene.take(PROXY, second, read(router));
        scene.take(ENGINE, second, vllm("ds-v3", made(second), ""));
    }
    let snapshot = scene.snapshot(20);
    assert_eq!(note(proxy_row(&snapshot)), "its page counts no tokens: nothing of it is posted");
    assert!(!snapshot.money.lower_bound);
}

/// Class: a proxy in front of many GPUs is judged as an engine of one node.
#[test]
fn a_proxy_may_grow_by_more_than_any_engine() {
    let page = |second: i64| {
        let page = litellm(&[["gpt", "gpt"]], 200_000_000 * second.unsigned_abs());
        PageReading { start: read("process_start_time_seconds 1764000000\n").start, ..page }
    };
    let mut scene = Scene::of(vec![target(PROXY, None)]);
    (0..=10).for_each(|second| scene.take(PROXY, second, page(second)));
    assert_eq!((scene.posted(), scene.disputed()), ([2_000_000_000, 0, 2_000_000_000], 0));
}
