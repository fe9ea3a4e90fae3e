//! The books of random fleets against an independent small model of them.
//!
//! A case is a fleet with its configurations (leases, dated prices with windows, tenants, overhead, power, rates of
//! exchange) and its runs, some of which end by a kill. margintop keeps its ledger; the model in `books/` says from the
//! rules what must be in it, in exact integers. Every grouping of `report`, its CSV, the SQL views, and what-ifs and
//! repricing that change nothing are compared to the last digit.
//!
//! A case is its seed: `MARGINTOP_BOOKS_SEED=N` runs one of them and prints it, `MARGINTOP_BOOKS_CASES=N` sets how many
//! are run (300), from seed 1.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a case that fails is printed")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::books::case::Case;
use crate::books::compare::compare;

const CASES: u64 = 300;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// What of a case differs, or why it panicked.
fn differences(seed: u64) -> Vec<String> {
    let why = |panic: Box<dyn std::any::Any + Send>| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word").to_owned()
    };
    let outcome = std::panic::catch_unwind(|| compare(&Case::of(seed)));
    outcome.unwrap_or_else(|panic| vec![format!("it panicked: {}", why(panic))])
}

#[test]
fn the_books_are_what_the_rules_say() {
    if let Some(seed) = number("MARGINTOP_BOOKS_SEED") {
        println!("{:#?}", Case::of(seed));
        let differ = differences(seed);
        assert!(differ.is_empty(), "seed {seed}:\n{}", differ.join("\n"));
        return;
    }
    let cases = number("MARGINTOP_BOOKS_CASES").unwrap_or(CASES);
    let (next, failed, began) = (AtomicU64::new(1), Mutex::new(Vec::new()), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > cases {
                        break;
                    }
                    let differ = differences(seed);
                    if !differ.is_empty() {
                        failed.lock().unwrap().push((seed, differ));
                    }
                }
            });
        }
    });
    println!("{cases} cases in {:.1} s", began.elapsed().as_secs_f64());
    let failed = failed.into_inner().unwrap();
    let outcome: Vec<_> = failed
        .iter()
        .map(|(seed, differ)| format!("seed {seed}: {}", differ[..differ.len().min(4)].join("\n    ")))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {cases} cases differ; MARGINTOP_BOOKS_SEED=N shows one\n{}",
        failed.len(),
        outcome.join("\n")
    );
}
