//! Pages over HTTP: one poll, one event, never longer than its timeout.
//!
//! It fetches and finds out where a target's page is; what the page means is `dialect`. When to look, and how often, is
//! the caller's.

mod answer;
mod client;
mod credentials;
mod line;
mod models;
mod named_pages;
mod naming;
mod router;
mod scraper;
mod search;
mod source;
mod target;

pub use client::Clients;
pub use scraper::{Scraper, Settings};
pub use source::{Scrape, source_of};
pub use target::{AGENT_PORT, Address, ScrapeTarget, TargetError, TargetOptions};
