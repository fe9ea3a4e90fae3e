//! What `lease list` and `config check` say of leases, on ledgers that were kept over several runs.
#![cfg(target_os = "linux")]

use crate::lease_watch;
use crate::program;

use lease_watch::{Fleets, Run};
use program::Program;
use serde_json::Value;

const OF_NODE: &str = "[[lease]]\nnode = \"gpu-01\"\n";

fn ran(fleets: &Fleets, arguments: &[&str], text: &str) -> program::Ran {
    Program::new(arguments).config(text).env("MARGINTOP_LEDGER", fleets.path()).run()
}

fn listed(fleets: &Fleets, text: &str) -> Vec<Value> {
    let ran = ran(fleets, &["lease", "list", "--json"], text);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["schema"], "margintop-leases/1");
    answer["leases"].as_array().unwrap().clone()
}

fn field<'a>(lines: &'a [Value], lease: &str, key: &str) -> &'a Value {
    &lines.iter().find(|line| line["lease"] == lease).unwrap_or_else(|| panic!("no {lease} in {lines:?}"))[key]
}

#[test]
fn a_lease_has_its_node_gpus_rate_dates_hours_and_cost() {
    let fleets = Fleets::new();
    let text = format!("{OF_NODE}gpus = 8\nrate = \"2.50\"\nuntil = \"2025-03-10T10:30:00Z\"\n")
        + &format!("{OF_NODE}rate = \"3.60\"\nfrom = \"2025-03-10T10:30:00Z\"\n");
    fleets.run(&Run::of(&text).seconds(3600).gpus(8));
    let lines = listed(&fleets, &text);
    let first = |key| field(&lines, "8 x gpu-01 at 2.50", key);
    assert_eq!((first("node"), first("gpus"), first("rate")), (&"gpu-01".into(), &8.into(), &"2.50".into()));
    assert_eq!(first("until"), "2025-03-10T10:30:00Z", "an ended one ends at its end");
    assert_eq!((first("gpu_hours"), first("cost")), (&"4.0000".into(), &"10.00".into()));
    let next = |key| field(&lines, "gpu-01 at 3.60", key);
    assert_eq!((next("gpus"), next("from"), next("until")), (&8.into(), &"2025-03-10T10:30:00Z".into(), &Value::Null));
    assert_eq!((next("gpu_hours"), next("cost")), (&"4.0000".into(), &"14.40".into()));
    let table = ran(&fleets, &["lease", "list"], &text).out;
    let mut rows = table.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()));
    let head: Vec<&str> = rows.next().unwrap().collect();
    assert_eq!(
        head,
        ["NODE", "UNIT", "GPUS", "LEASE", "RATE/GPU-H", "FROM", "UNTIL", "GPU-HOURS", "POWER", "COST USD"]
    );
    assert!(table.contains("gpu-01 at 3.60") && table.contains("open") && table.contains("14.40"), "{table}");
    assert!(table.contains("  in the rate  ") && first("power").is_null(), "{table}");
}

/// Class: a cost that includes power and does not say so.
#[test]
fn metered_power_is_said_with_its_price() {
    let fleets = Fleets::new();
    let text = format!("{OF_NODE}rate = \"2\"\n[lease.power]\nkwh = \"0.10\"\npue = \"1.2\"\n");
    fleets.run(&Run::of(&text).seconds(120).gpus(8));
    let lines = listed(&fleets, &text);
    let power = field(&lines, "gpu-01 at 2.00", "power");
    assert_eq!((&power["kwh_price"], &power["pue"]), (&"0.10".into(), &"1.20".into()), "{lines:?}");
    let table = ran(&fleets, &["lease", "list"], &text).out;
    assert!(table.contains(" kWh at 0.10 x 1.20  "), "{table}");
    let checked = ran(&fleets, &["config", "check"], &text).out;
    let line = "lease 1: node gpu-01: 8 GPUs x 2.00 = 16.00 USD an hour, and metered power at 0.10 x 1.20 USD a kWh";
    assert!(checked.lines().any(|said| said == line), "{checked}");
}

