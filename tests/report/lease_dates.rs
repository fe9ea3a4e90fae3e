//! The dates and numbers of GPUs that `lease list` says after the terms of leases have changed, also inside a minute.
#![cfg(target_os = "linux")]

use crate::lease_watch;
use crate::program;

use lease_watch::{Fleets, Run};
use program::Program;
use serde_json::Value;

fn json(fleets: &Fleets, arguments: &[&str], text: &str) -> Value {
    Program::new(arguments).config(text).env("MARGINTOP_LEDGER", fleets.path()).run().good()
}

/// Node, lease, GPUs, from and until of each line; times without their day.
fn lines(fleets: &Fleets, text: &str) -> Vec<(String, String, String, String)> {
    let printed = json(fleets, &["lease", "list", "--json"], text);
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.replace("2025-03-10T", ""));
    let line = |line: &Value| {
        let what = format!("{} at {}", cell(&line["node"]), cell(&line["rate"]));
        (what, cell(&line["gpus"]), cell(&line["from"]), cell(&line["until"]))
    };
    printed["leases"].as_array().unwrap().iter().map(line).collect()
}

fn line(what: &str, gpus: &str, from: &str, until: &str) -> (String, String, String, String) {
    (what.to_owned(), gpus.to_owned(), from.to_owned(), until.to_owned())
}

fn lease(node: &str, gpus: u32, rate: &str, more: &str) -> String {
    format!("[[lease]]\nname = \"c\"\nnode = \"{node}\"\ngpus = {gpus}\nrate = \"{rate}\"\n{more}")
}

#[test]
fn terms_that_changed_have_their_own_gpus_and_dates() {
    for (first, until) in [(150, "10:02:30Z"), (185, "10:03:05Z"), (10, "10:00:10Z")] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(&lease("gpu-01", 4, "2.50", "")).seconds(first).gpus(2));
        let next = lease("gpu-01", 6, "3.50", "");
        fleets.run(&Run::of(&next).after(2).seconds(130).gpus(2));
        let printed = lines(&fleets, &next);
        assert_eq!(
            printed,
            [line("gpu-01 at 2.50", "4", "10:00:00Z", until), line("gpu-01 at 3.50", "6", until, "null")],
            "{first}"
        );
    }
}

/// Both terms inside the ledger's first minute.
#[test]
fn terms_of_a_few_seconds_have_them_too() {
    let fleets = Fleets::new();
    fleets.run(&Run::of(&lease("gpu-01", 4, "2.50", "")).after(20).seconds(10).gpus(2));
    let next = lease("gpu-01", 4, "3.50", "until = \"2025-03-10T10:00:46Z\"\n");
    fleets.run(&Run::of(&next).after(2).seconds(20).gpus(2));
    let mut printed = lines(&fleets, &next);
    printed.retain(|(what, ..)| !what.ends_with("2.00"));
    assert_eq!(
        printed,
        [line("gpu-01 at 2.50", "4", "10:00:20Z", "10:00:30Z"), line("gpu-01 at 3.50", "4", "10:00:30Z", "10:00:46Z")]
    );
}

#[test]
fn a_lease_that_moved_to_another_node_ended_on_the_first() {
    for (first, until) in [(125, "10:02:05Z"), (10, "10:00:10Z")] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(&lease("gpu-07", 4, "2.50", "")).seconds(first).gpus(0));
        let next = lease("gpu-08", 4, "2.50", "");
        fleets.run(&Run::of(&next).after(2).seconds(130).gpus(0));
        let printed = lines(&fleets, &next);
        assert_eq!(
            printed,
            [line("gpu-07 at 2.50", "4", "10:00:00Z", until), line("gpu-08 at 2.50", "4", until, "null")],
            "{first}"
        );
    }
}

#[test]
fn the_rate_after_a_lease_begins_at_its_end() {
    let fleets = Fleets::new();
    let text = lease("gpu-01", 8, "2.50", "until = \"2025-03-10T10:01:17Z\"\n");
    fleets.run(&Run::of(&text).seconds(200).gpus(8));
    let printed = lines(&fleets, &text);
    assert!(printed.contains(&line("gpu-01 at 2.50", "8", "10:00:00Z", "10:01:17Z")), "{printed:?}");
    assert!(printed.contains(&line("gpu-01 at 2.00", "8", "10:01:17Z", "null")), "{printed:?}");
}

