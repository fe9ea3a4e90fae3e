//! Counters over time: process identity, deltas and their plausibility; also windows, rings and quantiles.
//!
//! [`Processes`] distinguishes the processes behind one address and applies their pages. Growth is reported only if the
//! evidence supports it. This module knows instants and numbers, not fleets or money, and reads no clock: each page has its
//! time.

mod delta;
mod dropped;
mod fallen_series;
mod fastest_minute;
mod finished;
mod hits;
mod identity;
mod jitter;
mod line;
mod moved_starts;
mod outgrown_births;
mod own_pace;
mod page;
mod page_match;
mod passed;
pub mod plausibility;
mod process;
mod process_id;
mod process_row;
mod process_rows;
mod process_trial;
mod quantile;
mod quarantine_limits;
mod quarantined;
mod rate;
mod recent_values;
mod relabelled_instances;
mod relabelled_rows;
mod renamed_rows;
mod ring;
mod row;
mod row_index;
mod same_start;
mod series_sum;
mod series_values;
mod split_passed;
mod split_starts;
mod start_lines;
mod trial;
mod turn_lines;
mod turns;
mod uncertain_line;
mod unidentified;
mod values;
mod window;

pub use delta::{Delta, Disputed, Growth, GrowthBasis, Reset, Step};
pub use finished::FinishedMeter;
pub use identity::Processes;
pub use jitter::JITTER;
pub use page::{ANSWERING, InstancePage, Outcome, PageVerdict, SLACK, UNSET};
pub use plausibility::{Bounds, EnergyBound, Plausibility};
pub use process::Process;
pub use process_id::ProcessId;
pub use process_row::ProcessRow;
pub use quantile::{ONE_SAMPLE, SampleCounts, above, add_by_bounds, growth, quantile, steady_growth, sum};
pub use ring::Ring;
pub use row::{PageContext, RowCounters};
pub use values::RowKey;
pub use window::{Window, make_room};
