//! The leases of a ledger and of the configuration: when each began and ended, what was paid under it, and which known GPUs
//! none pays for.

mod coverage;
mod dates;
mod lines;
mod records;
mod spans;

pub(crate) use coverage::{KnownGpus, doubly_covered, gpus, paid, uncovered};
pub(crate) use lines::{LeaseDates, LeaseLine, dates, lines, present};
