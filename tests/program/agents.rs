//! A fleet of three machines on one: each has its own loopback address, an agent over its own driver, and an engine.

use crate::fake_nvml;
use crate::page;
use crate::program;
use crate::server;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::Value;

use page::{Counted, vllm};
use program::{Program, Ran, Running, micros, once};
use server::{Reply, Server};

const PINNED: &str = "[[price]]\nmodel = \"*\"\nlist = \"deepseek-r1-standard\"\n";
/// The work of the first machine's engine between two polls; the nth engine does n times as much.
const STEP: Counted = Counted::new(700_000, 400_000, 130_000);

/// One machine.
struct Machine {
    name: String,
    agent: Running,
    agent_url: String,
    engine: Server,
}

impl Machine {
    /// The nth machine of the network `127.0.NET`, with these variables for its driver.
    fn new(net: u8, nth: u8, variables: &[(&str, &str)]) -> Self {
        let (address, name) = (format!("127.0.{net}.{nth}"), format!("gpu-{nth:02}"));
        let listen = format!("{address}:0");
        let mut program = Program::new(["agent", "--listen", &listen, "--node", &name, "--interval", "100ms"]);
        program = program.driver(fake_nvml::library()).env("FAKE_NVML_SEED", nth.to_string());
        for (name, value) in variables {
            program = program.env(name, value);
        }
        let mut agent = program.start();
        let mut line = String::new();
        BufReader::new(agent.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let step = STEP.times(u64::from(nth));
        let engine =
            Server::at(&address, move |asked| Reply::page(&vllm("deepseek-r1", 3600.0, step.times(asked as u64 + 5))));
        Self { name, agent, agent_url: line.trim().to_owned(), engine }
    }

    /// Both of its targets.
    fn targets(&self) -> [String; 2] {
        [self.engine.url.clone(), self.agent_url.clone()]
    }
}

/// Polls whole machines from another one.
fn poll(machines: &[Machine]) -> Ran {
    let targets = machines.iter().flat_map(Machine::targets).collect::<Vec<_>>();
    once(targets).arg("--for").arg("800ms").config(PINNED).run()
}

fn sum(rows: &Value, key: &str) -> i128 {
    rows.as_array().unwrap().iter().map(|row| micros(&row[key])).sum()
}

fn near(value: &Value, expected: f64, tolerance: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() <= tolerance * expected.abs())
}