#[test]
fn terms_under_another_label_and_an_end_by_hand_inside_a_minute_are_dated() {
    let fleets = Fleets::new();
    let unnamed = lease("gpu-01", 4, "2.50", "").replace("name = \"c\"\n", "");
    fleets.run(&Run::of(&unnamed).seconds(10).gpus(2));
    let named = lease("gpu-01", 4, "2.50", "");
    fleets.run(&Run::of(&named).after(2).seconds(20).gpus(2));
    let printed = lines(&fleets, &named);
    assert_eq!(
        printed,
        [line("gpu-01 at 2.50", "4", "10:00:00Z", "10:00:10Z"), line("gpu-01 at 2.50", "4", "10:00:10Z", "null")]
    );
    // The rate that is assumed after an end inside the ledger's first minute.
    let fleets = Fleets::new();
    let text = lease("gpu-01", 2, "2.50", "until = \"2025-03-10T10:00:16Z\"\n");
    fleets.run(&Run::of(&text).seconds(40).gpus(2));
    let printed = lines(&fleets, &text);
    assert!(printed.contains(&line("gpu-01 at 2.00", "2", "10:00:16Z", "null")), "{printed:?}");
    // More GPUs were paid before, under the same name and rate: how many is not known.
    let fleets = Fleets::new();
    fleets.run(&Run::of(&lease("gpu-01", 4, "2.50", "")).seconds(100).gpus(0));
    let fewer = lease("gpu-01", 1, "2.50", "");
    fleets.run(&Run::of(&fewer).seconds(20).gpus(0));
    assert_eq!(lines(&fleets, &fewer), [line("gpu-01 at 2.50", "null", "10:00:00Z", "null")]);
    let fleets = Fleets::new();
    fleets.run(&Run::of(&named).seconds(20).gpus(8));
    fleets.end("gpu-01", "2025-03-10T10:00:14Z");
    fleets.run(&Run::of(&named).after(1).seconds(20).gpus(8));
    for (what, _, from, until) in lines(&fleets, &named) {
        assert!(until == "null" || from < until, "{what} from {from} until {until}");
    }
}

/// Class: dates of a lease in a report that are those of the buckets that it was read in.
#[test]
fn a_report_by_lease_and_the_list_have_the_same_dates() {
    for seconds in [1_700, 9_000] {
        let fleets = Fleets::new();
        let leases = |rate: &str| {
            let ends = "until = \"2025-03-10T10:21:24Z\"\n";
            let of = |node: &str, rate: &str, more: &str| {
                format!("[[lease]]\nnode = \"{node}\"\ngpus = 8\nrate = \"{rate}\"\n{more}")
            };
            of("gpu-01", "2.50", ends) + &of("gpu-02", rate, "")
        };
        let text = leases("1.50");
        fleets.run(&Run::of(&text).after(43).seconds(seconds / 2).gpus(8));
        let text = leases("1.70");
        fleets.run(&Run::of(&text).seconds(seconds / 2).gpus(8));
        let report = |more: &[&str]| json(&fleets, &[&["report", "--json", "--by", "lease"], more].concat(), &text);
        let all = report(&[]);
        let row = |report: &Value, key: &Value| {
            let rows = report["rows"].as_array().unwrap();
            rows.iter().find(|row| row["key"] == *key).unwrap_or_else(|| panic!("{key}: {rows:?}")).clone()
        };
        let printed = json(&fleets, &["lease", "list", "--json"], &text)["leases"].clone();
        for printed in printed.as_array().unwrap().iter().filter(|printed| !printed["lease"].is_null()) {
            let row = row(&all, &printed["lease"]);
            assert_eq!(row["start"], printed["from"], "{row} {printed}");
            assert_eq!(
                row["end"],
                if printed["until"].is_null() { all["until"].clone() } else { printed["until"].clone() }
            );
        }
        // The rows of a part are of the part.
        let part = report(&["--since", "2025-03-10T10:05Z", "--until", "2025-03-10T10:12Z"]);
        let first = row(&part, &"8 x gpu-01 at 2.50".into());
        let span = (&first["start"], &first["end"]);
        assert_eq!(span, (&"2025-03-10T10:05:00Z".into(), &"2025-03-10T10:12:00Z".into()));
    }
}

/// Class: dates before the ledger began.
#[test]
fn a_report_by_lease_and_the_list_begin_with_the_ledger() {
    for seconds in [30, 200, 5000] {
        let fleets = Fleets::new();
        let text = lease("gpu-01", 8, "2.50", "") + "[[lease]]\nnode = \"gpu-02\"\ngpus = 1\nrate = \"1.00\"\n";
        fleets.run(&Run::of(&text).after(43).seconds(seconds).gpus(8));
        let report = json(&fleets, &["report", "--json", "--by", "lease"], &text);
        for printed in json(&fleets, &["lease", "list", "--json"], &text)["leases"].as_array().unwrap() {
            assert_eq!(printed["from"], "2025-03-10T10:00:43Z", "{printed}");
            let rows = report["rows"].as_array().unwrap();
            let row =
                rows.iter().find(|row| row["key"] == printed["lease"]).unwrap_or_else(|| panic!("{printed} {rows:?}"));
            assert_eq!(row["start"], printed["from"], "{row}");
        }
    }
}
