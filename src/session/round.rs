//! Polls several sources concurrently, and waits for all.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::reading::Event;
use crate::source::{Next, Outlet, Said, Sink, Source, sink};

/// The most sources that are polled at once. A page in transfer takes a hundred kilobytes of buffers, and the allocator
/// would keep them permanently once hundreds of targets had them at once.
pub(super) const TOGETHER: usize = 64;
/// The longest wait for sources before the next ones are started, so that hanging targets do not delay others.
pub(super) const APART: Duration = Duration::from_millis(10);

/// Sources that are polled together.
#[derive(Debug)]
pub(super) struct PollGroup {
    sources: Vec<Box<dyn Source>>,
    clock: Clock,
    sink: Sink,
    outlet: Outlet,
}

impl PollGroup {
    /// Starts the sources with `clock`.
    pub(super) fn new(sources: Vec<Box<dyn Source>>, clock: &Clock) -> Self {
        let (sink, outlet) = sink();
        let mut group = Self { sources: Vec::with_capacity(sources.len()), clock: clock.clone(), sink, outlet };
        for source in sources {
            group.add(source);
        }
        group
    }

    /// Starts and adds another source.
    pub(super) fn add(&mut self, mut source: Box<dyn Source>) {
        source.start(self.sink.clone(), &self.clock);
        self.sources.push(source);
    }

    /// The number of sources.
    pub(super) const fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are no sources.
    pub(super) const fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Returns the sources.
    pub(super) fn into_sources(self) -> Vec<Box<dyn Source>> {
        self.sources
    }

    /// The messages of the sources since the last poll.
    pub(super) fn said(&mut self) -> Vec<Said> {
        std::iter::from_fn(|| self.outlet.try_recv().ok()).collect()
    }

    /// Polls each source once, [`TOGETHER`] at a time, and waits for all. Returns their messages, each source's in its own
    /// order.
    pub(super) async fn poll_all(&mut self) -> Vec<Said> {
        let mut waiting = std::mem::take(&mut self.sources).into_iter();
        let (mut polls, mut said, mut room) = (JoinSet::new(), Vec::new(), TOGETHER);
        loop {
            for source in waiting.by_ref().take(room) {
                polls.spawn(poll_once(source));
                room -= 1;
            }
            let wait = waiting.len() > 0;
            if polls.is_empty() && !wait {
                break;
            }
            tokio::select! {
                Some(ended) = polls.join_next() => {
                    room += 1;
                    self.sources.extend(ended.ok().map(|(source, _)| source));
                }
                Some(one) = self.outlet.recv() => said.push(one),
                () = sleep(APART), if wait => room = TOGETHER,
            }
        }
        said.extend(self.said());
        // Polls end in any order; the sources keep theirs.
        self.sources.sort_by(|a, b| a.id().cmp(b.id()));
        said
    }
}

/// Polls a source, and returns it with the time of its next poll.
pub(super) async fn poll_once(mut source: Box<dyn Source>) -> (Box<dyn Source>, Next) {
    let next = source.poll().await;
    (source, next)
}

/// Separates the readings of one round of polls, in the order in which they are applied, from other messages. Readings of
/// the driver come first, then pages with GPUs, so that an engine's node and cost are known before its first token is
/// posted.
pub(super) fn in_order(said: Vec<Said>) -> (Vec<Event>, Vec<Said>) {
    let (mut events, mut others) = (Vec::new(), Vec::new());
    for one in said {
        match one {
            Said::Events(some) => events.extend(some),
            other => others.push(other),
        }
    }
    events.sort_by_key(|event| (rank(event), event.at().boot));
    (events, others)
}

fn rank(event: &Event) -> u8 {
    match event {
        Event::Gpus { .. } => 0,
        Event::Page { outcome: Ok(page), .. } if !page.gpus.is_empty() => 1,
        Event::Page { .. } => 2,
        Event::Tick(_) => 3,
    }
}
