//! A session in the time of its only source, which decides when it is polled next.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::collector::{Collector, Message};
use crate::clock::{Clock, ScriptedClock};
use crate::snapshot::Snapshot;
use crate::source::{MessageReceiver, Next, Source, sink};
use crate::units::{Span, Timestamp};

/// The longest delay that is caught up. On a slower machine the session takes longer.
const LAG: Duration = Duration::from_secs(1);
/// The time between two publications of the last snapshot.
const AGAIN: Duration = Duration::from_secs(1);

/// A session over a recording or a simulated fleet.
#[derive(Debug)]
pub struct Scripted<S> {
    /// The collector, which owns the fleet.
    pub collector: Collector,
    source: S,
    messages: MessageReceiver,
    clock: ScriptedClock,
    next: Next,
}

impl<S: Source> Scripted<S> {
    /// Starts a source that sets `clock`, and applies its first messages.
    pub fn new(collector: Collector, mut source: S, clock: &ScriptedClock) -> Self {
        let (sink, messages) = sink();
        source.start(sink, &Clock::Scripted(clock.clone()));
        let mut scripted = Self { collector, source, messages, clock: clock.clone(), next: Next::Scheduled };
        scripted.take_said();
        scripted
    }

    /// The source.
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// Polls the source up to an instant, or to its end, and returns the last snapshot. `speed` is the ratio of the
    /// source's time to real time; `None` does not pause. While a receiver exists, each snapshot that is due is published;
    /// an alert begins with the first published snapshot that shows it.
    pub async fn play(
        &mut self,
        until: Option<Timestamp>,
        speed: Option<f64>,
        publish: &watch::Sender<Arc<Snapshot>>,
    ) -> Arc<Snapshot> {
        let (mut due, mut shown) = (Instant::now(), Instant::now());
        loop {
            match self.next {
                Next::End => break,
                Next::At(at) if until.is_some_and(|until| at > until) => break,
                Next::At(at) => {
                    if let Some(speed) = speed {
                        let pause = (at - self.clock.now().wall).max(Span::ZERO).as_secs_f64() / speed;
                        due += Duration::from_secs_f64(pause);
                        sleep_until(due).await;
                        due = due.max(Instant::now() - LAG);
                    }
                }
                Next::Scheduled => {}
            }
            let is_due = self.step().await;
            if publish.receiver_count() > 0 && (is_due || (speed.is_some() && shown.elapsed() >= AGAIN)) {
                shown = Instant::now();
                publish.send_replace(self.collector.snapshot());
            }
        }
        publish.send_replace(self.collector.snapshot());
        publish.borrow().clone()
    }

    /// The time of its last poll, if its source has ended.
    pub fn ended(&self) -> Option<Timestamp> {
        matches!(self.next, Next::End).then(|| self.clock.now().wall)
    }

    /// Writes the last checkpoint, closes the ledger and returns the source.
    pub fn close(mut self) -> S {
        self.collector.close();
        self.source
    }

    /// Polls once and applies the messages. Returns whether a snapshot is due.
    async fn step(&mut self) -> bool {
        self.next = self.source.poll().await;
        self.take_said()
    }

    fn take_said(&mut self) -> bool {
        let mut is_due = false;
        while let Ok(message) = self.messages.try_recv() {
            is_due |= self.collector.take(Message::from_source(message).0);
        }
        is_due
    }
}

/// Runs it to its end, then each run that `again` returns. When `again` returns `None`, the last snapshot stays on the
/// screen. If the future is dropped, the current run stays in `scripted`.
pub async fn play_repeatedly<S: Source>(
    scripted: &mut Scripted<S>,
    speed: f64,
    publish: &watch::Sender<Arc<Snapshot>>,
    mut again: impl FnMut() -> Option<Scripted<S>>,
) {
    loop {
        let last = scripted.play(None, Some(speed), publish).await;
        scripted.collector.commit();
        // The pause shows the last snapshot before the next run, and prevents an empty recording from using a whole core.
        tokio::time::sleep(AGAIN).await;
        match again() {
            Some(next) => drop(std::mem::replace(scripted, next).close()),
            None => republish(last, publish).await,
        }
    }
}

/// Publishes a snapshot repeatedly, so that queries of its ledger are answered until the screen is closed.
async fn republish(last: Arc<Snapshot>, publish: &watch::Sender<Arc<Snapshot>>) {
    let mut again = tokio::time::interval(AGAIN);
    loop {
        again.tick().await;
        publish.send_replace(last.clone());
    }
}
