//! A simulated fleet with a clock that advances only between polls, so that its figures are the same at any speed.

use super::opened::Opened;
use super::poll_group::{PollGroup, gpus_first};
use crate::clock::{Clock, ScriptedClock};
use crate::fleet::TargetInfo;
use crate::reading::{Event, TargetId};
use crate::source::{FoundTarget, Next, PollFuture, PollTiming, Sink, Source, SourceMessage};
use crate::units::{Span, Timestamp};

/// Polls the targets of a simulated fleet at each step of a scripted clock, up to its end. On a slow machine it takes
/// longer, in the same steps.
#[derive(Debug)]
pub struct SteppedFleet {
    id: TargetId,
    clock: ScriptedClock,
    targets: Vec<TargetInfo>,
    sources: PollGroup,
    /// The fleet, which owns the sockets of the targets.
    _fleet: Opened,
    step: Span,
    end: Timestamp,
    polled: bool,
    sink: Option<Sink>,
}

impl SteppedFleet {
    /// A fleet that begins at the time of `clock` and ends at `end`.
    pub fn new(fleet: Box<dyn Source>, clock: &ScriptedClock, step: Span, end: Timestamp) -> Self {
        let (id, scripted) = (fleet.id().clone(), Clock::Scripted(clock.clone()));
        let mut opened = Opened::new(vec![fleet], &scripted);
        let targets = std::mem::take(&mut opened.targets);
        let sources = PollGroup::new(std::mem::take(&mut opened.scheduled), &scripted);
        let clock = clock.clone();
        Self { id, clock, targets, sources, _fleet: opened, step, end, polled: false, sink: None }
    }

    /// The remaining time.
    fn left(&self) -> Span {
        self.end - self.clock.now().wall
    }
}

impl Source for SteppedFleet {
    fn id(&self) -> &TargetId {
        &self.id
    }

    /// Ignores the clock, since it has its own.
    fn start(&mut self, sink: Sink, _: &Clock) {
        let found = self.targets.iter().map(|info| FoundTarget { info: info.clone(), source: None });
        sink.send_at_once(SourceMessage::Targets(found.collect()));
        self.sink = Some(sink);
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            if std::mem::replace(&mut self.polled, true) {
                self.clock.advance(self.step.min(self.left()));
            }
            let (events, _) = gpus_first(self.sources.poll_all().await);
            if let Some(sink) = &self.sink {
                sink.send(SourceMessage::Events(events)).await;
                sink.send(Event::Tick(self.clock.now())).await;
            }
            match self.left() {
                Span::ZERO => Next::End,
                left => Next::At(self.clock.now().wall + self.step.min(left)),
            }
        })
    }

    fn timing(&self) -> PollTiming {
        PollTiming::Own
    }
}
