//! Leases as dated agreements: what is billed when their terms change, in one run or between runs.
//!
//! The class of fault: GPU time that no lease, or two leases, are billed for because a configuration changed.

use crate::lease_watch;

use lease_watch::{Fleets, Run};

const OF_NODE: &str = "[[lease]]\nnode = \"gpu-01\"\n";

#[test]
fn when_a_lease_of_a_number_of_gpus_ends_the_next_one_bills() {
    let first = format!("{OF_NODE}gpus = 8\nrate = \"2.00\"\nuntil = \"2025-03-10T10:00:10Z\"\n");
    for (next, rate) in [
        (format!("{OF_NODE}gpus = 8\nrate = \"3.00\"\nfrom = \"2025-03-10T10:00:10Z\"\n"), "3.00"),
        (format!("{OF_NODE}rate = \"3.00\"\nfrom = \"2025-03-10T10:00:10Z\"\n"), "3.00"),
        ("[[lease]]\ngpu = \"H800\"\nrate = \"2.50\"\n".to_owned(), "2.50"),
        // Without another lease, the assumed rate.
        (format!("{OF_NODE}rate = \"9\"\nuntil = \"2025-03-10T09:00:00Z\"\n"), "2.00"),
    ] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(&format!("{first}{next}")).seconds(18).gpus(8));
        let of_first = fleets.allocated("8 x gpu-01 at 2.00");
        assert_eq!(of_first, 80_000, "{next}");
        assert_eq!(fleets.at_rate(rate) + of_first, if rate == "2.00" { 224_000 } else { 144_000 }, "{next}");
        assert_eq!(fleets.all(), 144_000, "{next}");
    }
}

#[test]
fn terms_that_change_while_nothing_runs_lose_nothing() {
    let text = |rate: &str, more: &str| format!("{OF_NODE}gpus = 8\nrate = \"{rate}\"\n{more}");
    let until = "until = \"2025-03-11T10:00:00Z\"\n";
    for (before, after) in [
        (text("2.00", ""), text("3.00", "")),
        (text("2.00", ""), text("2.00", until)),
        (text("2.00", until), text("2.00", "")),
        (text("2.00", ""), text("2.00", "name = \"acme\"\n")),
        (text("2.00", "name = \"acme\"\n"), text("3.00", "name = \"acme\"\n")),
        (text("2.00", "name = \"acme\"\n"), text("2.00", "")),
        (text("2.00", ""), format!("{OF_NODE}rate = \"3.00\"\n")),
        (format!("{OF_NODE}rate = \"3.00\"\n"), text("2.00", "")),
    ] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(&before).seconds(5).gpus(8));
        fleets.run(&Run::of(&after).after(8).seconds(5).gpus(8));
        assert_eq!(fleets.all(), 8 * 18_000, "{before} -> {after}");
    }
}

/// Class: a provider's rounding of a lease that several runs paid for.
#[test]
fn rounding_is_of_the_whole_lease_over_restarts() {
    let text = format!("{OF_NODE}gpus = 2\nrate = \"2.00\"\nrounding = \"minute\"\nuntil = \"2025-03-10T10:01:30Z\"\n");
    for dated in ["", "from = \"2025-03-10T10:00:00Z\"\n", "name = \"acme\"\n"] {
        for runs in [&[100][..], &[10, 90], &[10, 20, 59, 11], &[90, 10]] {
            let fleets = Fleets::new();
            for seconds in runs {
                fleets.run(&Run::of(&(text.clone() + dated)).seconds(*seconds));
            }
            // 90 seconds are billed as two minutes; then the node's GPUs, which it has none of.
            assert_eq!(fleets.all(), 2 * 120_000, "{dated}{runs:?}");
        }
    }
    // One that ends by hand has begun with the watch.
    let fleets = Fleets::new();
    let text = text.replace("until = \"2025-03-10T10:01:30Z\"\n", "");
    fleets.run(&Run::of(&text).seconds(10));
    fleets.run(&Run::of(&text).seconds(65));
    fleets.end("gpu-01", "2025-03-10T10:01:10Z");
    fleets.run(&Run::of(&text).seconds(2));
    assert_eq!(fleets.all(), 2 * 120_000, "by hand");
}

