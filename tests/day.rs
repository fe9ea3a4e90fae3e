//! The published inference day, through real sockets and the true binary: to the cent at any speed.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;

use serde_json::Value;

#[test]
fn the_published_day_ends_to_the_cent() {
    let home = tempfile::tempdir().unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_margintop"))
        .args(["demo", "--deepseek-day", "--speed", "1000000", "--json"])
        .env("HOME", home.path())
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let end: Value = serde_json::from_slice(&out.stdout).unwrap();
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
}
