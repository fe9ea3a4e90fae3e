//! The published inference day, through real sockets, the true binary and the true ledger: to the cent at any speed.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// `margintop` in the day's own zone, without anyone's configuration.
fn margintop(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_margintop"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MARGINTOP_")) {
        command.env_remove(name);
    }
    command.args(arguments).arg("--ledger").arg(home.join("day.db"));
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME").env("TZ", "Asia/Shanghai").output().unwrap()
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    let out = margintop(home, arguments);
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Dollars of an amount, for a table that is known to a percent only.
fn dollars(amount: &Value) -> f64 {
    amount.as_str().unwrap().parse().unwrap()
}

/// The hours of the published chart, read off it: income, known to a percent.
fn published_hours() -> Vec<f64> {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/economics-vectors.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    let shape = vectors.iter().find(|v| v["id"].as_str().unwrap().starts_with("V25")).unwrap();
    shape["expected"]["hourly_income_usd"].as_array().unwrap().iter().map(|income| income.as_f64().unwrap()).collect()
}

/// Nodes that were allocated on average in each of these hours.
const NODES: [f64; 24] = [
    278.0, 278.0, 278.0, 278.0, 278.0, 278.0, 278.0, 278.0, 278.0, 278.0, 278.0, 278.0, 218.0, 195.5, 150.5, 83.0,
    68.0, 68.0, 83.0, 158.0, 248.0, 278.0, 278.0, 278.0,
];

#[test]
fn the_published_day_ends_to_the_cent() {
    let home = tempfile::tempdir().unwrap();
    let drawn = home.path().join("day.svg");
    let picture = drawn.to_str().unwrap();
    // What a user's own fleet costs is no part of it.
    let folder = home.path().join(".config/margintop");
    std::fs::create_dir_all(&folder).unwrap();
    let own = "bill = \"finished\"\n[overhead]\nper_hour = \"1.00\"\n[[lease]]\ngpu = \"H800\"\nrate = \"9.00\"\n";
    std::fs::write(folder.join("margintop.toml"), own).unwrap();
    let end = json(home.path(), &["demo", "--deepseek-day", "--speed", "1000000", "--json", "--picture", picture]);
    the_picture_of_the_readme_is_current(&drawn);
    assert_eq!(end["at"], "2025-02-28T04:00:00Z");
    assert_eq!(end["tokens"]["prompt_total"], 608_000_000_000_u64);
    assert_eq!(end["tokens"]["cached_total"], 342_000_000_000_u64);
    assert_eq!(end["tokens"]["output_total"], 168_000_000_000_u64);
    let money = &end["money"];
    assert_eq!(money["revenue"], "562100.00");
    assert_eq!(money["cost"], "87072.00", "5,442 node-hours of 8 GPUs at $2");
    assert_eq!(money["profit"], "475028.00");
    assert_eq!(money["theoretical"], true);
    assert!((money["profit_on_cost"].as_f64().unwrap() - 5.455_577).abs() < 1e-6);
    assert!((money["gross_margin"].as_f64().unwrap() - 0.845_095).abs() < 1e-6);
    assert_eq!((&money["lower_bound"], &money["unpriced_tokens"]), (&Value::Bool(false), &Value::from(0)));
    // Nodes without an engine's page are paid for by the work of their unit.
    let models = end["models"].as_array().unwrap();
    assert_eq!((models.len(), &models[0]["profit_per_hour"]), (1, &money["profit_per_hour"]));
    std::fs::write(folder.join("margintop.toml"), "").unwrap();
    the_ledger_tells_the_hours(home.path());
    the_night_discount_is_what_it_took(home.path());
    let whole = margintop(home.path(), &["ledger", "verify"]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
}

/// `MARGINTOP_BLESS=1` draws it anew.
fn the_picture_of_the_readme_is_current(drawn: &Path) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/day.svg");
    let got = std::fs::read_to_string(drawn).unwrap();
    if std::env::var_os("MARGINTOP_BLESS").is_some() {
        return std::fs::write(kept, got).unwrap();
    }
    assert!(std::fs::read_to_string(kept).is_ok_and(|want| want == got), "MARGINTOP_BLESS=1 draws docs/day.svg anew");
}

fn the_ledger_tells_the_hours(home: &Path) {
    let report = json(home, &["report", "--by", "hour", "--json"]);
    let total = &report["total"];
    assert_eq!((&total["revenue"], &total["cost"]), (&Value::from("562100.00"), &Value::from("87072.00")));
    assert_eq!(total["gpu_hours"].as_f64(), Some(5442.0 * 8.0));
    let rows = report["rows"].as_array().unwrap();
    let hours: Vec<_> = rows.iter().filter(|row| !row["key"].as_str().unwrap().starts_with('(')).collect();
    assert_eq!(hours.len(), 24);
    for ((hour, published), nodes) in hours.iter().zip(published_hours()).zip(NODES) {
        let income = dollars(&hour["revenue"]);
        assert!((income / published - 1.0).abs() < 0.01, "{hour}: the chart says {published}");
        assert!((dollars(&hour["cost"]) - nodes * 16.0).abs() < 1e-9, "{hour}: {nodes} nodes");
    }
}

fn the_night_discount_is_what_it_took(home: &Path) {
    let what_if = json(home, &["report", "--what-if", "list=deepseek-r1-2025", "--json"]);
    let discounted = dollars(&what_if["total"]["revenue"]);
    assert!((discounted / 490_037.0 - 1.0).abs() < 0.01, "{discounted}");
    let folder = home.join(".config/margintop");
    std::fs::create_dir_all(&folder).unwrap();
    let pinned = "[[price]]\nmodel = \"*\"\nlist = \"deepseek-r1-2025\"\n";
    std::fs::write(folder.join("margintop.toml"), pinned).unwrap();
    let repriced = json(home, &["report", "--reprice", "--json"]);
    assert_eq!(repriced["total"]["revenue"], what_if["total"]["revenue"]);
    assert_eq!(repriced["total"]["cost"], "87072.00");
}
