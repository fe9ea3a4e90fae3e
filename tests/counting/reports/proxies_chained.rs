//! Two proxies of which one passes its requests on to the other, and no engine is watched.

use std::fmt::Write;

use crate::reports::proxies::{PROXY, made};
use crate::reports::scene::{Scene, alerts, read, revenue, target};
use margintop::reading::PageReading;
use margintop::snapshot::{Rule, Snapshot};
use margintop::units::Money;

const SECOND: &str = "http://10.0.0.6:4000/metrics";
const PRICED: &str = "deepseek-r1";

/// A page of LiteLLM, whose prompts stand still: their hits are unknown, which is uncertain too.
fn litellm(models: &[[&str; 2]], output: u64) -> PageReading {
    let mut text = String::new();
    for ([model, asked], (class, tokens)) in
        models.iter().flat_map(|model| [("input", 7), ("output", output)].map(|of| (model, of)))
    {
        writeln!(text, "litellm_{class}_tokens_metric_total{{model=\"{model}\",requested_model=\"{asked}\"}} {tokens}")
            .unwrap();
    }
    read(&text)
}

fn gateway(model: &str, output: u64) -> PageReading {
    let series =
        |class: &str, tokens| format!("smg_router_tokens_total{{model=\"{model}\",token_type=\"{class}\"}} {tokens}\n");
    read(&(series("input", 7) + &series("output", output)))
}

/// Watches two proxies for some seconds.
fn watch(until: i64, first: impl Fn(i64) -> PageReading, second: impl Fn(i64) -> PageReading) -> (Scene, Snapshot) {
    let mut scene = Scene::of(vec![target(PROXY, None), target(SECOND, None)]);
    for now in 0..=until {
        scene.take(PROXY, now, first(now));
        scene.take(SECOND, now, second(now));
    }
    let snapshot = scene.snapshot(until);
    (scene, snapshot)
}

fn amount(money: Money) -> f64 {
    money.to_string().parse().unwrap()
}

#[track_caller]
fn assert_doubled(snapshot: &Snapshot) {
    assert!(snapshot.money.upper_bound);
    let (posted, uncertain) = (revenue(snapshot), amount(snapshot.money.uncertainty));
    assert!((0.4 * posted..=0.55 * posted).contains(&uncertain), "{uncertain} of {posted}");
    assert_eq!(alerts(snapshot, Rule::ProbablySame).len(), 1);
}

#[track_caller]
fn assert_exact(snapshot: &Snapshot) {
    assert_eq!(snapshot.money.uncertainty, Money::ZERO);
    assert!(alerts(snapshot, Rule::ProbablySame).is_empty());
}

/// Class: one name in front of another one, of the same proxy program.
#[test]
fn a_proxy_in_front_of_another_one_is_recognised_by_its_growth() {
    let front = |now| litellm(&[["deepseek-v3", "deepseek-v3"]], made(now));
    let (scene, snapshot) = watch(400, front, |now| litellm(&[[PRICED, PRICED]], made(now) * 51 / 50));
    assert_eq!(scene.posted()[2], 400_000 + 408_000, "both stay posted");
    assert_doubled(&snapshot);
}

/// Class: two programs that count one model under one name.
#[test]
fn two_programs_with_one_name_are_reported() {
    let (_, snapshot) = watch(400, |now| litellm(&[[PRICED, PRICED]], made(now)), |now| gateway(PRICED, made(now)));
    assert_doubled(&snapshot);
}

/// Class: one name in front of several models.
#[test]
fn a_proxy_that_distributes_one_name_over_two_models_is_reported() {
    let back = |now| litellm(&[["deepseek-v3", "a"], ["deepseek-v3.1", "b"]], made(now));
    let (_, snapshot) = watch(400, |now| litellm(&[[PRICED, PRICED]], 2 * made(now)), back);
    assert!(snapshot.money.upper_bound && snapshot.money.uncertainty > Money::ZERO);
}

/// Class: replicas of one proxy, between which a load balancer distributes requests evenly.
#[test]
fn replicas_of_a_proxy_are_two() {
    let page = |now| litellm(&[[PRICED, PRICED]], made(now));
    let (scene, snapshot) = watch(700, page, |now| litellm(&[[PRICED, PRICED]], made(now) * 51 / 50));
    assert_eq!(scene.posted()[2], 700_000 + 714_000);
    assert_exact(&snapshot);
}

/// Class: different traffic, or none.
#[test]
fn proxies_with_traffic_of_their_own_are_not_reported() {
    let page = |now| litellm(&[[PRICED, PRICED]], made(now));
    let (_, snapshot) = watch(700, page, |now| litellm(&[["deepseek-v3", "deepseek-v3"]], made(now) * 5 / 4));
    assert_exact(&snapshot);
    let (_, snapshot) = watch(700, page, |_| litellm(&[["deepseek-v3", "deepseek-v3"]], 7));
    assert_exact(&snapshot);
    let (_, snapshot) = watch(200, page, |now| litellm(&[["deepseek-v3", "deepseek-v3"]], made(now)));
    assert_exact(&snapshot);
}

/// Class: traffic that parts again. What was posted before stays uncertain, and nothing new is.
#[test]
fn traffic_that_parts_is_counted_again() {
    let page = |now| litellm(&[[PRICED, PRICED]], made(now));
    let second = |now: i64| litellm(&[["deepseek-v3", "deepseek-v3"]], made(now) + made((now - 600).max(0)));
    let (_, at_600) = watch(610, page, second);
    let (_, later) = watch(1500, page, second);
    assert_doubled(&at_600);
    assert!(alerts(&later, Rule::ProbablySame).is_empty());
    let before = amount(at_600.money.uncertainty);
    assert!((amount(later.money.uncertainty) - before).abs() < before / 10.0);
}
