//! Events from sources: a page, a poll of GPUs, or a tick.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    EngineKind, EngineReading, GpuReading, InstanceId, Label, ModelName, NodeName, Refusals, ScrapeError, SourceError,
    TargetId,
};
use crate::units::{Moment, Timestamp};

/// How fresh a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It answered within three intervals.
    Live,
    /// Silent for three intervals, at least 3 s.
    Stale,
    /// Silent for 30 s, or the driver reports it as gone.
    Lost,
    /// Named, but it has not answered yet.
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

/// An event that the fleet applies. Each event carries its time; the fleet reads no clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A scrape of a target.
    Page {
        /// The target.
        target: TargetId,
        /// When the response arrived.
        at: Moment,
        /// The cost of the scrape.
        cost: ScrapeCost,
        /// The page, or why there is none.
        outcome: Result<Box<PageReading>, ScrapeError>,
    },
    /// A poll of a driver of this machine.
    Gpus {
        /// The driver: `nvml:`. Recordings from before there were several have none.
        #[serde(default = "TargetId::nvml")]
        source: TargetId,
        /// The node.
        node: NodeName,
        /// When the last GPU answered.
        at: Moment,
        /// Every GPU that the driver lists, or why there is none.
        outcome: Result<Vec<GpuReading>, SourceError>,
    },
    /// A tick.
    Tick(Moment),
}

impl Event {
    /// A poll of this machine's NVIDIA driver.
    pub fn nvml(node: NodeName, at: Moment, outcome: Result<Vec<GpuReading>, SourceError>) -> Self {
        Self::Gpus { source: TargetId::nvml(), node, at, outcome }
    }

    /// The time of the event.
    pub const fn at(&self) -> Moment {
        match self {
            Self::Page { at, .. } | Self::Gpus { at, .. } | Self::Tick(at) => *at,
        }
    }
}

/// A host that an aggregated page has GPUs from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuHost {
    /// Their `instance` without its port.
    pub host: NodeName,
    /// Their node, as in [`PageReading::gpus`].
    pub node: Option<NodeName>,
    /// Their hostname, if it is not the node's name since those of other hosts have it too.
    pub shared: Option<NodeName>,
}

/// The readings of one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageReading {
    /// The program.
    pub kind: EngineKind,
    /// A row for each instance, rank and model.
    pub engines: Vec<EngineReading>,
    /// The start times of the instances of a page that has several, if it reports them.
    pub instance_starts: Vec<(InstanceId, Timestamp)>,
    /// Other names of the models as the server last listed them (`/v1/models`: `root`, `parent`); `None` if no list was
    /// read.
    pub aliases: Option<Vec<ModelAlias>>,
    /// Why the server's model list cannot be read, if it has one that was never read: the other names of its models and
    /// adapters are then unknown.
    pub list_refused: Option<Label>,
    /// GPUs that the page reports, with the node in the labels of each.
    pub gpus: Vec<(Option<NodeName>, GpuReading)>,
    /// The hosts that an aggregated page has GPUs from.
    #[serde(default)]
    pub gpu_hosts: Vec<GpuHost>,
    /// The start time of the process that holds the counters: `process_start_time_seconds`, otherwise the oldest
    /// `_created`.
    pub start: Option<Timestamp>,
    /// The latest start time of other processes of an instance, if the page has several that no identifying label tells
    /// apart.
    #[serde(default)]
    pub other_starts: Vec<(Option<InstanceId>, Timestamp)>,
    /// The HTTP `Date` of the answer, to compare clocks.
    pub date: Option<Timestamp>,
    /// Whether the page is complete: its length is as announced, its last line ends with a line feed, no limit was
    /// exceeded, and OpenMetrics ends with `# EOF`. Only a complete page is posted.
    pub complete: bool,
    /// The refused values.
    pub refusals: Refusals,
}

impl PageReading {
    /// The latest start time of other processes that are counted as an instance, if there are any.
    pub fn other_start_of(&self, instance: Option<&InstanceId>) -> Option<Timestamp> {
        self.other_starts.iter().find(|(known, _)| known.as_ref() == instance).map(|(_, start)| *start)
    }

    /// The start time of the process behind an instance's counters, if the page has it.
    pub fn start_of(&self, instance: Option<&InstanceId>) -> Option<Timestamp> {
        match instance {
            None => self.start,
            Some(id) => self.instance_starts.iter().find(|(known, _)| known == id).map(|(_, start)| *start),
        }
    }
}

/// Another name of a model on a server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelAlias {
    /// The name: a second served name, or that of an adapter.
    pub name: ModelName,
    /// The model that it stands for.
    pub model: ModelName,
}

/// The cost of a scrape.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ScrapeCost {
    /// From the request to the last byte, in seconds.
    pub seconds: f64,
    /// Bytes of the body.
    pub bytes: u64,
}
