//! Recordings: everything that the sources said, with its time, in one file.
//!
//! A recording is JSON lines, compressed with zstd: a [`RecordingHeader`] and then one [`RecordingEntry`] after the
//! other. What was written is flushed to the file once a second, so that a kill loses at most a second; a truncated
//! file is read up to its end.

mod error;
mod reader;
mod redact;
mod replay;
mod writer;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::fleet::TargetInfo;
use crate::reading::{Event, NodeName, SourceError, TargetId};
use crate::units::{Moment, Span};

pub use error::RecordError;
pub use reader::RecordingReader;
pub use redact::Redactor;
pub use replay::{OutsideRecording, Replay};
pub use writer::{Progress, Recording, Settings, Written};

/// The format and its version, as the first line names them.
pub const FORMAT: &str = "margintop-recording/1";

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingHeader {
    /// [`FORMAT`].
    pub recording: String,
    /// Its beginning.
    pub began: Moment,
    /// The machine that watched.
    pub local: NodeName,
    /// The interval between polls.
    pub interval: Span,
    /// The window of rates.
    pub window: Span,
    /// The targets known from the start.
    pub targets: Vec<TargetInfo>,
    /// Whether names were replaced by hashes.
    pub redacted: bool,
    /// The zone in which its days begin; `None` if the zone has no name, and in recordings of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// One line after the first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingEntry<'a> {
    /// What sources said.
    Events(Cow<'a, [Event]>),
    /// Targets that were found.
    Targets(Cow<'a, [TargetInfo]>),
    /// Targets that are no longer listed.
    Gone(Cow<'a, [TargetId]>),
    /// What does not work.
    Errors(Cow<'a, [SourceError]>),
    /// A new interval between polls.
    Interval(Span),
    /// A number of entries that are missing here because the disk was too slow.
    Missed(u64),
}

impl RecordingEntry<'_> {
    /// The time of its last event; `None` for an entry without a time.
    pub fn at(&self) -> Option<Moment> {
        match self {
            Self::Events(events) => events.last().map(Event::at),
            Self::Targets(_) | Self::Gone(_) | Self::Errors(_) | Self::Interval(_) | Self::Missed(_) => None,
        }
    }
}
