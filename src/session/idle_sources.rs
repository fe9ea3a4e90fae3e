//! Sources between two polls. A source whose poll took long rests as long, so that at most half of its time is spent on
//! being polled: a page that takes long costs its engine as long. It rests less if its rows would be stale by its next page.

use std::time::Duration;

use tokio::time::Instant;

use crate::inventory::stale_after;
use crate::source::Source;
use crate::units::Span;

/// A poll is slow if it takes more than one part in this many of the interval.
const SLOW: u32 = 2;

/// The sources of a slot that are not being polled.
pub(super) struct IdleSources(Vec<(Box<dyn Source>, Instant)>);

impl IdleSources {
    /// Sources that were never polled.
    pub(super) fn new(sources: Vec<Box<dyn Source>>) -> Self {
        let now = Instant::now();
        Self(sources.into_iter().map(|source| (source, now)).collect())
    }

    /// All of them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn Source>> {
        self.0.iter_mut().map(|(source, _)| source)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes those that have rested.
    pub(super) fn take_rested(&mut self) -> Vec<Box<dyn Source>> {
        let now = Instant::now();
        self.0.extract_if(.., |(_, rested)| *rested <= now).map(|(source, _)| source).collect()
    }

    /// Takes all of them.
    pub(super) fn take_all(&mut self) -> Vec<Box<dyn Source>> {
        std::mem::take(&mut self.0).into_iter().map(|(source, _)| source).collect()
    }

    /// Adds a source whose poll has ended now and took this long.
    pub(super) fn put(&mut self, source: Box<dyn Source>, took: Duration, interval: Duration) {
        self.0.push((source, Instant::now() + rest_after(took, interval)));
    }
}

/// How long a source rests after a poll that took this long. The next poll is up to an interval after the rest.
fn rest_after(took: Duration, interval: Duration) -> Duration {
    if took <= interval / SLOW {
        return Duration::ZERO;
    }
    let stale = Duration::from_millis(stale_after(Span::from(interval)).millis().unsigned_abs());
    took.min(stale.saturating_sub(took + interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slow_source_rests() {
        let [second, half] = [Duration::from_secs(1), Duration::from_millis(500)];
        assert_eq!(rest_after(half, second), Duration::ZERO);
        assert_eq!(rest_after(Duration::from_millis(800), second), Duration::from_millis(800));
        assert_eq!(rest_after(Duration::from_millis(1500), second), half);
        assert_eq!(rest_after(Duration::from_secs(2), second), Duration::ZERO, "its rows would be stale");
        assert_eq!(rest_after(Duration::from_secs(5), second), Duration::ZERO, "a target that does not answer");
        assert_eq!(rest_after(Duration::from_secs(5), Duration::from_secs(10)), Duration::ZERO);
    }
}
