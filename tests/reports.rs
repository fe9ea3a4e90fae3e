//! What people saw other tools of this kind do, told to this one: pages in, money and picture out.
//!
//! Each test names the class of fault that it is a case of. Data are made up; the prices are those of `scene`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

#[path = "reports/believed.rs"]
mod believed;
#[path = "reports/boards.rs"]
mod boards;
#[path = "reports/dips.rs"]
mod dips;
#[path = "reports/in_turn.rs"]
mod in_turn;
#[path = "reports/names_end.rs"]
mod names_end;
#[path = "reports/offsets.rs"]
mod offsets;
#[path = "reports/pages.rs"]
mod pages;
#[path = "reports/proxies.rs"]
mod proxies;
#[path = "reports/proxies_turned.rs"]
mod proxies_turned;
#[path = "reports/refused.rs"]
mod refused;
#[path = "support/restart.rs"]
mod restart;
#[path = "reports/roles.rs"]
mod roles;
#[path = "reports/rotating.rs"]
mod rotating;
#[path = "reports/same_start.rs"]
mod same_start;
#[path = "reports/scene.rs"]
mod scene;
#[path = "reports/served.rs"]
mod served;
#[path = "reports/sticky.rs"]
mod sticky;
#[path = "reports/unknown_hits.rs"]
mod unknown_hits;
#[path = "reports/workers.rs"]
mod workers;
