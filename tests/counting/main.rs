//! Readings in, postings and rates out: what the fleet, its meters and its inventory make of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

#[path = "../support/fixture.rs"]
mod fixture;
#[path = "../support/ledger_watch.rs"]
mod ledger_watch;
#[path = "../support/peer.rs"]
mod peer;
#[path = "../rate_truth/mod.rs"]
mod rate_truth;
#[path = "../support/restart.rs"]
mod restart;
#[path = "../support/mod.rs"]
mod support;
#[path = "../world/mod.rs"]
mod world;

mod absences;
mod at_once;
mod births_beside;
mod births_unseen;
mod brief_guests;
mod busy_turns;
mod clocks;
mod close_restarts;
mod close_turns;
mod costs;
mod counting;
mod departed_targets;
mod departures;
mod dips;
mod drifting_starts;
mod duplicates;
mod duplicates_marked;
mod duplicates_pages;
mod duplicates_places;
mod ends_beside;
mod energy_unknown;
mod expiry;
mod failovers;
mod false_jumps;
mod far_hits;
mod federated_nodes;
mod first_rates;
mod fleet;
mod gaps;
mod gpu_sources;
mod gpus_of_two_pages;
mod gpus_seen_late;
mod hand_over;
mod identity;
mod instance_bounds;
mod interval;
mod inventory;
mod late_names;
mod late_ranks;
mod lease_edge_rates;
mod lease_ends;
mod lone_restarts;
mod lost_hits;
mod machines_in_turn;
mod metering_model;
mod midnight;
mod moved_processes;
mod never_shown;
mod pace;
mod ranks;
mod relabelled;
mod renamed_leases;
mod renamed_rows;
mod reports;
mod resets;
mod respelled;
mod restarts_in_turn;
mod restarts_unread;
mod return_rates;
mod sample_times;
mod serving_leases;
mod silent_after_restart;
mod silent_rates;
mod silent_replicas;
mod stale_rates;
mod steady_cost;
mod step_edges;
mod successors;
mod sums_of_others;
mod taken_back;
mod two_drivers;
mod two_targets;
mod windows;
