//! A recording as a source: it says what was said, at the time at which it was.

use super::error::RecordError;
use super::{RecordingEntry, RecordingHeader, RecordingReader};
use crate::clock::{Clock, ScriptedClock};
use crate::reading::TargetId;
use crate::source::{Found, Next, PollFuture, PollTiming, Said, Sink, Source};
use crate::units::Timestamp;

/// Plays a recording: the first poll says when it begins, each later poll is one entry. The clock is that of the entries.
#[derive(Debug)]
pub struct Replay {
    id: TargetId,
    reader: RecordingReader,
    clock: ScriptedClock,
    /// Whether it was asked when its first entry is due.
    began: bool,
    /// The entry that comes next.
    next: Option<RecordingEntry<'static>>,
    error: Option<RecordError>,
    sink: Option<Sink>,
}

impl Replay {
    /// A recording at its first entry. `clock` is set by what it says.
    pub fn new(reader: RecordingReader, clock: &ScriptedClock) -> Self {
        let id = TargetId::new("replay:");
        let mut replay = Self { id, reader, clock: clock.clone(), began: false, next: None, error: None, sink: None };
        replay.read();
        replay
    }

    /// What its first line says.
    pub const fn header(&self) -> &RecordingHeader {
        self.reader.header()
    }

    /// How many entries were said or are about to be.
    pub const fn entries(&self) -> u64 {
        self.reader.entries()
    }

    /// Whether its end is missing.
    pub const fn is_cut(&self) -> bool {
        self.reader.is_cut()
    }

    /// Why it ended early, if it did.
    pub const fn error(&self) -> Option<&RecordError> {
        self.error.as_ref()
    }

    fn read(&mut self) {
        match self.reader.next_entry() {
            Ok(next) => self.next = next,
            Err(error) => (self.next, self.error) = (None, Some(error)),
        }
    }

    /// When the next entry is due; one without a time of its own comes with what is before it.
    fn due(&self) -> Option<Timestamp> {
        let now = self.clock.now().wall;
        self.next.as_ref().map(|entry| entry.at().map_or(now, |at| at.wall))
    }
}

impl Source for Replay {
    fn id(&self) -> &TargetId {
        &self.id
    }

    /// Its time is that of its recording.
    fn start(&mut self, sink: Sink, _: &Clock) {
        self.sink = Some(sink);
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            if !std::mem::replace(&mut self.began, true) {
                return self.due().map_or(Next::End, Next::At);
            }
            if let Some(entry) = self.next.take() {
                if let Some(at) = entry.at() {
                    self.clock.advance(at.wall - self.clock.now().wall);
                }
                if let (Some(said), Some(sink)) = (entry.said(), &self.sink) {
                    sink.say(said).await;
                }
                self.read();
            }
            self.due().map_or(Next::End, Next::At)
        })
    }

    fn timing(&self) -> PollTiming {
        PollTiming::Own
    }
}

impl RecordingEntry<'static> {
    /// What a source says that says this again; `None` for an entry that was missed.
    pub fn said(self) -> Option<Said> {
        Some(match self {
            Self::Events(events) => Said::Events(events.into_owned()),
            Self::Targets(targets) => {
                Said::Targets(targets.into_owned().into_iter().map(|info| Found { info, source: None }).collect())
            }
            Self::Errors(errors) => Said::Errors(errors.into_owned()),
            Self::Interval(interval) => Said::Interval(interval),
            Self::Missed(_) => return None,
        })
    }
}
