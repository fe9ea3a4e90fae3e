//! The sources of readings: the driver, pages of engines and exporters, a Prometheus, machines behind ssh, files, a search for engines, a simulated fleet.
//!
//! Each implements [`Source`]. The session decides when sources are polled.

mod contract;
mod file;
mod of_target;
mod prometheus;
mod ssh;
mod target;

pub mod discover;
pub mod nvml;
pub mod scrape;
pub mod simulate;

pub use contract::{
    FoundTarget, MessageReceiver, Next, PollFuture, PollTiming, SECOND_POLL, Sink, Source, SourceMessage, sink,
};
pub use file::PageFile;
pub use of_target::source_of;
pub use prometheus::PrometheusPast;
pub use target::{AGENT_PORT, Address, HeaderSetting, PolledTarget, SshAddress, TargetError, TargetOptions, TlsFiles};
