//! A recording as a source: it repeats what was said, at the recorded times.

use super::error::RecordError;
use super::{RecordingEntry, RecordingHeader, RecordingReader};
use crate::clock::{Clock, ScriptedClock};
use crate::reading::TargetId;
use crate::source::{FoundTarget, Next, PollFuture, PollTiming, Sink, Source, SourceMessage};
use crate::units::{Span, Timestamp};

/// A recording that does not cover an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutsideRecording {
    /// The instant.
    pub at: Timestamp,
    /// When it begins.
    pub began: Timestamp,
    /// When it ends.
    pub ended: Timestamp,
    /// Whether the instant is before its beginning; else it is after its end.
    pub is_early: bool,
}

/// Plays a recording: the first poll returns the time of its first entry, each later poll says one entry and sets the
/// clock to its time.
#[derive(Debug)]
pub struct Replay {
    id: TargetId,
    reader: RecordingReader,
    clock: ScriptedClock,
    /// Whether it was polled for the first time.
    began: bool,
    /// The next entry.
    next: Option<RecordingEntry<'static>>,
    error: Option<RecordError>,
    sink: Option<Sink>,
}

impl Replay {
    /// A recording at its first entry. It sets `clock`.
    pub fn new(reader: RecordingReader, clock: &ScriptedClock) -> Self {
        let id = TargetId::new("replay:");
        let mut replay = Self { id, reader, clock: clock.clone(), began: false, next: None, error: None, sink: None };
        replay.read();
        replay
    }

    /// Its first line.
    pub const fn header(&self) -> &RecordingHeader {
        self.reader.header()
    }

    /// How much was replayed of a recording without its end; `None` if it is complete.
    pub fn missing_end(&self) -> Option<String> {
        let entries = self.reader.entries();
        self.reader
            .is_cut()
            .then(|| format!("the end of the recording is missing: its {entries} whole entries were replayed"))
    }

    /// The error that ended it early, if there was one.
    pub const fn error(&self) -> Option<&RecordError> {
        self.error.as_ref()
    }

    /// Its beginning and end, if an instant that it was played to is outside of them by more than the minute to which
    /// people write times. If the instant is before its beginning, the file is read once more to find its end.
    pub fn outside(&self, at: Timestamp) -> Option<OutsideRecording> {
        let began = self.header().began.wall;
        let is_early = at < began.minute();
        let ended = if is_early {
            RecordingReader::open(self.reader.path()).ok()?.read_latest_time().unwrap_or(began)
        } else {
            let end = self.clock.now().wall;
            let has_ended = self.began && self.next.is_none();
            Some(end).filter(|end| has_ended && at > end.minute() + Span::from_secs(60))?
        };
        Some(OutsideRecording { at, began, ended, is_early })
    }

    fn read(&mut self) {
        match self.reader.next_entry() {
            Ok(next) => self.next = next,
            Err(error) => (self.next, self.error) = (None, Some(error)),
        }
    }

    /// The time of the next entry; one without a time has that of the entry before it.
    fn due(&self) -> Option<Timestamp> {
        let now = self.clock.now().wall;
        self.next.as_ref().map(|entry| entry.at().map_or(now, |at| at.wall))
    }
}

impl Source for Replay {
    fn id(&self) -> &TargetId {
        &self.id
    }

    /// Ignores the clock: the recording sets its own.
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
                if let (Some(message), Some(sink)) = (entry.into_message(), &self.sink) {
                    sink.send(message).await;
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
    /// The entry as what a source says; `None` for missing entries.
    pub fn into_message(self) -> Option<SourceMessage> {
        Some(match self {
            Self::Events(events) => SourceMessage::Events(events.into_owned()),
            Self::Targets(targets) => SourceMessage::Targets(
                targets.into_owned().into_iter().map(|info| FoundTarget { info, source: None }).collect(),
            ),
            Self::Gone(targets) => SourceMessage::Gone(targets.into_owned()),
            Self::Errors(errors) => SourceMessage::Errors(TargetId::new("recording"), errors.into_owned()),
            Self::Interval(interval) => SourceMessage::Interval(interval),
            Self::Missed(_) => return None,
        })
    }
}
