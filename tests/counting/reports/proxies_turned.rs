//! A proxy's model that was its own, and whose traffic then goes to a watched engine.

use crate::reports::scene::{Scene, alerts, read, target};
use margintop::snapshot::Rule;

const ENGINE: &str = "http://10.0.0.5:8000/vllm/metrics";
const PROXY: &str = "http://10.0.0.5:8000/litellm/metrics";

fn vllm(tokens: u64) -> String {
    let series = |name: &str, value: u64| {
        format!("# TYPE vllm:{name} counter\nvllm:{name}{{engine=\"0\",model_name=\"ds-v3\"}} {value}\n")
    };
    series("prompt_tokens_total", tokens)
        + &series("prompt_tokens_cached_total", 0)
        + &series("generation_tokens_total", tokens)
}

fn litellm(tokens: u64) -> String {
    let series = |class: &str| {
        format!(
            "# TYPE litellm_{class}_tokens_metric_total counter\n\
            litellm_{class}_tokens_metric_total{{model=\"chat-x\",requested_model=\"chat-x\"}} {tokens}\n"
        )
    };
    series("input") + &series("output")
}

/// Both are polled each second; the totals at a second are given. The watch is killed at some of them.
fn watch(until: i64, killed: &[i64], engine: impl Fn(u64) -> u64, proxy: impl Fn(u64) -> u64) -> Scene {
    let mut scene = Scene::of(vec![target(ENGINE, None), target(PROXY, None)]);
    for second in 0..=until {
        if killed.contains(&second) {
            scene.restart(second);
        }
        let made = u64::try_from(second).unwrap();
        scene.take(ENGINE, second, read(&vllm(engine(made))));
        scene.take(PROXY, second, read(&litellm(proxy(made))));
    }
    scene
}

/// Class: tokens posted between two verdicts of which the second finds them to be an engine's.
#[test]
fn what_turned_to_an_engine_is_taken_back_and_withheld() {
    for killed in [&[][..], &[450], &[350, 610]] {
        let until = 340 + 300 * (2 + i64::try_from(killed.len()).unwrap());
        let engine = |second: u64| second.saturating_sub(320) * 1000;
        let mut scene = watch(until, killed, engine, |second| second.min(320) * 100 + engine(second));
        let own = 320 * 100;
        let made = engine(u64::try_from(until).unwrap());
        let [prompts, _, output] = scene.posted();
        assert!(output <= own + made && output >= made + own - 2100, "{output}, killed at {killed:?}");
        assert_eq!(prompts, output);
        let snapshot = scene.snapshot(until);
        assert!(!alerts(&snapshot, Rule::ProbablySame).is_empty());
        assert!(snapshot.money.lower_bound, "some of what is withheld was its own");
        let row = snapshot.engines.iter().find(|row| row.target.as_str() == PROXY).unwrap();
        assert!(row.note.as_ref().unwrap().as_str().contains("tokens are withheld, not posted"), "{:?}", row.note);
    }
}

/// Class: so few own tokens that they are withheld until the traffic turned.
#[test]
fn a_few_own_tokens_before_the_turn_post_nothing_twice() {
    let engine = |second: u64| second.saturating_sub(310) * 1000;
    let mut scene = watch(940, &[], engine, |second| second.min(310) * 4 + engine(second));
    let [.., output] = scene.posted();
    let made = engine(940);
    assert!(output <= 1240 + made && output >= made, "{output}");
    assert!(scene.snapshot(940).money.lower_bound);
}

/// Class: tokens that are the proxy's own stay posted, over every verdict.
#[test]
fn what_stays_its_own_stays_posted() {
    let engine = |second: u64| second * 1000 + second / 60 * 20_000;
    let scene = watch(1300, &[700], engine, |second| second * 100);
    assert_eq!(scene.posted()[2], engine(1300) + 1300 * 100);
}
