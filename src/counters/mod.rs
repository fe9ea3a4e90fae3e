//! Series over time: counters to deltas (restart-aware), rates over a window, rings with gaps.
//!
//! It knows instants and numbers, not fleets or money. It reads no clock: time comes with each value.

mod finished;
mod incarnation;
mod meter;
pub mod plausibility;
mod quantile;
mod ring;
mod window;

pub use finished::FinishedMeter;
pub use incarnation::{Incarnation, Page, ProcessMemory, Turn};
pub use meter::{Delta, Meter};
pub use plausibility::Plausibility;
pub use quantile::{growth, quantile, sum};
pub use ring::Ring;
pub use window::Window;