#[test]
fn terms_that_changed_and_ends_by_hand_are_lines_with_an_end() {
    let text = |rate: &str, more: &str| format!("{OF_NODE}gpus = 8\nrate = \"{rate}\"\n{more}");
    let fleets = Fleets::new();
    fleets.run(&Run::of(&text("2.50", "")).seconds(120).gpus(0));
    fleets.run(&Run::of(&text("3.50", "name = \"acme 17\"\n")).seconds(120).gpus(0));
    let lines = listed(&fleets, &text("3.50", "name = \"acme 17\"\n"));
    assert_eq!(field(&lines, "8 x gpu-01 at 2.50", "until"), "2025-03-10T10:02:00Z");
    assert_eq!(field(&lines, "acme 17", "until"), &Value::Null);
    fleets.end("gpu-01", "2025-03-10T10:03:30Z");
    fleets.run(&Run::of(&text("3.50", "name = \"acme 17\"\n")).seconds(120).gpus(0));
    let lines = listed(&fleets, &text("3.50", "name = \"acme 17\"\n"));
    assert_eq!(field(&lines, "acme 17", "until"), "2025-03-10T10:03:30Z");
    assert_eq!(field(&lines, "acme 17", "gpu_hours"), "0.2000");
}

/// Class: an end by hand that is no longer to be seen once the same GPUs are paid again.
#[test]
fn gpus_that_report_after_an_end_by_hand_are_a_second_line() {
    let text = "[[lease]]\ngpu = \"H800\"\nname = \"acme 17\"\nrate = \"2.50\"\n";
    for (at, hours) in [
        // In the minute of the last poll, in the one before it, and at the edge between them.
        ("2025-03-10T10:02:09.732Z", ["0.2883", "0.0222"]),
        ("2025-03-10T10:01:30Z", ["0.2000", "0.0222"]),
        ("2025-03-10T10:02:00Z", ["0.2667", "0.0222"]),
        ("2025-03-10T10:00:20Z", ["0.0444", "0.0222"]),
    ] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(text).seconds(130).gpus(8));
        fleets.end("gpu-01", at);
        for (seconds, hours) in [(10, hours), (200, [hours[0], "0.4667"]), (7_200, [hours[0], "16.4667"])] {
            fleets.run(&Run::of(text).seconds(seconds).gpus(8));
            let lines = listed(&fleets, text);
            let column = |key: &str| lines.iter().map(|line| line[key].clone()).collect::<Vec<_>>();
            let until = if at.ends_with("732Z") { at.to_owned() } else { at.replace(".000", "") };
            assert_eq!(column("until"), [until.into(), Value::Null], "{at}, {seconds} s: {lines:?}");
            assert_eq!(column("from"), ["2025-03-10T10:00:00Z", "2025-03-10T10:02:10Z"], "{at}, {seconds} s");
            assert_eq!(column("gpus"), [8, 8], "{at}, {seconds} s: {lines:?}");
            assert_eq!(column("gpu_hours"), hours, "{at}, {seconds} s: {lines:?}");
        }
    }
}

/// Class: ends by hand of which only the last one is known.
#[test]
fn each_end_by_hand_is_a_line() {
    let text = "[[lease]]\nunit = \"d\"\nname = \"acme 17\"\nrate = \"2.50\"\nrounding = \"hour\"\n";
    let fleets = Fleets::new();
    let run = |seconds| fleets.run(&Run::of(text).unit("d").seconds(seconds).gpus(8));
    run(100);
    for end in ["2025-03-10T10:01:38Z", "2025-03-10T10:03:18Z"] {
        fleets.end("gpu-01", end);
        run(100);
    }
    let lines = listed(&fleets, text);
    let column = |key: &str| lines.iter().map(|line| line[key].clone()).collect::<Vec<_>>();
    assert_eq!(
        column("until"),
        ["2025-03-10T10:01:38Z".into(), "2025-03-10T10:03:18Z".into(), Value::Null],
        "{lines:?}"
    );
    assert_eq!(column("from"), ["2025-03-10T10:00:00Z", "2025-03-10T10:01:40Z", "2025-03-10T10:03:20Z"]);
    // Eight GPUs of which each is paid for a whole hour, at each end.
    assert_eq!(column("gpu_hours"), ["0.2178", "0.2178", "0.2222"], "{lines:?}");
    assert_eq!(column("rounding"), ["19.455556".into(), "19.455556".into(), Value::Null], "{lines:?}");
    assert_eq!(column("cost"), ["20.00", "20.00", "0.555556"], "{lines:?}");
    let table = ran(&fleets, &["lease", "list"], text).out;
    assert!(table.contains("ROUNDING") && table.lines().nth(1).unwrap().contains("  19.455556  "), "{table}");
}

