//! What the program prints of a ledger that a test has kept: reports, journals, leases.
//!
//! Apart from tests/ledger: a process that is just being started holds the locks of its parent for an instant, and there ledgers
//! are closed and opened again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

#[cfg(target_os = "linux")]
#[path = "../books/mod.rs"]
mod books;
#[path = "../support/day_ledger.rs"]
mod day_ledger;
#[path = "../world/dice.rs"]
mod dice;
#[path = "../support/fake_nvml.rs"]
mod fake_nvml;
#[path = "../support/lease_watch.rs"]
mod lease_watch;
#[path = "../support/ledger_watch.rs"]
mod ledger_watch;
#[path = "../support/past.rs"]
mod past;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/random_ledger.rs"]
mod random_ledger;
#[path = "../support/saved.rs"]
mod saved;
#[path = "../support/script.rs"]
mod script;
#[path = "../support/mod.rs"]
mod support;

mod books_model;
mod journals;
mod lease_dates;
mod lease_list;
mod lease_names;
mod lease_paid;
mod lease_renamed;
mod leases;
mod ledger_mislabelled;
mod ledger_version_1;
mod ledger_zones;
mod price_edges;
mod reconcile;
mod report;
mod report_groupings;
mod report_present;
mod report_spans;
