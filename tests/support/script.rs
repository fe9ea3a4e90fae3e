//! A scenario: what sources report at instants that the test sets, played by the session's own driver.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use margintop::clock::{Clock, ScriptedClock};
use margintop::reading::{Event, TargetId};
use margintop::session::{Playback, PlaybackConfig};
use margintop::snapshot::WriterStatus;
use margintop::source::{Next, PollFuture, PollTiming, Sink, Source};
use margintop::units::{Moment, Timestamp};

/// A source that reports the events of a closure at each of its instants, and a tick after them.
pub struct Script<F> {
    id: TargetId,
    clock: ScriptedClock,
    instants: VecDeque<Timestamp>,
    events: F,
    sink: Option<Sink>,
}

impl<F> fmt::Debug for Script<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("instants", &self.instants).finish_non_exhaustive()
    }
}

impl<F: FnMut(Moment) -> Vec<Event> + Send + 'static> Script<F> {
    /// A source at the first of its instants.
    pub fn new(clock: &ScriptedClock, instants: impl IntoIterator<Item = Timestamp>, events: F) -> Self {
        let instants = instants.into_iter().collect();
        Self { id: TargetId::new("script:"), clock: clock.clone(), instants, events, sink: None }
    }
}

impl<F: FnMut(Moment) -> Vec<Event> + Send + 'static> Source for Script<F> {
    fn id(&self) -> &TargetId {
        &self.id
    }

    fn start(&mut self, sink: Sink, _: &Clock) {
        self.sink = Some(sink);
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            let Some(at) = self.instants.pop_front() else { return Next::End };
            self.clock.advance(at - self.clock.now().wall);
            let now = self.clock.now();
            let mut events = (self.events)(now);
            events.push(Event::Tick(now));
            self.sink.as_ref().unwrap().send(margintop::source::SourceMessage::Events(events)).await;
            self.instants.front().map_or(Next::End, |next| Next::At(*next))
        })
    }

    fn timing(&self) -> PollTiming {
        PollTiming::Own
    }
}

/// A playback that writes its ledger. The run before may still be closing the file: until then a playback reads it only, and
/// is begun again.
pub fn writing<S: Source>(
    mut source: impl FnMut() -> S,
    clock: &ScriptedClock,
    config: &PlaybackConfig,
) -> Playback<S> {
    let waited = Instant::now();
    loop {
        let playback = Playback::of_source(source(), clock, config.clone());
        if playback.basis.writer == WriterStatus::Ours {
            return playback;
        }
        assert!(waited.elapsed() < Duration::from_secs(20), "the ledger is not ours: {:?}", playback.basis);
        drop(playback.scripted.close());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Plays up to an instant, or to the end, without pauses.
pub fn play<S: Source>(playback: &mut Playback<S>, until: Option<Timestamp>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(playback.scripted.play(until, None, &playback.publish));
}
