//! Metrics pages over HTTP: each poll results in one event, within its timeout.
//!
//! This module finds and fetches a target's page; `dialect` reads it. The caller decides when to scrape.

mod answer;
mod api_client;
mod client;
mod connection;
mod credentials;
mod hub_client;
mod models;
mod named_pages;
mod naming;
mod router;
mod scraper;
mod search;
mod source;
mod unpacked;

pub use api_client::{ApiClient, ApiResponse};
pub use client::Clients;
pub use hub_client::HubClient;
pub use scraper::{Scraper, Settings};
pub use source::Scrape;
