//! A proxy that counts an engine's traffic by its own measure, or only a part of it, under an alias that nothing names.

use super::proxies::{ENGINE, PROXY, both};
use crate::reports::scene::{Scene, alerts, read, target};
use margintop::snapshot::Rule;

/// A page with prompts and output of a proxy, or of an engine.
fn page(prefix: &str, labels: &str, [input, output]: [u64; 2]) -> String {
    let names = if prefix == "vllm" {
        ["vllm:prompt_tokens_total", "vllm:generation_tokens_total"]
    } else {
        ["litellm_input_tokens_metric_total", "litellm_output_tokens_metric_total"]
    };
    let family = |(name, value)| format!("# TYPE {name} counter\n{name}{{{labels}}} {value}\n");
    names.into_iter().zip([input, output]).map(family).collect()
}

/// Both are polled each second for a time, by what each has counted at a second.
fn watch(until: u64, engine: impl Fn(u64) -> [u64; 2], proxy: impl Fn(u64) -> [u64; 2]) -> Scene {
    let mut scene = Scene::of(both(PROXY));
    for second in 0..=until {
        let at = i64::try_from(second).unwrap();
        scene.take(ENGINE, at, read(&page("vllm", "engine=\"0\",model_name=\"ds-v3\"", engine(second))));
        let labels = "model=\"chat-large\",requested_model=\"chat-large\"";
        scene.take(PROXY, at, read(&page("litellm", labels, proxy(second))));
    }
    scene
}

/// A load that changes each minute.
fn varying(second: u64) -> u64 {
    (0..second).map(|second| 400 + 200 * (second / 60 % 3)).sum()
}

/// Class: a proxy's count of the engine's traffic that differs from the engine's by a constant ratio.
#[test]
fn a_proxy_in_a_constant_ratio_with_an_engine_is_not_posted_on_top() {
    for percent in [40, 60, 93, 107, 120] {
        let even = |second: u64| [2000 * second, 700 * second];
        let uneven = |second: u64| [3 * varying(second), 500 * second];
        let share = |tokens: [u64; 2]| tokens.map(|tokens| tokens * percent / 100);
        for scene in
            [watch(700, even, |second| share(even(second))), watch(700, uneven, |second| share(uneven(second)))]
        {
            let mut scene = scene;
            let [prompts, _, output] = scene.posted();
            assert!([even(700), uneven(700)].contains(&[prompts, output]), "{percent}: {prompts}, {output}");
            let snapshot = scene.snapshot(700);
            assert!(!alerts(&snapshot, Rule::ProbablySame).is_empty(), "{percent}");
            assert!(snapshot.money.lower_bound, "{percent}");
        }
    }
}

/// Class: independent traffic, posted when it was compared.
#[test]
fn a_proxy_whose_traffic_varies_by_itself_is_posted() {
    let engine = |second: u64| [2000 * second, 700 * second];
    for proxy in [|second: u64| [3 * varying(second), varying(second)], |second: u64| [500 * second, 500 * second]] {
        let mut scene = watch(700, engine, proxy);
        let [[engine_prompts, engine_output], [prompts, output]] = [engine(700), proxy(700)];
        assert_eq!(scene.posted(), [engine_prompts + prompts, 0, engine_output + output]);
        assert!(alerts(&scene.snapshot(700), Rule::ProbablySame).is_empty());
    }
}

/// Class: a proxy that distributes the requests of one name over several watched models.
#[test]
fn a_proxy_in_front_of_all_engines_is_not_posted_on_top() {
    type Made = fn(u64) -> [u64; 2];
    let parts: [[Made; 2]; 2] = [
        [|second| [2000 * second, 700 * second], |second| [900 * second, 800 * second]],
        [|second| [3 * varying(second), 500 * second], |second| [700 * second, varying(second)]],
    ];
    for made in parts {
        let mut targets = both(PROXY);
        targets.push(target("http://10.0.0.6:8000", None));
        let mut scene = Scene::of(targets);
        for second in 0..=700_u64 {
            let at = second.cast_signed();
            for (url, model, made) in [(ENGINE, "ds-v3", made[0]), ("http://10.0.0.6:8000", "qwen", made[1])] {
                scene.take(url, at, read(&page("vllm", &format!("engine=\"0\",model_name=\"{model}\""), made(second))));
            }
            let sum = [0, 1].map(|i| made[0](second)[i] + made[1](second)[i]);
            scene.take(PROXY, at, read(&page("litellm", "model=\"auto\",requested_model=\"auto\"", sum)));
        }
        let [prompts, _, output] = scene.posted();
        assert_eq!([prompts, output], [0, 1].map(|i| made[0](700)[i] + made[1](700)[i]));
        let snapshot = scene.snapshot(700);
        let shown = alerts(&snapshot, Rule::ProbablySame);
        assert!(shown.iter().any(|alert| alert.text.as_str().contains("together")), "{shown:?}");
        assert!(snapshot.money.lower_bound);
    }
}
