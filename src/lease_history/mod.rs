//! The leases of a ledger and of the configuration: when each began and ended, what was paid under it, and which known GPUs
//! none pays for.

mod check;
mod configured;
mod coverage;
mod dates;
mod ending;
mod lines;
mod parts;
mod records;
mod spans;

pub(crate) use check::check;
pub(crate) use configured::ConfiguredLeases;
pub(crate) use ending::nodes_to_end;
pub(crate) use lines::{LeaseDates, LeaseLine, dates, lines, present};
