//! Polls several sources concurrently, and waits for all, or for a time.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::clock::Clock;
use crate::reading::Event;
use crate::source::{MessageReceiver, Next, Sink, Source, SourceMessage, sink};

/// The most sources that are polled at once. A page in transfer takes a hundred kilobytes of buffers, and the allocator
/// would keep them permanently once hundreds of targets had them at once.
pub(super) const TOGETHER: usize = 64;
/// The longest wait for sources before the next ones are started, so that hanging targets do not delay others.
pub(super) const APART: Duration = Duration::from_millis(10);

/// Sources that are polled together.
#[derive(Debug)]
pub(super) struct PollGroup {
    /// The sources without a poll under way.
    sources: Vec<Box<dyn Source>>,
    /// Polls under way, each with the number of its call of `poll_all`.
    polls: JoinSet<(Box<dyn Source>, u64)>,
    call: u64,
    clock: Clock,
    sink: Sink,
    messages: MessageReceiver,
}

impl PollGroup {
    /// Starts the sources with `clock`.
    pub(super) fn new(sources: Vec<Box<dyn Source>>, clock: &Clock) -> Self {
        let (sink, messages) = sink();
        let (all, clock) = (Vec::with_capacity(sources.len()), clock.clone());
        let mut group = Self { sources: all, polls: JoinSet::new(), call: 0, clock, sink, messages };
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
    pub(super) fn len(&self) -> usize {
        self.sources.len() + self.polls.len()
    }

    /// Whether there are no sources.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the sources.
    pub(super) fn into_sources(self) -> Vec<Box<dyn Source>> {
        self.sources
    }

    /// The messages of the sources since the last poll.
    pub(super) fn take_messages(&mut self) -> Vec<SourceMessage> {
        std::iter::from_fn(|| self.messages.try_recv().ok()).collect()
    }

    /// Polls each source once, [`TOGETHER`] at a time, and waits for all. Returns their messages, each source's in its own
    /// order.
    pub(super) async fn poll_all(&mut self) -> Vec<SourceMessage> {
        self.poll_within(None).await
    }

    /// As [`Self::poll_all`], but waits at most for a time. Polls that take longer go on, and their sources are polled again
    /// once they have ended; their messages are those of a later call.
    pub(super) async fn poll_within(&mut self, patience: Option<Duration>) -> Vec<SourceMessage> {
        let until = patience.map(|patience| Instant::now() + patience);
        while let Some(ended) = self.polls.try_join_next() {
            self.sources.extend(ended.ok().map(|(source, _)| source));
        }
        self.call += 1;
        let call = self.call;
        let mut waiting = std::mem::take(&mut self.sources).into_iter();
        let (mut open, mut messages, mut room) =
            (if patience.is_none() { self.polls.len() } else { 0 }, Vec::new(), TOGETHER);
        loop {
            for source in waiting.by_ref().take(room) {
                self.polls.spawn(async move { (poll_once(source).await.0, call) });
                (room, open) = (room - 1, open + 1);
            }
            let wait = waiting.len() > 0;
            if open == 0 && !wait {
                break;
            }
            tokio::select! {
                Some(ended) = self.polls.join_next() => {
                    let (source, of) = match ended {
                        Ok((source, of)) => (Some(source), of),
                        Err(_) => (None, call),
                    };
                    if of == call || patience.is_none() {
                        (room, open) = (room + 1, open - 1);
                    }
                    self.sources.extend(source);
                }
                Some(one) = self.messages.recv() => messages.push(one),
                () = sleep(APART), if wait => room = TOGETHER,
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() && !wait => break,
            }
        }
        messages.extend(self.take_messages());
        // Polls end in any order; the sources keep theirs.
        self.sources.sort_by(|a, b| a.id().cmp(b.id()));
        messages
    }
}

/// Polls a source, and returns it with the time of its next poll.
pub(super) async fn poll_once(mut source: Box<dyn Source>) -> (Box<dyn Source>, Next) {
    let next = source.poll().await;
    (source, next)
}

/// Separates the readings of one poll of all sources, in the order in which they are applied, from other messages. Readings of
/// the driver come first, then pages with GPUs, so that an engine's node and cost are known before its first token is
/// posted.
pub(super) fn gpus_first(messages: Vec<SourceMessage>) -> (Vec<Event>, Vec<SourceMessage>) {
    let (mut events, mut others) = (Vec::new(), Vec::new());
    for one in messages {
        match one {
            SourceMessage::Events(some) => events.extend(some),
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
