//! What the screen asks of the past: questions by span and key, and immutable answers that are ready to be drawn.
//!
//! The folding happens where the answer is made, on the ledger's own thread. Nothing here waits, and nothing here draws.

mod answer;
mod page;
mod question;
mod source;
mod time_range;

pub use answer::{LedgerAnswer, LedgerQueries, OnAnswer};
pub use page::{Crossing, Hour, MoneyPage, WhatIfPage};
pub use question::{Against, Changed, LedgerQuery, MoneyQuery, WhatIfQuery};
pub use source::past_of;
pub use time_range::{TimeRange, day_of, time_ranges};