/// Class: an end by hand that is printed at another instant than it is kept at, or whose consequence is not said.
#[test]
fn an_end_by_hand_says_what_comes_of_it() {
    let text = "[[lease]]\ngpu = \"H800\"\nname = \"acme\"\nrate = \"2.50\"\n";
    let fleets = Fleets::new();
    let run = || fleets.run(&Run::of(text).seconds(100).gpus(8));
    let end = |at: &str| ran(&fleets, &["lease", "end", "acme", "--at", at], text);
    run();
    let ended = end("2025-03-10T10:01:30Z");
    assert_eq!(
        ended.out,
        "the lease of gpu-01 ends at 2025-03-10T10:01:30Z; rent posted after it is taken back by the process that keeps \
         the ledger\ngpu-01 had 8 GPUs at its last report: those that still report are paid again from their next report \
         on, and lease list shows that as a line of its own\n"
    );
    run();
    // They are paid since 10:01:40, and no end before that would take the earlier time back.
    let refused = end("2025-03-10T10:01:00Z");
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{refused:?}");
    let said = "--at 2025-03-10T10:01:00Z: gpu-01 is paid since 2025-03-10T10:01:40Z, after an earlier end or gap; name an \
                instant after that";
    assert!(refused.err.contains(said), "{refused:?}");
    let scheduled = format!("{OF_NODE}gpus = 8\nrate = \"2\"\n");
    let fleets = Fleets::new();
    fleets.run(&Run::of(&scheduled).seconds(100).gpus(0));
    let ended = ran(&fleets, &["lease", "end", "gpu-01", "--at", "2025-03-10T10:01:30Z"], &scheduled);
    assert_eq!(ended.out.lines().count(), 1, "no GPU of it reports: {ended:?}");
}

#[test]
fn an_assumed_rate_is_a_line_too() {
    let fleets = Fleets::new();
    fleets.run(&Run::of("").seconds(120).gpus(8));
    let lines = listed(&fleets, "");
    assert_eq!((lines.len(), &lines[0]["lease"], &lines[0]["gpus"]), (1, &Value::Null, &8.into()));
    assert_eq!((&lines[0]["from"], &lines[0]["until"]), (&"2025-03-10T10:00:00Z".into(), &Value::Null));
}

