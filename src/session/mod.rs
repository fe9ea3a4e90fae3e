//! From sources to snapshots: what a dashboard, `once`, `serve`, `demo`, `record`, `replay` and the scripted day have in common.
//!
//! It starts the sources, owns the schedule by which they are polled, the search for engines, the tick, the last poll and the
//! end, and hands what they say to the [`Collector`]: the one task that owns the fleet, publishes snapshots and keeps the
//! ledger. [`Session`] does so in this machine's time, [`Rounds`] until something is printed, [`Scripted`] in a time of its
//! own.

mod catch_up;
mod collector;
mod ledger;
mod live;
mod opened;
mod playback;
mod recorder;
mod round;
mod rounds;
mod schedule;
mod scripted;
mod turned;

pub use catch_up::catch_up_span;
pub use collector::{Collector, Message, run};
pub use live::{Session, SessionConfig, window};
pub use playback::{Playback, PlaybackConfig};
pub use rounds::{PollPlan, Rounds, RoundsConfig};
pub use scripted::{Scripted, turn_again};
pub use turned::TurnedFleet;
