//! What a configuration says of leases before anything is billed: names, numbers of GPUs, and the days of rates of exchange.
#![cfg(target_os = "linux")]

use crate::fake_nvml;
use crate::lease_watch;
use crate::program;
use crate::support;

use lease_watch::{Fleets, Run};
use margintop::config::{Settings, load_at};
use program::Program;
use support::instant;

fn load(text: &str) -> Result<Settings, String> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("margintop.toml");
    std::fs::write(&path, text).unwrap();
    load_at(Some(&path), instant("2026-03-20T10:00:00Z"))
        .map_err(|printed| printed.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// Class: a name that two leases have, so that what is said to one is done to the other.
#[test]
fn a_name_is_of_one_lease_at_a_time() {
    let lease = |node: &str, more: &str| format!("[[lease]]\nname = \"c\"\nnode = \"{node}\"\nrate = \"2\"\n{more}");
    for (first, second) in [
        (lease("a", ""), lease("b", "")),
        (lease("a", "gpus = 2\n"), lease("b", "gpus = 2\n")),
        (lease("a", "gpus = 2\n"), lease("a", "gpus = 4\n")),
        (lease("a", "until = \"2026-04-01T00:00:00Z\"\n"), lease("b", "from = \"2026-03-31T23:59:59Z\"\n")),
    ] {
        let why = load(&format!("{first}{second}")).unwrap_err();
        let line = first.lines().count() + 1;
        assert!(
            why.contains(&format!(":{line}:")) && why.contains("it and lease 1 are named \"c\" at one time"),
            "{why}"
        );
        assert!(why.contains("\"c 2\"") && why.contains("until"), "what to write: {why}");
    }
    let then = "until = \"2026-04-01T00:00:00Z\"\n";
    let next = "from = \"2026-04-01T00:00:00Z\"\n";
    for (text, leases) in [
        (lease("a", then) + &lease("b", next), 2),
        (lease("a", then) + &lease("a", next), 2),
        (lease("a", "") + &lease("b", "").replace("\"c\"", "\"d\""), 2),
        // One lease at two rates of exchange.
        (
            "[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"1.1\"\nat = \"2026-01-01\"\n\
             [[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"1.2\"\nat = \"2026-02-01\"\n"
                .to_owned()
                + &lease("a", "currency = \"EUR\"\n"),
            2,
        ),
    ] {
        assert_eq!(load(&text).map(|settings| settings.leases.len()), Ok(leases), "{text}");
    }
}

/// A rate of exchange is of a day, and a day is the ledger's.
#[test]
fn a_rate_of_exchange_begins_with_the_day_of_the_zone() {
    for (zone, begins) in [
        ("UTC", "2026-03-29T00:00:00Z"),
        ("Asia/Shanghai", "2026-03-28T16:00:00Z"),
        ("America/New_York", "2026-03-29T04:00:00Z"),
        ("+05:30", "2026-03-28T18:30:00Z"),
        // Clocks are set there at midnight: the day begins at one.
        ("America/Asuncion", "2026-03-29T03:00:00Z"),
    ] {
        let fx = |rate: &str, day: &str| {
            format!("[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"{rate}\"\nat = \"{day}\"\n")
        };
        let lease = "[[lease]]\nnode = \"a\"\ngpus = 1\nrate = \"1\"\ncurrency = \"EUR\"\n";
        let text = format!("timezone = \"{zone}\"\n{}{}{lease}", fx("1.1", "2026-01-01"), fx("1.2", "2026-03-29"));
        let leases = load(&text).unwrap().leases;
        assert_eq!(leases[1].from, Some(instant(begins)), "{zone}");
        assert_eq!(leases[0].until, leases[1].from, "{zone}");
    }
    for day in ["2026-02-30", "2026-3-1", "soon", "2026-03-01T00:00:00Z", ""] {
        let text = format!("[[fx]]\nfrom = \"EUR\"\nto = \"USD\"\nrate = \"1\"\nat = \"{day}\"\n");
        assert!(load(&text).unwrap_err().contains("is not a day: write it like"), "{day}");
    }
}

#[test]
fn fewer_gpus_than_a_node_has_are_said() {
    let fleets = Fleets::new();
    fleets.run(&Run::of("").seconds(5).gpus(8));
    let printed = |text: &str| {
        let arguments = ["config", "check", "--ledger", fleets.path().to_str().unwrap()];
        Program::new(arguments).config(text).run().out
    };
    let lease = |gpus: u32| format!("[[lease]]\nnode = \"gpu-01\"\ngpus = {gpus}\nrate = \"2.50\"\n");
    let out = printed(&lease(1));
    assert!(out.contains("lease 1: node gpu-01: 1 GPU x 2.50 = 2.50 USD an hour; 8 are known there"), "{out}");
    assert!(out.contains("write gpus = 8 if it is for all") && out.contains("no lease covers 7 of 8 GPUs"), "{out}");
    assert!(!printed(&lease(8)).contains("known there"), "{}", printed(&lease(8)));
    assert!(
        printed(&lease(16)).contains("16 GPUs x 2.50 = 40.00 USD an hour; 8 GPUs are known there"),
        "{}",
        printed(&lease(16))
    );
}

/// Class: a cost that is unknown without a reason given.
#[test]
fn an_assumed_rate_in_another_currency_says_what_to_write() {
    let once = |text: &str| {
        let program = Program::new(["once", "--json", "--for", "300ms", "nvml:"]);
        program.driver(fake_nvml::library()).config(text).run().good()
    };
    let alert = |printed: &serde_json::Value| {
        let all = printed["alerts"].as_array().unwrap().iter();
        all.filter(|alert| alert["rule"] == "rate_unknown")
            .map(|alert| alert["text"].as_str().unwrap().to_owned())
            .next()
    };
    let bare = once("currency = \"CNY\"\n");
    assert!(bare["money"]["cost"].is_null(), "{}", bare["money"]);
    let text = alert(&bare).unwrap_or_else(|| panic!("{:#}", bare["alerts"]));
    for words in
        ["USD an hour, and the ledger is in CNY", "[[fx]] from = \"USD\" to = \"CNY\"", "[[lease]] gpu = \"H100\""]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let fx = "[[fx]]\nfrom = \"USD\"\nto = \"CNY\"\nrate = \"7.1\"\nat = \"2025-01-01\"\n";
    let lease = "[[lease]]\ngpu = \"H100\"\nrate = \"20\"\n";
    for more in [fx, lease] {
        let printed = once(&format!("currency = \"CNY\"\n{more}"));
        assert_eq!(alert(&printed), None, "{more}");
        assert!(!printed["money"]["cost"].is_null(), "{more}");
    }
    assert_eq!(alert(&once("")), None);
}

/// Class: a lease that could never pay for anything, and says nothing about it.
#[test]
fn what_no_gpu_node_or_unit_can_be_called_is_refused() {
    for (subject, why) in [
        ("gpu = \"\"", "names no GPU"),
        ("gpu = \" - \"", "names no GPU"),
        ("node = \"\"", "an empty name"),
        ("unit = \"  \"", "an empty name"),
        ("node = \"gpu-*\"", "one node by its name"),
        ("unit = \"decode-?\"", "one unit by its name"),
    ] {
        let printed = load(&format!("[[lease]]\n{subject}\nrate = \"2\"\n")).unwrap_err();
        assert!(printed.contains(why) && printed.contains(":2:"), "{subject}: {printed}");
    }
    load("[[lease]]\ngpu = \"*\"\nrate = \"2\"\n").unwrap();
}
