//! What the screen asks of the past: queries by span and key, and immutable answers that are ready to be drawn.
//!
//! The folding happens where the answer is made, on the ledger's own thread. Nothing here waits, and nothing here draws.

mod page;
mod query;
mod result;
mod source;
mod time_range;

pub use page::{Crossing, Hour, MoneyPage, WhatIfPage};
pub use query::{Against, LedgerQuery, MoneyQuery, WhatIfQuery, command};
pub use result::{LedgerQueries, LedgerResult, OnResult};
pub use source::past_of;
pub use time_range::{TimeRange, day_of, time_ranges};
