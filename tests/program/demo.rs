//! `margintop demo`: the whole pipeline over a simulated fleet with a profit.

use crate::program;

use serde_json::Value;

use program::{Program, micros};

fn demo(config: &str) -> Value {
    let flags = ["demo", "--nodes", "12", "--json", "--interval", "500ms", "--for", "2s"];
    Program::new(flags).config(config).run().good()
}

#[test]
fn a_simulated_fleet_is_complete_and_profitable() {
    let snapshot = demo("");
    let coverage = &snapshot["coverage"];
    assert_eq!((&coverage["nodes_known"], &coverage["engines_known"]), (&12.into(), &12.into()));
    assert_eq!(snapshot["gpus"]["count"], 96);
    assert!(snapshot["gpus"]["utilization"].as_f64().is_some_and(|load| (0.45..0.95).contains(&load)));
    let money = &snapshot["money"];
    // At the quietest hour of the day too; a fleet's own nodes with a model of no price are paid for by the others.
    assert!(micros(&money["revenue_per_hour"]) > micros(&money["cost_per_hour"]), "{money}");
    assert!(money["unpriced_tokens"].as_u64().is_some_and(|tokens| tokens > 0) && money["lower_bound"] == true);
    let roles: Vec<_> =
        snapshot["engines"].as_array().unwrap().iter().map(|row| row["role"].as_str().unwrap()).collect();
    assert!(["prefill", "decode", "unified"].iter().all(|role| roles.contains(role)));
    assert_eq!(snapshot["units"].as_array().unwrap().len(), 2);
}

#[test]
fn it_has_latency_objectives_and_an_engine_with_speculative_decoding() {
    let snapshot = demo("");
    let slo = &snapshot["slo"];
    assert_eq!((&slo["ttft_p99_seconds"], &slo["itl_p99_seconds"]), (&7.0.into(), &0.5.into()));
    let engines = snapshot["engines"].as_array().unwrap();
    let drafts =
        |role: &str| engines.iter().filter(|row| row["role"] == role && !row["spec_acceptance"].is_null()).count();
    assert!(drafts("decode") > 0 && drafts("unified") > 0 && drafts("prefill") == 0);
    // What the configuration says goes first.
    let snapshot = demo("[slo]\nttft_p99 = \"2s\"\n");
    assert_eq!(
        (&snapshot["slo"]["ttft_p99_seconds"], &snapshot["slo"]["itl_p99_seconds"]),
        (&2.0.into(), &Value::Null)
    );
}

/// A time zone in which midnight is at least two hours ago, so that the demo's hour is within one day.
fn past_its_first_hours() -> &'static str {
    let hour = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).hour();
    if hour < 2 { "Etc/GMT-2" } else { "UTC" }
}

#[test]
fn its_card_covers_the_last_hour_and_truncates_no_word() {
    let card = Program::new(["demo", "--card", "--interval", "500ms"]).env("TZ", past_its_first_hours()).run();
    let card = card.out;
    let (_, sums) = card.split_once("  revenue ≥ $").unwrap_or_else(|| panic!("{card}"));
    let revenue = sums.split_whitespace().next().unwrap().replace(',', "");
    assert!(revenue.parse::<f64>().unwrap() > 200.0, "{card}");
    assert!(card.lines().all(|line| line.chars().count() <= 72 && !line.contains('…')), "{card}");
}

#[test]
fn prices_of_the_user_take_precedence() {
    let snapshot = demo("[[price]]\nmodel = \"*-r1\"\nlist = \"deepseek-r1-2025\"\n");
    let lists = snapshot["money"]["lists"].as_array().unwrap();
    let of = |model: &str| lists.iter().find(|list| list["model"] == model).unwrap()["list"].clone();
    assert_eq!((of("deepseek-r1"), of("deepseek-v3")), ("deepseek-r1-2025".into(), "deepseek-v3-standard".into()));
}
