//! The past on paper: rows by hour, model or node that add up to the last digit, what-if, and the bridge between two
//! spans.
//!
//! Pure functions over a [`Past`](crate::ledger::Past). It asks no clock and no file, and it posts nothing. A what-if is
//! the same fold over a past in which one thing is changed.

mod assemble;
mod bucket;
mod by;
mod calendar;
mod costed;
mod desk;
mod fold;
mod leases;
mod row;
mod share;
mod uses;

pub use by::{By, NotBy};
pub use calendar::{Period, month_of};
pub use row::{ListUse, Row, RowKind, Statement, rounded_hours};
