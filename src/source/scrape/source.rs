//! A page over HTTP as a source.

use super::scraper::Scraper;
use crate::clock::Clock;
use crate::reading::TargetId;
use crate::source::contract::{Next, PollFuture, Sink, Source};

/// Polls the page of one target.
#[derive(Debug)]
pub struct Scrape {
    scraper: Scraper,
    sink: Option<Sink>,
}

impl Scrape {
    /// A source that polls with `scraper`.
    pub const fn new(scraper: Scraper) -> Self {
        Self { scraper, sink: None }
    }
}

impl Source for Scrape {
    fn id(&self) -> &TargetId {
        &self.scraper.target().id
    }

    fn start(&mut self, sink: Sink, clock: &Clock) {
        self.scraper.set_clock(clock);
        self.sink = Some(sink);
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            let event = self.scraper.scrape().await;
            if let Some(sink) = &self.sink {
                sink.send(event).await;
            }
            Next::Scheduled
        })
    }
}
