//! What pages, drivers and simulated engines say, and how they are read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

#[path = "../support/fake_nvml.rs"]
mod fake_nvml;
#[path = "../support/fixture.rs"]
mod fixture;
#[path = "../support/nvml_scene.rs"]
mod nvml_scene;
#[path = "../support/peer.rs"]
mod peer;
#[path = "../support/prometheus.rs"]
mod prometheus_server;
#[path = "../support/mod.rs"]
mod support;

mod agent_pages;
mod dialect_damage;
mod dialect_gpus;
mod dialect_instances;
mod dialect_sums;
mod dialects;
mod exposition;
mod gpu_labels;
mod http;
mod layouts;
mod llamacpp_router;
mod model_lists;
mod nvml;
mod nvml_slow;
mod other_makers;
mod page_search;
mod prometheus;
mod refusals;
mod scrape;
mod simulate;
mod target_lists;
