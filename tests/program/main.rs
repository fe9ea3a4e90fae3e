//! The built program: its subcommands and their output.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking, and says what it could not check"
)]

#[path = "../support/fake_disk.rs"]
mod fake_disk;
#[path = "../support/fake_nvml.rs"]
mod fake_nvml;
#[path = "../support/ledger.rs"]
mod ledger;
#[path = "../support/page.rs"]
mod page;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/prometheus.rs"]
mod prometheus_server;
#[path = "../support/saved.rs"]
mod saved;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/web.rs"]
mod web;

mod agent_engines;
mod agents;
mod attach;
mod bad_input;
mod bad_prices;
mod calls;
mod card_lease;
mod closed_pipe;
mod day;
mod demo;
mod help;
mod hub;
mod kills_rent;
mod ledger_disks;
mod ledger_disputes;
mod ledger_files;
mod ledger_program;
mod ledger_report;
mod money;
mod named_commands;
mod names_in_order;
mod once;
mod once_ledger;
mod price;
mod price_answers;
mod price_imports;
mod prometheus;
mod recordings;
mod serve_log;
mod ssh;
mod surfaces;
mod target_lists;
mod wrong_calls;
