//! Revenue, cost and profit that the program prints, compared with amounts computed here in integers.

use crate::fake_nvml;
use crate::page;
use crate::program;
use crate::server;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use page::{Counted, vllm, with_start};
use program::{micros, once};
use server::{Reply, Server};

/// Every model at R1's launch prices at any time of day.
const PINNED: &str = "[[price]]\nmodel = \"*\"\nlist = \"deepseek-r1-standard\"\n";
/// The work of an engine between two polls.
const STEP: Counted = Counted::new(700_003, 400_001, 130_007);

/// Tokens at prices in ten-thousandths of a dollar a million, as millionths of a dollar, rounded half to even once.
fn worth(counted: Counted, hit: u64, miss: u64, output: u64) -> i128 {
    let exact = (counted.prompt - counted.cached) * miss + counted.cached * hit + counted.output * output;
    let (micros, rest) = (exact / 10_000, exact % 10_000);
    i128::from(micros + u64::from(rest > 5000 || rest == 5000 && micros % 2 == 1))
}

/// R1's prices at launch.
fn standard(counted: Counted) -> i128 {
    worth(counted, 1_400, 5_500, 21_900)
}

/// An engine that has done `nth` steps at its nth poll.
fn at_work(model: &'static str) -> Server {
    Server::new(move |nth| Reply::page(&vllm(model, 3600.0, STEP.times(nth as u64 + 10))))
}

fn amount(snapshot: &Value, key: &str) -> i128 {
    micros(&snapshot["money"][key])
}

fn near(value: &Value, expected: f64, tolerance: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() <= tolerance * expected.abs())
}

#[test]
fn revenue_is_exact_to_the_token() {
    let engine = at_work("deepseek-ai/DeepSeek-R1");
    let snapshot = once([engine.url.as_str(), "--for", "600ms", "nvml:off"]).config(PINNED).run().good();
    let steps = engine.asked() as u64 - 1;
    assert!(steps >= 2, "{steps} polls after the first");
    assert_eq!(amount(&snapshot, "revenue"), standard(STEP.times(steps)));
    let money = &snapshot["money"];
    assert_eq!((&money["theoretical"], &money["lower_bound"]), (&true.into(), &false.into()));
    assert_eq!(snapshot["models"][0]["revenue"], money["revenue"]);
    assert_eq!(snapshot["engines"][0]["revenue"], money["revenue"]);
    let hours = snapshot["window_seconds"].as_f64().unwrap() / 3600.0;
    assert!(near(
        &(amount(&snapshot, "revenue_per_hour") as f64).into(),
        amount(&snapshot, "revenue") as f64 / hours,
        0.2
    ));
}

#[test]
fn the_tier_in_force_is_shown() {
    let engine = at_work("deepseek-r1");
    let snapshot = once([engine.url.as_str(), "nvml:off"]).run().good();
    let list = &snapshot["money"]["lists"][0];
    assert_eq!(list["list"], "deepseek-r1-2025");
    assert_eq!(list["ended"], "list ended 2025-09-05");
    let done = STEP.times(engine.asked() as u64 - 1);
    let expected = match list["tier"].as_str().unwrap() {
        "standard" => standard(done),
        "offpeak" => worth(done, 350, 1_350, 5_500),
        tier => panic!("no tier {tier}"),
    };
    assert_eq!(amount(&snapshot, "revenue"), expected);
}

#[test]
fn profit_is_revenue_less_cost() {
    let engine = at_work("deepseek-r1");
    let snapshot = once([engine.url.as_str(), "--for", "1s"]).config(PINNED).driver(fake_nvml::library()).run().good();
    let (revenue, cost, profit) =
        (amount(&snapshot, "revenue"), amount(&snapshot, "cost"), amount(&snapshot, "profit"));
    assert_eq!(profit, revenue - cost);
    assert!(revenue > 0 && cost > 0);
    let money = &snapshot["money"];
    assert!(near(&money["profit_on_cost"], profit as f64 / cost as f64, 1e-3));
    assert!(near(&money["gross_margin"], profit as f64 / revenue as f64, 1e-3));
    // Eight H100 at the assumed rate.
    assert!(near(&(amount(&snapshot, "cost_per_hour") as f64).into(), 8.0 * 3.7e6, 0.02), "{money}");
    assert!(
        near(&(cost as f64).into(), 29.6e6 / 3600.0 * snapshot["window_seconds"].as_f64().unwrap(), 0.3),
        "{money}"
    );
    assert_eq!((&money["idle_cost"], &money["uncosted_revenue"]), (&"0.00".into(), &"0.00".into()));
    assert_eq!(snapshot["nodes"][0]["profit"], money["profit"]);
    assert_eq!(money["rates"][0]["assumed"], true);
    assert_eq!((&money["rates"][0]["dated"], &money["rates"][0]["leases"]), (&"2026-11".into(), &Value::Array(vec![])));
}

#[test]
fn a_lease_sets_the_rate() {
    let engine = at_work("deepseek-r1");
    let lease = format!("{PINNED}[[lease]]\ngpu = \"H100\"\nname = \"acme\"\nrate = \"1.25\"\n");
    let snapshot = once([engine.url.as_str()]).config(&lease).driver(fake_nvml::library()).run().good();
    assert!(near(&(amount(&snapshot, "cost_per_hour") as f64).into(), 10e6, 0.02), "{snapshot}");
    let rate = &snapshot["money"]["rates"][0];
    assert_eq!((&rate["assumed"], &rate["leases"]), (&false.into(), &serde_json::json!(["acme"])));
}

