//! Counters over time: whose counter it is, what it grew by, and whether that is believable; windows, rings, quantiles.
//!
//! [`Processes`] tells the processes behind one address apart and takes their pages in; nothing that its evidence does not
//! support comes out as growth. It knows instants and numbers, not fleets or money, and reads no clock: time comes with
//! each page.

mod delta;
mod finished;
mod held;
mod hits;
mod identity;
mod jitter;
mod line;
pub mod plausibility;
mod process;
mod quantile;
mod ring;
mod row;
mod series_sum;
mod shown;
mod unidentified;
mod values;
mod window;

pub use delta::{Delta, Disputed, Growth, Step};
pub use finished::FinishedMeter;
pub use identity::{InstancePage, Outcome, Processes, Verdict};
pub use plausibility::{Bounds, Plausibility};
pub use process::{Process, ProcessId, ProcessRow};
pub use quantile::{growth, quantile, sum};
pub use ring::Ring;
pub use row::{PageContext, RowCounters};
pub use values::RowKey;
pub use window::Window;
