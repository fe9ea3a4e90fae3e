//! What the screen asks of the past: questions by span and key, and immutable answers that are ready to be drawn.
//!
//! The folding happens where the answer is made, on the ledger's own thread. Nothing here waits, and nothing here draws.

mod causes;
mod page;
mod question;
mod source;
mod stretch;

pub use causes::Causes;
pub use page::{Crossing, Hour, MoneyPage, WhatIfPage};
pub use question::{Against, AskPast, Changed, MoneyQuestion, Question, Reply, ReplyTo, WhatIfQuestion};
pub use source::past_of;
pub use stretch::{Stretch, day_of, stretches};
