//! The ledger, its leases, its past and what is made of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    clippy::cast_possible_wrap,
    reason = "a test fails by panicking"
)]

#[path = "../world/dice.rs"]
mod dice;
#[path = "../support/lease_watch.rs"]
mod lease_watch;
#[path = "../support/ledger_watch.rs"]
mod ledger_watch;
#[path = "../support/past.rs"]
mod past;
#[path = "../support/random_ledger.rs"]
mod random_ledger;
#[path = "../support/rows.rs"]
mod rows;
#[path = "../support/saved.rs"]
mod saved;
#[path = "../support/script.rs"]
mod script;
#[path = "../support/mod.rs"]
mod support;

mod capacity;
mod capacity_read;
mod former;
mod history;
mod history_events;
mod history_money;
mod lease_extended;
mod lease_model;
mod lease_terms;
mod ledger;
mod ledger_bounds;
mod ledger_range;
mod ledger_saved;
mod ledger_verify;
mod ledger_version_2;
mod ledger_version_4;
mod models_money;
mod retention;
mod statement;
mod statement_laws;
mod statement_watched;
mod vectors;
mod views;
mod what_if;
mod writer;
mod writer_files;