#[test]
fn a_successor_that_began_in_the_absence_bills_from_its_beginning() {
    let first = format!("{OF_NODE}gpus = 8\nrate = \"2.00\"\n");
    let then = first.clone() + "until = \"2025-03-10T10:00:08Z\"\n";
    let next = format!("{OF_NODE}gpus = 8\nrate = \"3.00\"\nfrom = \"2025-03-10T10:00:08Z\"\n");
    let fleets = Fleets::new();
    fleets.run(&Run::of(&first).seconds(5).gpus(8));
    fleets.run(&Run::of(&(then + &next)).after(8).seconds(5).gpus(8));
    assert_eq!((fleets.at_rate("2.00"), fleets.at_rate("3.00")), (64_000, 80_000));
}

#[test]
fn what_is_taken_out_for_a_run_and_put_back_is_not_billed_for_it() {
    let gpus = "[[lease]]\nnode = \"gpu-02\"\ngpus = 1\nrate = \"1.00\"\n";
    for (text, label) in [("[overhead]\nper_hour = \"12\"\n", "overhead"), (gpus, "1 x gpu-02 at 1.00")] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(text).seconds(5).gpus(0));
        fleets.run(&Run::of("").after(1).seconds(8).gpus(0));
        fleets.run(&Run::of(text).after(1).seconds(5).gpus(0));
        assert_eq!(fleets.allocated(label), 10_000, "{text}");
    }
}

#[test]
fn power_is_billed_while_a_lease_has_it() {
    let with = "[[lease]]\ngpu = \"H800\"\nrate = \"2.00\"\npower = { kwh = \"0.10\", pue = \"1.2\" }\n";
    let without = "[[lease]]\ngpu = \"H800\"\nrate = \"2.00\"\n";
    let fleets = Fleets::new();
    fleets.run(&Run::of(with).seconds(10).gpus(8));
    assert_eq!(fleets.energy(), 8 * 10 * 400_000);
    fleets.run(&Run::of(without).after(10).seconds(10).gpus(8));
    fleets.run(&Run::of(with).after(10).seconds(10).gpus(8));
    assert_eq!(fleets.energy(), 8 * 20 * 400_000, "neither the run without it nor the absence before it is billed");
    // Inside one run, from the instant at which it begins.
    let later = without.replace("rate", "until = \"2025-03-10T10:00:05.500Z\"\nrate")
        + &with.replace("rate", "from = \"2025-03-10T10:00:05.500Z\"\nrate");
    let fleets = Fleets::new();
    fleets.run(&Run::of(&later).seconds(10).gpus(8));
    assert_eq!(fleets.energy(), 8 * 4_500 * 400);
}

#[test]
fn power_is_billed_for_a_number_of_gpus_too() {
    let power = "power = { kwh = \"0.10\", pue = \"1.2\" }\n";
    for (text, gpus) in [
        (format!("{OF_NODE}gpus = 8\nrate = \"2.00\"\n{power}"), 8),
        (format!("{OF_NODE}gpus = 2\nrate = \"2.00\"\n{power}"), 2),
        (format!("[[lease]]\ngpu = \"H800\"\ngpus = 2\nrate = \"2.00\"\n{power}"), 2),
    ] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(&text).seconds(10).gpus(8));
        assert_eq!(fleets.energy(), gpus * 10 * 400_000, "{text}");
    }
}

