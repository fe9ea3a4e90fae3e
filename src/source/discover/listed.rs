//! A source that ends when its target is no longer listed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::reading::TargetId;
use crate::source::contract::{Next, PollFuture, PollTiming, Sink, Source};

/// A source of a target that is on a list.
#[derive(Debug)]
pub(super) struct ListedSource {
    source: Box<dyn Source>,
    is_listed: Arc<AtomicBool>,
}

impl ListedSource {
    /// A source that is polled while `is_listed` is true.
    pub(super) fn new(source: Box<dyn Source>, is_listed: Arc<AtomicBool>) -> Self {
        Self { source, is_listed }
    }
}

impl Source for ListedSource {
    fn id(&self) -> &TargetId {
        self.source.id()
    }

    fn start(&mut self, sink: Sink, clock: &Clock) {
        self.source.start(sink, clock);
    }

    fn poll(&mut self) -> PollFuture<'_> {
        if self.is_listed.load(Ordering::Relaxed) { self.source.poll() } else { Box::pin(async { Next::End }) }
    }

    fn timing(&self) -> PollTiming {
        self.source.timing()
    }

    fn set_interval(&mut self, interval: Duration) {
        self.source.set_interval(interval);
    }
}
