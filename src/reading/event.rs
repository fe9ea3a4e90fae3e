//! One thing that a source says: a page, a look at the GPUs, or that time has passed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EngineKind, EngineReading, GpuReading, InstanceId, Label, ModelName, NodeName, Refusals, TargetId};
use crate::units::{Moment, Timestamp};

/// How fresh a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Answered within three intervals.
    Live,
    /// Silent for three intervals, at least 3 s.
    Stale,
    /// Silent for 30 s, or the driver says that it is gone.
    Lost,
    /// Named, not yet answered.
    #[default]
    Never,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Live => "live",
            Self::Stale => "stale",
            Self::Lost => "lost",
            Self::Never => "never",
        })
    }
}

/// What enters the fleet. Time comes with every event; nothing behind this seam reads a clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A target was asked.
    Page {
        /// The target that was asked.
        target: TargetId,
        /// When the response had arrived.
        at: Moment,
        /// What asking cost.
        cost: ScrapeCost,
        /// What came.
        outcome: Result<Box<PageReading>, ScrapeTrouble>,
    },
    /// A driver of this machine was asked.
    Gpus {
        /// Which: `nvml:`. Recordings from before there were several have none.
        #[serde(default = "TargetId::nvml")]
        source: TargetId,
        /// The node.
        node: NodeName,
        /// When the last GPU had answered.
        at: Moment,
        /// Every GPU that the driver lists, or why there is none.
        outcome: Result<Vec<GpuReading>, SourceError>,
    },
    /// Time passed.
    Tick(Moment),
}

impl Event {
    /// A poll of this machine's NVIDIA driver.
    pub fn nvml(node: NodeName, at: Moment, outcome: Result<Vec<GpuReading>, SourceError>) -> Self {
        Self::Gpus { source: TargetId::nvml(), node, at, outcome }
    }

    /// When it was.
    pub const fn at(&self) -> Moment {
        match self {
            Self::Page { at, .. } | Self::Gpus { at, .. } | Self::Tick(at) => *at,
        }
    }
}

/// One page, read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageReading {
    /// What program this is.
    pub kind: EngineKind,
    /// A row for each instance, rank and model.
    pub engines: Vec<EngineReading>,
    /// When the instances of a page that holds several started, where it says so.
    pub instance_starts: Vec<(InstanceId, Timestamp)>,
    /// Other names of the models, as the server last listed them (`/v1/models`: `root`, `parent`); `None` if no list was
    /// read.
    pub aliases: Option<Vec<ModelAlias>>,
    /// Why the server's model list can't be read, if it has one that was never read: what it calls its models and adapters
    /// besides the names on its page is unknown.
    pub list_refused: Option<Label>,
    /// GPUs that the page reports, with the node it names for each.
    pub gpus: Vec<(Option<NodeName>, GpuReading)>,
    /// When the process behind the counters started: `process_start_time_seconds`, else the oldest `_created`.
    pub start: Option<Timestamp>,
    /// The latest start time of other processes of an instance, if the page has several: no label that names an instance tells
    /// them apart.
    #[serde(default)]
    pub other_starts: Vec<(Option<InstanceId>, Timestamp)>,
    /// The HTTP `Date` of the answer, to compare clocks.
    pub date: Option<Timestamp>,
    /// Its length was met, its last line has its line feed, no limit bit, and OpenMetrics ended in `# EOF`. Only a complete
    /// page is posted.
    pub complete: bool,
    /// What was refused in it.
    pub refusals: Refusals,
}

impl PageReading {
    /// The latest start time of other processes that are counted as an instance, if there are any.
    pub fn other_start_of(&self, instance: Option<&InstanceId>) -> Option<Timestamp> {
        self.other_starts.iter().find(|(known, _)| known.as_ref() == instance).map(|(_, start)| *start)
    }

    /// When the process behind an instance's counters started, if the page says.
    pub fn start_of(&self, instance: Option<&InstanceId>) -> Option<Timestamp> {
        match instance {
            None => self.start,
            Some(id) => self.instance_starts.iter().find(|(known, _)| known == id).map(|(_, start)| *start),
        }
    }
}

/// A name that a server gives a model besides another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelAlias {
    /// The name: a second served name, or an adapter's.
    pub name: ModelName,
    /// The model that it stands for.
    pub model: ModelName,
}

/// What asking a target cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ScrapeCost {
    /// From request to last byte, in seconds.
    pub seconds: f64,
    /// Bytes of body.
    pub bytes: u64,
}

/// Why a target gave no page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScrapeTrouble {
    /// Nothing listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The name does not resolve.
    NoSuchHost(Label),
    /// An answer with another status than 200.
    Status(u16),
    /// A refusal with this status that asks for basic authentication.
    NeedsPassword(u16),
    /// A refusal with status 401 or 403, and what to do about it.
    NotAllowed(Label),
    /// It answered, but not with metrics.
    NotMetrics(Label),
    /// The body is larger than the cap, in bytes.
    TooLarge(u64),
    /// The page ended too early, after so many bytes.
    Cut(u64),
    /// Its last line has no line feed, after so many bytes: its last number may be the beginning of a longer one.
    Unended(u64),
    /// The certificate or handshake failed.
    Tls(Label),
    /// Anything else, in its own words.
    Other(Label),
}

impl fmt::Display for ScrapeTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("refused: nothing listens there; is the engine up, and is this its port?"),
            Self::TimedOut => f.write_str("no answer in time; the last figures stand until it answers"),
            Self::NoSuchHost(host) => write!(f, "{host}: no such host; check the name"),
            Self::Status(401 | 403) => {
                f.write_str("asks for a key (HTTP 401 or 403): set bearer_token_file for this target")
            }
            Self::NeedsPassword(status) => write!(
                f,
                "asks for a user name and password (HTTP {status}): set username and password_file for this target, or check them"
            ),
            Self::Status(404) => {
                f.write_str("HTTP 404: no metrics page there; SGLang needs --enable-metrics, or give the path")
            }
            Self::Status(501) => f.write_str("HTTP 501: llama.cpp serves metrics only with --metrics"),
            Self::Status(status) => write!(f, "HTTP {status}"),
            Self::NotMetrics(what) => write!(f, "not a metrics page: {what}"),
            Self::TooLarge(cap) => write!(f, "page over {} MiB, not read", cap / (1024 * 1024)),
            Self::Cut(bytes) => write!(f, "page cut after {bytes} bytes: its end is missing"),
            Self::Unended(bytes) => write!(
                f,
                "page cut after {bytes} bytes: its last line has no line feed, so it was cut or is still being written; nothing of it is counted"
            ),
            Self::Tls(why) => write!(f, "TLS: {why}; for a private CA set ca_file"),
            Self::NotAllowed(why) | Self::Other(why) => why.fmt(f),
        }
    }
}

/// Something that does not work, and the mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceError {
    /// What: `NVML`, `engines`, a target.
    pub what: Label,
    /// Why it does not work.
    pub why: Label,
    /// What to do.
    pub mend: Label,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.what, self.why, self.mend)
    }
}