#[test]
fn a_number_of_gpus_is_paid_and_the_others_by_the_next_lease() {
    for text in [
        "[[lease]]\ngpu = \"H800\"\ngpus = 2\nrate = \"5.00\"\n[[lease]]\ngpu = \"H800\"\nrate = \"3.00\"\n",
        "[[lease]]\nnode = \"gpu-01\"\ngpus = 2\nrate = \"5.00\"\n[[lease]]\ngpu = \"H800\"\nrate = \"3.00\"\n",
        "[[lease]]\nnode = \"gpu-01\"\ngpus = 2\nrate = \"5.00\"\n[[lease]]\nnode = \"gpu-01\"\nrate = \"3.00\"\n",
        "[[lease]]\nunit = \"a\"\ngpus = 2\nrate = \"5.00\"\n[[lease]]\nunit = \"a\"\nrate = \"3.00\"\n",
    ] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(text).unit("a").seconds(10).gpus(8));
        assert_eq!((fleets.at_rate("5.00"), fleets.at_rate("3.00")), (20_000, 60_000), "{text}");
    }
    // Those of another rate without a lease of their own.
    let fleets = Fleets::new();
    fleets.run(&Run::of("[[lease]]\ngpu = \"H800\"\ngpus = 2\nrate = \"5.00\"\n").seconds(10).gpus(8));
    assert_eq!((fleets.at_rate("5.00"), fleets.at_rate("2.00")), (20_000, 60_000));
}

#[test]
fn a_node_that_moves_to_another_unit_is_paid_by_that_units_lease() {
    let text = "[[lease]]\nunit = \"a\"\nrate = \"2.50\"\n[[lease]]\nunit = \"b\"\nrate = \"3.50\"\n";
    let fleets = Fleets::new();
    fleets.run(&Run::of(text).unit("a").seconds(5).gpus(8));
    fleets.run(&Run::of(text).unit("b").after(8).seconds(5).gpus(8));
    assert_eq!((fleets.at_rate("2.50"), fleets.at_rate("3.50")), (40_000, 104_000));
}

#[test]
fn a_lease_that_ended_by_hand_stays_ended_under_other_terms() {
    let text = |rate: &str, more: &str| format!("{OF_NODE}gpus = 8\nrate = \"{rate}\"\n{more}");
    let fleets = Fleets::new();
    fleets.run(&Run::of(&text("2.50", "")).seconds(10).gpus(0));
    fleets.end("gpu-01", "2025-03-10T10:00:05Z");
    fleets.run(&Run::of(&text("2.50", "")).after(1).seconds(2).gpus(0));
    assert_eq!(fleets.all(), 40_000);
    fleets.run(&Run::of("").after(1).seconds(2).gpus(0));
    fleets.run(&Run::of(&text("3.50", "")).after(1).seconds(2).gpus(0));
    assert_eq!(fleets.all(), 40_000);
    fleets.run(&Run::of(&text("3.50", "from = \"2025-03-10T10:00:00Z\"\n")).after(1).seconds(2).gpus(0));
    assert_eq!(fleets.all(), 40_000, "its terms as of before the end");
    fleets.run(&Run::of(&text("3.50", "from = \"2025-03-10T10:00:06Z\"\n")).after(1).seconds(2).gpus(0));
    assert!(fleets.at_rate("3.50") >= 16_000, "a new agreement");
}

#[test]
fn a_node_that_is_given_back_costs_nothing_more_and_one_that_serves_does() {
    let text = format!("{OF_NODE}gpus = 8\nrate = \"2.50\"\nuntil = \"2025-03-10T10:00:10Z\"\n");
    let fleets = Fleets::new();
    fleets.run(&Run::of(&text).seconds(60).gpus(8).silent_after(9));
    assert_eq!(fleets.all(), 80_000, "given back");
    let fleets = Fleets::new();
    fleets.run(&Run::of(&text).seconds(60).gpus(8).silent_between(20, 40));
    assert_eq!(fleets.all(), 480_000, "silent for a while");
}

