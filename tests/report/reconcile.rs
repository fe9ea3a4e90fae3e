//! `margintop reconcile` on a ledger's file: an invoice that agrees, one that does not, and spend by day.

use crate::program;
use crate::random_ledger;

use std::path::Path;

use program::Program;
use random_ledger::random_ledger;
use serde_json::Value;

fn run(path: &Path, arguments: &[&str]) -> program::Ran {
    Program::new(arguments).env("MARGINTOP_LEDGER", path).run()
}

/// What the ledger pays for each lease that has a name.
fn leases(path: &Path) -> Vec<(String, f64, String)> {
    let printed = run(path, &["report", "--by", "lease", "--json"]).good();
    let rows = printed["rows"].as_array().unwrap().iter();
    let of = |row: &Value| {
        let key = row["key"].as_str().unwrap().to_owned();
        let named = row["is_key"] == true && !key.contains("assumed") && !key.contains("(rounding)");
        named.then(|| (key, row["gpu_hours"].as_f64().unwrap(), row["cost"].as_str().unwrap().to_owned()))
    };
    rows.filter_map(of).collect()
}

#[test]
fn an_invoice_of_the_ledgers_own_costs_agrees_and_a_changed_one_does_not() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    // A ledger without rounding under a lease's name, whose invoice has it in the lease's line.
    let seed = (0..40).find(|seed| {
        let _ = std::fs::remove_file(&path);
        random_ledger(&path, *seed);
        let printed = run(&path, &["report", "--by", "lease", "--json"]).out;
        leases(&path).len() == 2 && !printed.contains("one (rounding)") && !printed.contains("two (rounding)")
    });
    assert!(seed.is_some());
    let billed = leases(&path);
    let file = home.path().join("invoice.csv");
    let invoice = |more: &str| {
        let lines: Vec<_> = billed.iter().map(|(name, hours, cost)| format!("{name},{hours},{cost}")).collect();
        std::fs::write(&file, format!("lease,hours,amount\n{}\n{more}", lines.join("\n"))).unwrap();
        run(&path, &["reconcile", file.to_str().unwrap()])
    };
    let ran = invoice("");
    assert!(ran.code == Some(0) && ran.out.ends_with("all of it agrees\n"), "{ran:?}");
    let ran = invoice("on the moon,1,7.00\n");
    assert!(ran.out.contains("on the moon: unknown, 7.00"), "{ran:?}");
    // A date of the file is its span.
    std::fs::write(&file, format!("lease,hours,amount,date\n{},1,1.00,2024-10-01\n", billed[0].0)).unwrap();
    let ran = run(&path, &["reconcile", file.to_str().unwrap()]);
    assert!(
        ran.code == Some(2) && ran.err.contains("the file's dates, 2024-10-01 to 2024-10-01, say the span"),
        "{ran:?}"
    );
    let ran = run(&path, &["reconcile", file.to_str().unwrap(), "--since", "2020-01-01", "--until", "2030-01-01"]);
    assert!(ran.code == Some(0) && !ran.out.contains("say the span"), "{ran:?}");
    let ran = invoice("total,,1.00\n");
    assert!(ran.code == Some(2) && ran.err.contains("the lines above add up to"), "{ran:?}");
    let printed = run(&path, &["reconcile", file.to_str().unwrap(), "--json"]);
    assert_eq!((printed.code, printed.out.as_str()), (Some(2), ""));
}

#[test]
fn spend_is_of_its_own_days() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("ledger.db");
    random_ledger(&path, 3);
    let day = |report: &Value| report["rows"].as_array().unwrap().iter().find(|row| row["key"] == "m").cloned();
    let (nth, row) = (1..=12)
        .find_map(|nth| {
            let (since, until) = (format!("2026-03-{nth:02}"), format!("2026-03-{:02}", nth + 1));
            let printed =
                run(&path, &["report", "--by", "model", "--since", &since, "--until", &until, "--json"]).good();
            day(&printed).filter(|row| row["revenue"] != "0.00").map(|row| (nth, row))
        })
        .unwrap();
    let count = |field: &str| row[field].as_u64().unwrap();
    let file = home.path().join("spend.csv");
    let lines = format!(
        "date,model,prompt_tokens,completion_tokens,cache_read_input_tokens,spend\n2026-03-{nth:02},hosted_vllm/M,{},{},{},{}\n",
        count("prompt_tokens"),
        count("output_tokens"),
        count("cached_tokens"),
        row["revenue"].as_str().unwrap()
    );
    std::fs::write(&file, lines).unwrap();
    let printed = run(&path, &["reconcile", file.to_str().unwrap(), "--json"]).good();
    assert_eq!((&printed["schema"], &printed["kind"]), (&"margintop-reconcile/1".into(), &"spend".into()));
    assert!(printed["since"].as_str().unwrap().starts_with(&format!("2026-03-{nth:02}")), "{printed}");
    let line = printed["rows"].as_array().unwrap().iter().find(|line| line["key"] == "m").unwrap();
    assert_eq!(line["file"], row["revenue"]);
    assert!(line["difference"] == "0.00" || line["causes"][0]["cause"] == "rounding", "{line}");
}
