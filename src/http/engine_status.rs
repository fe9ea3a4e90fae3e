//! What the agent knows of one engine: its last page, and what it cost to read.

use std::sync::Arc;

use crate::reading::{Event, PageReading, ScrapeCost, ScrapeError};
use crate::units::Timestamp;

/// An engine of the agent's node.
#[derive(Debug, Clone)]
pub(super) struct EngineStatus {
    /// Its address without the scheme: `127.0.0.1:8000`.
    pub(super) address: String,
    /// When its page was last asked for.
    pub(super) at: Timestamp,
    /// The cost of that scrape.
    pub(super) cost: ScrapeCost,
    /// The page, unless the last scrape failed.
    pub(super) page: Option<Arc<PageReading>>,
    /// Why the last scrape failed.
    pub(super) error: Option<ScrapeError>,
    /// How many scrapes failed.
    pub(super) failures: u64,
}

impl EngineStatus {
    /// The status after a scrape; `None` for another event.
    pub(super) fn after(before: Option<&Self>, event: Event) -> Option<Self> {
        let Event::Page { target, at, cost, outcome } = event else { return None };
        let failures = before.map_or(0, |before| before.failures) + u64::from(outcome.is_err());
        let (page, error) = match outcome {
            Ok(page) => (Some(Arc::from(page)), None),
            Err(error) => (None, Some(error)),
        };
        let address = target.as_str().split_once("://").map_or(target.as_str(), |(_, rest)| rest).to_owned();
        Some(Self { address, at: at.wall, cost, page, error, failures })
    }
}
