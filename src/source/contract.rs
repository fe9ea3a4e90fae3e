//! The trait of sources, and their messages.

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::fleet::TargetInfo;
use crate::reading::{Event, SourceError, TargetId};
use crate::units::{Span, Timestamp};

/// The capacity of the channel from the sources, in messages.
const BACKLOG: usize = 256;
/// The time between the first poll of a source and its second, which gives the first rates.
pub const SECOND_POLL: Duration = Duration::from_millis(300);

/// Polls one kind of target, and emits readings and the further targets that it finds.
///
/// Dropping it ends it.
pub trait Source: Debug + Send + 'static {
    /// The id: an address, a file, or `nvml:`.
    fn id(&self) -> &TargetId;

    /// Starts the source, which sends messages to `sink` with times of `clock`. Starting it again replaces the sink.
    fn start(&mut self, sink: Sink, clock: &Clock);

    /// Polls its target once. The future completes within the source's own timeout, after the results were sent to the
    /// sink.
    fn poll(&mut self) -> PollFuture<'_>;

    /// How its polls are timed.
    fn timing(&self) -> PollTiming {
        PollTiming::Scheduled
    }

    /// Sets the interval of a source that times its own polls.
    fn set_interval(&mut self, _interval: Duration) {}
}

/// A poll in progress.
pub type PollFuture<'s> = Pin<Box<dyn Future<Output = Next> + Send + 's>>;

/// When a source should be polled next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// When the schedule decides.
    Scheduled,
    /// At this time of its own scripted clock.
    At(Timestamp),
    /// Never: it has ended.
    End,
}

/// How the polls of a source are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollTiming {
    /// By the schedule.
    Scheduled,
    /// By the schedule. A second poll would yield the same, so one poll before printing suffices.
    Once,
    /// By the source itself, at the given interval.
    Own,
}

/// A message of a source.
#[derive(Debug)]
pub enum SourceMessage {
    /// Readings and ticks.
    Events(Vec<Event>),
    /// Targets that it found.
    Targets(Vec<FoundTarget>),
    /// Targets that are no longer listed where they were found.
    Gone(Vec<TargetId>),
    /// The current errors of a source, which replace its earlier ones.
    Errors(TargetId, Vec<SourceError>),
    /// A new interval between polls.
    Interval(Span),
    /// The time between two samples of a source that passes on what others took: nothing is newer, however often it is polled.
    SampleStep(Span),
}

impl From<Event> for SourceMessage {
    fn from(event: Event) -> Self {
        Self::Events(vec![event])
    }
}

/// A target that a source found.
#[derive(Debug)]
pub struct FoundTarget {
    /// Its description for the fleet.
    pub info: TargetInfo,
    /// The source that polls it; `None` if the source that found it does.
    pub source: Option<Box<dyn Source>>,
}

/// The sending end of a source's messages.
#[derive(Debug, Clone)]
pub struct Sink(mpsc::Sender<SourceMessage>);

/// The receiving end of a source's messages.
pub type MessageReceiver = mpsc::Receiver<SourceMessage>;

/// Creates a channel.
pub fn sink() -> (Sink, MessageReceiver) {
    let (sink, outlet) = mpsc::channel(BACKLOG);
    (Sink(sink), outlet)
}

impl Sink {
    /// Sends a message, and waits while the channel is full. The message is dropped if the outlet is closed.
    pub async fn send(&self, said: impl Into<SourceMessage> + Send) {
        let _ = self.0.send(said.into()).await;
    }

    /// As [`Sink::send`], for a source's own thread: blocks while the channel is full.
    pub fn send_blocking(&self, said: impl Into<SourceMessage>) {
        let _ = self.0.blocking_send(said.into());
    }

    /// As [`Sink::send`] without waiting, for messages while the source is started; dropped if the channel is full.
    pub fn send_at_once(&self, said: impl Into<SourceMessage>) {
        let _ = self.0.try_send(said.into());
    }
}
