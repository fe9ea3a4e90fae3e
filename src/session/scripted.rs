//! A session in a time of its own: one source that says everything, and says when it wants to be polled next.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::collector::{Collector, Message};
use crate::clock::{Clock, ScriptedClock};
use crate::snapshot::Snapshot;
use crate::source::{Next, Outlet, Source, sink};
use crate::units::{Span, Timestamp};

/// How far it may fall behind and still make up for it. A machine that is slower makes the time longer.
const LAG: Duration = Duration::from_secs(1);
/// How often the end is shown again.
const AGAIN: Duration = Duration::from_secs(1);

/// A recording or a simulated fleet being turned.
#[derive(Debug)]
pub struct Scripted<S> {
    /// Who owns the fleet.
    pub collector: Collector,
    source: S,
    outlet: Outlet,
    clock: ScriptedClock,
    next: Next,
}

impl<S: Source> Scripted<S> {
    /// Starts a source whose time `clock` shows, and takes in what it announces.
    pub fn new(collector: Collector, mut source: S, clock: &ScriptedClock) -> Self {
        let (sink, outlet) = sink();
        source.start(sink, &Clock::Scripted(clock.clone()));
        let mut scripted = Self { collector, source, outlet, clock: clock.clone(), next: Next::Scheduled };
        scripted.take_said();
        scripted
    }

    /// What is turned.
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// Turns it to an instant, or to its end, and gives the last snapshot. With a speed it is so many times as fast as the
    /// time that it tells; without one it makes no pause. While somebody looks, a snapshot is published whenever one is due;
    /// alerts begin with the one that shows them.
    pub async fn turn(
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

    /// Polls once and takes in what was said. Whether a snapshot is due.
    async fn step(&mut self) -> bool {
        self.next = self.source.poll().await;
        self.take_said()
    }

    fn take_said(&mut self) -> bool {
        let mut is_due = false;
        while let Ok(said) = self.outlet.try_recv() {
            is_due |= self.collector.take(Message::heard(said).0);
        }
        is_due
    }
}

/// Runs it to its end, then each run that `again` returns. When `again` returns none, the end stays on the screen.
/// `scripted` is what is turned when somebody leaves.
pub async fn turn_again<S: Source>(
    scripted: &mut Scripted<S>,
    speed: f64,
    publish: &watch::Sender<Arc<Snapshot>>,
    mut again: impl FnMut() -> Option<Scripted<S>>,
) {
    loop {
        let last = scripted.turn(None, Some(speed), publish).await;
        scripted.collector.commit();
        // The pause shows the end before the next run, and keeps an empty recording from using a whole core.
        tokio::time::sleep(AGAIN).await;
        match again() {
            Some(next) => std::mem::replace(scripted, next).collector.close(),
            None => hold(last, publish).await,
        }
    }
}

/// Goes on showing a snapshot: its ledger can be asked for as long as someone looks.
async fn hold(last: Arc<Snapshot>, publish: &watch::Sender<Arc<Snapshot>>) {
    let mut again = tokio::time::interval(AGAIN);
    loop {
        again.tick().await;
        publish.send_replace(last.clone());
    }
}