#[test]
fn a_node_without_an_engine_is_idle() {
    let still = Server::new(|_| Reply::page(&vllm("deepseek-r1", 3600.0, STEP)));
    let snapshot = once([still.url.as_str()]).config(PINNED).driver(fake_nvml::library()).run().good();
    let money = &snapshot["money"];
    assert_eq!((&money["revenue"], &money["idle_cost"]), (&"0.00".into(), &money["cost"]));
    assert_eq!(amount(&snapshot, "profit"), -amount(&snapshot, "cost"));
    assert_eq!(money["profit_on_cost"], -1.0);
    assert!(money["gross_margin"].is_null() && snapshot["cache_hit_rate"].is_null());
}

#[test]
fn without_a_cost_there_is_no_profit() {
    let engine = at_work("deepseek-r1");
    let snapshot = once([engine.url.as_str(), "nvml:off"]).config(PINNED).run().good();
    let money = &snapshot["money"];
    for unknown in ["cost", "profit", "profit_on_cost", "gross_margin", "idle_cost", "profit_per_hour"] {
        assert!(money[unknown].is_null(), "{unknown} is {}", money[unknown]);
    }
    assert_eq!((&money["uncosted_revenue"], &money["uncosted_engines"]), (&money["revenue"], &1.into()));
}

#[test]
fn without_a_price_tokens_are_counted_and_compared() {
    let engine = at_work("my-own-finetune");
    let snapshot = once([engine.url.as_str(), "nvml:off"]).run().good();
    let money = &snapshot["money"];
    let done = STEP.times(engine.asked() as u64 - 1);
    assert!(money["revenue"].is_null() && snapshot["models"][0]["revenue"].is_null());
    assert_eq!(money["unpriced_tokens"], done.prompt + done.output);
    assert_eq!(money["lower_bound"], true);
    assert_eq!(money["compare"]["list"], "deepseek-r1-standard");
    assert_eq!(micros(&money["compare"]["amount"]), standard(done));
}

#[test]
fn a_restart_counts_from_zero_and_nothing_twice() {
    let fresh = Counted::new(30_000, 20_000, 5_000);
    let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let engine = Server::new(move |nth| {
        let page = if nth == 0 {
            with_start(began - 7200.0, "deepseek-r1", STEP)
        } else {
            with_start(began, "deepseek-r1", fresh)
        };
        Reply::page(&page)
    });
    let snapshot = once([engine.url.as_str(), "--for", "600ms", "nvml:off"]).config(PINNED).run().good();
    assert_eq!(amount(&snapshot, "revenue"), standard(fresh));
    assert_eq!(snapshot["tokens"]["output_total"], 5_000);
    assert_eq!(snapshot["engines"][0]["scrape"]["restarts"], 1);
    assert_eq!(snapshot["money"]["lower_bound"], true, "the old process's last moments were not seen");
    for rate in ["prompt_per_second", "cached_per_second", "output_per_second"] {
        let rate = &snapshot["tokens"][rate];
        assert!(rate.is_null() || rate.as_f64().unwrap() >= 0.0, "{rate}");
    }
}

#[test]
fn two_processes_behind_one_address_are_counted_each_from_its_first_page() {
    let engine = Server::new(|nth| {
        let (start, counted) = if nth % 2 == 0 { (1.7e9, STEP) } else { (1.72e9, STEP.times(30)) };
        Reply::page(&with_start(start, "deepseek-r1", counted))
    });
    let snapshot = once([engine.url.as_str(), "--for", "1s", "nvml:off"]).config(PINNED).run().good();
    let row = &snapshot["engines"][0];
    assert_eq!(row["processes"], 2);
    assert!(row["note"].as_str().unwrap().starts_with("2 processes answer at this address, sampled in turn"));
    assert_eq!((amount(&snapshot, "revenue"), &row["scrape"]["restarts"]), (0, &0.into()), "neither produced anything");
    assert!(snapshot["alerts"].as_array().unwrap().iter().any(|alert| alert["rule"] == "shared_address"));
}

/// Class: prices of one tenant only, which some groupings left out.
#[test]
fn a_price_for_one_tenant_applies_on_every_level() {
    let engine = at_work("house");
    let config = format!(
        "[[price]]\nmodel = \"house\"\ntenant = \"gold\"\nhit = \"0.11\"\nmiss = \"0.57\"\noutput = \"2.03\"\n\
         [[target]]\nurl = \"{}\"\nunit = \"u\"\nlabels = {{ tenant = \"gold\" }}\n",
        engine.url
    );
    let snapshot = once(["--for", "600ms"]).driver(fake_nvml::library()).config(&config).run().good();
    let revenue = &snapshot["money"]["revenue"];
    assert!(micros(revenue) > 0);
    assert_eq!(
        (&snapshot["models"][0]["revenue"], &snapshot["engines"][0]["revenue"]),
        (revenue, revenue),
        "{snapshot:#}"
    );
    assert!(micros(&snapshot["models"][0]["revenue_per_hour"]) > 0, "{:#}", snapshot["models"]);
    assert_eq!(snapshot["nodes"][0]["revenue"], *revenue, "{:#}", snapshot["nodes"]);
    assert!(micros(&snapshot["units"][0]["revenue_per_hour"]) > 0, "{:#}", snapshot["units"]);
}
