//! What a source is, and what it says.

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::fleet::TargetInfo;
use crate::reading::{Event, SourceError, TargetId};
use crate::units::{Span, Timestamp};

/// Messages of sources that may wait to be taken.
const BACKLOG: usize = 256;

/// Polls one kind of target, and says what it reads and which further targets it finds.
///
/// It ends when it is dropped.
pub trait Source: Debug + Send + 'static {
    /// Its name: an address, a file, `nvml:`.
    fn id(&self) -> &TargetId;

    /// Starts it. All that it says goes into `sink`, with times of `clock`. Started again, it goes on with another sink.
    fn start(&mut self, sink: Sink, clock: &Clock);

    /// Polls its target once. It ends within the source's own timeout, and what the poll yielded is in the sink by then.
    fn poll(&mut self) -> PollFuture<'_>;

    /// Who says when it is polled.
    fn timing(&self) -> PollTiming {
        PollTiming::Scheduled
    }

    /// Polls so often from now on, where it keeps its own time.
    fn set_interval(&mut self, _interval: Duration) {}
}

/// A poll under way.
pub type PollFuture<'s> = Pin<Box<dyn Future<Output = Next> + Send + 's>>;

/// When a source wants to be polled next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// When the schedule says.
    Scheduled,
    /// When its own clock shows this: its time is scripted.
    At(Timestamp),
    /// Never: it has said everything.
    End,
}

/// Who says when a source is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollTiming {
    /// The schedule.
    Scheduled,
    /// The schedule; but a second poll tells no more than the first, so that one before something is printed is enough.
    Once,
    /// The source itself, at the interval that it is given.
    Own,
}

/// What a source says.
#[derive(Debug)]
pub enum Said {
    /// Readings, and time that passed.
    Events(Vec<Event>),
    /// Targets that it found.
    Targets(Vec<Found>),
    /// What does not work here, in place of what it said before.
    Errors(Vec<SourceError>),
    /// Targets are polled so often from now on.
    Interval(Span),
}

impl From<Event> for Said {
    fn from(event: Event) -> Self {
        Self::Events(vec![event])
    }
}

/// A target that a source found.
#[derive(Debug)]
pub struct Found {
    /// What the fleet is to know of it.
    pub info: TargetInfo,
    /// What polls it; `None` where the source that found it does.
    pub source: Option<Box<dyn Source>>,
}

/// Where a source says what it has to say.
#[derive(Debug, Clone)]
pub struct Sink(mpsc::Sender<Said>);

/// Where it is heard.
pub type Outlet = mpsc::Receiver<Said>;

/// A sink and its outlet.
pub fn sink() -> (Sink, Outlet) {
    let (sink, outlet) = mpsc::channel(BACKLOG);
    (Sink(sink), outlet)
}

impl Sink {
    /// Says something, and waits for room. It is dropped if the outlet is closed.
    pub async fn say(&self, said: impl Into<Said> + Send) {
        let _ = self.0.send(said.into()).await;
    }

    /// The same on a thread of the source's own.
    pub fn say_blocking(&self, said: impl Into<Said>) {
        let _ = self.0.blocking_send(said.into());
    }

    /// The same while it is started: there is room.
    pub fn announce(&self, said: impl Into<Said>) {
        let _ = self.0.try_send(said.into());
    }
}
