//! The fields of everything that a dashboard is shown, for the columns of frames. A new field of a type does not compile until
//! it is listed.

mod ledger;
mod reading;
mod snapshot;
mod units;
