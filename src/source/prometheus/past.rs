//! A Prometheus as the source of a past span, in the time of its samples.

use super::api::PrometheusApi;
use super::reader::{LONGEST, ScrapeReader};
use super::source::FoundTargets;
use crate::clock::{Clock, ScriptedClock};
use crate::reading::{Event, ScrapeError, TargetId};
use crate::source::contract::{Next, PollFuture, PollTiming, Sink, Source, SourceMessage};
use crate::source::scrape::Settings;
use crate::source::target::PolledTarget;
use crate::units::{Moment, Span, Timestamp};

/// The longest time between two ticks.
const TICK: Span = Span::from_secs(15);
/// How often a question is asked again that fails.
const TRIES: u32 = 3;

/// Reads the scrapes of a past span, five minutes at each poll: the last scrape of each target before it as a baseline, then all up
/// to its end, and those of the five minutes after it, so that what was produced up to its end is known.
#[derive(Debug)]
pub struct PrometheusPast {
    targets: FoundTargets,
    reader: ScrapeReader,
    clock: ScriptedClock,
    sink: Option<Sink>,
    since: Timestamp,
    until: Timestamp,
    failure: Option<ScrapeError>,
}

impl PrometheusPast {
    /// A source that advances `clock`, which is to stand at [`Self::begin`], up to five minutes after `until`, but not beyond
    /// `now`.
    pub fn new(
        target: PolledTarget,
        settings: &Settings,
        clock: &ScriptedClock,
        (since, until): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Self {
        let reader = ScrapeReader::new(PrometheusApi::new(&target, settings), 1);
        let until = (until + LONGEST).min(now);
        Self {
            targets: FoundTargets::new(target),
            reader,
            clock: clock.clone(),
            sink: None,
            since,
            until,
            failure: None,
        }
    }

    /// When the clock of a span begins: before the scrapes that are its baselines.
    pub fn begin(since: Timestamp) -> Timestamp {
        since - LONGEST
    }

    /// Why it ended before its span.
    pub const fn failure(&self) -> Option<&ScrapeError> {
        self.failure.as_ref()
    }

    /// What was left out of the last answer, and why.
    pub fn left_out(&self) -> Option<&str> {
        self.reader.left_out()
    }

    async fn read(&mut self) -> Result<Vec<SourceMessage>, ScrapeError> {
        let upto = self.reader.asked().map_or(self.since, |asked| (asked + LONGEST).min(self.until));
        let mut tries = 1;
        let scrapes = loop {
            match self.reader.read(upto).await {
                Err(_) if tries < TRIES => tries += 1,
                read => break read?,
            }
        };
        let before = self.clock.now();
        self.clock.advance(upto - before.wall);
        let step = self.reader.step().map(SourceMessage::SampleStep);
        let mut messages: Vec<SourceMessage> = step.into_iter().collect();
        messages.extend(self.targets.messages(scrapes, self.clock.now(), 0.0));
        let events = messages.iter_mut().find_map(|message| match message {
            SourceMessage::Events(events) => Some(std::mem::take(events)),
            _ => None,
        });
        messages.retain(|message| !matches!(message, SourceMessage::Events(_)));
        messages.push(SourceMessage::Events(with_ticks(events.unwrap_or_default(), before, self.clock.now())));
        Ok(messages)
    }
}

/// Events with ticks between them and at their end.
fn with_ticks(events: Vec<Event>, mut last: Moment, end: Moment) -> Vec<Event> {
    let mut ticked = Vec::with_capacity(events.len());
    for event in events {
        while event.at().since(last) > TICK {
            last = last + TICK;
            ticked.push(Event::Tick(last));
        }
        ticked.push(event);
    }
    while end.since(last) > TICK {
        last = last + TICK;
        ticked.push(Event::Tick(last));
    }
    ticked.push(Event::Tick(end));
    ticked
}

impl Source for PrometheusPast {
    fn id(&self) -> &TargetId {
        self.targets.id()
    }

    fn start(&mut self, sink: Sink, _: &Clock) {
        self.sink = Some(sink);
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            match (self.read().await, &self.sink) {
                (Ok(messages), Some(sink)) => {
                    for message in messages {
                        sink.send(message).await;
                    }
                    match self.reader.asked() {
                        Some(asked) if asked < self.until => Next::At(asked),
                        _ => Next::End,
                    }
                }
                (Ok(_), None) => Next::End,
                (Err(failure), _) => {
                    self.failure = Some(failure);
                    Next::End
                }
            }
        })
    }

    fn timing(&self) -> PollTiming {
        PollTiming::Own
    }
}