#[test]
fn three_machines_are_one_fleet() {
    let machines: Vec<_> = (1..=3).map(|nth| Machine::new(71, nth, &[])).collect();
    let snapshot = poll(&machines).good();
    let nodes = snapshot["nodes"].as_array().unwrap();
    let names: Vec<_> = nodes.iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gpu-01", "gpu-02", "gpu-03"]);
    let whole = serde_json::json!({"nodes_live": 3, "nodes_known": 3, "engines_live": 3, "engines_known": 3});
    assert_eq!(snapshot["coverage"], whole);
    let gpus: BTreeSet<_> = nodes
        .iter()
        .flat_map(|node| node["gpus"].as_array().unwrap())
        .collect::<Vec<_>>()
        .iter()
        .map(|gpu| gpu["uuid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((gpus.len(), &snapshot["gpus"]["count"], &snapshot["gpus"]["reporting"]), (24, &24.into(), &24.into()));
    assert!(snapshot["gpus"]["utilization"].as_f64().is_some_and(|load| load > 0.0));
    for (node, machine) in nodes.iter().zip(&machines) {
        assert_eq!((&node["name"], &node["state"]), (&machine.name.as_str().into(), &"live".into()));
        let row = snapshot["engines"].as_array().unwrap().iter().find(|row| row["target"] == machine.engine.url);
        assert_eq!(row.unwrap()["node"], node["name"]);
    }

    let money = &snapshot["money"];
    assert_eq!(sum(&snapshot["nodes"], "revenue"), micros(&money["revenue"]));
    assert!((sum(&snapshot["nodes"], "cost") - micros(&money["cost"])).abs() <= 2);
    assert!((sum(&snapshot["nodes"], "profit") - micros(&money["profit"])).abs() <= 3);
    assert_eq!(money["uncosted_revenue"], "0.00");
    assert!(near(&(micros(&money["cost_per_hour"]) as f64).into(), 24.0 * 3.7e6, 0.05), "{money}");
    let window = snapshot["window_seconds"].as_f64().unwrap();
    let steps: u64 = (1..=3).zip(&machines).map(|(nth, m)| nth * (m.engine.asked() as u64 - 1)).sum();
    assert!(near(&snapshot["cache_hit_rate"], 4.0 / 7.0, 1e-9));
    assert!(near(&snapshot["tokens"]["output_per_second"], (steps * STEP.output) as f64 / window, 0.1));
}

#[test]
fn a_machine_whose_agent_ended_is_named() {
    let mut machines: Vec<_> = (1..=2).map(|nth| Machine::new(72, nth, &[])).collect();
    assert_eq!(poll(&machines).code, Some(0));
    let took = machines[1].agent.terminate().expect("SIGTERM ends an agent");
    assert!(took < Duration::from_secs(1), "{took:?}");
    let ran = poll(&machines);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.err.lines().count(), 1);
    assert!(ran.err.contains(&machines[1].agent_url) && ran.err.contains("refused"), "{}", ran.err);
    let snapshot = ran.json();
    assert_eq!(snapshot["gpus"]["reporting"], 8);
    assert_eq!(snapshot["coverage"]["engines_known"], 3, "what never answered may be an engine");
    assert_eq!(snapshot["money"]["uncosted_engines"], 1, "one engine's GPUs are not reported");
}

#[test]
fn gpu_states_and_processes_of_an_agent_reach_the_snapshot() {
    let machines = [Machine::new(73, 1, &[("FAKE_NVML_LOST", "2"), ("FAKE_NVML_PIDS", "1")])];
    let snapshot = poll(&machines).good();
    let gpus = snapshot["nodes"][0]["gpus"].as_array().unwrap();
    assert_eq!((&gpus[2]["state"], &gpus[3]["state"]), (&"lost".into(), &"live".into()));
    assert!(gpus[2]["utilization"].is_null() && gpus[2]["reason"].as_str().unwrap().contains("the driver lost it"));
    assert_eq!(gpus[3]["processes"][0]["pid"], 1);
    assert_eq!((&snapshot["gpus"]["count"], &snapshot["gpus"]["reporting"]), (&8.into(), &7.into()));
    assert!(snapshot["alerts"].as_array().unwrap().iter().any(|alert| alert["rule"] == "gpu_lost"));
}

#[test]
fn a_machine_without_a_driver_says_so() {
    let machines = [Machine::new(74, 1, &[("FAKE_NVML_INIT", "9")])];
    let snapshot = poll(&machines).json();
    let row =
        snapshot["engines"].as_array().unwrap().iter().find(|row| row["target"] == machines[0].agent_url).cloned();
    let note = row.unwrap()["note"].as_str().unwrap().to_owned();
    assert!(note.starts_with("NVML: the library is here, but the kernel's nvidia driver is not loaded"), "{note}");
}

/// Class: an agent whose driver refuses every call shows GPUs that are live, and no reason.
#[test]
fn a_driver_that_refuses_every_call_is_reported_as_by_nvml_itself() {
    let denied = [("FAKE_NVML_GPUS", "2"), ("FAKE_NVML_DENIED", "*")];
    let of = |ran: &Ran| {
        let snapshot = ran.json();
        let gpus = snapshot["nodes"][0]["gpus"].as_array().unwrap().iter();
        let gpus: Vec<_> = gpus.map(|gpu| (gpu["state"].clone(), gpu["reason"].clone())).collect();
        let rules: BTreeSet<_> =
            snapshot["alerts"].as_array().unwrap().iter().map(|alert| alert["rule"].to_string()).collect();
        (snapshot["nodes"][0]["state"].clone(), gpus, rules.contains("\"gpu_lost\""), ran.code)
    };
    let mut direct = Program::new(["once", "--json", "--for", "800ms", "nvml:"]).driver(fake_nvml::library());
    for (name, value) in denied {
        direct = direct.env(name, value);
    }
    let direct = of(&direct.config(PINNED).run());
    let machine = Machine::new(74, 1, &denied);
    let through = of(&once([machine.agent_url.clone()]).arg("--for").arg("800ms").config(PINNED).run());
    assert_eq!(through, direct);
    assert!(
        through.2 && through.1.iter().all(|(state, reason)| *state == "stale" && reason.is_string()),
        "{through:?}"
    );
}