#[test]
fn config_check_says_which_gpus_no_lease_or_two_leases_cover() {
    let fleets = Fleets::new();
    fleets.run(&Run::of("").seconds(60).gpus(8));
    let printed = |text: &str, line: &str| {
        let ran = ran(&fleets, &["config", "check"], text);
        assert!(ran.code == Some(0) && ran.out.lines().any(|said| said == line), "{line} in {ran:?}");
        ran
    };
    let none = "node gpu-01: no lease covers 8 of 8 GPUs (NVIDIA H800): an assumed rate of 2.00 USD per GPU and hour pays; \
                write a [[lease]]";
    printed("", none);
    let two = "[[lease]]\ngpu = \"H800\"\ngpus = 2\nrate = \"5\"\n";
    printed(two, "lease 1: node gpu-01: 2 GPUs x 5.00 = 10.00 USD an hour");
    printed(two, &none.replace("8 of 8", "6 of 8"));
    let both = "[[lease]]\ngpu = \"H800\"\nrate = \"2\"\n[[lease]]\nnode = \"gpu-01\"\nrate = \"3\"\n";
    printed(
        both,
        "node gpu-01: leases 1 and 2 cover 8 GPUs (NVIDIA H800) at one time: lease 1 pays; end one with until where the \
         other begins with from, or write how many GPUs the first is for, gpus = 2",
    );
    let counted = format!("{OF_NODE}gpus = 8\nrate = \"2\"\n{OF_NODE}gpus = 8\nrate = \"3\"\n");
    printed(
        &counted,
        "node gpu-01: leases 1 and 2 pay for 16 GPUs at one time, and 8 are known: end one with until where the other \
         begins with from, or write how many GPUs each is for",
    );
    // Successors do not overlap, and a lease that ended covers nothing.
    let turn = format!("{OF_NODE}rate = \"2\"\nuntil = \"2025-04-01T00:00:00Z\"\n")
        + &format!("{OF_NODE}rate = \"3\"\nfrom = \"2025-04-01T00:00:00Z\"\n");
    let ran = ran(&fleets, &["config", "check"], &turn);
    assert!(!ran.out.contains("at one time") && !ran.err.contains("at one time"), "{ran:?}");
    let over = format!("{OF_NODE}rate = \"2\"\nuntil = \"2025-04-01T00:00:00Z\"\n");
    printed(&over, none);
    printed(
        &over,
        "lease 1: node gpu-01: 8 GPUs x 2.00 = 16.00 USD an hour; it ended at 2025-04-01T00:00:00Z and pays no more",
    );
    let ahead = format!("{OF_NODE}gpus = 8\nrate = \"2\"\nfrom = \"2100-01-01T00:00:00Z\"\n");
    printed(&ahead, "lease 1: node gpu-01: 8 GPUs x 2.00 = 16.00 USD an hour; it begins at 2100-01-01T00:00:00Z");
}

/// Class: a lease that is ended by its name, whatever it is for.
#[test]
fn a_lease_ends_by_its_name_where_it_pays_for_whole_nodes() {
    let at = "2025-03-10T10:02:00Z";
    let end = |fleets: &Fleets, text: &str, name: &str| ran(fleets, &["lease", "end", name, "--at", at], text);
    for (subject, name) in [
        ("node = \"gpu-01\"\nname = \"acme\"\n", "acme"),
        ("node = \"gpu-01\"\ngpus = 8\nname = \"acme\"\n", "acme"),
        ("gpu = \"H800\"\nname = \"acme\"\n", "acme"),
        ("gpu = \"H800\"\n", "H800 at 2.50"),
        ("unit = \"d\"\nname = \"acme\"\n", "acme"),
    ] {
        let fleets = Fleets::new();
        let text = format!("[[lease]]\n{subject}rate = \"2.50\"\n");
        fleets.run(&Run::of(&text).unit("d").seconds(300).gpus(8));
        let ran = end(&fleets, &text, name);
        assert!(
            ran.code == Some(0) && ran.out.starts_with("the lease of gpu-01 ends at 2025-03-10T10:02:00Z"),
            "{text}: {ran:?}"
        );
        fleets.run(&Run::of(&text).unit("d").seconds(60).gpus(0));
        assert_eq!(fleets.all(), 8 * 120_000, "{text}");
    }
    let fleets = Fleets::new();
    let text = "[[lease]]\ngpu = \"H800\"\ngpus = 2\nname = \"two\"\nrate = \"5\"\n[[lease]]\nunit = \"d\"\ngpus = 4\nrate = \"1\"\n";
    fleets.run(&Run::of(text).seconds(60).gpus(8));
    for (name, said) in [
        ("two", "pays for 2 of the 8 GPUs of node gpu-01, which ends whole: set until = \"2025-03-10T10:02:00Z\""),
        ("4 x d at 1.00", "only nodes are ended by hand: set until"),
        ("three", "running leases are \"4 x d at 1.00\", \"two\""),
    ] {
        let ran = end(&fleets, text, name);
        assert!(ran.code == Some(2) && ran.err.contains(said), "{name}: {ran:?}");
    }
}

