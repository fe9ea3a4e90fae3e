//! What is drawn, and what keys do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

#[path = "../support/ledger_watch.rs"]
mod ledger_watch;
#[path = "../samples/mod.rs"]
mod samples;
#[path = "../support/mod.rs"]
mod support;
#[path = "../widgets/mod.rs"]
mod widgets;

mod alerts;
mod alerts_past;
mod ascii;
mod bad_input;
mod balance;
mod basis;
mod burn;
mod efficiency;
mod figures_agree;
mod golden_box;
mod headline;
mod headline_node;
mod headline_room;
mod headline_unknown;
mod latencies;
mod losses;
mod marks;
mod model_so_far;
mod names;
mod names_apart;
mod one_figure;
mod pictures;
mod screen_any;
mod screen_beside;
mod screen_bytes;
mod screen_changes;
mod screen_charts;
mod screen_filters;
mod screen_golden;
mod screen_keys;
mod screen_keys_time;
mod screen_lists;
mod screen_money_keys;
mod screen_notes;
mod screen_overview;
mod screen_past;
mod screen_past_rows;
mod screen_recorded;
mod screen_room;
mod screen_views;
mod screen_words;
mod slo;
mod small;
mod small_digits;
mod style_sorted;
mod themes;
mod titles;
mod together;
mod whole_figures;
mod young_charts;
