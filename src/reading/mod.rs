//! Readings from sources: identifiers, measurements, health and errors.
//!
//! `None` means that the source did not report a value; it is never 0 and never the last value. Text from outside
//! enters the program only as a [`Label`], which contains no control character. Nothing is computed here.

mod engine;
mod errors;
mod event;
mod gpu;
mod id;
mod kind;
mod label;
mod model;
mod rank_work;
mod refusals;

pub use engine::{
    CounterSeries, EngineReading, EngineRole, Finished, Histogram, Latency, Listed, LiveTokens, PromptCount, Repeats,
    SeriesValue, Speculation, TokenCounters,
};
pub use errors::{ScrapeError, SourceError, SourceErrorKind};
pub use event::{Event, GpuHost, Health, ModelAlias, PageReading, ScrapeCost};
pub use gpu::{Activity, Ecc, GpuProcess, GpuReading, GpuState, Mig, Pcie, Throttle};
pub use id::{GpuId, InstanceId, ModelName, NodeName, Rank, TargetId, UnitName};
pub use kind::EngineKind;
pub use label::Label;
pub use model::canonical_model;
pub use rank_work::RankWork;
pub use refusals::{Refusal, Refusals};