/// Class: GPUs that are known on both sides of an absence. Their rent is posted for it, whatever ended in it.
#[test]
fn a_node_that_reports_before_and_after_an_absence_is_paid_for_it() {
    let ends = |at: &str| format!("{OF_NODE}gpus = 8\nrate = \"2.50\"\nuntil = \"2025-03-10T{at}Z\"\n");
    for (after, end, of_lease) in [(8, "10:00:10", 80_000), (600, "10:00:10", 80_000), (3600, "10:30:00", 14_400_000)] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(&ends(end)).seconds(5).gpus(8));
        fleets.run(&Run::of(&ends(end)).after(after).seconds(5).gpus(8));
        assert_eq!(fleets.at_rate("2.50"), of_lease, "{after} s");
        assert_eq!(fleets.all(), 8_000 * (10 + after), "{after} s: then at the assumed rate");
    }
    // One that does not report again was given back.
    let fleets = Fleets::new();
    fleets.run(&Run::of(&ends("10:00:10")).seconds(5).gpus(8));
    fleets.run(&Run::of(&ends("10:00:10")).after(600).seconds(60).gpus(0));
    assert_eq!(fleets.all(), 80_000);
}

#[test]
fn revenue_has_a_cost_or_not_at_its_own_instant() {
    let from = "[[lease]]\ngpu = \"Odd\"\nrate = \"2.00\"\nfrom = \"2025-03-10T10:00:10Z\"\n";
    let until = "[[lease]]\ngpu = \"Odd\"\nrate = \"2.00\"\nuntil = \"2025-03-10T10:00:10Z\"\n";
    for (text, costed) in [(from, 10_000), (until, 10_000)] {
        let fleets = Fleets::new();
        fleets.run(&Run::of(text).seconds(20).gpus(8).named("Odd card").work(1_000));
        assert_eq!(fleets.output(true), costed, "{text}");
        assert_eq!(fleets.output(false), 10_000, "{text}");
    }
    // A gap that the edge lies in is cut there.
    let fleets = Fleets::new();
    fleets.run(&Run::of(from).seconds(20).gpus(8).named("Odd card").work(1_000).silent_between(1, 19));
    assert_eq!((fleets.output(true), fleets.output(false)), (10_000, 10_000));
}

#[test]
fn revenue_after_the_gpu_page_left_the_configuration_has_no_cost() {
    let fleets = Fleets::new();
    fleets.run(&Run::of("").seconds(10).gpus(8).work(1_000).by_page());
    assert_eq!((fleets.output(true), fleets.output(false)), (10_000, 0));
    fleets.run(&Run::of("").after(1).seconds(10).gpus(0).work(1_000));
    assert_eq!(fleets.output(true), 10_000);
    assert_eq!(fleets.output(false), 11_000);
}

#[test]
fn revenue_of_gpus_that_are_reported_no_more_has_no_cost() {
    let fleets = Fleets::new();
    fleets.run(&Run::of("").seconds(10).gpus(8).work(1_000));
    fleets.run(&Run::of("").after(1).seconds(290).gpus(0).work(1_000));
    assert_eq!(fleets.output(false), 0, "their driver may still answer");
    fleets.run(&Run::of("").after(1).seconds(320).gpus(0).work(1_000));
    // Of the minute in which they were last reported, the tokens have a cost.
    assert_eq!((fleets.output(true), fleets.output(false)), (60_000, 562_000));
}

/// Class: a lease that is ended by hand as of an earlier instant. The revenue since then has no cost, as there is no rent.
#[test]
fn revenue_after_the_end_of_a_lease_has_no_cost() {
    for lease in ["gpus = 8\nrate = \"2.00\"\n", "node_rate = \"16.00\"\n", "rate = \"2.00\"\n"] {
        let (fleets, text) = (Fleets::new(), format!("{OF_NODE}{lease}"));
        let gpus = if lease.starts_with("gpus") { 0 } else { 8 };
        fleets.run(&Run::of(&text).seconds(300).gpus(gpus).work(10));
        assert_eq!(fleets.output(true), 3_000, "{lease}");
        fleets.end("gpu-01", "2025-03-10T10:02:00Z");
        fleets.run(&Run::of(&text).seconds(10).work(10));
        // The minute of the end keeps its cost.
        assert_eq!((fleets.output(true), fleets.output(false)), (1_800, 1_300), "{lease}");
    }
}