/// Class: a lease that would never be paid, because another one is for the very same GPUs at the same time.
#[test]
fn leases_that_contradict_each_other_are_refused_with_what_to_write() {
    let fleets = Fleets::new();
    let april = "2025-04-01T00:00:00Z";
    for (first, second) in [
        ("rate = \"2\"\n".to_owned(), "rate = \"3\"\n".to_owned()),
        ("rate = \"2\"\n".to_owned(), format!("rate = \"3\"\nfrom = \"{april}\"\n")),
        (format!("rate = \"2\"\nfrom = \"{april}\"\n"), "rate = \"3\"\n".to_owned()),
    ] {
        for subject in ["node = \"gpu-01\"", "gpu = \"H800\"", "unit = \"d\""] {
            let text = format!("[[lease]]\n{subject}\n{first}[[lease]]\n{subject}\n{second}");
            for call in [&["config", "check"][..], &["lease", "list"]] {
                let ran = ran(&fleets, call, &text);
                assert!(ran.code != Some(0) && ran.err.contains("contradict each other"), "{text}: {ran:?}");
                assert!(ran.err.contains("end one with until where the other begins with from"), "{ran:?}");
            }
        }
    }
}

#[test]
fn a_lease_that_was_changed_backwards_in_time_is_said_with_what_to_do() {
    let fleets = Fleets::new();
    fleets.run(&Run::of(&format!("{OF_NODE}gpus = 8\nrate = \"2.50\"\n")).seconds(300).gpus(0));
    let changed = format!("{OF_NODE}gpus = 8\nrate = \"2.50\"\nuntil = \"2025-03-10T10:02:00Z\"\n");
    let ran = ran(&fleets, &["config", "check"], &changed);
    let line = "lease 1: ends at 2025-03-10T10:02:00Z, and the ledger has it posted until 2025-03-10T10:05:00Z: nothing \
                is taken back by itself; margintop lease end gpu-01 --at 2025-03-10T10:02:00Z does";
    assert!(ran.out.lines().any(|said| said == line), "{ran:?}");
    // It does, and what was posted before the end stays.
    fleets.end("gpu-01", "2025-03-10T10:02:00Z");
    fleets.run(&Run::of(&changed).seconds(60).gpus(0));
    assert_eq!(fleets.all(), 8 * 120_000);
}

#[test]
fn serving_with_a_number_of_gpus_is_refused_by_name() {
    let fleets = Fleets::new();
    let text = format!("{OF_NODE}gpus = 8\nrate = \"2\"\nwhen = \"serving\"\n");
    let ran = ran(&fleets, &["config", "check"], &text);
    assert!(ran.code == Some(2) || ran.code == Some(1), "{ran:?}");
    assert!(ran.err.contains("when = \"serving\" is for GPUs that are seen"), "{ran:?}");
}

/// Class: dates that one key of the configuration takes and another refuses.
#[test]
fn a_lease_begins_and_ends_with_days_too() {
    let fleets = Fleets::new();
    let zone = "timezone = \"Asia/Shanghai\"\n";
    fleets.run(&Run::of("").seconds(60).gpus(8));
    let checked = |dates: &str| ran(&fleets, &["config", "check"], &format!("{zone}{OF_NODE}rate = \"2\"\n{dates}"));
    let ended = checked("from = \"2025-03-01\"\nuntil = \"2025-04-01\"\n");
    assert!(ended.out.contains("it ended at 2025-03-31T16:00:00Z and pays no more"), "{ended:?}");
    for day in ["2025-04-31", "1.4.2025", "2025-04", "soon"] {
        let refused = checked(&format!("until = \"{day}\"\n"));
        assert!(
            refused.err.contains("is not an instant: write it like \"2025-09-05T16:00:00Z\", or a day like"),
            "{refused:?}"
        );
    }
    let refused = ran(&fleets, &["config", "check"], &format!("{OF_NODE}node_rate = \"10 USD\"\n"));
    assert!(refused.err.contains("the currency is a key of its own: currency = \"EUR\""), "{refused:?}");
}
