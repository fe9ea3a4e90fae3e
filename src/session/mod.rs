//! From sources to snapshots: shared by the dashboard, `once`, `serve`, `demo`, `agent`, `record`, `replay` and the published day.
//!
//! A session starts the sources, owns their schedule, the search for engines, the ticks and the last poll, and passes
//! messages to the [`Collector`], the task that owns the fleet, publishes snapshots and writes the ledger. [`Session`] runs
//! in real time, [`SampledSession`] polls and prints, [`Scripted`] runs in the time of its source, [`Relay`] hands readings on without a
//! fleet.

mod catch_up;
mod collector;
mod hub_money;
mod idle_sources;
mod ledger;
mod live;
mod opened;
mod playback;
mod playing;
mod poll_group;
mod recorder;
mod relay;
mod runtime;
mod sampled;
mod schedule;
mod scripted;
mod search;
mod stepped_fleet;

pub use catch_up::{begin_late, wait_for_present};
pub use collector::{Collector, Message, run};
pub use hub_money::HubMoney;
pub use live::{Session, SessionConfig, window};
pub use playback::{Playback, PlaybackConfig, repeated};
pub use playing::Playing;
pub use relay::Relay;
pub use runtime::runtime;
pub use sampled::{PollPlan, SampledSession, SampledSessionConfig};
pub use scripted::{Scripted, play_repeatedly};
pub use stepped_fleet::SteppedFleet;
