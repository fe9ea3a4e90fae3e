//! Leases that are extended after their end: a provider rounds the time of a lease as a whole.
//!
//! The class of fault: rounding that is paid once for each part of a lease.

use crate::lease_watch;

use lease_watch::{Fleets, Run};

/// A lease of two GPUs at 5.00 an hour, which ends at a time of the day.
fn lease(terms: &str, rounding: &str, until: Option<&str>) -> String {
    let until = until.map_or(String::new(), |until| format!("until = \"2025-03-10T{until}Z\"\n"));
    format!("[[lease]]\n{terms}rate = \"5.00\"\nrounding = \"{rounding}\"\n{until}")
}

const TERMS: [&str; 5] = [
    "node = \"gpu-01\"\ngpus = 2\n",
    "name = \"acme\"\nnode = \"gpu-01\"\ngpus = 2\n",
    "node = \"gpu-01\"\n",
    "gpu = \"H800\"\n",
    "name = \"acme\"\nunit = \"a\"\n",
];

#[test]
fn an_extended_lease_is_rounded_as_a_whole() {
    for terms in TERMS {
        for (rounding, whole) in [("minute", 60), ("hour", 3600), ("second", 30), ("exact", 30)] {
            let run = |until| Run::of(&lease(terms, rounding, Some(until))).unit("a").gpus(2);
            let fleets = Fleets::new();
            fleets.run(&run("10:00:10").seconds(14));
            let ended = if whole == 30 { 10 } else { whole };
            assert_eq!(fleets.at_rate("5.00"), 2 * 1000 * ended, "{terms} {rounding}: its first end");
            // From 14 on it pays again, and its first rounding is taken back.
            fleets.run(&run("10:00:24").seconds(8));
            assert_eq!(fleets.at_rate("5.00"), 2 * 1000 * 18, "{terms} {rounding}: extended");
            fleets.run(&run("10:00:24").seconds(4));
            fleets.run(&run("10:00:36").seconds(20));
            assert_eq!(fleets.at_rate("5.00"), 2 * 1000 * whole, "{terms} {rounding}: two extensions");
        }
    }
}

#[test]
fn a_lease_whose_end_is_taken_out_runs_exactly_until_it_has_one() {
    for terms in TERMS {
        let fleets = Fleets::new();
        let run = |until: Option<&str>| Run::of(&lease(terms, "hour", until)).unit("a").gpus(2);
        fleets.run(&run(Some("10:00:10")).seconds(12));
        fleets.run(&run(None).seconds(10));
        assert_eq!(fleets.at_rate("5.00"), 2 * 20_000, "{terms}");
        fleets.run(&run(Some("10:00:40")).seconds(30));
        assert_eq!(fleets.at_rate("5.00"), 2 * 3_600_000, "{terms}");
    }
}

#[test]
fn what_was_rounded_at_the_terms_of_then_is_taken_back_at_them() {
    let fleets = Fleets::new();
    let run = |text: String| Run::of(&text).gpus(0);
    fleets.run(&run(lease(TERMS[1], "hour", Some("10:00:10"))).seconds(12));
    let dearer = lease(TERMS[1], "hour", Some("10:00:20")).replace("5.00", "7.00").replace("= 2", "= 1");
    fleets.run(&run(dearer).seconds(12));
    assert_eq!(fleets.at_rate("5.00"), 2 * 10_000);
    assert_eq!(fleets.at_rate("7.00"), 3_600_000 - 10_000, "what it held, and what the whole of it lacks of an hour");
}

/// A beginning of its own makes it another lease.
#[test]
fn a_lease_that_begins_after_the_end_is_rounded_for_itself() {
    for terms in TERMS {
        let fleets = Fleets::new();
        fleets.run(&Run::of(&lease(terms, "minute", Some("10:00:10"))).unit("a").gpus(2).seconds(14));
        let next = lease(terms, "minute", Some("10:00:30")) + "from = \"2025-03-10T10:00:14Z\"\n";
        fleets.run(&Run::of(&next).unit("a").gpus(2).seconds(20));
        assert_eq!(fleets.at_rate("5.00"), 2 * 2 * 60_000, "{terms}");
    }
    // So are two leases of the configuration that follow one another.
    let fleets = Fleets::new();
    let next = lease(TERMS[0], "minute", Some("10:00:30")) + "from = \"2025-03-10T10:00:10Z\"\n";
    let both = lease(TERMS[0], "minute", Some("10:00:10")) + &next;
    for seconds in [5, 10, 20] {
        fleets.run(&Run::of(&both).seconds(seconds));
    }
    assert_eq!(fleets.at_rate("5.00"), 2 * 2 * 60_000);
}

#[test]
fn an_extension_after_the_minutes_are_gone_leaves_a_whole_ledger() {
    let fleets = Fleets::new();
    fleets.run(&Run::of(&lease(TERMS[1], "hour", Some("10:00:10"))).seconds(12));
    for _ in 0..12 {
        let days = Run::of(&lease(TERMS[1], "hour", Some("10:00:10"))).after(86_000).seconds(400);
        fleets.run(&days);
    }
    let later = lease(TERMS[1], "hour", None) + "until = \"2025-03-23T10:00:00Z\"\n";
    fleets.run(&Run::of(&later).seconds(10));
    assert_eq!(fleets.at_rate("5.00"), 2 * 20_000);
    let faults = margintop::store::Reader::open(fleets.path()).unwrap().verify().unwrap();
    assert!(faults.is_empty(), "{faults:?}");
}
