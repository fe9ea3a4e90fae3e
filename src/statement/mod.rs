//! The past on paper: rows by hour, model or node that add up to the last digit, what-if, and the bridge between two
//! spans.
//!
//! Pure functions over a [`Past`](crate::ledger::Past). It asks no clock and no file, and it posts nothing.
