//! A session without a fleet: what sources report is handed on as it is. The agent serves its node's readings so.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::collector::Message;
use super::opened::Opened;
use super::schedule::{Schedule, ScheduleControl};
use super::search::search;
use crate::clock::Clock;
use crate::reading::Event;
use crate::source::Source;
use crate::source::discover::Discovery;

/// The capacity of the channel, in batches.
const BACKLOG: usize = 16;

/// Running sources and their events. Dropping it ends them.
#[derive(Debug)]
pub struct Relay {
    messages: mpsc::Receiver<Message>,
    /// The interval and the last poll of the schedule, which are as they were at the start.
    _unchanged: (watch::Sender<Duration>, watch::Sender<bool>),
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Starts the sources at an interval, and the search of this machine for more of them, on the current runtime.
    pub fn start(
        sources: Vec<Box<dyn Source>>,
        discovery: Option<Discovery>,
        interval: Duration,
        clock: &Clock,
    ) -> Self {
        let (sender, messages) = mpsc::channel(BACKLOG);
        let (schedule, control) = Schedule::new(clock.clone(), interval, sender);
        let Opened { mut scheduled, once, own, targets: _ } = Opened::new(sources, clock);
        scheduled.extend(once);
        let ScheduleControl { interval, last, pids, working, .. } = control;
        let mut tasks = JoinSet::new();
        if let Some(discovery) = discovery {
            tasks.spawn(search(discovery, schedule.clone(), pids, working));
        }
        for source in own {
            tasks.spawn(schedule.clone().follow(source));
        }
        if !scheduled.is_empty() {
            tasks.spawn(schedule.watch(scheduled));
        }
        Self { messages, _unchanged: (interval, last), _tasks: tasks }
    }

    /// Hands each event to `receive`. Ends when no source is left that could report one.
    pub async fn each(mut self, mut receive: impl FnMut(Event)) {
        while let Some(message) = self.messages.recv().await {
            if let Message::Events(events) = message {
                events.into_iter().for_each(&mut receive);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::reading::TargetId;
    use crate::source::{Next, PollFuture, PollTiming, Sink};

    /// A source that reports a tick when it is started, or when it is polled.
    #[derive(Debug)]
    struct Ticking {
        id: TargetId,
        timing: PollTiming,
        started: Option<(Sink, Clock)>,
    }

    impl Source for Ticking {
        fn id(&self) -> &TargetId {
            &self.id
        }

        fn start(&mut self, sink: Sink, clock: &Clock) {
            if self.timing == PollTiming::Own {
                sink.send_at_once(Event::Tick(clock.now()));
            }
            self.started = Some((sink, clock.clone()));
        }

        fn poll(&mut self) -> PollFuture<'_> {
            Box::pin(async move {
                let (sink, clock) = self.started.as_ref().unwrap();
                sink.send(Event::Tick(clock.now())).await;
                Next::Scheduled
            })
        }

        fn timing(&self) -> PollTiming {
            self.timing
        }
    }

    #[tokio::test]
    async fn events_of_any_timing_are_handed_on() {
        for timing in [PollTiming::Own, PollTiming::Scheduled, PollTiming::Once] {
            let source = Ticking { id: TargetId::new("ticking:"), timing, started: None };
            let relay = Relay::start(vec![Box::new(source)], None, Duration::from_secs(60), &Clock::System);
            let (sender, mut events) = mpsc::unbounded_channel();
            let running = tokio::spawn(relay.each(move |event| sender.send(event).unwrap()));
            let first = tokio::time::timeout(Duration::from_secs(10), events.recv()).await;
            assert!(matches!(first, Ok(Some(Event::Tick(_)))), "{timing:?}");
            running.abort();
        }
    }
}
