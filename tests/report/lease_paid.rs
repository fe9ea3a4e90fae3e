//! The lines of `lease list` are what was paid, whatever changes inside a minute: terms, rates, power and GPUs at random.
#![cfg(target_os = "linux")]

use crate::lease_watch;
use crate::program;

use std::collections::BTreeMap;

use lease_watch::{Fleets, Run};
use program::{Program, micros};
use serde_json::Value;

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

/// Terms of one lease, which may be out for a while.
fn terms(dice: &mut Dice) -> String {
    if dice.one_in(5) {
        return String::new();
    }
    let gpus = if dice.one_in(2) { format!("gpus = {}\n", 1 + dice.below(8)) } else { String::new() };
    let subject = if dice.one_in(3) { "gpu = \"H800\"\n" } else { "node = \"gpu-01\"\n" };
    let price = match dice.below(4) {
        0 => "node_rate = \"16\"\n",
        1 => "rate = \"2\"\n",
        2 => "rate = \"3\"\n",
        _ => "rate = \"2\"\npower = { kwh = \"100\", pue = \"1.5\" }\n",
    };
    // A node's rent is for all of it.
    let (gpus, subject) =
        if price.starts_with("node") { (String::new(), "node = \"gpu-01\"\n") } else { (gpus, subject) };
    format!("[[lease]]\nname = \"c\"\n{subject}{gpus}{price}")
}

fn json(fleets: &Fleets, arguments: &[&str], text: &str) -> Value {
    Program::new(arguments).config(text).env("MARGINTOP_LEDGER", fleets.path()).run().good()
}

fn at(value: &Value) -> Option<i64> {
    value.as_str().map(|text| text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// When the ledger ends, and what it owes in all.
fn reported(fleets: &Fleets, text: &str) -> (i64, i128) {
    let report = json(fleets, &["report", "--json", "--by", "lease"], text);
    (at(&report["until"]).unwrap(), micros(&report["total"]["cost"]))
}

fn is_what_was_paid(fleets: &Fleets, text: &str, story: &str) {
    let (ends, cost) = reported(fleets, text);
    let listed = json(fleets, &["lease", "list", "--json"], text);
    let lines = listed["leases"].as_array().unwrap();
    let (mut own, mut spans) = (0, BTreeMap::<_, Vec<_>>::new());
    for line in lines {
        let printed = format!("{line}\n{story}\n{lines:#?}");
        let (from, until) = (at(&line["from"]).unwrap(), at(&line["until"]).unwrap_or(ends));
        assert!(from < until && until <= ends, "{printed}");
        let hours: f64 = line["gpu_hours"].as_str().unwrap().parse().unwrap();
        if let Some(gpus) = line["gpus"].as_u64() {
            let off = hours - gpus as f64 * (until - from) as f64 / 3.6e6;
            assert!(off.abs() < 0.000_11, "{gpus} GPUs are {off} hours off: {printed}");
        }
        let lease = line["lease"].as_str().unwrap_or("assumed").to_owned();
        own += micros(&line["cost"]);
        spans
            .entry((lease, line["node"].to_string(), line["gpu"].to_string()))
            .or_default()
            .push((from, until, printed));
    }
    for spans in spans.values_mut() {
        spans.sort();
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "two at one time: {}", pair[0].2);
        }
    }
    // Each line is rounded to six decimals.
    assert!((own - cost).abs() <= lines.len() as i128, "{own} and {cost}: {story}\n{lines:#?}");
}

#[test]
fn a_list_of_leases_is_what_was_paid() {
    for seed in 0..16 {
        let mut dice = Dice(seed);
        let fleets = Fleets::new();
        let (mut story, mut text) = (format!("seed {seed}"), String::new());
        for _ in 0..2 + dice.below(3) {
            // Sometimes what was there before comes back.
            text = if dice.one_in(4) { text } else { terms(&mut dice) };
            let most = if dice.one_in(4) { 200 } else { 25 };
            let (after, seconds) = (dice.below(20), 1 + dice.below(most));
            let gpus = [8, 8, 4, 5][usize::try_from(dice.below(4)).unwrap()];
            story = format!("{story}\nafter {after} s, {seconds} s of {gpus} GPUs: {text}");
            let (after, seconds) = (i64::try_from(after).unwrap(), i64::try_from(seconds).unwrap());
            fleets.run(&Run::of(&text).after(after).seconds(seconds).gpus(gpus));
            is_what_was_paid(&fleets, &text, &story);
        }
    }
}

/// Power that is taken out of a lease and put back, and a lease that is out for an hour.
#[test]
fn terms_that_come_back_are_lines_of_their_own() {
    let fleets = Fleets::new();
    let lease = |more: &str| format!("[[lease]]\nname = \"c\"\nnode = \"gpu-01\"\nrate = \"2\"\n{more}");
    let power = lease("power = { kwh = \"100\", pue = \"1.5\" }\n");
    for text in [&power, &lease(""), &power] {
        fleets.run(&Run::of(text).after(2).seconds(30).gpus(8));
    }
    is_what_was_paid(&fleets, &power, "power out and back");
    let listed = json(&fleets, &["lease", "list", "--json"], &power);
    let gpus: Vec<_> = listed["leases"].as_array().unwrap().iter().map(|line| line["gpus"].clone()).collect();
    assert!(gpus.len() >= 3 && gpus.iter().all(|gpus| *gpus == 8), "{listed:#}");
    let fleets = Fleets::new();
    let six = "[[lease]]\nname = \"s\"\nnode = \"gpu-01\"\ngpus = 6\nrate = \"1\"\n";
    let rest = "[[lease]]\ngpu = \"H800\"\nrate = \"9\"\n";
    let both = format!("{six}{rest}");
    for text in [&both, rest, &both] {
        fleets.run(&Run::of(text).after(3).seconds(130).gpus(8));
    }
    is_what_was_paid(&fleets, &both, "six of eight out and back");
}
